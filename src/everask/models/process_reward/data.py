"""Steps with what became of them, as JSON lines: features, the label by hindsight, how the answer ended.

Made by dev/process_steps.py. Knows nothing of how features are read off an answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.errors import TrainingError
from everask.evaluate.halves import is_held_out, is_tune
from everask.trajectory import StepKind

Floats = NDArray[np.float64]
DISCOUNT = 0.9
"""Of the answer's end, for each step that it is away."""
SHARE_OF_END = 0.15
"""Of a target that is the discounted end; the rest is the step's own label. 0 and 0.3 were no better."""


@dataclass(frozen=True, slots=True)
class LabelledStep:
    """A step of a known kind. `label`: whether it was right; `end`, 0..1, is how good the answer became,
    `left` how many steps later. `key` is the question's; the `article` decides the half."""

    kind: StepKind
    features: Mapping[str, float]
    label: bool
    end: float
    left: int
    article: str
    language: str
    group: str
    key: str

    @property
    def target(self) -> float:
        """What a head learns: the label, and a little of the discounted end."""
        return (1 - SHARE_OF_END) * self.label + SHARE_OF_END * DISCOUNT**self.left * self.end


@dataclass(frozen=True, slots=True)
class Parts:
    """Steps to fit on, to choose and calibrate on, and to report; no article is in two."""

    fitted: list[LabelledStep]
    chosen: list[LabelledStep]
    reported: list[LabelledStep]


def read_steps(file: Path) -> list[LabelledStep]:
    """The steps of a file."""
    if not file.is_file():
        raise TrainingError(f"There are no steps at {file}.", "Make them: python dev/process_steps.py")
    return [LabelledStep(**json.loads(line)) for line in file.read_text("utf-8").splitlines()]


def write_steps(file: Path, steps: Iterable[LabelledStep]) -> None:
    """Keep steps."""
    file.write_text("".join(json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in steps), "utf-8")


def split(steps: Iterable[LabelledStep], kind: StepKind) -> Parts:
    """The steps of a kind, by what their articles are for."""
    parts = Parts([], [], [])
    for one in steps:
        if one.kind == kind:
            where = parts.reported if not is_tune(one.article) else parts.fitted
            (parts.chosen if is_tune(one.article) and is_held_out(one.article) else where).append(one)
    return parts


def columns(steps: Iterable[LabelledStep], names: Iterable[str]) -> Floats:
    """Features (N, F) in an order; one that is not there is no number."""
    order = list(names)
    rows = [[one.features.get(name, np.nan) for name in order] for one in steps]
    return np.asarray(rows, np.float64).reshape(-1, len(order))
