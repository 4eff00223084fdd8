"""The static encoder: a passage's rough vector, from its tokens alone, in a hundredth of the time.

Distilled from an encoder (`distil.py`, after model2vec): each token has one vector, a passage is their
weighted mean. It lies in the encoder's own space, so one query vector, made by the encoder, is compared
with rough and with full vectors. Frequent tokens have rows of their own; the others are projected from
the encoder's table. Shapes: N texts, U different tokens, H hidden.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from everask.encoder.names import shipped_id
from everask.encoder.table import EmbeddingTable
from everask.errors import ModelError

if TYPE_CHECKING:
    from everask.encoder.tokens import Tokenizer

STATIC = "static.npz"
MARK = "#static-"
"""Between an encoder's id and its static one's version: the id of what the rough vectors are of."""

_TEXTS = 256


@dataclass(frozen=True, slots=True)
class StaticWeights:
    """What distilling found: a weight for each token, the rows (int8, with scales) of frequent ones,
    and how the others' are made from the table."""

    version: str
    token_weights: NDArray[np.float32]
    ids: NDArray[np.int32]
    rows: NDArray[np.int8]
    scales: NDArray[np.float32]
    projection: NDArray[np.float32]
    offset: NDArray[np.float32]
    bias: NDArray[np.float32]


class StaticEncoder:
    """Rough vectors of passages. Thread-safe."""

    def __init__(
        self, encoder_id: str, tokenizer: Tokenizer, table: EmbeddingTable, weights: StaticWeights
    ) -> None:
        self.id = f"{encoder_id}{MARK}{weights.version}"
        self.dimension = weights.rows.shape[1]
        self._tokenizer = tokenizer
        self._table = table
        self._weights = weights
        self._places = np.full(weights.token_weights.size, -1, np.int32)
        self._places[weights.ids] = np.arange(weights.ids.size, dtype=np.int32)

    def encode_passages(self, texts: Sequence[str], max_tokens: int = 512) -> NDArray[np.float32]:
        """(N, H) vectors, not centred and not of length 1."""
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _TEXTS):
            ids = [self._tokenizer.encode(text, max_tokens) for text in texts[start : start + _TEXTS]]
            mixed = mix(ids, self._weights.token_weights, self._rows_of)
            vectors[start : start + _TEXTS] = mixed + self._weights.bias
        return vectors

    def _rows_of(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """(U,) tokens to (U, H)."""
        weights, places = self._weights, self._places[ids]
        rows = np.empty((ids.size, self.dimension), np.float32)
        own = places >= 0
        rows[own] = weights.rows[places[own]] * weights.scales[places[own], None]
        if not own.all():
            rows[~own] = self._table.gather(ids[~own]) @ weights.projection + weights.offset
        return rows


def mix(
    ids: Sequence[Sequence[int]],
    token_weights: NDArray[np.float32],
    rows_of: Callable[[NDArray[np.int64]], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """(N, H) weighted means of the tokens' rows, of which each different one is made once."""
    lengths = np.fromiter(map(len, ids), np.int64, len(ids))
    flat = np.fromiter((one for row in ids for one in row), np.int64, int(lengths.sum()))
    different, inverse = np.unique(flat, return_inverse=True)
    at = np.repeat(np.arange(len(ids)), lengths) * different.size + inverse
    counts = np.bincount(at, minlength=len(ids) * different.size).reshape(len(ids), -1)
    weighed = counts * token_weights[different]
    weighed /= np.maximum(weighed.sum(axis=1, keepdims=True), 1e-9)
    weights_nu: NDArray[np.float32] = weighed.astype(np.float32)
    mixed: NDArray[np.float32] = weights_nu @ rows_of(different)
    return mixed


def find_static(folder: Path, encoder_id: str) -> StaticWeights | None:
    """The static weights of an encoder: beside it in its folder, or shipped; None where there are none."""
    beside = folder / STATIC
    if beside.is_file():
        return read_static(beside)
    shipped = files("everask") / "weights" / f"static-{shipped_id(encoder_id)}.npz"
    return read_static(Path(str(shipped))) if shipped.is_file() else None


def read_static(path: Path) -> StaticWeights:
    """As `write_static` wrote them. Raises ModelError, naming the file."""
    try:
        with np.load(path) as table:
            return StaticWeights(
                version=str(table["version"]),
                token_weights=table["token_weights"].astype(np.float32),
                ids=table["ids"],
                rows=table["rows"],
                scales=table["scales"].astype(np.float32),
                projection=table["projection"].astype(np.float32),
                offset=table["offset"],
                bias=table["bias"],
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(
            f"{path} is not a static encoder: {error}.", "Delete it: full vectors do without it."
        ) from error


def write_static(path: Path, weights: StaticWeights) -> None:
    """Keep them, the large parts in 8 and 16 bits."""
    partial = path.with_suffix(".part.npz")
    np.savez_compressed(
        partial,
        version=np.array(weights.version),
        token_weights=weights.token_weights.astype(np.float16),
        ids=weights.ids,
        rows=weights.rows,
        scales=weights.scales,
        projection=weights.projection.astype(np.float16),
        offset=weights.offset,
        bias=weights.bias,
    )
    partial.replace(path)
