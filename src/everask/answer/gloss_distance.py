"""Whether a gloss says what its quote says, by meaning: the cosine of their vectors, each less the mean of
its language.

It sees a gloss of something else, or of half of the quote; one wrong word it does not see. Both, and how the
threshold was chosen, is in docs/benchmarks.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from everask.encoder.means import load_means, mean_of

LEAST = 0.54
"""On the development half of XQuAD one right sentence in twenty is further from its translation than this."""


class Encodes(Protocol):
    """What this needs of an encoder."""

    id: str

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(N, D) unit vectors, not centred."""
        ...


def is_far(gloss: str, quote: str, languages: tuple[str, str], encoder: Encodes) -> bool:
    """Whether a gloss is too far from its quote; `languages` are the quote's and the gloss's.

    An encoder whose means do not ship is not asked: the threshold is not its own.
    """
    return bool(load_means(encoder.id)) and measure_nearness(gloss, quote, languages, encoder) < LEAST


def measure_nearness(gloss: str, quote: str, languages: tuple[str, str], encoder: Encodes) -> float:
    """The cosine of a gloss and its quote, each less the mean of its language, -1 to 1."""
    means, source = load_means(encoder.id), languages[0]
    raw = encoder.encode_passages([quote, gloss])
    centred = raw - np.stack([mean_of(source, means), mean_of(languages[1], means)])
    lengths = np.maximum(np.linalg.norm(centred, axis=1), 1e-12)
    return float(centred[0] @ centred[1] / (lengths[0] * lengths[1]))
