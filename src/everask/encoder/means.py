"""The language means that ship with Everask: what passages of a language have in common, as vectors.

Subtracting it makes vectors of different languages comparable. How they were made: weights/card.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from everask.encoder.names import shipped_id


def load_means(encoder_id: str) -> dict[str, NDArray[np.float32]]:
    """Mean raw vector of passages by language (ISO 639-1), of that encoder; empty where none ship."""
    return dict(_read_means(shipped_id(encoder_id)))


def mean_of(language: str, means: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """The mean vector of a language; of all languages where it has none of its own."""
    if language in means:
        return means[language]
    return np.asarray(np.mean(list(means.values()), axis=0), np.float32)


# Asked for at every query.
@lru_cache(maxsize=4)
def _read_means(encoder_id: str) -> dict[str, NDArray[np.float32]]:
    resource = files("everask") / "weights" / f"means-{encoder_id}.npz"
    if not resource.is_file():
        return {}
    with resource.open("rb") as stream, np.load(stream) as table:
        means = table["means"].astype(np.float32)
        return {str(language): mean for language, mean in zip(table["languages"], means, strict=True)}
