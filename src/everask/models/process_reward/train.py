"""Fits process rewards: python -m everask.models.process_reward.train --work .bench/process

Reads WORK/steps.jsonl (dev/process_steps.py), fits a head a kind of step on the tuning half, calibrates it by
a monotone curve on articles of it that were left out, writes WORK/process-1.npz, and prints a table of the
half that is reported, beside the one feature that tells most. Needs the extra `train`; a minute.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Generator, Tensor, nn

from everask.evaluate.abstention import auroc, auroc_interval
from everask.evaluate.calibration import calibration_error
from everask.models.process_reward.data import LabelledStep, Parts, columns, read_steps, split
from everask.models.process_reward.model import KINDS, MOST, WEIGHTS, Head, Heads, write_heads
from everask.train.loop import LoopSettings, run, set_up

Floats = NDArray[np.float64]
LEAST = 40
"""Steps of a kind, right and wrong ones, below which no head is fitted."""


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a head is fitted: full batches, `heads` seeds whose logits are averaged."""

    hidden: int = 12
    heads: int = 5
    steps: int = 300
    rate: float = 0.02
    decay: float = 0.02
    dropout: float = 0.1
    seed: int = 0


class Network(nn.Module):
    """Heads of one kind, beside one another; each is cut off from the others' features by its own dropout."""

    def __init__(self, num_features: int, settings: FitSettings) -> None:
        super().__init__()
        heads, hidden = settings.heads, settings.hidden
        self.dropout = settings.dropout
        self.inner_efh = nn.Parameter(torch.randn(heads, num_features, hidden) / num_features**0.5)
        self.inner_bias_eh = nn.Parameter(torch.zeros(heads, hidden))
        self.outer_eh = nn.Parameter(0.1 * torch.randn(heads, hidden))
        self.line_ef = nn.Parameter(torch.zeros(heads, num_features))
        self.bias_e = nn.Parameter(torch.zeros(heads))

    def forward(self, rows_nf: Tensor) -> Tensor:
        """Logits (E, N)."""
        rows_enf = rows_nf.expand(len(self.bias_e), -1, -1)
        rows_enf = F.dropout(rows_enf, self.dropout, self.training)
        hidden_enh = torch.tanh(rows_enf @ self.inner_efh + self.inner_bias_eh[:, None])
        each_en = torch.einsum("enh,eh->en", hidden_enh, self.outer_eh)
        return each_en + torch.einsum("enf,ef->en", rows_enf, self.line_ef) + self.bias_e[:, None]


def main() -> None:
    """Fit, write, and say how good it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".bench/process"))
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    steps = read_steps(given.work / "steps.jsonl")
    heads: dict[str, Head] = {}
    print(TABLE_HEAD)
    for kind in KINDS:
        parts = split(steps, kind)
        right = sum(one.label for one in parts.fitted)
        if min(right, len(parts.fitted) - right) < LEAST:
            print(f"| {kind} | too few: {right} right of {len(parts.fitted)} |")
            continue
        heads[kind] = fit(parts, FitSettings(seed=given.seed), given.work / "heads" / f"{kind}-{given.seed}")
        print(row(kind, heads[kind], parts))
    about = {"recipe": "process_reward", "steps": str(len(steps)), "seed": str(given.seed)}
    write_heads(given.work / WEIGHTS, Heads(heads), about)  # type: ignore[arg-type]


def fit(parts: Parts, settings: FitSettings, folder: Path) -> Head:
    """A head for the steps of one kind."""
    set_up(2, settings.seed)
    names = tuple(sorted({name for one in parts.fitted for name in one.features}))
    raw = columns(parts.fitted, names)
    mean, scale = np.nanmean(raw, 0), np.nanstd(raw, 0) + 1e-3
    rows = np.clip((np.where(np.isnan(raw), mean, raw) - mean) / scale, -MOST, MOST)
    inputs = torch.tensor(rows, dtype=torch.float32)
    wanted = torch.tensor([one.target for one in parts.fitted])
    network = Network(len(names), settings)

    def step(_number: int, _generator: Generator) -> Tensor:
        logits_en = network(inputs)
        loss = F.binary_cross_entropy_with_logits(logits_en, wanted.expand_as(logits_en))
        weights = (network.inner_efh, network.outer_eh, network.line_ef)
        return loss + settings.decay * sum((one.square().mean() for one in weights), torch.zeros(()))

    run(
        network,
        step,
        LoopSettings(settings.steps, settings.seed, len(rows), settings.rate, half=False),
        folder,
    )
    arrays = {name: one.detach().numpy().astype(np.float64) for name, one in network.named_parameters()}
    bare = Head(names, mean, scale, **arrays, curve_p=np.zeros(1), chance_p=np.zeros(1))
    judged = parts.chosen or parts.fitted
    curve, chance = monotone_curve(
        bare.logits(bare.rows([one.features for one in judged])), [one.label for one in judged]
    )
    return replace(bare, curve_p=curve, chance_p=chance)


def monotone_curve(logits: Floats, labels: Sequence[bool], bins: int = 12) -> tuple[Floats, Floats]:
    """Points of a curve that never falls, from logits to the share that is right: isotonic regression, by
    pooling neighbours that violate it, over bins of like size, drawn a little to the middle."""
    order = np.argsort(logits)
    parts = [one for one in np.array_split(order, min(bins, max(2, len(order) // 15))) if len(one)]
    truth = np.asarray(labels, float)
    blocks = [[float(logits[one].mean()), float(truth[one].sum()) + 0.5, len(one) + 1.0] for one in parts]
    pooled: list[list[float]] = []
    for block in blocks:
        pooled.append(block)
        while len(pooled) > 1 and pooled[-2][1] / pooled[-2][2] >= pooled[-1][1] / pooled[-1][2]:
            at, right, size = pooled.pop()
            before = pooled[-1]
            before[0] = (before[0] * before[2] + at * size) / (before[2] + size)
            before[1], before[2] = before[1] + right, before[2] + size
    # A whole curve even where one block is left, and no plateau: order within a block is kept.
    points = [(at, right / size) for at, right, size in pooled]
    low, high = float(logits.min()), float(logits.max())
    first, last = points[0], points[-1]
    points = [
        (min(low, first[0]) - 1.0, 0.5 * first[1]),
        *points,
        (max(high, last[0]) + 1.0, 0.5 + 0.5 * last[1]),
    ]
    return np.array([one[0] for one in points]), np.array([one[1] for one in points])


TABLE_HEAD = (
    "| step | n (right) | AUROC | 95% | best single feature | calibration error | articles left out (n) |\n"
    "|---|---:|---:|---|---|---:|---:|"
)


def row(kind: str, head: Head, parts: Parts) -> str:
    """A head on the half that is reported, beside the feature that told most on the tuning half."""
    reported = parts.reported
    labels = [one.label for one in reported]
    chances = head.chances([one.features for one in reported]).tolist()
    low, high = auroc_interval(chances, labels)
    name, sign = best_feature(parts.fitted, head.names)
    alone = auroc([sign * one.features.get(name, 0.0) for one in reported], labels)
    chosen = head.chances([one.features for one in parts.chosen]).tolist()
    left_out = auroc(chosen, [one.label for one in parts.chosen])
    cells = [
        f"{kind} | {len(labels)} ({sum(labels)})",
        f"**{auroc(chances, labels):.3f}** | {low:.3f}–{high:.3f}",
        f"{name} {alone:.3f} | {calibration_error(chances, labels):.3f}",
        f"{left_out:.3f} ({len(chosen)})",
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
