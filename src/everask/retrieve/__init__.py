"""Search: candidates by words and by meaning, in all languages, put in one order. Opens no document."""

from everask.retrieve.highlight import mark_by_meaning
from everask.retrieve.search import search
from everask.retrieve.settings import RetrieveSettings
from everask.retrieve.understand import understand

__all__ = ["RetrieveSettings", "mark_by_meaning", "search", "understand"]
