"""Glosses of quotes of the examples: how many pass the check, and what they are, to be read by a person.

python -m bench.glosses MODEL.gguf [--most 24] writes .bench/glosses/NAME.jsonl, one gloss a line; lines that
are there are not made again. What is right only a reader can say.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from pathlib import Path

from everask.answer.gloss import make_gloss
from everask.documents.draft import Limits
from everask.documents.reader import Reader
from everask.generator.local import LocalSettings, open_local
from everask.text import language_of, sentences

EXAMPLES = Path(__file__).parents[1] / "examples/documents"
FROM = ("ar", "bn", "de", "es", "fr", "id", "ja", "ko", "pt", "ru", "ta", "th", "vi", "zh")
INTO = ("ar", "de", "es", "fr", "ja", "zh")
LEAST, MOST = 40, 240
SEED = 5

Quote = tuple[str, str, str]
"""The quote, its language, and that of the gloss."""


def choose(each: int) -> list[Quote]:
    """Sentences of the examples: so many of each language into English, and of English into each."""
    found: dict[str, list[str]] = {}
    with Reader(Limits()) as reader:
        for path in sorted(EXAMPLES.rglob("*")):
            if not path.is_file() or path.parent.name in {"data", "mail"}:
                continue
            for document in reader.read(path, root=EXAMPLES).documents:
                prose = [one for one in document.blocks if one.kind in {"text", "list"}]
                for block in prose:
                    text = document.text[block.start : block.end]
                    for start, end in sentences(text, document.language):
                        one = " ".join(text[start:end].split())
                        if len(one) * (2 if one[:1] >= "\u2e80" else 1) >= LEAST and len(one) <= MOST:
                            found.setdefault(language_of(one), []).append(one)
    chance = random.Random(SEED)
    pick = {language: chance.sample(sorted(set(all_)), min(each, len(set(all_)))) for language, all_ in
            sorted(found.items())}  # fmt: skip
    more = chance.sample(sorted(set(found["en"])), each * len(INTO))
    made = [(one, language, "en") for language in FROM for one in pick.get(language, [])]
    made += [(one, "en", INTO[at % len(INTO)]) for at, one in enumerate(more)]
    chance.shuffle(made)  # so that what was stopped early is a sample, too
    return made


def main() -> None:
    """Make the glosses that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--each", type=int, default=3)
    parser.add_argument("--most", type=int, default=1_000, help="So many of them at most.")
    given = parser.parse_args()
    file = Path(".bench/glosses") / f"{given.model.stem}.jsonl"
    file.parent.mkdir(parents=True, exist_ok=True)
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    done = {(one["quote"], one["to"]) for one in map(json.loads, lines)}
    generator = open_local(given.model, LocalSettings())
    with file.open("a", encoding="utf-8") as stream:
        for quote, source, target in choose(given.each)[: given.most]:
            if (quote, target) in done:
                continue
            started = time.monotonic()
            gloss = make_gloss(generator, quote, (source, target))
            row: dict[str, object] = {"from": source, "to": target, "quote": quote, "gloss": gloss.text}
            row |= {"problem": gloss.problem, "seconds": round(time.monotonic() - started, 2)}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
            stream.flush()
    generator.close()


if __name__ == "__main__":
    main()
