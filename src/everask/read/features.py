"""What is measured of a sentence against a question, and of a question against all its sentences.

Of the search only the hits' order and their channels' own scores are used, not the fused score, whose
scale is the search's business.

Legend: N sentences, F features, D dimensions of a vector.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from everask.encoder.question import Reading
from everask.read import cues
from everask.read.candidates import Candidate
from everask.text import analyse, analyse_query
from everask.text.telling import weigh
from everask.types import Query

Floats = NDArray[np.float64]

_FINAL_MARKS = (
    ".",
    "!",
    "?",
    "。",
    "！",
    "？",
    "।",
    "॥",
    "۔",
    "؟",
    "…",
    "”",
    '"',
    "»",
    "」",
    ")",
    "）",
)
# Languages whose sentences end without a mark.
_NO_MARKS = ("th", "km", "lo", "my")
_MAIL_HEAD = re.compile(
    r"[>\s]*(?:To|From|Cc|Subject|Date|Sent|Reply-To|Message-ID|On .{4,60} wrote)\s*:", re.IGNORECASE
)

SENTENCE_FEATURES = (
    "coverage",  # of the question's words, by weight, in the sentence
    "coverage_local",  # the same, by rarity among the candidates
    "coverage_around",  # in the sentence, its neighbours and its headings
    "coverage_passage",
    "pairs",  # neighbouring words of the question that are neighbours in the sentence
    "cosine",  # sentence and question, same language
    "cosine_across",  # the same when the languages differ
    "rank",
    "news",  # words that the question does not have
    "length",
    "figures_asked",  # new figures, when the question asks for one
    "figures_unasked",
    "no_figures_asked",
    "names",
    "question",  # the sentence is a question itself
    "label",  # no sentence: a heading, a menu entry, a line of an e-mail's head
    "dense",  # the hit's own cosine
    "lexical",  # the share of the question's words that the hit matched
    "first",
    "across",  # the languages differ
    "held",  # how much the reader says that the sentence holds the answer
    "span",  # how far its best words there are above no answer
    "answers",  # the reader's logit that the passage answers
)

QUESTION_FEATURES = (
    "best",  # score of the best sentence
    "margin",
    "share",
    "coverage",
    "coverage_passage",
    "passage_margin",  # that coverage against the best of the other passages
    "coverage_all",  # of the question's words in any candidate's passage
    "rarest",  # weight-times-coverage of the rarest words: missing ones are a strong sign
    "missing",  # number of telling words that stand nowhere
    "cosine",
    "cosine_margin",  # best cosine against the mean of the others
    "cosine_across",
    "dense",  # of the best sentence's hit
    "dense_best",  # of any hit
    "lexical",
    "lexical_best",
    "figures_missing",  # figures of the question that stand nowhere
    "across",
    "length",
    "held",  # of the best sentence
    "held_margin",  # against the second best of all
    "span",
    "answers",  # of the best sentence's passage
    "answers_best",  # of any
)


@dataclass(frozen=True, slots=True)
class Measured:
    """The question's words with weights, and one row of SENTENCE_FEATURES a candidate."""

    sentences: Floats
    question_words: Mapping[str, float]
    tokens: list[set[str]]
    passage_tokens: list[set[str]]


def measure_sentences(
    query: Query,
    candidates: Sequence[Candidate],
    cosines: Floats | None,
    readings: Mapping[int, Reading] | None = None,
) -> Measured:
    """Features of each candidate, (N, F). `cosines` are of sentences with the question, (N,); `readings`
    what the reader says of the passages, by the hits' ranks."""
    words = weigh(analyse_query(query.text, query.language))
    ordered = analyse(query.text, query.language)
    pairs = set(itertools.pairwise(ordered))
    lists = [analyse(one.text, one.hit.passage.language) for one in candidates]
    tokens = [set(one) for one in lists]
    passages = _passage_tokens(candidates)
    rarity = _local_rarity(words, tokens)
    asked = cues.asks_number(query.text)
    asked_figures, asked_names = cues.figures(query.text), cues.names(query.text)
    rows: list[list[float]] = []
    for number, one in enumerate(candidates):
        across = float(differs(query.language, one.hit.passage.language))
        own = tokens[number]
        around = own | set(analyse(f"{one.around} {one.context}", one.hit.passage.language))
        cosine = 0.0 if cosines is None else float(cosines[number])
        found_pairs = sum(pair in pairs for pair in itertools.pairwise(lists[number]))
        new_figures = bool(cues.figures(one.text) - asked_figures)
        news = len(own - words.keys())
        rows.append(
            [
                coverage(words, own),
                coverage(rarity, own),
                coverage(words, around),
                coverage(words, passages[number]),
                min(found_pairs, 6) / 6,
                cosine * (1 - across),
                cosine * across,
                1 / (1 + one.rank),
                math.log1p(news),
                math.log1p(len(one.text)) - 4,
                float(asked and new_figures),
                float(not asked and new_figures),
                float(asked and not new_figures),
                min(3, len(cues.names(one.text) - asked_names)) / 3,
                float(one.text.rstrip().endswith(("?", "？", "؟", ";", "；"))),
                float(is_label(one)),
                one.hit.channels.get("dense", 0.0),
                one.hit.channels.get("lexical", 0.0),
                float(one.ordinal == 0),
                across,
                *_read_in(one, (readings or {}).get(one.rank)),
            ]
        )
    return Measured(np.array(rows), words, tokens, passages)


