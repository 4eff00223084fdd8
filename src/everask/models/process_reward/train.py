"""Fits process rewards: python -m everask.models.process_reward.train --work .bench/process

Reads WORK/steps.jsonl (dev/process_steps.py), fits a line a kind of step on the tuning half, with the ridge
and the monotone curve that articles left out in turn ask for, writes WORK/process-1.npz, and prints a table
of the half that is reported, beside the one feature that tells most. Seconds, in numpy.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.evaluate.abstention import auroc, auroc_interval
from everask.evaluate.calibration import calibration_error, logistic_weights
from everask.evaluate.halves import is_tune
from everask.models.process_reward.data import FOLDS, LabelledStep, columns, fold_of, read_steps, split
from everask.models.process_reward.model import KINDS, MOST, WEIGHTS, Head, Heads, write_heads
from everask.trajectory import StepKind

Floats = NDArray[np.float64]
LEAST = 40
"""Steps of a kind, right and wrong ones, below which no head is fitted."""
RIDGES = (0.003, 0.01, 0.03, 0.1)
_NEWTON_STEPS = 40
TABLE_HEAD = (
    "| step | n (right) | AUROC | 95% | best single feature | calibration error | tuning half, left out |\n"
    "|---|---:|---:|---|---|---:|---:|"
)


def main() -> None:
    """Fit, write, and say how good it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".bench/process"))
    given = parser.parse_args()
    steps = read_steps(given.work / "steps.jsonl")
    heads: dict[StepKind, Head] = {}
    print(TABLE_HEAD)
    chances: list[float] = []
    labels: list[bool] = []
    for kind in KINDS:
        parts = split(steps, kind)
        if not is_enough(parts.fitted):
            right = sum(one.label for one in parts.fitted)
            print(f"| {kind} | too few: {right} right of {len(parts.fitted)} |")
            continue
        heads[kind], left_out = fit(parts.fitted)
        each = heads[kind].chances([one.features for one in parts.reported]).tolist()
        print(row(kind, parts.fitted, parts.reported, each, left_out))
        chances += each
        labels += [one.label for one in parts.reported]
    low, high = auroc_interval(chances, labels)
    error = calibration_error(chances, labels)
    area = f"**{auroc(chances, labels):.3f}** | {low:.3f}–{high:.3f}"
    print(f"| all | {len(labels)} ({sum(labels)}) | {area} | | {error:.3f} | |")
    write_heads(given.work / WEIGHTS, Heads(heads), {"recipe": "process_reward", "steps": str(len(steps))})


def fit(steps: Sequence[LabelledStep]) -> tuple[Head, float]:
    """A head for steps of one kind, and its AUROC on articles that were left out in turn."""
    names = tuple(sorted({name for one in steps for name in one.features}))
    folds = np.array([fold_of(one.article) for one in steps])
    labels = [one.label for one in steps]
    out: dict[float, Floats] = {}
    for ridge in RIDGES:
        logits = np.zeros(len(steps))
        for fold in range(FOLDS):
            inside = [one for one, number in zip(steps, folds, strict=True) if number != fold]
            outside = [one.features for one, number in zip(steps, folds, strict=True) if number == fold]
            if outside and inside:
                head = _line(inside, names, ridge)
                logits[folds == fold] = head.logits(head.rows(outside))
        out[ridge] = logits
    best = max(RIDGES, key=lambda one: auroc(out[one].tolist(), labels))
    curve, chance = monotone_curve(out[best], labels)
    head = replace(_line(steps, names, best), curve_p=curve, chance_p=chance)
    return head, auroc(out[best].tolist(), labels)


class LeftOut:
    """Heads for steps that others are made of: of an article of the tuning half those that were fitted
    without its fifth, of any other those of the whole half. So what a later head learns from looks as it
    will when it serves."""

    def __init__(self, steps: Sequence[LabelledStep], kinds: Sequence[StepKind]) -> None:
        fitted = {kind: split(steps, kind).fitted for kind in kinds}
        self._whole = _heads(fitted)
        self._folds = [_heads(_without(fitted, fold)) for fold in range(FOLDS)]

    def of(self, article: str) -> Heads:
        """The heads that know nothing of an article, as far as it may be known of."""
        return self._folds[fold_of(article)] if is_tune(article) else self._whole


