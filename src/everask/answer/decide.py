"""Answer, let the model decide, or abstain: from the probability that the evidence answers at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from everask.answer.prompts import AnswerSettings
from everask.types import Evidence

Decision = Literal["abstain", "unsure", "answer"]


def chance_of_answer(evidence: Sequence[Evidence]) -> float:
    """The evidence's probabilities exclude each other, so that an answer is there is their sum."""
    return min(1.0, sum(one.probability for one in evidence))


def decide(evidence: Sequence[Evidence], settings: AnswerSettings, *, has_model: bool) -> Decision:
    """Between the thresholds a model that says "not in the quotes" is believed."""
    chance = chance_of_answer(evidence)
    if chance < (settings.ask_above if has_model else settings.answer_above):
        return "abstain"
    return "answer" if chance >= settings.sure_above else "unsure"


def is_doubtful(evidence: Sequence[Evidence], settings: AnswerSettings) -> bool:
    """Whether, should nothing that the model writes hold, Everask abstains instead of quoting.

    In the weaker half of the unsure cases a sentence that no quote supports is a sign that none answers.
    """
    return chance_of_answer(evidence) < (settings.answer_above + settings.sure_above) / 2
