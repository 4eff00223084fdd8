"""Reads off a draft what the reward's head looks at, and what its gates need: once a sentence, then pooled.

A sentence with the quotes that it cites is read once, whatever drafts it stands in. Reading itself is the
business of `DraftReader`; what the numbers are worth is the head's (models/reward/model.py: SCALARS).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from everask.answer.calculation import base_of, check_calculations
from everask.answer.check import Sentence, overlap
from everask.answer.draft_readings import Answering, Carried, DraftReader
from everask.answer.figures import wrong_figure
from everask.answer.filter import refuse
from everask.answer.names import wrong_name
from everask.answer.negation import denies
from everask.answer.orders import count_signs
from everask.answer.support import support_text
from everask.models.reward.model import SCALARS, Features
from everask.models.reward.safety import OPENING_CHARS
from everask.text import analyse, language_of
from everask.text.telling import weigh
from everask.types import Evidence, Query

Draft = Sequence[Sentence]
Floats = NDArray[np.float32]

_FINAL = (".", "!", "?", "…", "。", "！", "？", "।", "॥", "۔", "؟", ")", "”", "»", "」", "]", ":")
# Thai writes no full stop.
_UNMARKED = ("th",)
_MIN_TELLING_CHARS = 24
_MAX_READ = 6
_LONG = 420
# Whoever speaks of a score or a grader in an answer speaks to who judges it.
_JUDGE = re.compile(
    r"\b(?:score|rating|grade|marks?)\s*[:=]?\s*(?:is\s*)?(?:\[\[)?\d{1,3}\b|\d{1,3}\s*/\s*(?:10|100)\b\W*$|\[\[\s*\w+\s*\]\]"
    r"|\b(?:evaluator|grader|impartial judge|as an? (?:judge|evaluator)|verdict\s*:|highest rating|full marks"
    r"|(?:rate|grade|prefer|select|choose) this (?:answer|response)|output[ _]\([abm]\)|model_identifier"
    r"|best (?:answer|response) is)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One sentence with what it cites: what reading and rules say. Without quotes there is no support.
    `figure`: one that no quote has, or a calculation that does not come out. `declining`: as DraftReader's.
    """

    text: str
    cited: tuple[int, ...]
    carried: Carried | None
    answering: Answering
    overlap: float
    figure: bool
    name: bool
    denied: bool
    in_order: float
    language: float
    finished: float
    signs: int
    judged: bool
    refused: bool
    declining: float
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its quotes, read: the reader's logit of every quote, and the tokens of both."""

    query: Query
    evidence: Sequence[Evidence]
    logits: tuple[float, ...]
    tokens: frozenset[str]
    quoted: tuple[frozenset[str], ...]
    lightness: float


def read_question(query: Query, evidence: Sequence[Evidence], reader: DraftReader) -> Asked:
    """Read the quotes: a question's drafts share this."""
    logits = (
        [one.logit for one in reader.answering(query.text, [one.text for one in evidence])]
        if evidence
        else []
    )
    quoted = tuple(frozenset(_tokens(one.text, one.hit.passage.language)) for one in evidence)
    every = [token for one in quoted for token in one]
    return Asked(
        query,
        evidence,
        tuple(logits),
        frozenset(_tokens(query.text, query.language)),
        quoted,
        _lightness(every),
    )


def see(asked: Asked, said: Sequence[Sentence], reader: DraftReader) -> list[Seen]:
    """Read sentences, each with what it cites, all at once."""
    texts = [one.text for one in said]
    answering = reader.answering(asked.query.text, texts)
    declining = reader.declining(asked.query.text, texts, asked.query.language)
    supports: list[Carried | None] = [None] * len(said)
    if asked.evidence:
        supports = list(reader.carried([(one.text, support_text(_beside(asked, one))) for one in said]))
    return [
        _seen(asked, one, carried, answer, declines)
        for one, carried, answer, declines in zip(said, supports, answering, declining, strict=True)
    ]


