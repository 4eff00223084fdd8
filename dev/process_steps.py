"""Labelled steps from what the product did: python dev/process_steps.py [--work .bench/process]

Reads WORK/cases.pickle and WORK/written.pickle (dev/process_cases.py), writes WORK/steps.jsonl. Labels are by
hindsight, from the gold passages and strings: does a search hold the right passages, do the quotes hold the
answer, does a sentence say it, does its citation go to a right passage, was it right to stop there. No
checker judges. Rewrites are made here: a question completed by another of its paragraph, or of elsewhere.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from pickles import read_pickles
from process_cases import NUM_READ, Case, Written

from everask.answer import answer
from everask.answer.prompts import AnswerSettings
from everask.dialogue.carrying import carry_over
from everask.evaluate.answers import Cited, Outcome, Said, has_any, measure_one
from everask.evaluate.halves import half_of
from everask.models.process_reward.data import LabelledStep, read_steps, write_steps
from everask.models.process_reward.model import load_heads
from everask.pipeline import Engine
from everask.pipeline.again import merge
from everask.pipeline.asking import find_for_answer
from everask.pipeline.tracing import choose_step, retrieve_step, rewrite_step, stop_step
from everask.settings import load_settings
from everask.trajectory import Step
from everask.types import Answer, Answered, Claim, Evidence, Hit, Query

ROOT = Path(__file__).parents[1]
REWRITES = 400
TOP = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "process")
    parser.add_argument("--no-rewrites", action="store_true", help="keep those of before: they need the pile")
    given = parser.parse_args()
    cases = {one.wanted.key: one for one in read_pickles(given.work / "cases.pickle")}
    written = {one.key: one for one in read_pickles(given.work / "written.pickle")}
    steps = [step for case in cases.values() for step in label(case, written.get(case.wanted.key))]
    if given.no_rewrites:
        steps += [one for one in read_steps(given.work / "steps.jsonl") if one.kind == "rewrite"]
    else:
        with Engine(load_settings(given.work / "data")) as engine:
            steps += rewrites(engine, list(cases.values()))
    write_steps(given.work / "steps.jsonl", steps)
    for kind in dict.fromkeys(one.kind for one in steps):
        mine = [one for one in steps if one.kind == kind]
        print(f"{kind}: {len(mine)}, right {sum(one.label for one in mine)}")


def label(case: Case, written: Written | None) -> Iterator[LabelledStep]:
    """The steps of a question: of its quotes, before and after searching again, and of what a model wrote."""
    for again in (False, True) if case.again else (False,):
        evidence = case.evidence_again if again else case.evidence
        hits = [*case.hits, *merge(case.again, NUM_READ)] if again else case.hits
        made = quoted(case, evidence)
        yield from _labelled(case, made, hits, evidence, with_search=True)
    if written and written.answer:
        yield from _labelled(case, written.answer, case.hits, case.evidence, with_search=False)


def quoted(case: Case, evidence: Sequence[Evidence]) -> Answer:
    """The answer in quotes, by the settings as they are."""
    for event in answer(case.query, evidence, None, AnswerSettings()):
        if isinstance(event, Answered):
            return event.answer
    raise AssertionError("an answer ends with its end")


def _labelled(
    case: Case, made: Answer, hits: Sequence[Hit], evidence: Sequence[Evidence], *, with_search: bool
) -> Iterator[LabelledStep]:
    heads = load_heads()
    before = [retrieve_step(case.query, hits, "first"), choose_step(case.query, hits, evidence)]
    steps = [*before, *made.trajectory.steps]
    scored = [heads.score(one) if heads else one for one in steps]
    steps.append(stop_step(made, scored))
    outcome = to_outcome(case, made)
    end = reward(outcome)
    for at, step in enumerate(steps):
        if at < len(before) and not with_search:
            continue
        right = is_right(case, step, made, hits, evidence, end)
        if right is not None:
            yield _row(case, step, right, end, len(steps) - 1 - at)


def _row(case: Case, step: Step, right: bool, end: float, left: int) -> LabelledStep:
    wanted = case.wanted
    return LabelledStep(
        step.kind, step.features, right, end, left, case.article, wanted.language, case.group, wanted.key
    )


def is_right(
    case: Case,
    step: Step,
    made: Answer,
    hits: Sequence[Hit],
    evidence: Sequence[Evidence],
    end: float,
) -> bool | None:
    """What hindsight says of a step; None of a sentence that was dropped, whose words are not kept."""
    wanted = case.wanted
    if step.kind == "retrieve":
        return bool(wanted.gold) and wanted.gold <= {one.document.name for one in hits}
    if step.kind == "choose":
        return any(
            one.hit.document.name in wanted.gold and has_any(one.text, wanted.strings) for one in evidence[:3]
        )
    if step.kind == "stop":
        return end > 0.0 if made.abstained else end >= 0.4
    if step.claim is None or step.claim >= len(made.claims):
        return None
    claim = made.claims[step.claim]
    is_cited = any(one.document in wanted.gold for one in claim.citations)
    return is_cited and (step.kind == "cite" or has_any(claim.text, wanted.strings))


def to_outcome(case: Case, made: Answer) -> Outcome:
    """An answer as it is judged."""

    def said(claim: Claim) -> Said:
        return Said(claim.text, tuple(Cited(one.document, one.quote) for one in claim.citations))

    return Outcome(case.wanted, not made.abstained, tuple(map(said, made.claims)), made.chance)


def reward(outcome: Outcome) -> float:
    """How good an answer is: the gold string in a cited sentence, times the citations' F1; of what nothing
    answers, whether it was declined."""
    values = measure_one(outcome)
    if not outcome.wanted.is_answerable:
        return values["declined"]
    right, whole = values.get("precision", 0.0), values.get("recall", 0.0)
    return values["gold cited"] * 2 * right * whole / max(right + whole, 1e-9)


def rewrites(engine: Engine, cases: Sequence[Case]) -> list[LabelledStep]:
    """Questions completed by one of the same paragraph, as a follow-up is, and by one of elsewhere."""
    draw = random.Random(3)
    asked = [one for one in cases if one.wanted.gold and one.group != "across"]
    by_gold: dict[frozenset[str], list[Case]] = {}
    for one in asked:
        by_gold.setdefault(one.wanted.gold, []).append(one)
    made: list[LabelledStep] = []
    for case in draw.sample(asked, min(REWRITES, len(asked))):
        same = [one for one in by_gold[case.wanted.gold] if one.wanted.key != case.wanted.key]
        own = [one for one in asked if half_of(one.article) == half_of(case.article)]
        other = [
            one for one in own if one.article != case.article and one.query.language == case.query.language
        ]
        for before in [draw.choice(each) for each in (same, other) if each]:
            text = carry_over(case.query.text, before.query.text, case.query.language)
            if text == case.query.text:
                continue
            query = Query(text, case.query.language)
            hits = find_for_answer(engine, query, NUM_READ)
            right = case.wanted.gold <= {one.document.name for one in hits[:TOP]}
            made.append(_row(case, rewrite_step(case.query.text, query, hits), right, float(right), 4))
    return made


if __name__ == "__main__":
    main()
