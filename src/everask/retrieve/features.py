"""What search weighs of a candidate: features, each in a part of the score that can be told to people.

Most are what a channel says of the candidate, times something known of the query: so a query without words
in common with anything leans on meaning, and rare words that stand together somewhere count for more.
Weighed in fuse.py, fitted by dev/fit_fusion.py. Knows columns alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from everask.retrieve.candidates import Asked, Candidates, Column

Part = Literal["words", "meaning", "language"]
Features = Mapping[tuple[Part, str], Column]

DOUBT = 40.0
"""A query whose words could reach a BM25 of so much is half trusted by its words."""
NEAREST = 10
"""So many of the best tell how the rest compares with the best."""
_FALL = 5.0
_ALL = 0.999
CREDIT = 0.3
"""A passage in another language cannot hold the query's words: of a long query, it is credited the share that
chance gives one in the query's own, else any of those would come before it; never more than the best of
those has really earned."""
_CROSSED: Mapping[tuple[Part, str], tuple[str, ...]] = {
    ("words", "share"): ("trust", "trust unspaced", "digits", "sure words", "own nearest"),
    ("words", "held"): ("unspaced", "brief", "digits"),
    ("words", "held whole"): ("brief",),
    ("words", "headed"): ("brief",),
    ("words", "foreign share"): ("trust", "single"),
    ("meaning", "cosine"): ("trust", "brief", "sure words", "sure meaning", "own nearest"),
    ("language", "own"): ("trust", "best share", "best held", "own nearest"),
}


def make_features(asked: Asked, candidates: Candidates) -> Features:
    """Columns (n,) of n candidates, by part and name."""
    share, held, own = candidates.share, candidates.held, candidates.is_own
    cosine = filled(candidates.cosine)
    known = _about_query(asked, candidates, cosine)
    credit = 0.0 if asked.num_words == 1 else CREDIT * min(1.0, 1.5 * known["trust"]) ** 3
    credit = min(credit, _most(share * own))
    features: dict[tuple[Part, str], Column] = {
        ("words", "share"): np.where(own > 0, share, np.maximum(share, credit)),
        ("words", "held"): held,
        ("words", "held whole"): (held > _ALL).astype(np.float32),
        ("words", "headed"): candidates.headed,
        ("words", "foreign share"): share * (1 - own),
        ("words", "share of the best"): share / max(_most(share), 1e-9),
        ("words", "place"): _place(share) * (share > 0),
        ("meaning", "cosine"): cosine,
        ("meaning", "place"): _place(cosine),
        ("language", "own"): own,
    }
    for (part, name), crossed in _CROSSED.items():
        column = features[part, name]
        features |= {(part, f"{name} × {one}"): column * known[one] for one in crossed}
    return features


def filled(cosine: Column) -> Column:
    """A passage that has no vector yet is taken to be as near as the farthest that has one."""
    unknown = np.isnan(cosine)
    if unknown.all():
        return np.zeros_like(cosine)
    return np.where(unknown, np.nanmin(cosine), cosine).astype(np.float32)


def _about_query(asked: Asked, candidates: Candidates, cosine: Column) -> dict[str, float]:
    """What is known of a query, most of it in 0..1."""
    share, nearest = candidates.share, np.argsort(-cosine)[:NEAREST]
    best = _most(share)
    # One word, name or number is looked up: what holds it comes first.
    trust = 1.0 if asked.num_words == 1 else asked.most / (asked.most + DOUBT)
    return {
        "trust": trust,
        "trust unspaced": trust * asked.is_unspaced,
        "brief": 1 / max(1, asked.num_words),
        "single": float(asked.num_words == 1),
        "unspaced": float(asked.is_unspaced),
        "digits": asked.digits,
        "best share": best,
        "best held": _most(candidates.held),
        # How far the best stands out of what follows it.
        "sure words": 1 - _tenth(share) / best if best > 0 else 0.0,
        "sure meaning": _most(cosine) - _tenth(cosine),
        "own nearest": float(candidates.is_own[nearest].mean()) if len(nearest) else 0.0,
    }


def _most(column: Column) -> float:
    return float(column.max(initial=0.0))


def _tenth(column: Column) -> float:
    """The tenth largest value, or the smallest of fewer."""
    if not len(column):
        return 0.0
    return float(np.sort(column)[::-1][:NEAREST][-1])


def _place(column: Column) -> Column:
    """1 for the largest value, less for each that follows."""
    places = np.empty(len(column), np.float32)
    places[np.argsort(-column, kind="stable")] = np.arange(len(column))
    return np.asarray(1 / (1 + places / _FALL), np.float32)
