"""Which sentences of the hits answer the question: evidence with exact offsets and a probability."""

from everask.read.evidence import ReadSettings, find_evidence

__all__ = ["ReadSettings", "find_evidence"]