def measure_question(
    query: Query, candidates: Sequence[Candidate], measured: Measured, scores: Floats
) -> Floats:
    """QUESTION_FEATURES of the question, given the sentences' scores, (F,)."""
    order = np.argsort(-scores)
    best = int(order[0])
    rest = scores[order[1:]]
    exponents = np.exp(scores - scores[best])
    column = {name: measured.sentences[:, at] for at, name in enumerate(SENTENCE_FEATURES)}
    everything: set[str] = set().union(*measured.passage_tokens)
    words = measured.question_words
    rare = sorted(words.values(), reverse=True)[:4]
    threshold = min(rare) if rare else 1.0
    rarest = {word: weight for word, weight in words.items() if weight >= threshold}
    missing = sum(weight for word, weight in words.items() if word not in everything)
    cosines = column["cosine"] + column["cosine_across"]
    hits = {one.rank: one.hit for one in candidates}
    seen_figures = cues.figures(" ".join(one.passage.text for one in hits.values()))
    asked_figures = cues.figures(query.text)
    across = float(column["across"][best])
    return np.array(
        [
            scores[best],
            scores[best] - rest[0] if len(rest) else 0.0,
            1 / exponents.sum(),
            column["coverage"][best],
            column["coverage_passage"][best],
            _passage_margin(candidates, column["coverage_passage"], best),
            coverage(words, everything),
            coverage(rarest, everything) * (1 - across),
            min(missing, 10) / 10 * (1 - across),
            cosines[best] * (1 - across),
            cosines.max() - np.sort(cosines)[: max(1, len(cosines) // 2)].mean(),
            cosines[best] * across,
            column["dense"][best],
            column["dense"].max(),
            column["lexical"][best],
            column["lexical"].max(),
            float(bool(asked_figures - seen_figures)) * (1 - across),
            across,
            math.log1p(sum(words.values())),
            column["held"][best],
            column["held"][best] - max(np.delete(column["held"], best), default=column["held"][best]),
            column["span"][best],
            column["answers"][best],
            column["answers"].max(),
        ]
    )


def _read_in(candidate: Candidate, reading: Reading | None) -> tuple[float, float, float]:
    """What the reader says of a sentence: held, span, answers."""
    if reading is None:
        return (0.0, 0.0, 0.0)
    passage, start, end = candidate.hit.passage, candidate.start, candidate.end
    if passage.kind == "table":  # it was asked with the header at each value, as the row stands in `around`
        start = max(0, passage.indexed.find(candidate.around))
        end = start + len(candidate.around)
    start, end = start + len(passage.head), end + len(passage.head)
    span = reading.best_span(start, end)
    # A span's margin runs far below zero where there is none: how far says nothing.
    return (reading.held(start, end), max(-10.0, span.margin) if span else -10.0, reading.logit)


def _passage_margin(candidates: Sequence[Candidate], covered: Floats, best: int) -> float:
    others = [covered[at] for at, one in enumerate(candidates) if one.rank != candidates[best].rank]
    return float(covered[best] - max(others, default=0.0))


def is_label(candidate: Candidate) -> bool:
    """Whether a line is no sentence and no row: it is short, has no final mark, or repeats a heading."""
    passage = candidate.hit.passage
    if passage.kind == "table":
        return False
    text = candidate.text.rstrip()
    if text in passage.headings or _MAIL_HEAD.match(text):
        return True
    if passage.language in _NO_MARKS or text.endswith(_FINAL_MARKS):
        return False
    return len(text) < (20 if passage.language in ("zh", "ja") else 60)


def coverage(words: Mapping[str, float], tokens: set[str]) -> float:
    """The share, by weight, of the words that are among the tokens."""
    total = sum(words.values())
    return sum(weight for word, weight in words.items() if word in tokens) / total if total else 0.0


def differs(left: str, right: str) -> bool:
    """Whether two languages are known and not the same."""
    return "und" not in (left, right) and left != right


def _passage_tokens(candidates: Sequence[Candidate]) -> list[set[str]]:
    known: dict[int, set[str]] = {}
    for one in candidates:
        if one.rank not in known:
            passage = one.hit.passage
            text = " ".join([*passage.headings, passage.indexed or passage.text, one.hit.document.title])
            known[one.rank] = set(analyse(text, passage.language))
    return [known[one.rank] for one in candidates]


def _local_rarity(words: Mapping[str, float], tokens: Sequence[set[str]]) -> dict[str, float]:
    counts = Counter(word for one in tokens for word in words if word in one)
    return {word: weight * math.log(1 + len(tokens) / (1 + counts[word])) for word, weight in words.items()}
