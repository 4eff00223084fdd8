"""The reader's fitted numbers, from weights.json beside this file; card.md says what they reached."""

from __future__ import annotations

import functools
import json
import math
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

import numpy as np

from everask.read.features import QUESTION_FEATURES, SENTENCE_FEATURES, Floats

Kind = Literal["reader", "vectors", "words"]


@dataclass(frozen=True, slots=True)
class Weights:
    """Linear scores of sentences, and a logistic of the question's features."""

    sentences: Floats
    question: Floats
    bias: float

    def score_sentences(self, features: Floats) -> Floats:
        """(N, F) → (N,): log of the share of belief, up to a constant."""
        return np.asarray(features @ self.sentences)

    def answerable(self, features: Floats) -> float:
        """The probability that one of the sentences answers."""
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, float(features @ self.question) + self.bias))))


def has_weights(kind: Kind) -> bool:
    """Whether weights of a kind were fitted."""
    return kind in _read_table()


@functools.cache
def _read_table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads((resources.files("everask.read") / "weights.json").read_text("utf-8"))
    return table


@functools.cache
def load_weights(kind: Kind) -> Weights:
    """With the reader and sentence vectors, with vectors, or by words alone."""
    table = _read_table()[kind]
    return Weights(
        np.array([table["sentences"].get(name, 0.0) for name in SENTENCE_FEATURES]),
        np.array([table["question"].get(name, 0.0) for name in QUESTION_FEATURES]),
        float(table["bias"]),
    )
