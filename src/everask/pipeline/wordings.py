"""`everask topics learn`: another wording of a topic, taken only if it fits the marks that it did not see.

Candidates are parts of the wording and phrases of documents that were marked right. Half of the marked
documents choose among them, step by step; on the other half the winner must beat the wording in use.
"""

from __future__ import annotations

import dataclasses
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from everask.encoder import Encoder
from everask.errors import ModelError
from everask.index import Store
from everask.index.tagging import document_vectors, measure, numbers_of, read_by_all, read_marks
from everask.index.topics import Topic, set_wording
from everask.models.description_tagger.candidates import extracts, key_phrases
from everask.models.description_tagger.model import move, share_out, spread
from everask.pipeline.tagging import Parts, tag_pile
from everask.pipeline.topic_directions import wording_direction
from everask.text import language_of

MIN_RIGHT = 4
MIN_WRONG = 2
MAX_JUDGED = 200
MAX_STEPS = 3
NUM_OTHERS = 40
NUM_PASSAGES = 4
"""Passages of a document that its phrases are taken from."""

Vectors = NDArray[np.float32]
Column = NDArray[np.float64]
Why = Literal["better", "not better", "few"]


@dataclass(frozen=True, slots=True)
class Learned:
    """What learning came to: the wordings, and on marks that chose nothing, the mean log-probability of what
    was said and how many of `held` documents are on the right side of the threshold."""

    why: Why
    right: int
    wrong: int
    before: str
    after: str = ""
    held: int = 0
    fit_before: float = 0.0
    fit_after: float = 0.0
    hits_before: int = 0
    hits_after: int = 0

    def record(self) -> dict[str, Any]:
        """As JSON has it."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, slots=True)
class _Marked:
    """Documents (their numbers) of which it is known whether they have a topic."""

    numbers: list[int]
    right: NDArray[np.bool_]


def learn_wording(parts: Parts, topic: Topic, stopped: Callable[[], bool] | None = None) -> Learned:
    """Look for a better wording of a topic, and use it from now on if it is one. Raises ModelError without an
    encoder."""
    encoder = parts.encoder
    if encoder is None:
        raise ModelError("There is no encoder.", "Fetch it: everask models pull e5-small")
    said = _said(parts.store, topic)
    right, wrong = sum(said.values()), sum(not one for one in said.values())
    if right < MIN_RIGHT or wrong < MIN_WRONG:
        return Learned("few", right, wrong, topic.wording)
    choosing, held = _halves(parts.store, said)
    sources, phrases = _phrases(parts.store, topic, choosing)
    bench = _Bench(parts.store, encoder, choosing)
    best, used = topic.wording, frozenset[str]()
    options = {one: frozenset[str]() for one in (best, topic.description, *extracts(topic.description))}
    for _ in range(MAX_STEPS):
        if stopped and stopped():
            break
        options |= {f"{best}, {one}": used | sources for one in phrases if one not in best}
        fits = bench.fits(list(options), choosing)
        winner = max(options, key=lambda one: fits[one])
        if winner == best:
            break
        best, used = winner, options[winner]
        options = {best: used}
    return _gate(parts, topic, bench, (best, used), (held, right, wrong))


def _gate(
    parts: Parts, topic: Topic, bench: _Bench, found: tuple[str, frozenset[str]],
    known: tuple[_Marked, int, int],
) -> Learned:  # fmt: skip
    held, right, wrong = known
    best, used = found
    fits = bench.fits([topic.wording, best], held)
    hits = bench.hits([topic.wording, best], held)
    better = best != topic.wording and bench.is_surely_better(best, topic.wording, held)
    better = better and hits[best] >= hits[topic.wording]
    learned = Learned(
        "better" if better else "not better", right, wrong, topic.wording, best, len(held.numbers),
        fits[topic.wording], fits[best], hits[topic.wording], hits[best],
    )  # fmt: skip
    if better:
        record = {**learned.record(), "at": time.time()}
        sources = tuple(sorted(used))
        set_wording(parts.store.database, replace(topic, wording=best, sources=sources, learned=record))
        tag_pile(parts)
    return learned


class _Bench:
    """Wordings side by side, each moved by the marks that choose; vectors are made once."""

    def __init__(self, store: Store, encoder: Encoder, choosing: _Marked) -> None:
        self._store, self._encoder = store, encoder
        self._means = store.dense_means(encoder.id)
        self._known: dict[str, Mapping[int, float]] = {}
        with store.database.reading() as connection:
            rows = document_vectors(connection, encoder.id, self._means, choosing.numbers)
        sides: tuple[list[Vectors], list[Vectors]] = ([], [])
        for number, is_right in zip(choosing.numbers, choosing.right, strict=True):
            if number in rows:
                sides[not is_right].append(rows[number])
        none = np.zeros((0, encoder.dimension), np.float32)
        self._right, self._wrong = (np.stack(side) if side else none for side in sides)

    def fits(self, wordings: Sequence[str], marked: _Marked) -> dict[str, float]:
        """The mean log-probability of what was said of documents, by wording."""
        return {one: float(np.log(self._said(one, marked)).mean()) for one in self._ready(wordings)}

    def is_surely_better(self, wording: str, other: str, marked: _Marked) -> bool:
        """Whether one fits better than the other by more than its standard error."""
        first, second = (np.log(self._said(one, marked)) for one in self._ready([wording, other]))
        gain = first - second
        return float(gain.mean()) > float(gain.std(ddof=1)) / np.sqrt(len(gain)) if len(gain) > 1 else False

    def hits(self, wordings: Sequence[str], marked: _Marked) -> dict[str, int]:
        """How many documents are on the right side, by wording."""
        return {one: int((self._said(one, marked) > 0.5).sum()) for one in self._ready(wordings)}

    def _said(self, wording: str, marked: _Marked) -> Column:
        """The probability of what was said of each document."""
        known = self._known[wording]
        has = np.array([known.get(one, 0.0) for one in marked.numbers])
        return np.clip(np.where(marked.right, has, 1 - has), 0.01, 1.0)

    def _ready(self, wordings: Sequence[str]) -> Sequence[str]:
        new = [one for one in dict.fromkeys(wordings) if one not in self._known]
        if new:
            own = [wording_direction(self._encoder, self._means, one) for one in new]
            directions = np.stack([move(one, self._right, self._wrong) for one in own])
            with self._store.database.reading() as connection:
                near = measure(connection, self._encoder.id, self._means, directions)
            columns = [share_out(column) for column in spread(near.scores).T]
            for one, column in zip(new, columns, strict=True):
                self._known[one] = dict(zip(near.documents.tolist(), column.tolist(), strict=True))
        return wordings


def _said(store: Store, topic: Topic) -> dict[str, bool]:
    """What people said of documents, all together; the latest `MAX_JUDGED`, none that is contested."""
    total: dict[str, float] = {}
    with store.database.reading() as connection:
        for one in read_marks(connection, topic)[-MAX_JUDGED:]:
            total[one.document_id] = total.get(one.document_id, 0.0) + one.value
    return {one: value > 0 for one, value in total.items() if value}


def _halves(store: Store, said: Mapping[str, bool]) -> tuple[_Marked, _Marked]:
    """The documents that choose and those that are held out: every other one of each kind, by hash."""
    with store.database.reading() as connection:
        numbers = numbers_of(connection, list(said))
    sides: tuple[list[str], list[str]] = ([], [])
    for kind in (True, False):
        alike = sorted((one for one in said if said[one] == kind), key=lambda one: zlib.crc32(one.encode()))
        for at, one in enumerate(alike):
            sides[at % 2].append(one)
    first, second = (
        _Marked([numbers[one] for one in side], np.array([said[one] for one in side], bool)) for side in sides
    )
    return first, second


def _phrases(store: Store, topic: Topic, choosing: _Marked) -> tuple[frozenset[str], list[str]]:
    """Phrases of the documents that were marked right, and which documents these are; only of documents that
    all who see the topic may read."""
    wanted = {number for number, right in zip(choosing.numbers, choosing.right, strict=True) if right}
    with store.database.reading() as connection:
        allowed = sorted(read_by_all(connection, topic), key=lambda one: zlib.crc32(one.encode()))
        numbers = numbers_of(connection, allowed)
    own = [one for one in allowed if numbers[one] in wanted]
    others = [one for one in allowed if numbers[one] not in wanted][:NUM_OTHERS]
    language = language_of(topic.description)
    phrases = key_phrases([_text(store, one) for one in own], [_text(store, one) for one in others], language)
    return frozenset(own), phrases


def _text(store: Store, document_id: str) -> str:
    return "\n".join(one.text for one in store.passages(document_id)[:NUM_PASSAGES])
