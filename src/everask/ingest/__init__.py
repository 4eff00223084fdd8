"""Documents become passages. Knows blocks, tables and sentences; not how passages are stored or found."""

from everask.ingest.size import count_tokens
from everask.ingest.split import SplitSettings, split

__all__ = ["SplitSettings", "count_tokens", "split"]
