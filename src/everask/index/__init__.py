"""The store of documents, passages and vectors. Knows nothing of ranking or of documents on disk."""

from everask.index.backup import restore
from everask.index.counts import StoreCounts
from everask.index.store import Store

__all__ = ["Store", "StoreCounts", "restore"]
