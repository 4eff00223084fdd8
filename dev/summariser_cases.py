"""What the product finds for the questions that the cited answer is taught on.

    nice -n 10 python dev/summariser_cases.py [--work .bench/summariser]

Indexes the pile of summariser_pile.py as a user's would be, asks every question through the product's own
search and reader, every third once more with what answers it taken out of the hits. Writes
WORK/cases.jsonl, a row a question, as it goes: started again it goes on. Then
`python dev/summariser_examples.py`. Needs the encoder's pack and the shared data (EVERASK_SHARED_DATA or
../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from summariser_pile import Asked, Gold, lay_out, translations

import everask
from everask.answer.write import prompt_text
from everask.encoder import Encoder
from everask.pipeline import Engine
from everask.read import find_evidence
from everask.read.evidence import Vectors
from everask.types import Evidence, Hit, Query

ROOT = Path(__file__).parents[1]


class Remembering:
    """The encoder, with the sentences that it has seen: the same ones come again for many questions."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, Vectors] = {}
        self.id = encoder.id

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        new = [one for one in dict.fromkeys(texts) if one not in self._known]
        self._known.update(zip(new, self._encoder.encode_passages(new), strict=True) if new else ())
        return np.stack([self._known[one] for one in texts])

    def encode_query(self, text: str) -> Vectors:
        return self._encoder.encode_query(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "summariser")
    parser.add_argument("--limit", type=int, default=1_000_000)
    work = parser.parse_args().work
    limit = parser.parse_args().limit
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    manuals = ROOT / ".bench" / "manuals" / "sections.jsonl"
    files, asked = lay_out(data, manuals if manuals.exists() else None)
    people = translations(data)
    for name, text in files.items():
        path = work / "pile" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    target = work / "cases.jsonl"
    done = len(target.read_text("utf-8").splitlines()) if target.exists() else 0
    with everask.open(work / "data") as engine, target.open("a", encoding="utf-8") as stream:
        engine.add([work / "pile"])
        engine.wait_for_vectors()
        assert engine.encoder is not None, "the encoder is needed: everask models pull e5-small"
        encoder = Remembering(engine.encoder)
        for number, one in enumerate(asked[:limit]):
            if number >= done:
                reply = one.reply or people.get((one.question, one.language), "")
                found = find(one, reply, engine, encoder, is_again=number % 3 == 0)
                stream.write(json.dumps(found, ensure_ascii=False) + "\n")
                stream.flush()
            if number % 100 == 0:
                print(number, len(asked), flush=True)


def find(one: Asked, reply: str, engine: Engine, encoder: Remembering, *, is_again: bool) -> dict[str, Any]:
    """A question's evidence with which of it is right, and its evidence without what is right."""
    query = Query(one.question, one.language)
    hits = engine.search(one.question, top=14, with_marks=False)
    files = {Path(name).with_suffix("").as_posix(): gold for name, gold in one.gold.items()}
    gone = [hit for hit in hits if _file(hit) not in files]
    row = asdict(one)
    del row["gold"]
    return {
        **row,
        "reply": reply,
        "found": _read(query, hits[:10], files, engine, encoder),
        "without": _read(query, gone[:10], files, engine, encoder) if is_again else [],
    }


def _read(
    query: Query, hits: Sequence[Hit], files: dict[str, Gold], engine: Engine, encoder: Remembering
) -> list[dict[str, Any]]:
    evidence = find_evidence(query, hits, encoder, asker=engine.asker)  # type: ignore[arg-type]
    return [
        {
            "file": _file(each.hit),
            "language": each.hit.passage.language,
            "text": each.text,
            "shown": prompt_text(each),
            "kind": each.hit.passage.kind,
            "heading": each.hit.passage.headings[-1] if each.hit.passage.headings else "",
            "probability": round(each.probability, 4),
            "right": _is_right(each, files.get(_file(each.hit)), engine),
        }
        for each in evidence
    ]


def _file(hit: Hit) -> str:
    return "/".join(hit.document.uri.split("/")[-2:]).rsplit(".", 1)[0]


def _is_right(each: Evidence, gold: Gold | None, engine: Engine) -> bool:
    if gold is None:
        return False
    if gold.rows:
        return any(_letters(row) == _letters(each.text) for row in gold.rows)
    at = gold.paragraph.find(each.text) if gold.paragraph else each.start
    ends = at + len(each.text)
    return at >= 0 and any(
        (at <= start and end <= ends) or (start <= at and ends <= end) for start, end in gold.spans
    )


def _letters(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())


if __name__ == "__main__":
    main()
