"""What to mark in a hit that shares no word with the query: its sentence that is nearest in meaning.

Found by token vectors, an encoder pass a hit; how often the answer is in it: models/phrase_encoder/card.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from everask.errors import ModelError
from everask.models.phrase_encoder import nearest_span
from everask.models.phrase_encoder.model import TokenEncoder
from everask.text import sentences
from everask.types import Hit, Query

NUM_MARKED = 10
"""Hits that are marked so: the first ones, for each takes as long as making a vector."""


def mark_by_meaning(
    query: Query, hits: Sequence[Hit], encoder: TokenEncoder | None, *, num_threads: int = 2
) -> list[Hit]:
    """The hits, with a mark in each of the first that was found by meaning alone.

    With an encoder that gives no vectors of words the hits stay as they are.
    """
    marked = list(hits)
    bare = [
        number for number, hit in enumerate(hits[:NUM_MARKED]) if not hit.marks and "dense" in hit.channels
    ]
    if encoder is None or not bare or not query.text.strip():
        return marked
    try:
        asked_qd, _ = encoder.encode_tokens(query.text, is_query=True)
    except ModelError:
        return marked

    def mark(number: int) -> Hit:
        hit = hits[number]
        spans = sentences(hit.passage.text, hit.passage.language)
        span = nearest_span(asked_qd, hit.passage.text, spans, encoder)
        return replace(hit, marks=(span,)) if span else hit

    with ThreadPoolExecutor(num_threads, thread_name_prefix="everask-mark") as threads:
        for number, hit in zip(bare, threads.map(mark, bare), strict=True):
            marked[number] = hit
    return marked