def _seen(
    asked: Asked, said: Sentence, carried: Carried | None, answering: Answering, declining: float
) -> Seen:
    query, own = asked.query, asked.query.language
    quotes = _beside(asked, said) if asked.evidence else ()
    tokens = tuple(_tokens(said.text, own))
    shared, name, denied, in_order = 0.0, False, False, 0.0
    figure = _miscalculates(said.text, query.text, quotes)
    if quotes:
        quote = " ".join(f"{one.text} {one.context}" for one in quotes)
        around = " ".join(one.hit.passage.text for one in quotes)
        there = quotes[0].hit.passage.language
        shared = overlap(said.text, quote, query.text, there, around)
        figure = figure or bool(wrong_figure(said.text, f"{quote} {query.text}", (own, there)))
        if own == there:
            name = bool(wrong_name(said.text, quote, query.text, own))
            denied = denies(said.text, " ".join(one.text for one in quotes), there)
        in_order = _in_order(tokens, _tokens(quote, there) + _tokens(query.text, own))
    text = said.text.strip()
    told = language_of(text) if len(text) >= _MIN_TELLING_CHARS else own
    return Seen(
        said.text, said.cited, carried, answering, shared, figure, name, denied, in_order,
        float(told in (own, "und") or own == "und"),
        float(text.endswith(_FINAL) or own in _UNMARKED),
        count_signs(text), bool(_JUDGE.search(text)), bool(refuse(text, quotes)), declining, tokens,
    )  # fmt: skip


def _beside(asked: Asked, said: Sentence) -> tuple[Evidence, ...]:
    """The quotes that a sentence cites; where it cites none, the one that it shares most words with."""
    cited = [asked.evidence[one - 1] for one in said.cited if 0 < one <= len(asked.evidence)]
    if cited:
        return tuple(cited[:2])
    own = set(_tokens(said.text, asked.query.language))
    best = max(range(len(asked.evidence)), key=lambda at: len(own & asked.quoted[at]))
    return (asked.evidence[best],)


def _miscalculates(text: str, question: str, quotes: Sequence[Evidence]) -> bool:
    """Whether a calculation of a text's own is wrong, in the base that the question names; what stands so in
    a quote is the quote's."""
    wrong = [one.text for one in check_calculations(text, base=base_of(question)) if not one.is_right]
    return any(not any(one in quote.text for quote in quotes) for one in wrong)


def pool(asked: Asked, drafts: Sequence[Sequence[Seen]]) -> Features:
    """Features of drafts from their sentences."""
    rows = [_scalars(asked, one) for one in drafts]
    states = [_states(one, bool(asked.evidence)) for one in drafts]
    lengths = [[np.log1p(sum(len(s.text) for s in one)), np.log1p(len(one))] for one in drafts]
    return Features(
        np.array([[row.get(one.name, np.nan) for one in SCALARS] for row in rows], np.float32),
        np.array(states, np.float32),
        np.array(lengths, np.float32),
    )


def _states(seen: Sequence[Seen], with_quotes: bool) -> Floats:
    answering = np.mean([one.answering.state_d for one in seen], axis=0)
    carried = np.mean([one.carried.state_d for one in seen if one.carried], axis=0) if with_quotes else None
    return np.concatenate([answering, np.zeros_like(answering) if carried is None else carried])


def _scalars(asked: Asked, seen: Sequence[Seen]) -> Mapping[str, float]:
    """Every scalar of a draft by name; those that need quotes are missing where there are none."""
    logits = np.array([one.answering.logit for one in seen])
    tokens = [token for one in seen for token in one.tokens]
    found = {
        "best answer": float(logits.max()),
        "mean answer": float(logits.mean()),
        "answer span": max(one.answering.margin for one in seen),
        "answer share": float(np.mean(_chance(logits - logits.max() + 2.0))),
        "language": min(one.language for one in seen),
        "finished": float(np.mean([one.finished for one in seen])),
        "distinct": _distinct(tokens),
        "new words": _weight(set(tokens) - asked.tokens) / (_weight(set(tokens)) + 0.1),
        "light words": -abs(_lightness(tokens) - (asked.lightness or _lightness(tokens))),
        "figures right": -float(np.mean([one.figure for one in seen])),
        "no orders": -float(max(min(2, one.signs) for one in seen)),
        "no judge": -float(any(one.judged for one in seen)),
        "clean": -float(any(one.refused for one in seen)),
        "declines harm": _declining(seen),
    }
    return {**found, **_of_quotes(asked, seen, set(tokens))} if asked.evidence else found


