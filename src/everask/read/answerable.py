"""How likely is it that the passages answer at all? A small logistic over what the reader and the words say.

One set of weights for the case that the best sentence is in the question's language, one for the other: there
no words can be compared. Fitted by dev/fit_answerable.py; figures in card.md.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np

from everask.encoder.question import Reading
from everask.read import cues
from everask.read.candidates import Candidate
from everask.read.features import SENTENCE_FEATURES, Floats, Measured, coverage, differs
from everask.types import Query

ANSWERABLE_FEATURES = (
    "answers_best",  # the reader's highest logit that a passage answers
    "answers_margin",  # above the second passage's
    "held_best",  # how much the reader says that the likeliest sentence for it holds the answer
    "score",  # of the best sentence
    "share",  # its share of belief
    "agree",  # reader and all measures together have the same passage first
    "coverage",  # of the question's words, by weight, in the best sentence's passage
    "rarest",  # of its three rarest
    "names_missing",  # names and figures of the question that the best passage lacks
    "no_figure",  # the question asks for a figure and the best sentence has none
    "dense",  # the highest cosine of a hit
    "cosine",  # of the best sentence
    "own_share",  # hits in the question's language
    "length",  # of the question, in telling words
)
_NUM_RAREST = 3
_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class Answerable:
    """Weights by ANSWERABLE_FEATURES and a bias, for own language and across languages."""

    own: Floats
    across: Floats
    own_bias: float
    across_bias: float

    def chance(self, features: Floats, *, across: bool) -> float:
        """The probability that the passages answer."""
        logit = float(features @ (self.across if across else self.own))
        logit += self.across_bias if across else self.own_bias
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))


def measure_answerable(
    query: Query,
    candidates: Sequence[Candidate],
    measured: Measured,
    scores: Floats,
    readings: Mapping[int, Reading],
) -> tuple[Floats, bool]:
    """ANSWERABLE_FEATURES of a question, and whether its best sentence is in another language."""
    column = {name: measured.sentences[:, at] for at, name in enumerate(SENTENCE_FEATURES)}
    best = int(np.argmax(scores))
    chosen = candidates[best]
    across = differs(query.language, chosen.hit.passage.language)
    logits = {rank: one.logit for rank, one in readings.items()}
    ranked = sorted(logits.values(), reverse=True)
    words = measured.question_words
    rarest = dict(sorted(words.items(), key=lambda item: -item[1])[:_NUM_RAREST])
    tokens = measured.passage_tokens[best]
    own = [one.rank for one in candidates if not differs(query.language, one.hit.passage.language)]
    asks = cues.asks_number(query.text) and not cues.figures(chosen.text) - cues.figures(query.text)
    features = [
        ranked[0],
        min(6.0, ranked[0] - ranked[1]) if len(ranked) > 1 else 6.0,
        column["held"].max(),
        scores[best],
        1 / np.exp(scores - scores[best]).sum(),
        float(max(logits, key=lambda rank: logits[rank]) == chosen.rank),
        0.0 if across else coverage(words, tokens),
        0.0 if across else coverage(rarest, tokens),
        _count_missing(query.text, chosen),
        float(asks),
        column["dense"].max(),
        (column["cosine"] + column["cosine_across"])[best],
        len(set(own)) / len({one.rank for one in candidates}),
        math.log1p(sum(words.values())),
    ]
    return np.array(features, np.float64), across


def _count_missing(question: str, chosen: Candidate) -> float:
    """Names and figures of the question that its likeliest passage lacks, at most so many."""
    passage = chosen.hit.passage
    # Of a table one row answers: what the other rows name is not named there.
    said = f"{chosen.around} {chosen.text}" if passage.kind == "table" else passage.text
    text = f"{chosen.hit.document.title} {' '.join(passage.headings)} {said}".casefold()
    wanted = cues.names(question) | cues.figures(question)
    return float(min(_MOST_NAMES, sum(one not in text for one in wanted)))


@functools.cache
def load_answerable() -> Answerable | None:
    """The fitted weights; None where there are none."""
    file = resources.files("everask.read") / "answerable.json"
    if not file.is_file():
        return None
    table: dict[str, Any] = json.loads(file.read_text("utf-8"))

    def row(kind: str) -> Floats:
        return np.array([table[kind]["weights"].get(name, 0.0) for name in ANSWERABLE_FEATURES])

    return Answerable(row("own"), row("across"), table["own"]["bias"], table["across"]["bias"])
