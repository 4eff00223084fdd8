"""Trains the reward's heads: python -m everask.models.reward.train --work FOLDER

FOLDER is what dev/reward_features.py left: drafts that were read once, so a head takes seconds. Bradley and
Terry's loss with a margin, centred (arXiv 2312.09244); along each dimension that a pair's worse answer
harms, and in all; a second head takes what length alone explains, and is dropped (ODIN, arXiv 2402.07319).
Three trainings from one start are averaged (WARM, arXiv 2401.12187). Writes FOLDER/reward.npz. Needs the
extra `train`.

Shapes: P pairs, N drafts, F scalars, S states, C components, K of the projection, D dimensions.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from everask.models.reward.cached import Cached, load_cached
from everask.models.reward.model import HEADS, Features, Floats, Head, masks, write_heads
from everask.models.reward.pairs import DIMENSIONS
from everask.models.reward.spoil import KINDS

NAME = "reward.npz"
SEEDS = (0, 1, 2)
_CLIP = 4.0


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """How a head is trained."""

    epochs: int = 12
    pairs: int = 256
    rate: float = 5e-3
    scalars_rate: float = 5e-3
    components: int = 96
    projection: int = 16
    dropout: float = 0.3
    prior: float = 0.15
    tied: float = 0.01
    kept_near: float = 0.02


@dataclass(frozen=True, slots=True)
class Scale:
    """Means and deviations of what is trained on, and its states' principal components."""

    mean_f: Floats
    deviation_f: Floats
    state_mean_s: Floats
    state_deviation_s: Floats
    basis_sc: Floats


class HeadModel(nn.Module):
    """What `Head.score` does, to be trained; and the length head."""

    seen_fd: Tensor

    def __init__(self, kind: str, settings: HeadSettings) -> None:
        super().__init__()
        seen_fd, self.sees_states = masks(kind)
        self.register_buffer("seen_fd", torch.tensor(seen_fd))
        start = float(np.log(np.expm1(settings.prior)))
        self.start = start
        self.scalars_fd = nn.Parameter(torch.full(seen_fd.shape, start))
        size = (settings.components, settings.projection)
        self.projection_ck = nn.Parameter(torch.randn(size) * settings.components**-0.5)
        self.states_kd = nn.Parameter(torch.randn(settings.projection, len(DIMENSIONS)) * 0.1)
        self.bias_d = nn.Parameter(torch.zeros(len(DIMENSIONS)))
        self.length_2 = nn.Parameter(torch.zeros(2))
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, scalars_nf: Tensor, states_nc: Tensor, lengths_n2: Tensor) -> tuple[Tensor, Tensor]:
        """(N, D) of the dimensions, and (N,) of the length head."""
        result_nd = scalars_nf @ (F.softplus(self.scalars_fd) * self.seen_fd) + self.bias_d
        if self.sees_states:
            result_nd = result_nd + torch.tanh(self.dropout(states_nc) @ self.projection_ck) @ self.states_kd
        return result_nd, lengths_n2 @ self.length_2

    def head(self, scale: Scale) -> Head:
        """As it serves."""
        seen = self.states_kd if self.sees_states else torch.zeros_like(self.states_kd)
        return Head(
            scale.mean_f,
            scale.deviation_f,
            (F.softplus(self.scalars_fd) * self.seen_fd).detach().numpy(),
            scale.state_mean_s,
            scale.state_deviation_s,
            scale.basis_sc @ self.projection_ck.detach().numpy(),
            seen.detach().numpy(),
            self.bias_d.detach().numpy(),
        )


