"""The embedding table: 250,037 rows in 4 bits, mapped into memory, so that only the rows in use are read.

The rows are the source's own 4-bit blocks: nothing is lost against float32, and 54 MB of address space
do for every adapter and every process. Shapes: S tokens, H hidden.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.encoder.q4_file import BLOCK, BLOCK_VALUES, expand_blocks


class EmbeddingTable:
    """Rows of embeddings by token id."""

    def __init__(self, path: Path, hidden: int) -> None:
        blocks = np.memmap(path, dtype=BLOCK, mode="r")
        self._rows = blocks.reshape(-1, hidden // BLOCK_VALUES)
        self._hidden = hidden

    def gather(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """(S,) ids to (S, H) embeddings."""
        return expand_blocks(self._rows[ids]).reshape(-1, self._hidden)
