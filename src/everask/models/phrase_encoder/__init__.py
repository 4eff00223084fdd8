"""Late interaction on the encoder's token states: what to highlight; and phrases with a vector each."""

from everask.models.phrase_encoder.model import Phrases, encode_phrases, max_sim, nearest_span, score_spans
from everask.models.phrase_encoder.phrases import cut

__all__ = ["Phrases", "cut", "encode_phrases", "max_sim", "nearest_span", "score_spans"]