def _without(fitted: Mapping[StepKind, list[LabelledStep]], fold: int) -> dict[StepKind, list[LabelledStep]]:
    return {kind: [one for one in each if fold_of(one.article) != fold] for kind, each in fitted.items()}


def _heads(fitted: Mapping[StepKind, Sequence[LabelledStep]]) -> Heads:
    return Heads({kind: fit(each)[0] for kind, each in fitted.items() if is_enough(each)})


def is_enough(steps: Sequence[LabelledStep]) -> bool:
    """Whether there are enough right and enough wrong ones to fit a head."""
    right = sum(one.label for one in steps)
    return min(right, len(steps) - right) >= LEAST


def _line(steps: Sequence[LabelledStep], names: tuple[str, ...], ridge: float) -> Head:
    """A logistic regression to the targets, by Newton's method. The feature that tells most by itself is not
    drawn to zero: it is mostly another model's verdict, from which the rest may only move a little away."""
    raw = columns(steps, names)
    mean, scale = np.nanmean(raw, 0), np.nanstd(raw, 0) + 1e-3
    rows = np.clip((np.where(np.isnan(raw), mean, raw) - mean) / scale, -MOST, MOST)
    inputs = np.c_[rows, np.ones(len(rows))]
    penalty = np.full(len(names) + 1, 2 * ridge * len(rows))
    penalty[[names.index(best_feature(steps, names)[0]), -1]] = 1e-3
    wanted = np.array([one.target for one in steps])
    weights = logistic_weights(inputs, wanted, penalty, _NEWTON_STEPS)
    nothing = np.zeros(1)
    return Head(names, mean, scale, weights[:-1], weights[-1:], nothing, nothing)


def monotone_curve(logits: Floats, labels: Sequence[bool], bins: int = 12) -> tuple[Floats, Floats]:
    """Points of a curve that never falls, from logits to the share that is right: isotonic regression, by
    pooling neighbours that violate it, over bins of like size, drawn a little to the middle."""
    parts = np.array_split(np.argsort(logits), min(bins, max(2, len(logits) // 15)))
    truth = np.asarray(labels, float)
    pooled: list[list[float]] = []
    for one in parts:
        pooled.append([float(logits[one].mean()), float(truth[one].sum()) + 0.5, len(one) + 1.0])
        while len(pooled) > 1 and pooled[-2][1] / pooled[-2][2] >= pooled[-1][1] / pooled[-1][2]:
            at, right, size = pooled.pop()
            before = pooled[-1]
            before[0] = (before[0] * before[2] + at * size) / (before[2] + size)
            before[1], before[2] = before[1] + right, before[2] + size
    points = [(at, right / size) for at, right, size in pooled]
    # Beyond the last bins it goes on, so that no two steps far out are said to be alike.
    first, last = points[0], points[-1]
    points = [
        (min(float(logits.min()), first[0]) - 1.0, 0.5 * first[1]),
        *points,
        (max(float(logits.max()), last[0]) + 1.0, 0.5 + 0.5 * last[1]),
    ]
    return np.array([one[0] for one in points]), np.array([one[1] for one in points])


def row(
    kind: str,
    fitted: Sequence[LabelledStep],
    reported: Sequence[LabelledStep],
    chances: Sequence[float],
    left_out: float,
) -> str:
    """A head on the half that is reported, beside the feature that told most on the tuning half."""
    labels = [one.label for one in reported]
    low, high = auroc_interval(chances, labels)
    names = sorted({name for one in fitted for name in one.features})
    name, sign = best_feature(fitted, names)
    alone = auroc([sign * one.features.get(name, 0.0) for one in reported], labels)
    cells = [
        f"{kind} | {len(labels)} ({sum(labels)})",
        f"**{auroc(chances, labels):.3f}** | {low:.3f}–{high:.3f}",
        f"{name} {alone:.3f} | {calibration_error(chances, labels):.3f}",
        f"{left_out:.3f} ({len(fitted)})",
    ]
    return f"| {' | '.join(cells)} |"


def best_feature(steps: Sequence[LabelledStep], names: Sequence[str]) -> tuple[str, float]:
    """The feature that tells right from wrong best by itself, and which way."""
    labels = [one.label for one in steps]
    areas = {name: auroc([one.features.get(name, 0.0) for one in steps], labels) for name in names}
    name = max(areas, key=lambda one: abs(areas[one] - 0.5))
    return name, 1.0 if areas[name] >= 0.5 else -1.0


if __name__ == "__main__":
    main()
