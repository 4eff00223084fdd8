"""Fitting a fusion: a linear list-wise ranker over the product's features, and the simpler ways beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).parent))

from fusion_rows import DEPTH, Rows

from everask.retrieve.features import Part, filled, make_features
from everask.retrieve.twins import meet

Scores = NDArray[np.float64]
Mask = NDArray[np.bool_]
Key = tuple[Part, str]

PULL = 0.05
"""How strongly weights are held to those set by hand; without, collections left out lose (dev/LOG.md)."""
BY_HAND: dict[Key, float] = {
    ("words", "share × trust"): 13.0,
    ("words", "share × trust unspaced"): 13.0,
    ("meaning", "cosine"): 13.0,
    ("language", "own"): 0.26,
}
"""In units of the softmax: of two passages, the one that is nearer by 0.3 is 50 times as likely."""
_IMPORTANCE = {"Exact": 0.5, "Manual": 1.5, "Cranfield": 4.0}
"""By the first word of a group, else 1: four groups look up names and numbers, more than people do; a manual
asked by its headings is the nearest to what people keep; Cranfield is the only pile of one narrow field, with
several answers a question, where words are better than vectors, and all other rows together outvoted it."""
_AT_HOME, _HOME_IMPORTANCE = "among others", 2.0
"""Groups in which the answer stands in the asker's language, in a pile with other languages: what people
keep. Without them fitting learned to prefer other languages, by 0.15 of a cosine: where several languages are
there, the other groups ask for an answer in another one, or in any."""
_TWINS = 30
_LEARNED = 25


@dataclass
class Lists:
    """Rows as one long table: `of` says which query each candidate belongs to."""

    rows: Rows
    of: NDArray[np.int64] = field(init=False)
    group: NDArray[np.str_] = field(init=False)
    collection: NDArray[np.str_] = field(init=False)
    keys: list[Key] = field(init=False)
    features: Scores = field(init=False)

    def __post_init__(self) -> None:
        rows = self.rows
        self.of = np.repeat(np.arange(len(rows.suite)), np.diff(rows.starts))
        self.group = rows.groups[rows.suite]
        self.collection = np.array([_collection(name) for name in rows.suites])[rows.suite]
        made = [make_features(rows.asked(one), rows.candidates(one)) for one in range(len(rows.suite))]
        self.keys = list(made[0])
        self.features = np.concatenate([np.stack([one[key] for key in self.keys], axis=1) for one in made])

    def each(self, combine: Callable[[int], Scores]) -> Scores:
        """A score of every candidate, from a function of one query."""
        return np.concatenate([combine(one) for one in range(len(self.rows.suite))])

    def at(self, query: int) -> slice:
        """Where the candidates of a query are."""
        return slice(int(self.rows.starts[query]), int(self.rows.starts[query + 1]))


def _collection(suite: str) -> str:
    """What a suite's passages come from: those of one collection are left out together."""
    return suite.removeprefix("exact-").removeprefix("typos-").split("-")[0]


def evaluate(lists: Lists, scores: Scores) -> tuple[Scores, Scores]:
    """nDCG@10, and whether the first is right and in the asker's language, of every query."""
    rows = lists.rows
    ndcg, own = np.zeros(len(rows.suite)), np.zeros(len(rows.suite))
    discounts = 1 / np.log2(np.arange(DEPTH) + 2)
    for query in range(len(rows.suite)):
        at = lists.at(query)
        order = np.argsort(-scores[at], kind="stable")
        whole = rows.whole[at][order]
        if (whole >= 0).any():
            order = order[np.sort(np.unique(whole, return_index=True)[1])]
        gains = np.maximum(rows.grade[at][order[:DEPTH]], 0)
        ndcg[query] = float(gains @ discounts[: len(gains)]) / max(float(rows.ideal[query]), 1e-9)
        own[query] = float(rows.is_right_own[at][order[0]]) if len(order) else 0.0
    return ndcg, own


def fit(lists: Lists, features: Scores, chosen: Mask) -> Scores:
    """Weights that make the right passages of the chosen queries likely by softmax, near those set by hand;
    every suite of a group counts the same, and groups as `_IMPORTANCE` says."""
    rows, of = lists.rows, lists.of
    gain = np.maximum(rows.grade, 0).astype(float)
    totals = np.bincount(of, gain, minlength=len(rows.suite))
    usable = chosen & (totals > 0)
    inside = usable[of] & _worth_learning(lists)
    _, queries = np.unique(of[inside], return_inverse=True)
    starts = np.flatnonzero(np.r_[True, queries[1:] != queries[:-1]])
    wanted = (gain / np.maximum(totals, 1e-9)[of])[inside] * _weights(lists, usable)[of[inside]]
    each = _weights(lists, usable)[of[inside]]
    spread = features[inside].std(axis=0) + 1e-9
    scaled = features[inside] / spread
    start = np.array([BY_HAND.get(key, 0.0) for key in lists.keys]) * spread

    def loss(weights: Scores) -> tuple[float, Scores]:
        scores = scaled @ weights
        scores -= np.maximum.reduceat(scores, starts)[queries]
        raised = np.exp(scores)
        sums = np.add.reduceat(raised, starts)
        value = -float(wanted @ (scores - np.log(sums)[queries]))
        slope = scaled.T @ (each * raised / sums[queries] - wanted)
        moved = weights - start
        return value + PULL * float(moved @ moved), slope + 2 * PULL * moved

    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 150})
    return np.asarray(found.x / spread)


