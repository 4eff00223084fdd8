"""The way to one answer, step by step: what was known at each, and how good the step seems by that.

Numbers alone, and no document's words: so a trajectory may be seen by whoever may see its answer. Scored by
models/process_reward; kept with the answer. Paper: process supervision, arXiv 2305.20050.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

StepKind = Literal["rewrite", "retrieve", "choose", "sentence", "cite", "stop"]


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `features` are what was known when it had been made; `score` is the chance that it was right,
    None where nothing could tell.

    `outcome` is what was done: of "retrieve" which search it was, of a sentence "kept", "quoted" or
    "dropped", of "stop" "answered" or "abstained". `claim` numbers the answer's sentence from 0, None where
    it is of none.
    """

    kind: StepKind
    features: Mapping[str, float] = field(default_factory=dict)
    outcome: str = ""
    claim: int | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Trajectory:
    """The steps of one answer, in their order. `num_drafts` is how often a language model was called."""

    steps: tuple[Step, ...] = ()
    num_drafts: int = 0

    def weakest(self) -> Step | None:
        """The step that most likely went wrong, None where none was scored."""
        scored = [one for one in self.steps if one.score is not None]
        return min(scored, key=lambda one: one.score or 0.0, default=None)


NO_STEPS = Trajectory()
