"""Answer, let the model decide, or abstain: from the probability that the evidence answers at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from everask.answer.prompts import AnswerSettings
from everask.types import Evidence

Kind = Literal["abstain", "unsure", "answer"]

# The weaker half of the unsure cases ends here, as a share of `sure_above`.
_DOUBTFUL = 0.8


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do, the `chance` that the evidence answers, and the `threshold` below which it is not enough.

    `is_doubtful`: should nothing that the model writes hold, Everask abstains instead of quoting, for in the
    weaker half of the unsure cases a sentence that no quote supports is a sign that none answers.
    """

    kind: Kind
    chance: float
    threshold: float
    is_doubtful: bool = False


def chance_of_answer(evidence: Sequence[Evidence]) -> float:
    """The evidence's probabilities exclude each other, so that an answer is there is their sum."""
    return min(1.0, sum(one.probability for one in evidence))


def decide(evidence: Sequence[Evidence], settings: AnswerSettings, *, has_model: bool) -> Decision:
    """Between the thresholds a model that says "not in the quotes" is believed."""
    chance = chance_of_answer(evidence)
    threshold = settings.ask_above if has_model else settings.answer_above
    if not evidence or chance < threshold:
        return Decision("abstain", chance, threshold)
    kind: Kind = "answer" if chance >= settings.sure_above else "unsure"
    doubtful = has_model and chance < _DOUBTFUL * settings.sure_above
    return Decision(kind, chance, threshold, doubtful)
