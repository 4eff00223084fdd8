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
from dataclasses import dataclass, replace
from pathlib import Path

from pickles import read_pickles
from process_cases import NUM_READ, Case, Written

from everask.answer import answer
from everask.answer.prompts import AnswerSettings
from everask.dialogue.carrying import carry_over
from everask.evaluate.answers import Cited, Outcome, Said, has_any, measure_one
from everask.evaluate.halves import half_of
from everask.models.process_reward.data import LabelledStep, read_steps, write_steps
from everask.models.process_reward.model import Heads
from everask.models.process_reward.train import LeftOut
from everask.pipeline import Engine
from everask.pipeline.again import merge
from everask.pipeline.asking import find_for_answer
from everask.pipeline.tracing import choose_step, in_view, retrieve_step, rewrite_step, stop_step
from everask.settings import load_settings
from everask.trajectory import Step, StepKind
from everask.types import Answer, Answered, Claim, Evidence, Hit, Query

ROOT = Path(__file__).parents[1]
REWRITES = 400
TOP = 1
GOOD = 0.4
"""From this answer × citation on it was right to leave it at an answer."""
EARLY: tuple[StepKind, ...] = ("retrieve", "choose")
LATE: tuple[StepKind, ...] = ("sentence", "cite")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "process")
    parser.add_argument("--no-rewrites", action="store_true", help="keep those of before: they need the pile")
    given = parser.parse_args()
    cases = {one.wanted.key: one for one in read_pickles(given.work / "cases.pickle")}
    written = {one.key: one for one in read_pickles(given.work / "written.pickle")}
    every = [way for case in cases.values() for way in ways(case, written.get(case.wanted.key))]
    steps = [step for way in every if not way.is_again for step in label(way, way.before)]
    early = LeftOut(steps, EARLY)
    every = [seen(way, early.of(way.case.article)) for way in every]
    steps += [step for way in every for step in label(way, way.sentences)]
    late = LeftOut(steps, LATE)
    steps += [label_stop(way, late.of(way.case.article)) for way in every]
    if given.no_rewrites:
        steps += [one for one in read_steps(given.work / "steps.jsonl") if one.kind == "rewrite"]
    else:
        with Engine(load_settings(given.work / "data")) as engine:
            steps += rewrites(engine, list(cases.values()))
    write_steps(given.work / "steps.jsonl", steps)
    for kind in dict.fromkeys(one.kind for one in steps):
        mine = [one for one in steps if one.kind == kind]
        print(f"{kind}: {len(mine)}, right {sum(one.label for one in mine)}")


@dataclass(frozen=True, slots=True)
class Way:
    """An answer to a case, from `hits` and `evidence`: the steps `before` its sentences, and those of its
    sentences and citations. `is_again`: the steps before are another's of the same case, too."""

    case: Case
    made: Answer
    hits: Sequence[Hit]
    evidence: Sequence[Evidence]
    before: tuple[Step, ...]
    sentences: tuple[Step, ...]
    is_again: bool = False

    @property
    def end(self) -> float:
        """How good the answer is."""
        return reward(to_outcome(self.case, self.made))


def ways(case: Case, written: Written | None) -> Iterator[Way]:
    """The ways of a question: of its quotes, before and after searching again, and of what a model wrote."""
    for again in (False, True) if case.again else (False,):
        hits = [*case.hits, *merge(case.again, NUM_READ)] if again else case.hits
        evidence = case.evidence_again if again else case.evidence
        yield _way(case, quoted(case, evidence), hits, evidence)
    if written and written.answer:
        yield replace(_way(case, written.answer, case.hits, case.evidence), is_again=True)


def _way(case: Case, made: Answer, hits: Sequence[Hit], evidence: Sequence[Evidence]) -> Way:
    before = (retrieve_step(case.query, hits, "first"), choose_step(case.query, hits, evidence))
    return Way(case, made, hits, evidence, before, made.trajectory.steps)


def seen(way: Way, heads: Heads) -> Way:
    """The way with its first steps scored, and its sentences in view of them."""
    before = tuple(map(heads.score, way.before))
    return replace(way, before=before, sentences=tuple(in_view(one, before) for one in way.sentences))


def label(way: Way, steps: Sequence[Step]) -> Iterator[LabelledStep]:
    """Steps of a way as hindsight sees them."""
    whole = (*way.before, *way.sentences)
    for step in steps:
        right = is_right(way, step)
        if right is not None:
            yield _row(way.case, step, right, way.end, len(whole) - whole.index(step))


def label_stop(way: Way, heads: Heads) -> LabelledStep:
    """The last step of a way, which the scores of all before it count for."""
    stop = stop_step(way.made, [*way.before, *map(heads.score, way.sentences)])
    return _row(way.case, stop, way.end > 0.0 if way.made.abstained else way.end >= GOOD, way.end, 0)


def _row(case: Case, step: Step, right: bool, end: float, left: int) -> LabelledStep:
    wanted = case.wanted
    return LabelledStep(
        step.kind, step.features, right, end, left, case.article, wanted.language, case.group, wanted.key
    )


def is_right(way: Way, step: Step) -> bool | None:
    """What hindsight says of a step; None of a sentence that was dropped, whose words are not kept."""
    wanted = way.case.wanted
    if step.kind == "retrieve":
        return bool(wanted.gold) and wanted.gold <= {one.document.name for one in way.hits}
    if step.kind == "choose":
        return any(
            one.hit.document.name in wanted.gold and has_any(one.text, wanted.strings)
            for one in way.evidence[:3]
        )
    if step.claim is None or step.claim >= len(way.made.claims):
        return None
    claim = way.made.claims[step.claim]
    is_cited = any(one.document in wanted.gold for one in claim.citations)
    return is_cited and (step.kind == "cite" or has_any(claim.text, wanted.strings))


def quoted(case: Case, evidence: Sequence[Evidence]) -> Answer:
    """The answer in quotes, by the settings as they are."""
    for event in answer(case.query, evidence, None, AnswerSettings()):
        if isinstance(event, Answered):
            return event.answer
    raise AssertionError("an answer ends with its end")


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
