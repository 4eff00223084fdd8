"""What people do, as evidence of what answers what. Knows neither the store nor any model."""

from everask.feedback.judgements import Judgement, judge, question_key
from everask.feedback.memory import Remembered, recall

__all__ = ["Judgement", "Remembered", "judge", "question_key", "recall"]