def _worth_learning(lists: Lists) -> Mask:
    """The right passages, and of the others those that are among the first of a channel."""

    def combine(query: int) -> Scores:
        rows, at = lists.rows, lists.at(query)
        first = np.minimum(_ranks(filled(rows.cosine[at])), _ranks(rows.bm25[at])) < _LEARNED
        return np.asarray(first | (rows.grade[at] > 0), np.float64)

    return np.asarray(lists.each(combine) > 0)


def _weights(lists: Lists, usable: Mask) -> Scores:
    weights = np.zeros(len(usable))
    for group in np.unique(lists.group[usable]):
        here = usable & (lists.group == group)
        suites = np.unique(lists.rows.suite[here])
        for suite in suites:
            mine = here & (lists.rows.suite == suite)
            weights[mine] = _importance(str(group)) / (len(suites) * mine.sum())
    return np.asarray(weights / weights.sum())


def _importance(group: str) -> float:
    at_home = _HOME_IMPORTANCE if group.endswith(_AT_HOME) else 1.0
    return at_home * _IMPORTANCE.get(group.split()[0].strip(","), 1.0)


def left_out(lists: Lists, fitted: Callable[[Mask], Scores]) -> Scores:
    """Scores of each collection by weights that were fitted without it, on the tuning half."""
    scores = np.zeros(len(lists.of))
    for name in np.unique(lists.collection):
        mine = lists.collection == name
        scores[mine[lists.of]] = fitted((lists.rows.half == 0) & ~mine)[mine[lists.of]]
    return scores


# The simpler ways


def by_hand(lists: Lists) -> Scores:
    """What everask search did before it was fitted: weights set by hand, a passage in another language
    credited 0.3 of the words."""

    def combine(query: int) -> Scores:
        rows, at = lists.rows, lists.at(query)
        most, single = float(rows.most[query]), rows.num_words[query] == 1
        trust = most / (most + 40) if most else 1.0
        credit = 0.0 if single else 0.3 * min(1.0, 1.5 * trust) ** 3
        weight = (1.0 if single else trust) * (2.0 if rows.is_unspaced[query] else 1.0)
        own = rows.is_own[at] > 0
        words = np.where(own, rows.share[at], np.maximum(rows.share[at], credit))
        return np.asarray(filled(rows.cosine[at]) + weight * words + 0.02 * own, np.float64)

    return lists.each(combine)


def rank_fusion(lists: Lists) -> Scores:
    """Reciprocal rank fusion, k = 60."""

    def combine(query: int) -> Scores:
        rows, at = lists.rows, lists.at(query)
        words, meaning = rows.bm25[at], filled(rows.cosine[at])
        return (words > 0) / (61 + _ranks(words)) + 1 / (61 + _ranks(meaning))

    return lists.each(combine)


class Convex:
    """Convex combinations of BM25 and cosine, each from 0 to 1 within its query; the best of 19 weights."""

    def __init__(self, lists: Lists) -> None:
        words = lists.each(lambda one: _stretched(lists.rows.bm25[lists.at(one)]))
        meaning = lists.each(lambda one: _stretched(filled(lists.rows.cosine[lists.at(one)])))
        self._lists = lists
        self._tried = [share * words + (1 - share) * meaning for share in np.linspace(0.05, 0.95, 19)]
        self._found = [evaluate(lists, scores)[0] for scores in self._tried]

    def best(self, chosen: Mask) -> Scores:
        """The scores that are best on the chosen queries."""
        weights = _weights(self._lists, chosen)
        best: Scores = self._tried[int(np.argmax([weights @ found for found in self._found]))]
        return best


def together(lists: Lists, scores: Scores, least: float) -> Scores:
    """The scores once passages that say the same in several languages have met, as twins.py lets them."""
    moved = scores.copy()
    rows = lists.rows
    for query in np.flatnonzero(np.bincount(lists.of, rows.twin >= 0) > 0).tolist():
        at = lists.at(query)
        twin, near = rows.twin[at], np.where(rows.twin[at] >= 0, rows.twin_cosine[at], -1)
        first = np.zeros(len(twin), bool)
        first[np.argsort(-scores[at], kind="stable")[:_TWINS]] = True
        alike = np.flatnonzero(first & (near >= least))
        for passage in np.unique(twin[alike]).tolist():
            pair = np.array([passage, *alike[twin[alike] == passage].tolist()])
            own = np.array([1.0] + [0.0] * (len(pair) - 1), np.float32)
            likeness = np.ones((len(pair), len(pair)), np.float32)
            mine = scores[at][pair].astype(np.float32)
            moved[at.start + pair] += meet(mine, own, likeness, least)
    return moved


def _ranks(column: NDArray[np.float32]) -> Scores:
    ranks = np.empty(len(column))
    ranks[np.argsort(-column, kind="stable")] = np.arange(len(column))
    return ranks


def _stretched(column: NDArray[np.float32]) -> Scores:
    low, high = float(column.min(initial=0.0)), float(column.max(initial=0.0))
    return np.asarray((column - low) / max(high - low, 1e-9), np.float64)
