"""Vectors of phrases, from the encoder's own token states: nothing is trained.

A phrase's vector is the mean of its tokens' last hidden states, each of length 1, without what all tokens
have in common. A query's tokens look for their nearest phrase (late interaction, as ColBERT's MaxSim, over
ten vectors a passage and not over a hundred and fifty).

Shapes: T tokens of a text, K phrases, Q tokens of a query, D dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from everask.models.phrase_encoder.phrases import Span, cut

Vectors = NDArray[np.float32]


class TokenEncoder(Protocol):
    """What this needs of an encoder."""

    def encode_tokens(self, text: str, *, is_query: bool = False) -> tuple[Vectors, list[Span]]:
        """States (T, D) of a text's tokens, and the characters that each stands for."""


@dataclass(frozen=True, slots=True)
class PhraseSettings:
    """`num_marked` phrases are highlighted at most, and none that is `margin` farther than the nearest."""

    num_marked: int = 2
    margin: float = 0.05


@dataclass(frozen=True, slots=True)
class Phrases:
    """A passage's phrases: spans of its text, and a unit vector each (K, D)."""

    spans: tuple[Span, ...]
    vectors: Vectors


def encode_phrases(text: str, language: str, encoder: TokenEncoder) -> Phrases:
    """The phrases of a text with their vectors: one pass of the encoder."""
    states_td, places = encoder.encode_tokens(text)
    return pool(states_td, places, cut(text, language))


def pool(states_td: Vectors, places: Sequence[Span], spans: Sequence[Span]) -> Phrases:
    """Mean token vectors of each span; a span without a token (the text was too long) is left out."""
    if not len(places) or not spans:
        return Phrases((), np.zeros((0, states_td.shape[1]), np.float32))
    middles = np.array([(start + end) / 2 for start, end in places])
    owners = np.clip(np.searchsorted([start for start, _ in spans], middles, "right") - 1, 0, None)
    units_td = unit(states_td)
    sums_kd = np.zeros((len(spans), states_td.shape[1]), np.float32)
    np.add.at(sums_kd, owners, units_td)
    kept = np.flatnonzero(np.bincount(owners, minlength=len(spans)))
    return Phrases(tuple(spans[number] for number in kept), unit(sums_kd[kept]))


def max_sim(query_qd: Vectors, phrases_kd: Vectors) -> float:
    """Mean over the query's tokens of the cosine with the nearest phrase; -1 where there is none."""
    if not len(query_qd) or not len(phrases_kd):
        return -1.0
    return float((unit(query_qd) @ phrases_kd.T).max(axis=1).mean())


def nearest_phrases(
    query_d: Vectors, phrases: Phrases, settings: PhraseSettings = PhraseSettings()
) -> tuple[Span, ...]:
    """The phrases nearest to a query's vector, in reading order: what to highlight."""
    if not phrases.spans:
        return ()
    scores_k = phrases.vectors @ unit(query_d[None])[0]
    best = np.argsort(-scores_k)[: settings.num_marked]
    near = [number for number in best if scores_k[number] >= scores_k[best[0]] - settings.margin]
    return tuple(phrases.spans[number] for number in sorted(near))


def unit(rows: Vectors) -> Vectors:
    """Rows of length 1."""
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9), np.float32)
