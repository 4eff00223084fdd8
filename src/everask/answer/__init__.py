"""From evidence to a short answer in which every sentence is tied to the words that support it."""

from everask.answer.prompts import AnswerSettings
from everask.answer.write import answer, warm_up

__all__ = ["AnswerSettings", "answer", "warm_up"]
