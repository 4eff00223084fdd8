"""Distils a static encoder from an encoder: no training, some minutes on two cores, numpy alone.

After model2vec (https://github.com/MinishLab/model2vec): the vocabulary's frequent pieces go through the
encoder one by one, and frequent ones weigh less (smooth inverse frequency). Then, other than there, a ridge
regression from the weighted means of passages onto the encoder's own vectors of them, so that rough and
full vectors lie in one space: on what the pieces are alone, and on their rows in the embedding table, which
stand in for the pieces that were not encoded. Shapes: N passages, V vocabulary, K pieces encoded, H hidden.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.encoder.encoder import Encoder
from everask.encoder.open import PIECES, TABLE
from everask.encoder.static import StaticWeights, mix
from everask.encoder.table import EmbeddingTable
from everask.encoder.tokens import PieceTokenizer, open_pieces

Vectors = NDArray[np.float32]

_TEXTS = 256


@dataclass(frozen=True, slots=True)
class DistilSettings:
    """How many pieces get a row of their own; the weight of a piece of probability p is a / (a + p);
    `ridge` is a share of the features' mean variance."""

    num_rows: int = 32_000
    smoothing: float = 1e-3
    ridge: float = 1e-3


def distil(
    encoder: Encoder,
    folder: Path,
    texts: Sequence[str],
    vectors: Vectors,
    settings: DistilSettings = DistilSettings(),
) -> StaticWeights:
    """The static encoder of the one that is built in `folder`; `vectors` (N, H) are its own of `texts`."""
    tokenizer = open_pieces(folder / PIECES)
    table = EmbeddingTable(folder / TABLE, encoder.dimension)
    probabilities = np.asarray(tokenizer.probabilities())
    token_weights = (settings.smoothing / (settings.smoothing + probabilities)).astype(np.float32)
    token_weights[probabilities == 1] = 0
    ids = np.sort(np.argsort(-np.where(probabilities == 1, 0, probabilities))[: settings.num_rows])
    alone = encoder.encode_pieces(ids.tolist())
    to_alone, from_bias = ridge(table.gather(ids), alone, settings.ridge)

    features = _Features(table, ids, alone, to_alone, from_bias)
    means = _means(tokenizer, texts, token_weights, features)
    projection, bias = ridge(means, vectors, settings.ridge)
    half = encoder.dimension
    rows = features.rows(ids) @ projection
    scales = np.maximum(np.abs(rows).max(axis=1) / 127, 1e-12).astype(np.float32)
    return StaticWeights(
        version=hashlib.sha256(rows.tobytes()).hexdigest()[:8],
        token_weights=token_weights,
        ids=ids.astype(np.int32),
        rows=np.rint(rows / scales[:, None]).astype(np.int8),
        scales=scales,
        projection=projection[:half] + to_alone @ projection[half:],
        offset=from_bias @ projection[half:],
        bias=bias,
    )


class _Features:
    """What is known of a piece: its row in the table, and its vector alone, guessed where it was not
    encoded."""

    def __init__(
        self, table: EmbeddingTable, ids: NDArray[np.int64], alone: Vectors, to_alone: Vectors, bias: Vectors
    ) -> None:
        self._table, self._ids, self._alone = table, ids, alone
        self._to_alone, self._bias = to_alone, bias

    def rows(self, pieces: NDArray[np.int64]) -> Vectors:
        """(U,) pieces to (U, 2 H)."""
        embedded = self._table.gather(pieces)
        alone = embedded @ self._to_alone + self._bias
        places = np.minimum(np.searchsorted(self._ids, pieces), self._ids.size - 1)
        known = self._ids[places] == pieces
        alone[known] = self._alone[places[known]]
        return np.concatenate([embedded, alone], axis=1)


def _means(
    tokenizer: PieceTokenizer, texts: Sequence[str], token_weights: Vectors, features: _Features
) -> Vectors:
    parts = []
    for start in range(0, len(texts), _TEXTS):
        ids = [tokenizer.encode(text, 512) for text in texts[start : start + _TEXTS]]
        parts.append(mix(ids, token_weights, features.rows))
    return np.concatenate(parts)


def ridge(inputs: Vectors, outputs: Vectors, share: float) -> tuple[Vectors, Vectors]:
    """Weights (I, O) and bias (O,) that map inputs (N, I) to outputs (N, O) best."""
    mean_in, mean_out = inputs.mean(axis=0), outputs.mean(axis=0)
    centred = inputs - mean_in
    square = (centred.T @ centred).astype(np.float64)
    square[np.diag_indices_from(square)] += share * np.trace(square) / len(square)
    product = centred.T @ (outputs - mean_out)
    weights: Vectors = np.linalg.solve(square, product).astype(np.float32)
    return weights, np.asarray(mean_out - mean_in @ weights, np.float32)
