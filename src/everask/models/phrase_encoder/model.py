"""Late interaction over the encoder's own token states: nothing is trained.

`score_spans` says which stretch of a passage is nearest to a question, word by word, in any language; it
is what highlights. `encode_phrases` gives a passage some nine vectors, one a phrase; that is measured beside
it and not used (card.md). A question's tokens look each for their nearest (ColBERT's MaxSim).

Shapes: T tokens of a text, K phrases or other spans, Q tokens of a query, D dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from everask.encoder.unit import unit
from everask.models.phrase_encoder.phrases import Span, cut

Vectors = NDArray[np.float32]


class TokenEncoder(Protocol):
    """What this needs of an encoder."""

    def encode_tokens(self, text: str, *, is_query: bool = False) -> tuple[Vectors, list[Span]]:
        """States (T, D) of a text's tokens, and the characters that each stands for."""


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
    owners = owners_of(places, spans)
    units_td = unit(states_td)
    sums_kd = np.zeros((len(spans), states_td.shape[1]), np.float32)
    np.add.at(sums_kd, owners, units_td)
    kept = np.flatnonzero(np.bincount(owners, minlength=len(spans)))
    return Phrases(tuple(spans[int(number)] for number in kept), unit(sums_kd[kept]))


def max_sim(query_qd: Vectors, phrases_kd: Vectors) -> float:
    """Mean over the query's tokens of the cosine with the nearest phrase; -1 where there is none."""
    if not len(query_qd) or not len(phrases_kd):
        return -1.0
    return float((unit(query_qd) @ phrases_kd.T).max(axis=1).mean())


def score_spans(
    query_qd: Vectors, states_td: Vectors, places: Sequence[Span], spans: Sequence[Span]
) -> NDArray[np.float64]:
    """How near each span is (K,): the mean over the query's tokens of the nearest token's cosine there.

    The text's own mean is taken off both sides: tokens of one text have most in common. A span without a
    token scores -1.
    """
    scores_k = np.full(len(spans), -1.0)
    if not len(query_qd) or not len(places):
        return scores_k
    owners_t = owners_of(places, spans)
    units_td = unit(states_td)
    mean_d = units_td.mean(axis=0)
    near_qt = unit(unit(query_qd) - mean_d) @ unit(units_td - mean_d).T
    for number in np.unique(owners_t):
        scores_k[number] = float(near_qt[:, owners_t == number].max(axis=1).mean())
    return scores_k


def nearest_span(query_qd: Vectors, text: str, spans: Sequence[Span], encoder: TokenEncoder) -> Span | None:
    """The span of the text that is nearest to a query's token states; None where there is no choice."""
    if len(spans) < 2:
        return None
    states_td, places = encoder.encode_tokens(text)
    scores_k = score_spans(query_qd, states_td, places, spans)
    best = int(np.argmax(scores_k))
    return spans[best] if scores_k[best] > -1 else None


def owners_of(places: Sequence[Span], spans: Sequence[Span]) -> NDArray[np.int64]:
    """Of each token, the number of the span that its middle lies in, or that it follows."""
    middles = np.array([(start + end) / 2 for start, end in places])
    found = np.searchsorted([start for start, _ in spans], middles, "right") - 1
    return np.asarray(np.clip(found, 0, None), np.int64)
