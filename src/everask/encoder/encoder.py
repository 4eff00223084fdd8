"""Texts to vectors. Knows nothing of what a vector is used for, nor where the weights come from.

Each text is one run of the graph, in one of `num_threads` threads, longest first. Shapes: N texts,
D dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from everask.encoder.static import StaticEncoder
from everask.encoder.tokens import Tokenizer

Progress = Callable[[int, int], None]

# Texts that are tokenised at a time: bounds memory for a caller who passes a whole corpus.
_SLAB = 2048


class Graph(Protocol):
    """Runs one text."""

    def run(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Token ids to a unit vector (D,)."""

    def run_states(self, ids: Sequence[int]) -> NDArray[np.float32]:
        """Token ids to their last hidden states (S, D). Raises ModelError where there are none."""


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """What an encoder's folder says of it. `id` names weights and pooling."""

    id: str
    dimension: int
    max_tokens: int = 512
    query_prefix: str = ""
    passage_prefix: str = ""


class Encoder:
    """One encoder, open. Thread-safe; vectors of encoders with different ids are never compared.

    `rough` makes vectors in the same space from tokens alone, a hundred times as fast, where there is one.
    """

    def __init__(
        self,
        settings: EncoderSettings,
        tokenizer: Tokenizer,
        graph: Graph,
        *,
        rough: StaticEncoder | None = None,
        num_threads: int = 2,
    ) -> None:
        self.id = settings.id
        self.dimension = settings.dimension
        self.rough = rough
        self._settings = settings
        self._tokenizer = tokenizer
        self._graph = graph
        self.num_threads = max(1, num_threads)

    def encode_passages(self, texts: Sequence[str], progress: Progress | None = None) -> NDArray[np.float32]:
        """(N, D) unit vectors of passages, not centred. `progress` gets (done, N)."""
        prefix = self._settings.passage_prefix
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for start in range(0, len(texts), _SLAB):
            slab = [prefix + text for text in texts[start : start + _SLAB]]
            self._encode_slab(slab, vectors[start : start + _SLAB], start, len(texts), progress)
        return vectors

    def encode_query(self, text: str) -> NDArray[np.float32]:
        """(D,) unit vector of a query, in the caller's thread."""
        return self._graph.run(self._ids(self._settings.query_prefix + text))

    def encode_pieces(self, pieces: Sequence[int]) -> NDArray[np.float32]:
        """(N, D) unit vectors of pieces of the vocabulary, each as if it were a passage."""
        begin, *prefix, end = self._ids(self._settings.passage_prefix.strip())
        with self._threads() as threads:
            rows = list(threads.map(lambda piece: self._graph.run([begin, *prefix, piece, end]), pieces))
        return np.stack(rows)

    def encode_tokens(
        self, text: str, *, is_query: bool = False
    ) -> tuple[NDArray[np.float32], list[tuple[int, int]]]:
        """The last hidden states (T, D) of a text's tokens, and the characters that each stands for.

        Raises ModelError for an encoder that gives none: other ones than ours.
        """
        prefix = self._settings.query_prefix if is_query else self._settings.passage_prefix
        ids = self._ids(prefix + text)
        states_td = self._graph.run_states(ids)[1:-1]
        _, places = self._tokenizer.encode_places(prefix + text)
        own = [number for number in range(len(states_td)) if places[number][1] > len(prefix)]
        shifted = [(max(0, places[one][0] - len(prefix)), places[one][1] - len(prefix)) for one in own]
        return states_td[own], shifted

    def count_tokens(self, text: str) -> int:
        """Number of tokens of a text, without prefix and special tokens."""
        return self._tokenizer.count(text)

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, self._settings.max_tokens)

    def _encode_slab(
        self,
        texts: Sequence[str],
        vectors: NDArray[np.float32],
        before: int,
        total: int,
        progress: Progress | None,
    ) -> None:
        ids = [self._ids(text) for text in texts]
        order = sorted(range(len(ids)), key=lambda row: -len(ids[row]))

        def encode_row(row: int) -> None:
            vectors[row] = self._graph.run(ids[row])

        with self._threads() as threads:
            rows = threads.map(encode_row, order) if self.num_threads > 1 else map(encode_row, order)
            for done, _ in enumerate(rows, start=before + 1):
                if progress is not None:
                    progress(done, total)

    def _threads(self) -> ThreadPoolExecutor:
        """Threads of the caller's own: they are as urgent as it is (priority.py)."""
        return ThreadPoolExecutor(self.num_threads, thread_name_prefix="everask-encode")
