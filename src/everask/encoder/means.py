"""The language means that ship with Everask: what passages of a language have in common, as vectors.

Subtracting it makes vectors of different languages comparable. How they were made: weights/card.md.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray


def load_means(encoder_id: str) -> dict[str, NDArray[np.float32]]:
    """Mean raw vector of passages by language (ISO 639-1), of that encoder; empty where none ship."""
    return dict(_read_means(encoder_id))


# Asked for at every query.
@lru_cache(maxsize=4)
def _read_means(encoder_id: str) -> dict[str, NDArray[np.float32]]:
    resource = files("everask") / "weights" / f"means-{encoder_id}.npz"
    if not resource.is_file():
        return {}
    with resource.open("rb") as stream, np.load(stream) as table:
        means = table["means"].astype(np.float32)
        return {str(language): mean for language, mean in zip(table["languages"], means, strict=True)}