def _declining(seen: Sequence[Seen]) -> float:
    """Of the sentence that says most, of those that a draft begins with."""
    most, num_chars = seen[0].declining, 0
    for one in seen:
        most = max(most, one.declining, key=abs)
        num_chars += len(one.text)
        if num_chars >= OPENING_CHARS:
            break
    return most


def _of_quotes(asked: Asked, seen: Sequence[Seen], tokens: set[str]) -> Mapping[str, float]:
    carried = [one.carried for one in seen if one.carried]
    supports = [one.logit for one in carried]
    cited = sorted({n - 1 for one in seen for n in one.cited if 0 < n <= len(asked.evidence)})
    best = max(asked.logits)
    quoted = set[str]().union(*(asked.quoted[one] for one in cited))
    wanted = _weight(asked.tokens) + 0.1
    good = [n for n, logit in enumerate(asked.logits) if logit > max(0.0, best - 1.5)]
    return {
        "least support": min(supports),
        "mean support": float(np.mean(supports)),
        "no opposite": -max(one.opposite for one in carried),
        "no weak words": -max(one.weak for one in carried),
        "cited answer": max((asked.logits[one] for one in cited), default=best - 6.0) - best,
        "cited answer at least": min((asked.logits[one] for one in cited), default=best - 6.0) - best,
        "nothing left out": -float(len([one for one in good if one not in cited])),
        "declines rightly": best if cited else -best,
        "least overlap": min(one.overlap for one in seen),
        "mean overlap": float(np.mean([one.overlap for one in seen])),
        "names right": -float(np.mean([one.name for one in seen])),
        "no denial": -float(np.mean([one.denied for one in seen])),
        "cited": float(np.mean([bool(one.cited) for one in seen])),
        "asked words": _weight(asked.tokens & (tokens | quoted)) / wanted,
        "asked words in quotes": _weight(asked.tokens & quoted) / wanted if cited else 0.0,
        "orders of words": min(one.in_order for one in seen),
    }


def _in_order(tokens: Sequence[str], known: Sequence[str]) -> float:
    """The share of neighbours that are neighbours in what is known, less the share of known words."""
    if len(tokens) < 3:
        return 0.0
    pairs, words = set(pairwise(known)), set(known)
    near = np.mean([pair in pairs for pair in pairwise(tokens)])
    return float(near - np.mean([one in words for one in tokens]))


def _distinct(tokens: Sequence[str]) -> float:
    pairs = list(pairwise(tokens))
    return len(set(pairs)) / len(pairs) if pairs else 1.0


def _weight(tokens: set[str] | frozenset[str]) -> float:
    return float(sum(weigh(tokens).values()))


def _lightness(tokens: Sequence[str]) -> float:
    weights = weigh(set(tokens))
    return sum(weights[one] for one in tokens) / len(tokens) if tokens else 0.0


def _chance(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(value, -30, 30))))


@functools.lru_cache(maxsize=4096)
def _analysed(text: str, language: str) -> tuple[str, ...]:
    return tuple(analyse(text, language))


def _tokens(text: str, language: str) -> list[str]:
    return list(_analysed(text, language))


def cut_reply(text: str, spans: Sequence[tuple[int, int]]) -> tuple[Sentence, ...]:
    """A chat's reply as a draft without citations: sentences together up to a length, the first few and the
    last, which is what is read of a long one."""
    pieces: list[str] = []
    for start, end in spans:
        line = text[start:end].strip()
        if pieces and len(pieces[-1]) + len(line) < _LONG:
            pieces[-1] += f" {line}"
        elif line:
            pieces.append(line[: 2 * _LONG])
    pieces = pieces if len(pieces) <= _MAX_READ else [*pieces[: _MAX_READ - 1], pieces[-1]]
    return tuple(Sentence(one) for one in pieces)
