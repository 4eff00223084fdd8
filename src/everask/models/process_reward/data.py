"""Steps with what became of them, as JSON lines: features, the label by hindsight, how the answer ended.

Made by dev/process_steps.py. Knows nothing of how features are read off an answer.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.errors import TrainingError
from everask.evaluate.halves import is_tune
from everask.trajectory import StepKind

Floats = NDArray[np.float64]
DISCOUNT = 0.9
"""Of the answer's end, for each step that it is away."""
SHARE_OF_END = 0.15
"""Of a target that is the discounted end; the rest is the step's own label."""
FOLDS = 5


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
    """Steps to fit on, and steps to report; no article is in both."""

    fitted: list[LabelledStep]
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
    parts = Parts([], [])
    for one in steps:
        if one.kind == kind:
            (parts.fitted if is_tune(one.article) else parts.reported).append(one)
    return parts


def fold_of(article: str) -> int:
    """Which of FOLDS parts of the tuning half an article is in: each is left out once."""
    return zlib.crc32(article.encode()) // 7 % FOLDS


def columns(steps: Iterable[LabelledStep], names: Iterable[str]) -> Floats:
    """Features (N, F) in an order; one that is not there is no number."""
    order = list(names)
    rows = [[one.features.get(name, np.nan) for name in order] for one in steps]
    return np.asarray(rows, np.float64).reshape(-1, len(order))
