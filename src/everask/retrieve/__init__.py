"""Search: candidates by words and by meaning, in all languages, put in one order. Opens no document."""

from everask.retrieve.search import search
from everask.retrieve.settings import RetrieveSettings

__all__ = ["RetrieveSettings", "search"]
