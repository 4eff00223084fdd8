"""BM25 over a suite's passages in memory: what the index of words finds, at a tenth of its cost.

The same tokens, weights and scores as index/lexical.py (`python dev/word_pool.py` compares the two on a
suite); only which candidates a long query takes from very common words may differ.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from everask.evaluate.suites import Suite
from everask.index.lexical import HEADINGS_WEIGHT, K1, MAX_TOKEN, B, Match
from everask.text import analyse


@lru_cache(maxsize=50_000)
def _tokens(text: str, language: str) -> list[str]:
    return [token[:MAX_TOKEN] for token in analyse(text, language)]


class WordPool:
    """The passages of a suite, ready to be searched by words."""

    def __init__(self, suite: Suite) -> None:
        self.names = list(suite.passages)
        bodies = [_tokens(one.text, one.language) for one in suite.passages.values()]
        headings = [_tokens(one.title, one.language) for one in suite.passages.values()]
        lengths = np.array([len(body) + len(path) for body, path in zip(bodies, headings, strict=True)])
        self._norms = K1 * (1 - B + B * lengths / max(lengths.mean(), 1))
        postings: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
        for place, (body, path) in enumerate(zip(bodies, headings, strict=True)):
            inside, above = Counter(body), Counter(path)
            for token in inside | above:
                times = inside[token] + HEADINGS_WEIGHT * above[token]
                postings[token].append((place, times, float(token in above)))
        self._postings = {token: np.array(found) for token, found in postings.items()}

    def search(self, tokens: Sequence[str], limit: int) -> list[tuple[str, Match]]:
        """The best passages by BM25, by name."""
        total = len(self.names)
        score, held, headed = np.zeros(total), np.zeros(total), np.zeros(total)
        everything = 0.0
        for token in dict.fromkeys(token[:MAX_TOKEN] for token in tokens):
            found: NDArray[np.float64] = self._postings.get(token, np.zeros((0, 3)))
            weight = float(np.log1p((total - len(found) + 0.5) / (len(found) + 0.5)))
            everything += weight
            places, times = found[:, 0].astype(int), found[:, 1]
            score[places] += weight * times * (K1 + 1) / (times + self._norms[places])
            held[places] += weight
            headed[places] += weight * found[:, 2]
        if not score.any():
            return []
        most = everything * (K1 + 1)
        best = np.argsort(-score, kind="stable")[:limit]
        return [
            (
                self.names[place],
                Match(
                    int(place),
                    float(score[place]),
                    max(most, float(score[place])),
                    float(held[place]) / everything,
                    float(headed[place]) / everything,
                ),
            )
            for place in best
            if score[place] > 0
        ]
