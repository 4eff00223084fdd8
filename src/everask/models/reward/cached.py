"""Pairs whose drafts were read once, as dev/reward_features.py left them: features on disk, for training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.errors import TrainingError
from everask.models.reward.model import Features
from everask.models.reward.pairs import RewardPair, read_pairs


@dataclass(frozen=True, slots=True)
class Cached:
    """Pairs, and which rows of `features` their drafts are: (P, 2), the better first."""

    pairs: Sequence[RewardPair]
    places_p2: NDArray[np.int32]
    features: Features

    def where(self, wanted: Iterable[bool]) -> Cached:
        """Some of the pairs; the features stay whole."""
        kept = [at for at, is_wanted in enumerate(wanted) if is_wanted]
        return Cached([self.pairs[at] for at in kept], self.places_p2[kept], self.features)


def load_cached(work: Path, split: str) -> Cached:
    """Everything of a split ("train", "dev", "report"). Raises TrainingError where there is nothing."""
    pairs: list[RewardPair] = []
    places, scalars, states, lengths = [], [], [], []
    start = 0
    for path in sorted(work.glob(f"{split}-*.npz")):
        with np.load(path) as table:
            places.append(table["pairs"] + start)
            scalars.append(table["scalars"])
            states.append(table["states"].astype(np.float32))
            lengths.append(table["lengths"])
        start += len(scalars[-1])
        pairs += read_pairs(path.with_suffix(".jsonl"))
    if not pairs:
        raise TrainingError(f"There are no pairs to {split} in {work}.", "Run dev/reward_features.py first.")
    features = Features(np.concatenate(scalars), np.concatenate(states), np.concatenate(lengths))
    return Cached(pairs, np.concatenate(places), features)
