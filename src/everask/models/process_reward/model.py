"""One small head a kind of step: its features in, the chance that the step was right out.

A line over standardised features, and a monotone curve that makes it a probability. Numpy alone. Paper:
Math-Shepherd (2312.08935), labels by hindsight; here the label is the step's own, a little moved by how the
answer ended. Layers beside the line were worse on held-out articles (card.md).

Legend: F features, P points of the curve, N steps.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from everask.trajectory import Step, StepKind

WEIGHTS = "process-1.npz"
KINDS: tuple[StepKind, ...] = ("rewrite", "retrieve", "choose", "sentence", "cite", "stop")
MOST = 5.0
"""Standardised features are cut at so many deviations, so that no odd one carries a step alone."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Head:
    """What scores steps of one kind. Features by `names` are standardised by `mean_f` and `scale_f`; a name
    that a step lacks counts as its mean."""

    names: tuple[str, ...]
    mean_f: Floats
    scale_f: Floats
    line_f: Floats
    bias: Floats
    curve_p: Floats
    chance_p: Floats

    def rows(self, steps: Iterable[Mapping[str, float]]) -> Floats:
        """Standardised features (N, F)."""
        rows = [
            [one.get(name, mean) for name, mean in zip(self.names, self.mean_f, strict=True)] for one in steps
        ]
        raw = np.asarray(rows, np.float64).reshape(-1, len(self.names))
        return np.clip((raw - self.mean_f) / self.scale_f, -MOST, MOST)

    def logits(self, rows_nf: Floats) -> Floats:
        """(N,) before the curve."""
        return np.asarray(rows_nf @ self.line_f + self.bias)

    def chances(self, steps: Sequence[Mapping[str, float]]) -> Floats:
        """(N,) how likely each step was right."""
        if not steps:
            return np.zeros(0)
        return np.interp(self.logits(self.rows(steps)), self.curve_p, self.chance_p)


@dataclass(frozen=True, slots=True)
class Heads:
    """The heads by kind of step."""

    by_kind: Mapping[StepKind, Head]

    def score(self, step: Step) -> Step:
        """The step with its score; as it is where there is no head for it."""
        head = self.by_kind.get(step.kind)
        if head is None:
            return step
        return replace(step, score=round(float(head.chances([step.features])[0]), 4))


def write_heads(file: Path, heads: Heads, about: Mapping[str, str]) -> None:
    """Keep heads in a file beside no other."""
    arrays: dict[str, Any] = {"about": np.array(json.dumps(dict(about)))}
    for kind, head in heads.by_kind.items():
        arrays[f"{kind}/names"] = np.array(json.dumps(head.names))
        for name in Head.__slots__[1:]:
            arrays[f"{kind}/{name}"] = getattr(head, name).astype(np.float32)
    np.savez_compressed(file, **arrays)


def read_heads(file: Path) -> Heads:
    """Heads from a file."""
    with np.load(file, allow_pickle=False) as arrays:
        found: dict[StepKind, Head] = {}
        for kind in KINDS:
            if f"{kind}/names" in arrays:
                parts = [arrays[f"{kind}/{name}"].astype(np.float64) for name in Head.__slots__[1:]]
                found[kind] = Head(tuple(json.loads(str(arrays[f"{kind}/names"]))), *parts)
    return Heads(found)


@functools.cache
def load_heads() -> Heads | None:
    """The heads that ship; None where there are none."""
    file = resources.files("everask") / "weights" / WEIGHTS
    with resources.as_file(file) as path:
        return read_heads(path) if path.is_file() else None
