"""Real sentences of a small model over what the product found: what the checker and the rules say of them.

    python dev/checker_drafts.py write [--cases 80]    # the model answers: WORK/drafts.jsonl
    python dev/checker_drafts.py judge                 # rules, and rules with the checker

The questions are those of WORK/cases.jsonl (dev/summariser_cases.py) on articles of the tuning half that
nothing was trained on, with the quotes that the product found. A sentence with the right answer in it
should be accepted over a quote that holds that answer, and refused over one that does not; what a sentence
without it is worth nobody knows but who reads it: those are counted apart.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everask import packs
from everask.answer.check import Cosine, check
from everask.answer.drafts import Drafts
from everask.answer.prompts import AnswerSettings, build_grammar, build_messages
from everask.answer.write import compare_with
from everask.encoder import open_encoder
from everask.encoder.checker import Checker
from everask.evaluate.abstention import auroc
from everask.pipeline.models import find_checker, find_generator
from everask.settings import ModelSettings
from everask.types import DocumentInfo, Evidence, Hit, Passage, Query

ROOT = Path(__file__).parents[1]
MAX_QUOTES, MAX_CHARACTERS = 4, 900


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence over a quote. `should` says whether it is supported; None where nobody knows."""

    sentence: str
    query: Query
    evidence: Evidence
    should: bool | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("write", "judge"))
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "checker")
    parser.add_argument("--source", type=Path, default=ROOT / ".bench" / "summariser" / "cases.jsonl")
    parser.add_argument("--model", default="qwen2.5-0.5b")
    parser.add_argument("--cases", type=int, default=80)
    given = parser.parse_args()
    if given.what == "write":
        write(given.source, given.work / "drafts.jsonl", given.model, given.cases)
    else:
        judge(given.work / "drafts.jsonl")


def write(source: Path, target: Path, model: str, count: int) -> None:
    """Let the model answer; every row is written as it is made."""
    rows = [json.loads(line) for line in source.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["is_held_out"] and row["answers"] and row["found"]]
    by_language: dict[str, list[Any]] = defaultdict(list)
    random.Random(4).shuffle(rows)
    for row in rows:
        by_language[row["language"]].append(row)
    # In turns over the languages, until there are enough.
    turns = max(map(len, by_language.values()))
    order = [some[at] for at in range(turns) for some in by_language.values() if at < len(some)][:count]
    generator = find_generator(ModelSettings(generator=model))
    assert generator is not None
    with target.open("w", encoding="utf-8") as stream:
        for row in order:
            query, quotes = Query(row["question"], row["language"]), chosen(row)
            grammar = build_grammar(query.language, len(quotes), 3, may_decline=False)
            drafts, sentences = Drafts(), []
            messages = build_messages(query, [one["shown"] for one in quotes])
            for piece in generator.stream(
                messages, max_tokens=AnswerSettings().answer_tokens, grammar=grammar
            ):
                sentences += drafts.feed(piece)[0]
            sentences += drafts.end()
            said = [one.text for one in sentences]
            stream.write(json.dumps({**row, "found": quotes, "said": said}, ensure_ascii=False) + "\n")
            stream.flush()
            print(row["language"], said, file=sys.stderr, flush=True)


def chosen(row: Mapping[str, Any]) -> list[Any]:
    """The first quotes, as far as they fit the prompt."""
    kept: list[Any] = []
    for one in row["found"][:MAX_QUOTES]:
        if kept and sum(len(other["shown"]) for other in [*kept, one]) > MAX_CHARACTERS:
            break
        kept.append(one)
    return kept


def pairs_of(row: Mapping[str, Any]) -> Iterator[Pair]:
    """Each sentence of a row over each quote."""
    query = Query(row["question"], row["language"])
    answers = [one.casefold() for one in row["answers"]]
    for said in dict.fromkeys(row["said"]):
        has_answer = any(one in said.casefold() for one in answers)
        for one in row["found"]:
            right = bool(one["right"])
            should = right if has_answer else None
            if should is None and not right:
                continue
            yield Pair(said, query, evidence_of(one), should)


def evidence_of(found: Mapping[str, Any]) -> Evidence:
    """A quote as the product has it: below its heading."""
    text, language = found["text"], found["language"]
    headings = (found["heading"],) if found["heading"] else ()
    passage = Passage(1, "d", 0, 0, len(text), text, text, language, headings, kind=found["kind"])
    name = found["file"]
    info = DocumentInfo("d", name, f"file:///{name}", "", "text/plain", language, 0.0, 9, 1)
    context = found["shown"] if found["kind"] == "table" else found["heading"]
    return Evidence(Hit(passage, info, 1.0, {}), 0, len(text), text, found["probability"], context)


def judge(drafts: Path) -> None:
    """What each way says, and how often it is wrong."""
    rows = [json.loads(line) for line in drafts.read_text("utf-8").splitlines()]
    pairs = [pair for row in rows for pair in pairs_of(row)]
    settings = ModelSettings()
    cosine = compare_with(open_encoder(packs.default_folder() / "e5-small-built"))
    checker = find_checker(settings, print)
    assert checker is not None, "there is no checker to judge with"
    ways = {"rules": None, "rules + checker": checker}
    scores = {name: [check_one(pair, cosine, one) for pair in pairs] for name, one in ways.items()}
    known = [at for at, pair in enumerate(pairs) if pair.should is not None]
    print(f"{len(rows)} questions, {len(pairs)} pairs, {len(known)} judged")
    for name, values in scores.items():
        labels = [bool(pairs[at].should) for at in known]
        area = auroc([values[at] for at in known], labels)
        for above in (0.5, 0.6, 0.7, 0.8):
            wrong = [values[at] >= above for at in known if not pairs[at].should]
            lost = [values[at] < above for at in known if pairs[at].should]
            other = [value >= above for value, pair in zip(values, pairs, strict=True) if pair.should is None]
            print(
                f"{name} from {above}: AUROC {area:.3f}, false accept {sum(wrong)}/{len(wrong)},"
                f" false reject {sum(lost)}/{len(lost)}, without it accepted {sum(other)}/{len(other)}"
            )


def check_one(pair: Pair, cosine: Cosine, checker: Checker | None) -> float:
    """The support that `check` gives."""
    return check(pair.sentence, (pair.evidence,), pair.query, cosine, checker).value


if __name__ == "__main__":
    main()
