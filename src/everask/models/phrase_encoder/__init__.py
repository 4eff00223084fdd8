"""Phrases of a passage with a vector each: what to highlight, and a light late interaction for ranking."""

from everask.models.phrase_encoder.model import (
    Phrases,
    PhraseSettings,
    encode_phrases,
    max_sim,
    nearest_phrases,
)
from everask.models.phrase_encoder.phrases import cut

__all__ = ["PhraseSettings", "Phrases", "cut", "encode_phrases", "max_sim", "nearest_phrases"]
