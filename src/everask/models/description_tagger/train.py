"""A learned projection over the frozen encoder, one set left out at a time:
python -m everask.models.description_tagger.train --encoder FOLDER --work FOLDER [--rank 32] [--steps 300]

Reads the sets of data.py from EVERASK_SHARED_DATA or ../shared/data, and needs the extra `train`. Prints what
the projection is worth on the pool of the set that it did not see, beside no projection; keeps vectors in the
work folder and nothing else, since it was worse (card.md). Sets that are for evaluation only never train it.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from everask.encoder import open_encoder
from everask.encoder.unit import unit
from everask.errors import TrainingError
from everask.models.description_tagger.data import KINDS, REPORTED, read_set
from everask.models.description_tagger.model import Vectors, settle, without_prior

BATCH = 128
DECAY = 0.1


@dataclass(frozen=True, slots=True)
class Rows:
    """A set: texts (N, D), topics (K, D), the texts' topics (N,), and which may be looked at: the pool."""

    texts: Tensor
    topics: Tensor
    targets: Tensor
    pool: Tensor
    may_train: bool


@dataclass(frozen=True, slots=True)
class Recipe:
    """Rank of what is added to a vector, and how long it is trained."""

    rank: int
    steps: int
    rate: float
    seed: int


def main() -> None:
    """Train without each of the reported sets in turn, and measure on it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, required=True, help="a built encoder's folder")
    parser.add_argument("--work", type=Path, required=True, help="where vectors are kept")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or "../shared/data")
    sets = {name: _read(data, name, given.encoder, given.work) for name in KINDS}
    recipe = Recipe(given.rank, given.steps, given.rate, given.seed)
    print("set | prior removed | projected | settled | projected and settled")
    for name in REPORTED:
        added, lifted = fit(sets, name, recipe)
        known = sets[name]
        texts, topics = known.texts[known.pool].numpy(), known.topics.numpy()
        target = known.targets[known.pool].numpy()
        moved, others = (
            unit(project(torch.from_numpy(one), added, lifted).numpy()) for one in (texts, topics)
        )
        figures = []
        for rows, wanted in ((texts, topics), (moved, others)):
            for how in (wanted, settle(wanted, rows)):
                figures.append(float(np.mean(without_prior(rows @ how.T).argmax(axis=1) == target)))
        plain, settled, projected, both = figures
        print(f"{name} | {plain:.3f} | {projected:.3f} | {settled:.3f} | {both:.3f}", flush=True)


def fit(sets: Mapping[str, Rows], left_out: str, recipe: Recipe) -> tuple[Tensor, Tensor]:
    """The projection, from all sets that may be trained on but one: `added` (D, R) and `lifted` (R, D)."""
    names = [name for name, one in sets.items() if one.may_train and name != left_out]
    draw = torch.Generator().manual_seed(recipe.seed)
    size = sets[names[0]].texts.shape[1]
    added = torch.zeros(size, recipe.rank, requires_grad=True)
    lifted = (torch.randn(recipe.rank, size, generator=draw) / size**0.5).requires_grad_()
    sharpness = torch.tensor(3.0, requires_grad=True)
    optimiser = torch.optim.AdamW([added, lifted, sharpness], lr=recipe.rate, weight_decay=DECAY)
    for _ in range(recipe.steps):
        one = sets[names[int(torch.randint(len(names), (1,), generator=draw))]]
        chosen = torch.randint(len(one.targets), (BATCH,), generator=draw)
        texts, topics = (project(rows, added, lifted) for rows in (one.texts[chosen], one.topics))
        loss = F.cross_entropy(texts @ topics.T * sharpness.exp(), one.targets[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    return added.detach(), lifted.detach()


def project(rows: Tensor, added: Tensor, lifted: Tensor) -> Tensor:
    """Rows (N, D) with what the projection adds, of length 1."""
    return F.normalize(rows + (rows @ lifted.T) @ added.T, dim=-1)


def _read(data: Path, name: str, folder: Path, work: Path) -> Rows:
    labelled, kept = read_set(data, name), work / f"{name}.npz"
    if not kept.is_file():
        encoder = open_encoder(folder)
        wordings = np.stack([encoder.encode_query(one) for one in labelled.wordings])
        work.mkdir(parents=True, exist_ok=True)
        np.savez(kept, P=encoder.encode_passages(labelled.texts), W=wordings)
    with np.load(kept) as known:
        texts, topics = known["P"], known["W"]
    if len(texts) != len(labelled.texts):
        raise TrainingError(f"{kept} is of other texts.", "Remove it, so that it is made again.")
    return Rows(
        _centred(texts),
        _centred(topics),
        torch.tensor(labelled.targets),
        ~torch.tensor(labelled.tested),
        labelled.may_train,
    )


def _centred(rows: Vectors) -> Tensor:
    return torch.from_numpy(unit(rows - rows.mean(axis=0)))


if __name__ == "__main__":
    main()
