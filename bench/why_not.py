"""Is the stage named that lost an expected place, and is it the right one?

Usage: python bench/why_not.py [--questions 60] [--languages en,de,zh,ar,th]
Reads XQuAD from EVERASK_SHARED_DATA or ../shared/data; each language's paragraphs are asked in another of the
languages. Answers are quotes. Of each answer that does not quote the right words from the right paragraph,
`why` is asked with that paragraph and those words. What it says is compared with what can be seen from
outside: whether the paragraph is among the hits that are read, and whether Everask abstained. Prints the
table of docs/why.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile
from collections import Counter
from pathlib import Path

from everask.encoder import load_means
from everask.evaluate.answer_suites import AnswerSuite, load_answer_suites
from everask.evaluate.answers import Wanted, has_any
from everask.pipeline import Engine
from everask.pipeline.asking import NUM_READ, Question, find_for_answer, to_query
from everask.pipeline.evaluating import fill_store
from everask.pipeline.expecting import Expected
from everask.pipeline.trail import Why
from everask.pipeline.why import explain_missing
from everask.retrieve import spell, understand
from everask.settings import load_settings
from everask.types import Answer

ROOT = Path(__file__).parents[1]
BEFORE_READING = ("cut", "vector", "found", "ranked")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=60, help="of each language")
    parser.add_argument("--languages", default="en,de,zh,ar,th")
    options = parser.parse_args()
    shared = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    stages: Counter[str] = Counter()
    asked = missed = agreed = hits_named = 0
    for suite in load_answer_suites("xquad-across", [shared]):
        if suite.group.split()[1] not in options.languages.split(","):
            continue
        for why, right, was_missed in _ask(suite, options.questions):
            asked += 1
            if not was_missed:
                hits_named += why.lost_at == ""
                continue
            missed += 1
            stages[why.lost_at or "(in the answer)"] += 1
            agreed += right
        print(suite.group, asked, missed, agreed, dict(stages), flush=True)
    print("| lost at | questions |\n|---|---|")
    for stage, number in stages.most_common():
        print(f"| {stage} | {number} |")
    print(f"{asked} asked, {missed} missed; stage named and as seen from outside: {agreed}.")
    print(f"Of {asked - missed} answered rightly, {hits_named} are said to be in the answer.")


def _ask(suite: AnswerSuite, number: int) -> list[tuple[Why, bool, bool]]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(Path(folder))
        models = dataclasses.replace(settings.models, generator="none", remote_url="")
        with Engine(dataclasses.replace(settings, models=models)) as engine:
            encoder = engine.encoder
            assert encoder is not None, "the encoder is pulled before"
            fill_store(suite.pool, engine.store, encoder, load_means(encoder.id))
            for wanted in suite.half("report", number):
                answer = engine.ask(wanted.text)
                gold = next(iter(wanted.gold))
                expected = Expected(gold, wanted.strings[0])
                why = explain_missing(engine, Question(wanted.text), expected, write=False)
                found.append((why, _is_right(engine, wanted, answer, why), _is_missed(wanted, answer)))
    return found


def _is_missed(wanted: Wanted, answer: Answer) -> bool:
    cited = [one for claim in answer.claims for one in claim.citations]
    return not any(one.document in wanted.gold and has_any(one.quote, wanted.strings) for one in cited)


def _is_right(engine: Engine, wanted: Wanted, answer: Answer, why: Why) -> bool:
    """Whether what is said can be so, by what is seen from outside."""
    understood = understand(wanted.text, is_question=True)
    _, query = spell(wanted.text, understood, to_query(understood, None), engine.store)
    read = find_for_answer(engine, query)[: min(NUM_READ, engine.settings.evidence.num_hits)]
    was_read = any(hit.document.name in wanted.gold for hit in read)
    if why.lost_at in BEFORE_READING:
        return not was_read
    if why.lost_at == "chance":
        return was_read and answer.abstained
    if why.lost_at in ("read", "chosen", "quoted"):
        return was_read
    return False


if __name__ == "__main__":
    main()
