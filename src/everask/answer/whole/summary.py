"""The sentences that say most of a document: central to it and early in their sections, without repeats.

An extractive summary: every line is the document's own. Centrality is that of LexRank (Erkan and Radev
2004), over words and, where there are, the passages' vectors; sections share the lines by their size.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from everask.answer.whole.sentences import Sentence
from everask.text import analyse
from everask.text.telling import weigh

Method = Literal["salient", "lexrank", "centroid", "lead"]
Floats = NDArray[np.float32]
MAX_RANKED = 1_200
"""Sentences that are compared with each other; of a longer document the first of each passage."""
_MIN_CHARS, _MIN_CHARS_CJK, _MAX_CHARS = 30, 12, 420
_MAX_SHARED = 0.55
_CJK = re.compile("[\u2e80-\u9fff\uac00-\ud7af]")
_NO_SENTENCE = re.compile(r"\.{4,}|(?:\s\.){3,}|^[\W\d_]*$|\|.*\|")


@dataclass(frozen=True, slots=True)
class SummarySettings:
    """How long a summary is: lines of one document, and how they grow with its passages."""

    least: int = 3
    most: int = 12
    method: Method = "salient"


def num_lines(num_passages: int, settings: SummarySettings) -> int:
    """How many lines a document of so many passages gets."""
    wanted = settings.least + round(math.sqrt(max(0, num_passages - 2)) * 0.8)
    return max(1, min(settings.most, wanted))


def choose_salient(
    sentences: Sequence[Sentence],
    number: int,
    *,
    central: Mapping[int, float] | None = None,
    method: Method = "salient",
) -> list[Sentence]:
    """At most `number` sentences that say most, in reading order.

    `central` are the passages' nearness to the whole, by their ids.
    """
    usable = [one for one in sentences if _is_usable(one)] or list(sentences)
    usable = _bounded(usable)
    if method == "lead" or len(usable) <= number:
        return usable[:number]
    vectors = _weigh_words(usable)
    by_mean = method == "centroid"
    scores = _cosines(vectors, _mean(vectors)) if by_mean else _rank(_similarities(vectors))
    if method == "salient":
        scores = _with_places(usable, scores, central or {})
    return _pick(usable, vectors, scores, number, by_section=method == "salient")


def _is_usable(sentence: Sentence) -> bool:
    text = sentence.text.strip()
    least = _MIN_CHARS_CJK if _CJK.search(text) else _MIN_CHARS
    if sentence.passage.kind in ("table", "code", "heading") or not least <= len(text) <= _MAX_CHARS:
        return False
    return not _NO_SENTENCE.search(text) and sum(one.isalpha() for one in text) > 0.5 * len(text)


def _bounded(sentences: list[Sentence]) -> list[Sentence]:
    """As many sentences of each passage as can be compared at all: the first ones."""
    if len(sentences) <= MAX_RANKED:
        return sentences
    for most in (4, 3, 2, 1):
        seen: Counter[int] = Counter()
        kept = []
        for one in sentences:
            seen[one.passage.ordinal] += 1
            if seen[one.passage.ordinal] <= most:
                kept.append(one)
        if len(kept) <= MAX_RANKED:
            return kept
    step = len(kept) / MAX_RANKED
    return [kept[int(at * step)] for at in range(MAX_RANKED)]


def _weigh_words(sentences: Sequence[Sentence]) -> list[dict[str, float]]:
    """Each sentence as weighted words of length 1: rare in the document, and telling in its language."""
    tokens = [Counter(analyse(one.text, one.passage.language)) for one in sentences]
    spread = Counter(token for one in tokens for token in one)
    vectors: list[dict[str, float]] = []
    for one in tokens:
        telling = weigh(one)
        raw = {
            token: (1 + math.log(count)) * math.log(1 + len(tokens) / spread[token]) * telling[token]
            for token, count in one.items()
        }
        length = math.sqrt(sum(value * value for value in raw.values())) or 1.0
        vectors.append({token: value / length for token, value in raw.items()})
    return vectors


def _similarities(vectors: Sequence[Mapping[str, float]]) -> Floats:
    """Cosines of all pairs, through the words that they share."""
    size = len(vectors)
    found = np.zeros((size, size), dtype=np.float32)
    places: dict[str, list[tuple[int, float]]] = {}
    for number, vector in enumerate(vectors):
        for token, value in vector.items():
            places.setdefault(token, []).append((number, value))
    for holders in places.values():
        if 1 < len(holders) <= size // 2 + 1:
            at = np.array([number for number, _ in holders])
            values = np.array([value for _, value in holders], dtype=np.float32)
            found[np.ix_(at, at)] += np.outer(values, values)
    np.fill_diagonal(found, 0.0)
    return found


def _rank(similar: Floats) -> Floats:
    """LexRank: the share of a random walk that ends at each sentence."""
    size = len(similar)
    sums = similar.sum(axis=1, keepdims=True)
    steps = np.where(sums > 0, similar / np.maximum(sums, 1e-9), 1.0 / size)
    scores = np.full(size, 1.0 / size, dtype=np.float32)
    for _ in range(30):
        scores = (0.15 / size + 0.85 * (scores @ steps)).astype(np.float32)
    return scores * size


def _with_places(sentences: Sequence[Sentence], scores: Floats, central: Mapping[int, float]) -> Floats:
    """Scores that also count where a sentence stands, and how near its passage is to the whole."""
    firsts: dict[str, int] = {}
    for one in sentences:
        firsts.setdefault(one.section, one.ordinal)
    last = max(one.ordinal for one in sentences) + 1
    weighed = np.zeros(len(sentences), dtype=np.float32)
    for number, one in enumerate(sentences):
        in_section = 1 / (1 + 0.5 * (one.ordinal - firsts[one.section]))
        early = 1 - one.ordinal / last
        near = central.get(one.passage.id, 0.0)
        has_figure = any(character.isdigit() for character in one.text)
        bonus = 1 + 0.35 * in_section + 0.15 * early + 0.5 * near + 0.05 * has_figure
        weighed[number] = scores[number] * bonus
    return weighed


def _pick(
    sentences: Sequence[Sentence],
    vectors: Sequence[Mapping[str, float]],
    scores: Floats,
    number: int,
    *,
    by_section: bool,
) -> list[Sentence]:
    """The best that do not repeat each other; no section gets more than its share by size."""
    sizes = Counter(one.section for one in sentences)
    limits = {section: max(1, math.ceil(number * size / len(sentences))) for section, size in sizes.items()}
    chosen: list[int] = []
    taken: Counter[str] = Counter()
    for limited in (by_section, False):
        for at in np.argsort(-scores):
            if len(chosen) >= number:
                break
            section = sentences[at].section
            if at in chosen or (limited and taken[section] >= limits[section]):
                continue
            if any(_cosine(vectors[at], vectors[other]) > _MAX_SHARED for other in chosen):
                continue
            chosen.append(int(at))
            taken[section] += 1
    return [sentences[at] for at in sorted(chosen, key=lambda at: sentences[at].ordinal)]


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    if len(other) < len(one):
        one, other = other, one
    return sum(value * other.get(token, 0.0) for token, value in one.items())


def _mean(vectors: Sequence[Mapping[str, float]]) -> dict[str, float]:
    total: Counter[str] = Counter()
    for vector in vectors:
        total.update(vector)
    return dict(total)


def _cosines(vectors: Sequence[Mapping[str, float]], mean: Mapping[str, float]) -> Floats:
    return np.array([_cosine(vector, mean) for vector in vectors], dtype=np.float32)
