"""The words that stand in the passages, to find those that are spelled nearly like another.

Follows the store by the passages' ids, which only grow: what is new is read. Where a file or page was removed
all is read again, so that no word of it stays. The file is derived and may be lost.
"""

from __future__ import annotations

import contextlib
import re
import threading
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from everask.errors import StoreError
from everask.index.blobs import unpack_tokens
from everask.index.disk import sync
from everask.index.lexical import read_pile
from everask.index.removals import count_removals
from everask.index.schema import passages
from everask.text.characters import CJK, SEA

LEAST_LETTERS = 4
MOST_LETTERS = 24
BATCH = 500
MAX_WORDS = 1_000_000
SAVE_EVERY = 20_000
"""Passages; what was read since the last time is read again by the next process."""

_NO_WORD = re.compile(f"[0-9!-@\\[-`{{-~{CJK}{SEA}]")


@dataclass(frozen=True, slots=True)
class _Shapes:
    """Words with their lengths and the set of their letters in 64 bits: most are ruled out by these."""

    words: list[str]
    lengths: NDArray[np.int16]
    letters: NDArray[np.uint64]


def words_file(store: Path) -> Path:
    """Where a store keeps its words."""
    return store / "derived" / "words.z"


class Vocabulary:
    """The words of one store; for several threads at once."""

    def __init__(self, store: Path) -> None:
        self._file = words_file(store)
        self._lock = threading.Lock()
        self._words: set[str] = set()
        self._epoch = ""
        self._last = self._saved = 0
        self._shapes = _shapes([])
        self._unshaped: set[str] = set()

    def follow(self, connection: Connection, most: int | None = None) -> None:
        """Take in the words of passages that are new, of `most` of them at most."""
        with self._lock:
            epoch = f"{read_pile(connection).epoch} {count_removals(connection)}"
            if epoch != self._epoch:
                self._load(epoch)
            left, behind = most, self._last
            while left is None or left > 0:
                size = BATCH if left is None else min(left, BATCH)
                if not self._take_in(connection, size):
                    break
                left = None if left is None else left - size
            if self._last != behind and (most is None or self._last - self._saved > SAVE_EVERY):
                self._save()

    def near(self, word: str, distance: int) -> list[tuple[str, int]]:
        """Words so many slips away at most, the nearest first: a letter more, less, other, two swapped."""
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        with self._lock:
            if self._unshaped:
                self._shapes = _join(self._shapes, _shapes(list(self._unshaped)))
                self._unshaped = set()
            shapes = self._shapes
        if not shapes.words:
            return []
        asked = _shapes([word])
        differing = np.bitwise_count(shapes.letters ^ asked.letters[0])
        near = np.abs(shapes.lengths - asked.lengths[0]) <= distance
        places = np.flatnonzero(near & (differing <= 2 * distance))
        some = [shapes.words[place] for place in places]
        found = extract(word, some, scorer=OSA.distance, score_cutoff=distance, limit=None)
        return sorted(((one, int(far)) for one, far, _ in found if far), key=lambda pair: (pair[1], pair[0]))

    def _take_in(self, connection: Connection, size: int) -> bool:
        query = select(passages.c.id, passages.c.data).where(passages.c.id > self._last)
        rows = connection.execute(query.order_by(passages.c.id).limit(size)).all()
        bodies = []
        for _, data in rows:
            with contextlib.suppress(StoreError):  # damaged: `doctor` tells of it
                bodies.append(unpack_tokens(data)[0])
        new = {
            word
            for token in set(b"".join(bodies).split())
            if LEAST_LETTERS <= len(word := token.decode("utf-8", "replace")) <= MOST_LETTERS
            and word not in self._words
            and not _NO_WORD.search(word)
        }
        if new and len(self._words) < MAX_WORDS:
            self._words |= new
            self._unshaped |= new
        self._last = rows[-1].id if rows else self._last
        return len(rows) == size

    def _load(self, epoch: str) -> None:
        self._epoch, self._words, self._last, self._saved = epoch, set(), 0, 0
        with contextlib.suppress(OSError, ValueError, zlib.error):
            head, last, *words = zlib.decompress(self._file.read_bytes()).decode().split("\n")
            if head == epoch:
                self._words, self._last, self._saved = set(words), int(last), int(last)
        self._shapes, self._unshaped = _shapes([]), set(self._words)

    def _save(self) -> None:
        data = "\n".join([self._epoch, str(self._last), *sorted(self._words)]).encode("utf-8", "replace")
        with contextlib.suppress(OSError):  # a full disk: it is made again
            self._file.parent.mkdir(exist_ok=True)
            new = self._file.with_suffix(".new")
            new.write_bytes(zlib.compress(data, 1))
            sync(new)
            new.replace(self._file)
            self._saved = self._last


def _join(one: _Shapes, other: _Shapes) -> _Shapes:
    """Both: while documents come in, the words that are known are not looked at again."""
    lengths = np.concatenate([one.lengths, other.lengths])
    return _Shapes([*one.words, *other.words], lengths, np.concatenate([one.letters, other.letters]))


def _shapes(words: list[str]) -> _Shapes:
    letters = np.zeros(len(words), np.uint64)
    lengths = np.fromiter(map(len, words), np.int16, len(words))
    for start in range(0, len(words), 50_000):
        block = np.array(words[start : start + 50_000], f"U{MOST_LETTERS}")
        codes = block.view(np.uint32).reshape(len(block), MOST_LETTERS).astype(np.uint64)
        bits = np.where(codes > 0, np.uint64(1) << (codes % np.uint64(61)), np.uint64(0))
        letters[start : start + len(block)] = np.bitwise_or.reduce(bits, axis=1)
    return _Shapes(words, lengths, letters)
