"""Reads whole documents for a question, with progress, within a budget, and stops soon when told to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from everask.answer.whole.sentences import Sentence, sentences_of
from everask.encoder import Encoder
from everask.index import Store
from everask.index.conditions import Groups
from everask.types import DocumentInfo, Passage, Progressed

MAX_SECONDS = 120.0
MAX_PASSAGES = 50_000
MAX_DOCUMENTS = 2_000


@dataclass(slots=True)
class Reading:
    """Documents on their way: what was read, how much, and whether it is all."""

    store: Store
    groups: Groups
    cancelled: Callable[[], bool]
    documents: list[tuple[DocumentInfo, list[Passage]]] = field(default_factory=list)
    num_passages: int = 0
    partly: bool = False

    def read(self, infos: Sequence[DocumentInfo]) -> Iterator[Progressed]:
        """Read the passages of documents; ends early when cancelled or over the budget."""
        started = time.monotonic()
        self.partly = len(infos) > MAX_DOCUMENTS
        infos = infos[:MAX_DOCUMENTS]
        for number, info in enumerate(infos):
            yield Progressed(number, len(infos), info.name)
            if self.cancelled():
                return
            if time.monotonic() - started > MAX_SECONDS or self.num_passages >= MAX_PASSAGES:
                self.partly = True
                return
            passages = self.store.passages(info.id, self.groups)
            if self.num_passages + len(passages) > MAX_PASSAGES:
                self.partly = True
                passages = outline(passages, MAX_PASSAGES - self.num_passages)
            self.documents.append((info, passages))
            self.num_passages += len(passages)
        yield Progressed(len(infos), len(infos), "")

    def sentences(self) -> Iterator[Sentence]:
        """All sentences that were read, in order; ends early when cancelled."""
        for info, passages in self.documents:
            for passage in passages:
                if self.cancelled():
                    return
                yield from sentences_of(info, [passage])


def outline(passages: Sequence[Passage], most: int) -> list[Passage]:
    """The first passage under each heading, and of those as many as may be, spread over the document."""
    firsts: dict[tuple[str, ...], Passage] = {}
    for passage in passages:
        firsts.setdefault(passage.headings, passage)
    chosen = list(firsts.values()) if len(firsts) > 1 else list(passages)
    step = max(1.0, len(chosen) / max(1, most))
    return [chosen[int(at * step)] for at in range(int(len(chosen) / step))]


def nearness(store: Store, encoder: Encoder | None, passages: Sequence[Passage]) -> dict[int, float]:
    """How near each passage is to the whole, by the vectors that the store has; empty without any."""
    if encoder is None or not passages:
        return {}
    means = store.dense_means(encoder.id)
    if not means:
        return {}
    vectors = store.directions(encoder.id, means, [passage.id for passage in passages])
    if len(vectors) < 2:
        return {}
    mean = np.mean(list(vectors.values()), axis=0)
    mean /= max(float(np.linalg.norm(mean)), 1e-9)
    return {number: float(vector @ mean) for number, vector in vectors.items()}
