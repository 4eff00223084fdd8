"""What the reader believes of each quote: where it stands, and by itself; what the process rewards go by.

The passages were read when they were found, and are remembered; a quote by itself is one short pass more.
Knows nothing of what the numbers are worth (models/process_reward).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from everask.answer.beliefs import place_of
from everask.encoder.question import Asker, Reading
from everask.read import cues
from everask.read.features import coverage, differs
from everask.text import analyse, analyse_query
from everask.text.telling import weigh
from everask.types import Claim, Evidence, Query

_LEAST = -10.0
_NO_WORDS = ("", _LEAST)
_MOST_AHEAD = 6.0
_MOST_ELSEWHERE = 3
_SAME_WORDS = 0.5
_NUM_RAREST = 3


@dataclass(frozen=True, slots=True)
class Belief:
    """Of one quote: how much its passage, read whole, `held` the answer there, how far its best `words` stand
    above no answer (`span`), whether the passage `answers` at all; and the last two of the quote `alone`.
    Logits, at least -10: how far below says nothing."""

    held: float
    span: float
    words: str
    answers: float
    alone: float
    span_alone: float
    words_alone: str


def believe(query: Query, evidence: Sequence[Evidence], asker: Asker) -> list[Belief]:
    """Of every quote, in their order."""
    places = [place_of(one) for one in evidence]
    texts = list(dict.fromkeys(text for text, _, _ in places))
    whole = dict(zip(texts, asker.ask(query.text, texts), strict=True))
    alone = asker.ask(query.text, [one.text for one in evidence])
    made: list[Belief] = []
    for (text, start, end), one, bare in zip(places, evidence, alone, strict=True):
        within = whole[text]
        assert within is not None and bare is not None, "without a limit of time every text is read"
        words, span = _best(within, text, start, end)
        words_alone, span_alone = _best(bare, one.text, 0, len(one.text))
        held, answers = within.held(start, end), within.logit
        made.append(Belief(held, span, words, answers, bare.logit, span_alone, words_alone))
    return made


def _best(reading: Reading, text: str, start: int, end: int) -> tuple[str, float]:
    span = reading.best_span(start, end)
    return (text[span.start : span.end], max(_LEAST, span.margin)) if span else _NO_WORDS


def quote_of(claim: Claim, evidence: Sequence[Evidence], beliefs: Sequence[Belief]) -> int | None:
    """Which quote a sentence rests on: of those that it cites the one that holds the answer most; None where
    it cites none of them."""
    spans = {(one.document_id, one.start, one.end) for one in claim.citations}
    cited = [
        at
        for at, one in enumerate(evidence[: len(beliefs)])
        if (one.hit.document.id, one.start, one.end) in spans
    ]
    return max(cited, key=lambda at: beliefs[at].held) if cited else None


def belief_features(
    query: Query, evidence: Sequence[Evidence], beliefs: Sequence[Belief], at: int
) -> dict[str, float]:
    """What is believed of one quote, and of it against the others."""
    quote, own = evidence[at], beliefs[at]
    passage = quote.hit.passage
    across = differs(query.language, passage.language)
    words = weigh(analyse_query(query.text, query.language))
    rarest = dict(sorted(words.items(), key=lambda item: -item[1])[:_NUM_RAREST])
    around = set(analyse(" ".join([*passage.headings, passage.text]), passage.language))
    said = set(analyse(own.words, passage.language))
    others = [two for two, one in enumerate(evidence) if one.text != quote.text]
    apart = [two for two in others if evidence[two].hit.passage.id != passage.id]
    elsewhere = sum(_alike(said, set(analyse(beliefs[two].words, passage.language))) for two in apart)
    asks = cues.asks_number(query.text)
    return {
        "held": own.held,
        "span": own.span,
        "answers": own.answers,
        "alone": own.alone,
        "span alone": own.span_alone,
        "held ahead": _ahead(own.held, [beliefs[two].held for two in others]),
        "span ahead": _ahead(own.span, [beliefs[two].span for two in others]),
        "answers ahead": _ahead(own.answers, [beliefs[two].answers for two in apart]),
        "alone ahead": _ahead(own.alone, [beliefs[two].alone for two in others]),
        "around": 0.0 if across else coverage(words, around),
        "rarest around": 0.0 if across else coverage(rarest, around),
        "new words": 1 - _share(said, words),
        "words": math.log1p(len(own.words)),
        "words agree": float(_alike(said, set(analyse(own.words_alone, passage.language)))),
        "words elsewhere": float(min(_MOST_ELSEWHERE, elsewhere)),
        "words no figure": float(asks and not cues.figures(own.words) - cues.figures(query.text)),
    }


def _ahead(own: float, others: Sequence[float]) -> float:
    return max(-_MOST_AHEAD, min(_MOST_AHEAD, own - max(others))) if others else _MOST_AHEAD


def _share(said: set[str], words: Mapping[str, float]) -> float:
    return sum(one in words for one in said) / len(said) if said else 1.0


def _alike(one: set[str], other: set[str]) -> bool:
    return bool(one) and len(one & other) >= _SAME_WORDS * max(1, min(len(one), len(other)))
