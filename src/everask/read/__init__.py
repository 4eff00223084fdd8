"""Which sentences of the hits answer the question: evidence with exact offsets and a probability."""

from everask.read.evidence import ReadSettings, evidence_at, find_evidence

__all__ = ["ReadSettings", "evidence_at", "find_evidence"]