def scale_of(features: Features, components: int) -> Scale:
    """Of everything that is trained on; a scalar that never changes has deviation 1."""
    known_f = ~np.isnan(features.scalars_nf).all(0)
    scalars_nf = np.where(known_f, features.scalars_nf, 0.0)
    deviation_f = np.nanstd(scalars_nf, 0)
    mean_s, deviation_s = features.states_ns.mean(0), features.states_ns.std(0)
    deviation_s = np.where(deviation_s > 1e-4, deviation_s, 1.0)
    states_ns = np.clip((features.states_ns - mean_s) / deviation_s, -_CLIP, _CLIP)
    values, vectors_ss = np.linalg.eigh(states_ns.T @ states_ns / len(states_ns))
    # The first components without a scale of their own; the eigenvalues rise.
    basis_sc = vectors_ss[:, -components:] / np.sqrt(np.maximum(values[-components:], 1e-3))
    return Scale(
        np.nanmean(scalars_nf, 0).astype(np.float32),
        np.where(deviation_f > 1e-3, deviation_f, 1.0).astype(np.float32),
        mean_s.astype(np.float32),
        deviation_s.astype(np.float32),
        basis_sc.astype(np.float32),
    )


@dataclass(frozen=True, slots=True)
class Prepared:
    """Scaled features of all drafts, and the pairs: what heads of every kind and seed train on."""

    scale: Scale
    scalars_nf: Tensor
    states_nc: Tensor
    lengths_n2: Tensor
    places_p2: Tensor
    harms_pd: Tensor
    margins_p: Tensor
    weights_p: Tensor


def prepare(cached: Cached, settings: HeadSettings, scale: Scale | None = None) -> Prepared:
    """Scale what the pairs are of; drafts that no pair is of are not looked at. `scale` may be known."""
    used, inverse = np.unique(cached.places_p2.astype(np.int64), return_inverse=True)
    features = cached.features.rows(used)
    scale = scale or scale_of(features, settings.components)
    scalars_nf = np.nan_to_num(
        np.clip((features.scalars_nf - scale.mean_f) / scale.deviation_f, -_CLIP, _CLIP), nan=0.0
    )
    states_ns = np.clip((features.states_ns - scale.state_mean_s) / scale.state_deviation_s, -_CLIP, _CLIP)
    lengths_n2 = (features.lengths_n2 - features.lengths_n2.mean(0)) / (features.lengths_n2.std(0) + 1e-6)
    harms = [[float(name in one.harms) for name in DIMENSIONS] for one in cached.pairs]
    return Prepared(
        scale,
        torch.tensor(scalars_nf, dtype=torch.float32),
        torch.tensor(states_ns @ scale.basis_sc, dtype=torch.float32),
        torch.tensor(lengths_n2, dtype=torch.float32),
        torch.tensor(inverse.reshape(-1, 2), dtype=torch.int64),
        torch.tensor(harms),
        torch.tensor([one.margin for one in cached.pairs]),
        torch.tensor(_weights(cached)),
    )


def _weights(cached: Cached) -> list[float]:
    """Every kind counts alike, but as the square root of how many there are of it."""
    names = [one.kind for one in cached.pairs]
    counts = {name: names.count(name) for name in set(names)}
    raw = [one.weight * counts[one.kind] ** -0.5 for one in cached.pairs]
    return [one * len(raw) / sum(raw) for one in raw]


def train_head(prepared: Prepared, kind: str, seed: int, settings: HeadSettings) -> Head:
    """One head of a kind (HEADS). All seeds begin at the same weights, so that they can be averaged."""
    torch.manual_seed(1)
    model = HeadModel(kind, settings)
    torch.manual_seed(1000 + seed)
    generator = torch.Generator().manual_seed(seed)
    states = {"params": [model.projection_ck, model.states_kd], "weight_decay": 0.1, "lr": settings.rate}
    others = [model.scalars_fd, model.bias_d, model.length_2]
    scalars = {"params": others, "weight_decay": 0.0, "lr": settings.scalars_rate}
    optimiser = torch.optim.AdamW([states, scalars])
    num = len(prepared.margins_p)
    steps = settings.epochs * -(-num // settings.pairs)
    highest = [settings.rate, settings.scalars_rate]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, highest, total_steps=steps)
    model.train()
    for _ in range(settings.epochs):
        order = torch.randperm(num, generator=generator)
        for start in range(0, num, settings.pairs):
            loss = _loss(model, prepared, order[start : start + settings.pairs], settings)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return model.head(prepared.scale)


