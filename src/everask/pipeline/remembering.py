"""From what people did to what search remembers: events become judgements of passages, kept in the store.

Knows the store and the encoder; what an act is worth is `feedback`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from everask.encoder import Encoder
from everask.feedback import judge
from everask.index import Store
from everask.index.memory import Kept
from everask.pipeline.asking import Groups
from everask.text import language_of
from everask.types import Event

AT_ONCE = 64
"""Questions that are given vectors in one go."""


class Parts(Protocol):
    """What remembering needs of an engine."""

    store: Store

    @property
    def encoder(self) -> Encoder | None:
        """None: questions are recognised by their words alone."""


def remember(parts: Parts, events: Sequence[Event], groups: Groups = None) -> int:
    """Let searches use what these events say of passages that their authors may read; how many judgements.

    The events of one person and answer belong together: pass all of them, so that the later vote counts.
    """
    kept = []
    for one in judge(events):
        places = parts.store.memory.places(one.document_id, one.start, one.end, groups)
        language = language_of(one.question)
        kept += [Kept(one.question, language, one.user, place, one.weight, one.at) for place in places]
    parts.store.memory.put(kept)
    encode_remembered(parts)
    return len(kept)


def encode_remembered(parts: Parts) -> int:
    """Give questions their vectors, after a judgement or under a new encoder; how many."""
    encoder, done = parts.encoder, 0
    while encoder is not None and (some := parts.store.memory.waiting(encoder.id, AT_ONCE)):
        vectors = np.stack([encoder.encode_query(question) for _, question in some])
        parts.store.memory.put_vectors(encoder.id, [row for row, _ in some], vectors)
        done += len(some)
    return done
