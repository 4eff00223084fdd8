"""Search: candidates by words and by meaning, in all languages, put in one order. Opens no document."""

from everask.retrieve.highlight import mark_by_meaning
from everask.retrieve.search import search
from everask.retrieve.settings import RetrieveSettings
from everask.retrieve.spelling import spell
from everask.retrieve.understand import explain_nothing, typed_limits, understand

__all__ = [
    "RetrieveSettings",
    "explain_nothing",
    "mark_by_meaning",
    "search",
    "spell",
    "typed_limits",
    "understand",
]