def _loss(model: HeadModel, prepared: Prepared, at: Tensor, settings: HeadSettings) -> Tensor:
    rows = prepared.places_p2[at].T.reshape(-1)
    lengths_n2 = prepared.lengths_n2[rows]
    result_nd, length_n = model(prepared.scalars_nf[rows], prepared.states_nc[rows], lengths_n2)
    better_pd, worse_pd = result_nd.chunk(2)
    margins_p, weights_p = prepared.margins_p[at], prepared.weights_p[at]
    harms_pd = prepared.harms_pd[at]
    apart_pd = better_pd - worse_pd
    total_n = result_nd.sum(1)
    longer_p = length_n[: len(at)] - length_n[len(at) :]
    in_all_p = F.softplus(margins_p - apart_pd.sum(1) - longer_p)
    each_p = (F.softplus(margins_p[:, None] - apart_pd) * harms_pd).sum(1) / harms_pd.sum(1).clamp(min=1)
    # Along the other dimensions neither is better: what a change does not harm should not pay (RRM).
    known_p = (harms_pd.sum(1) > 0).float()
    tied_p = ((apart_pd**2) * (1 - harms_pd)).sum(1) * known_p
    loss = (weights_p * (in_all_p + each_p + settings.tied * tied_p)).mean()
    drift = ((model.scalars_fd - model.start) ** 2 * model.seen_fd).sum()
    told = _correlation(total_n, lengths_n2[:, 0])
    result: Tensor = (
        loss + 0.01 * (total_n**2).mean() + settings.kept_near * drift / len(DIMENSIONS) + 0.1 * told**2
    )
    return result


def _correlation(one: Tensor, other: Tensor) -> Tensor:
    """Pearson's; 0 where one of the two never changes."""
    one, other = one - one.mean(), other - other.mean()
    # The root's slope at 0 has no end: what is under it never is 0.
    spread = (one.square().sum() * other.square().sum()).clamp(min=1e-12).sqrt()
    result: Tensor = (one * other).sum() / spread
    return result


def average(heads: Sequence[Head]) -> Head:
    """Their weights' mean."""
    means = {part: np.mean([getattr(one, part) for one in heads], axis=0) for part in Head.__slots__}
    return Head(**{part: mean.astype(np.float32) for part, mean in means.items()})


def train_all(cached: Cached, settings: HeadSettings | None = None) -> dict[str, Head]:
    """Heads of every kind, each the average of its seeds."""
    settings = settings or HeadSettings()
    prepared = prepare(cached, settings)
    return {kind: average([train_head(prepared, kind, seed, settings) for seed in SEEDS]) for kind in HEADS}


def right_by_kind(head: Head, cached: Cached) -> Mapping[str, float]:
    """The share of pairs in the right order, by kind; equal ones count half."""
    total_n = head.score(cached.features).sum(1)
    apart_p = total_n[cached.places_p2[:, 0]] - total_n[cached.places_p2[:, 1]]
    right_p = np.where(apart_p == 0, 0.5, apart_p > 0)
    names = np.array([one.kind for one in cached.pairs])
    return {str(name): float(right_p[names == name].mean()) for name in dict.fromkeys(names)}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    began = time.monotonic()
    cached = load_cached(given.work, "train")
    heads = train_all(cached)
    kept = load_cached(given.work, "dev")
    for name, head in heads.items():
        right = right_by_kind(head, kept)
        made = [value for kind, value in right.items() if kind in KINDS]
        _say(
            f"{name}: {np.mean(made):.3f} of made pairs in the right order; hh {right.get('harmless', 0):.3f}"
        )
    write_heads(
        given.work / NAME,
        heads,
        {"pairs": str(len(cached.pairs)), "seconds": f"{time.monotonic() - began:.0f}"},
    )
    print(given.work / NAME)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
