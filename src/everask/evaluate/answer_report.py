"""Answers as a report: measures by language, how well it abstains, and what can be promised.

What is measured is what would be said of every question; the threshold decides what of it is shown.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from everask.evaluate.abstention import Point, auroc, auroc_interval, precision_at
from everask.evaluate.answers import Outcome, is_carried, measure_answers
from everask.evaluate.promise import (
    CONFIDENCE,
    RISK,
    Missing,
    Promise,
    fit_promise,
    interval,
)
from everask.evaluate.report import Figure, Row, make_row

ALL = "all"
# Fewer questions than this say nothing of their language.
_LEAST_ROW = 5


@dataclass(frozen=True, slots=True)
class Risk:
    """Of `num_questions` so many are answered from `threshold` on, and of as many sentences, one drawn from
    each answer, so many do not rest on a right passage; with the 95% interval of that share.

    `num_needless` of the wrong ones answer a question that nothing answers: true of their quote, perhaps, but
    no answer. With half of the questions of that kind they are most of the risk.
    """

    threshold: float
    num_questions: int
    num_shown: int
    num_wrong: int
    num_needless: int
    share: float
    low: float
    high: float

    @property
    def coverage(self) -> float:
        """The share of all questions that is answered."""
        return self.num_shown / max(1, self.num_questions)


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """Everything that is reported of answers. `promise` says what a threshold fitted to these would keep."""

    rows: tuple[Row, ...]
    auroc: Figure
    points: tuple[Point, ...]
    risk: Risk
    promise: Promise | Missing


def report_answers(
    outcomes: Sequence[Outcome],
    threshold: float,
    *,
    risk: float = RISK,
    confidence: float = CONFIDENCE,
    group: Callable[[Outcome], str] = lambda one: one.wanted.language,
) -> AnswerReport:
    """The report of what is answered from `threshold` on; a row a `group`, and one of all."""
    shown = [at_threshold(one, threshold) for one in outcomes]
    names = sorted({group(one) for one in outcomes})
    members = {name: [one for one in shown if group(one) == name] for name in names}
    rows = [
        make_row(name, measure_answers(some)) for name, some in members.items() if len(some) >= _LEAST_ROW
    ]
    if len(names) != 1 or not rows:
        rows.append(make_row(ALL, measure_answers(shown)))
    chances = [one.chance or 0.0 for one in outcomes]
    labels = [one.wanted.is_answerable for one in outcomes]
    low, high = auroc_interval(chances, labels)
    could = [one for one in outcomes if one.said]
    return AnswerReport(
        tuple(rows),
        Figure(auroc(chances, labels), low, high, len(outcomes)),
        tuple(precision_at(chances, labels)),
        measure_risk(outcomes, threshold),
        fit_promise([one.chance or 0.0 for one in could], list(map(is_wrong, could)), risk, confidence),
    )


def at_threshold(outcome: Outcome, threshold: float) -> Outcome:
    """The outcome as it is with that threshold: answered if there is something to say and chance enough."""
    return replace(outcome, answered=bool(outcome.said) and (outcome.chance or 0.0) >= threshold)


def is_wrong(outcome: Outcome) -> bool:
    """Whether one sentence of the answer, drawn by lot, rests on no right passage: one from each answer,
    so that what is counted are independent draws from the sentences that people see."""
    lot = zlib.crc32(outcome.wanted.key.encode()) % len(outcome.said)
    return not is_carried(outcome.said[lot], outcome.wanted)


def measure_risk(outcomes: Sequence[Outcome], threshold: float) -> Risk:
    """How much of what is shown rests on no right passage."""
    shown = [one for one in outcomes if at_threshold(one, threshold).answered]
    num_wrong = sum(map(is_wrong, shown))
    num_needless = sum(not one.wanted.is_answerable for one in shown)
    low, high = interval(num_wrong, len(shown))
    share = num_wrong / len(shown) if shown else 0.0
    return Risk(threshold, len(outcomes), len(shown), num_wrong, num_needless, share, low, high)
