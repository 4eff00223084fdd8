"""How an answer was found: its steps in words, and how good each seems, for the page and the commands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from everask.trajectory import Step, StepKind, Trajectory

WAY_NAMES: Mapping[tuple[StepKind, str], str] = {
    ("rewrite", "rewritten"): "The question was completed by what was asked before",
    ("retrieve", "first"): "Passages were found",
    ("retrieve", "again"): "It was searched again, with other words and further down",
    ("choose", ""): "Quotes were chosen",
    ("sentence", "kept"): "Sentence {number} was written",
    ("sentence", "quoted"): "Sentence {number} was quoted",
    ("sentence", "dropped"): "A sentence was written and dropped",
    ("cite", ""): "Its source was chosen",
    ("stop", "answered"): "It was left at that",
    ("stop", "abstained"): "It was left at “your documents don’t say”",
}
"""What a step says, by its kind and outcome."""
WEAK_BELOW = 0.5
"""Where the weakest step is likelier wrong than right, it is said."""


@dataclass(frozen=True, slots=True)
class WayStep:
    """A step as it is shown: its text, the number in it, how likely it was right in per cent, and whether it
    is where the answer most likely went wrong."""

    text: str
    number: int
    percent: int
    is_weakest: bool


def way_view(trajectory: Trajectory) -> tuple[WayStep, ...]:
    """The steps that have a score, in their order."""
    weakest = trajectory.weakest()
    is_weak = weakest is not None and weakest.score is not None and weakest.score < WEAK_BELOW
    return tuple(
        WayStep(name_of(one), (one.claim or 0) + 1, round(100 * one.score), is_weak and one is weakest)
        for one in trajectory.steps
        if one.score is not None and not (one.kind == "cite" and one.outcome == "dropped")
    )


def name_of(step: Step) -> str:
    """What a step says."""
    return WAY_NAMES.get((step.kind, step.outcome)) or WAY_NAMES[step.kind, ""]


def way_record(trajectory: Trajectory) -> list[dict[str, Any]]:
    """The steps as plain data for JSON."""
    return [
        {
            "kind": one.kind,
            "outcome": one.outcome,
            "sentence": one.claim,
            "score": one.score,
            "features": {name: round(value, 4) for name, value in one.features.items()},
        }
        for one in trajectory.steps
    ]


def way_lines(trajectory: Trajectory) -> list[str]:
    """The steps as lines of a terminal, in English."""
    return [
        f"  {one.percent:3}% {one.text.format(number=one.number)}"
        f"{'  <- most likely, it went wrong here' if one.is_weakest else ''}"
        for one in way_view(trajectory)
    ]
