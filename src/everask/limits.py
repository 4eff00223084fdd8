"""A limit that a query may have beside those of its filters: topics. Knows nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TopicLimit:
    """Topics (ids) that a document must have, all of them, and who asks: None is the owner, or nobody known.

    A topic that the asker may not see is one that no document has.
    """

    ids: tuple[int, ...]
    viewer: int | None = None
