"""The mean vector of each language, and vectors relative to it.

A multilingual encoder puts each language in a corner of its own; without its mean, a passage is
compared by what it says and not by its language.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHIPPED_WEIGHT = 20
"""A shipped mean counts as much as so many passages of the pile: 20 was best for piles with 1 to 10
passages of a language, by means from other documents (dev/LOG.md)."""
NUM_NEAREST = 3
"""Shipped means that stand in, together, for the one that a language lacks."""
UNKNOWN = "und"
"""The language whose mean stands for those that have none: the mean of everything."""

Vectors = NDArray[np.float32]
Sums = Mapping[str, tuple[NDArray[np.float64], int]]


def mix(sums: Sums, shipped: Mapping[str, Vectors]) -> dict[str, Vectors]:
    """Means by language: the pile's own, pulled to the shipped one while there are few passages; where a
    language has none, to those of languages that look most like it."""
    if not sums and not shipped:
        return {}
    if sums:
        totals = np.sum([total for total, _ in sums.values()], axis=0)
        everything = totals / sum(number for _, number in sums.values())
    else:
        everything = np.mean(list(shipped.values()), axis=0)
    means = {UNKNOWN: np.asarray(everything, np.float32)}
    for language in sums.keys() | shipped.keys():
        total, number = sums.get(language, (0.0, 0))
        prior = (
            shipped[language]
            if language in shipped
            else _stand_in(np.asarray(total) / number, shipped, everything)
        )
        mean = (total + SHIPPED_WEIGHT * prior) / (number + SHIPPED_WEIGHT)
        means[language] = np.asarray(mean, np.float32)
    return means


def _stand_in(mean: NDArray[Any], shipped: Mapping[str, Vectors], everything: NDArray[Any]) -> NDArray[Any]:
    """The mean of the shipped ones that are most like a pile's own; of everything where none ship."""
    if not shipped:
        return everything
    known = np.stack(list(shipped.values()))
    alike = known @ mean / np.maximum(np.linalg.norm(known, axis=1), 1e-12)
    return np.asarray(known[np.argsort(-alike)[:NUM_NEAREST]].mean(axis=0), np.float32)


def centre(vectors: Vectors, languages: Sequence[str], means: Mapping[str, Vectors]) -> Vectors:
    """Raw vectors (n, d) less the means of their languages, of length 1 again; as they are where there
    are no means at all."""
    if not means:
        return vectors
    centred = vectors - np.stack([means.get(language, means[UNKNOWN]) for language in languages])
    centred /= np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-12)
    return centred


def centre_one(vector: Vectors, language: str, means: Mapping[str, Vectors]) -> Vectors:
    """A raw vector (d,) less the mean of its language, of length 1 again."""
    centred: Vectors = centre(vector[None, :], [language], means)[0]
    return centred


def round_rows(vectors: Vectors) -> NDArray[np.int8]:
    """Directions (n, d) as int8, each row on a scale of its own: good for cosine, and for nothing else."""
    largest = np.maximum(np.abs(vectors).max(axis=1, keepdims=True), 1e-12)
    rows: NDArray[np.int8] = np.rint(vectors * (127 / largest)).astype(np.int8)
    return rows


def furthest_move(before: Mapping[str, Vectors], after: Mapping[str, Vectors]) -> float:
    """The largest cosine distance between two means of one language; 1 for a language that is new."""
    distances = [0.0]
    for language, mean in after.items():
        old = before.get(language)
        if old is None:
            distances.append(1.0)
        else:
            norms = float(np.linalg.norm(old) * np.linalg.norm(mean))
            distances.append(1 - float(old @ mean) / max(norms, 1e-12))
    return max(distances)
