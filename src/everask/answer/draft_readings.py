"""What the checker and the reader say of a draft's sentences, in the few numbers that a reward needs.

The checker takes a sentence and the quotes that it cites, the reader the question and a sentence (or a
quote), each in one pass; both remember, so a draft that was just checked costs its reader's passes alone.
The encoder says whether a sentence declines what it had better decline.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from everask.encoder import Encoder
from everask.encoder.checker import Checked, Checker, Verdict
from everask.encoder.question import Asker, Reading
from everask.models.reward.safety import Safety, opening

Floats = NDArray[np.float32]
_LEAST_MARGIN = -10.0


@dataclass(frozen=True, slots=True)
class Carried:
    """What a text says to a sentence: the checker's logit and probability, the chance of the opposite, the
    share of words that it does not carry, and the state that the logit is made of."""

    logit: float
    chance: float
    opposite: float
    weak: float
    state_d: Floats


@dataclass(frozen=True, slots=True)
class Answering:
    """What a text says to a question: the reader's logit, how far its best span stands above none, and the
    state that the logit is made of."""

    logit: float
    margin: float
    state_d: Floats


@dataclass(frozen=True, slots=True)
class Inside:
    """What a text says to a question within some of its characters: how much they hold an answer, how far the
    best span there stands above none (at least -10: how far below says nothing), and the text's logit."""

    held: float
    margin: float
    logit: float


Inner = tuple[str, int, int]
"""A text, and where in it some characters begin and end."""


class DraftReader(Protocol):
    """Whoever reads drafts; tests have one that goes by words."""

    def carried(self, pairs: Sequence[Checked]) -> list[Carried]:
        """Of each sentence and text."""

    def answering(self, question: str, texts: Sequence[str]) -> list[Answering]:
        """Of each text."""

    def inside(self, question: str, places: Sequence[Inner]) -> list[Inside]:
        """Of characters of texts; each text is read once."""

    def declining(self, question: str, texts: Sequence[str], language: str) -> list[float]:
        """Of each text -1..1: above 0 it declines what asks for harm, below what does not, 0 it declines
        nothing; NaN where nobody knows."""


class ModelReader:
    """Reads drafts with the checker and the question form that serve, and, where they are there, with the
    encoder and what it says of safety. Thread-safe as they are."""

    def __init__(
        self,
        checker: Checker,
        asker: Asker,
        encoder: Encoder | None = None,
        safety: Safety | None = None,
    ) -> None:
        self._checker = checker
        self._asker = asker
        self._encoder = encoder
        self._safety = safety

    def carried(self, pairs: Sequence[Checked]) -> list[Carried]:
        """As DraftReader."""
        return [_carried(one) for one in self._checker.check(pairs)]

    def answering(self, question: str, texts: Sequence[str]) -> list[Answering]:
        """As DraftReader."""
        return [_answering(one) for one in self._asker.ask(question, texts) if one is not None]

    def inside(self, question: str, places: Sequence[Inner]) -> list[Inside]:
        """As DraftReader."""
        texts = list(dict.fromkeys(text for text, _, _ in places))
        readings = dict(zip(texts, self._asker.ask(question, texts), strict=True))
        return [_inside(readings[text], start, end) for text, start, end in places]

    def declining(self, question: str, texts: Sequence[str], language: str) -> list[float]:
        """As DraftReader."""
        if self._encoder is None or self._safety is None or not texts:
            return [math.nan] * len(texts)
        openings = self._encoder.encode_passages([opening(one, language) for one in texts])
        return list(map(float, self._safety.judge(self._encoder.encode_query(question), openings)))


def _carried(verdict: Verdict) -> Carried:
    weak = float(verdict.weak_q.mean()) if verdict.weak_q.size else 1.0
    return Carried(verdict.logit, verdict.probability, verdict.opposite, weak, _state(verdict.state_d))


def _answering(reading: Reading) -> Answering:
    span = reading.best_span()
    return Answering(reading.logit, span.margin if span else -20.0, _state(reading.state_d))


def _inside(reading: Reading | None, start: int, end: int) -> Inside:
    assert reading is not None, "without a limit of time every text is read"
    span = reading.best_span(start, end)
    margin = max(_LEAST_MARGIN, span.margin) if span else _LEAST_MARGIN
    return Inside(reading.held(start, end), margin, reading.logit)


def _state(state_d: Floats | None) -> Floats:
    assert state_d is not None, "the graph of this format gives states"
    return state_d
