"""What stands around candidates: their neighbours, and the rest of their documents."""

from __future__ import annotations

import json

import numpy as np
import pytest

from everask.retrieve.around import AROUND, BESIDE, SAME, make_around
from everask.retrieve.candidates import Asked, Candidates
from everask.retrieve.fuse import Fusion, fuse, load_fusion, parse_fusion, write_fusion
from everask.retrieve.search import ALIKE, like_others

QUESTION = Asked("en", (), 60.0, 8, 0.0, False)


def found(cosines: list[float], places: list[tuple[int, int]] | None) -> Candidates:
    cosine = np.array(cosines, np.float32)
    zeros, ones = np.zeros_like(cosine), np.ones_like(cosine)
    known = None if places is None else np.array(places, np.int64).reshape(-1, 2)
    ids = list(range(len(cosines)))
    return Candidates(ids, zeros, zeros, zeros, zeros, cosine, ones, zeros, known)


def test_neighbours_in_the_same_document() -> None:
    places = [(1, 4), (2, 6), (1, 5), (1, 6), (2, 9), (3, 5)]
    features = make_around(found([0.5, 0.4, 0.3, 0.2, 0.6, 0.1], places))
    beside = features["meaning", BESIDE]
    assert np.allclose(beside, [0.1, 0.0, 0.25, 0.1, 0.0, 0.0], atol=1e-6)


def test_the_best_other_of_the_document() -> None:
    places = [(1, 4), (2, 6), (1, 8), (1, 6), (2, 9), (3, 5)]
    features = make_around(found([0.5, 0.4, 0.3, 0.2, 0.6, 0.1], places))
    assert np.allclose(features["meaning", SAME], [0.2, 0.5, 0.4, 0.4, 0.3, 0.0], atol=1e-6)
    assert not features["words", SAME].any()


def test_nothing_is_around_where_places_are_not_known_or_nothing_is_found() -> None:
    for candidates in (found([0.5, 0.4], None), found([], [])):
        assert set(make_around(candidates)) == set(AROUND)
        assert not any(column.any() for column in make_around(candidates).values())


def test_only_learned_weights_count_it() -> None:
    candidates = found([0.5, 0.3, 0.3], [(1, 1), (2, 1), (1, 2)])
    plain = fuse(QUESTION, candidates, load_fusion())
    assert abs(plain["meaning"][1] - plain["meaning"][2]) < 0.01
    shipped = load_fusion()
    learned = Fusion({**shipped.weights, ("meaning", BESIDE): 0.3}, shipped.twin)
    again = parse_fusion(json.loads(json.dumps(write_fusion(learned))))
    assert again == learned
    moved = fuse(QUESTION, candidates, again)
    assert np.allclose(moved["meaning"] - plain["meaning"], [0.0, 0.0, 0.3 * 0.1], atol=1e-6)


def test_to_be_like_the_first_is_to_be_like_the_others_of_them() -> None:
    drawn = np.random.default_rng(0).normal(size=(9, 8)).astype(np.float32)
    vectors = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    first = [4, 2, 7, 0, 1, 8]
    near = like_others(vectors, first)
    for row in range(9):
        others = [one for one in first if one != row][:ALIKE] if row in first[:ALIKE] else first[:ALIKE]
        middle = vectors[others].mean(axis=0)
        assert near[row] == pytest.approx(vectors[row] @ middle / np.linalg.norm(middle), abs=1e-5)
    assert like_others(vectors[:1], [0]).tolist() == [0.0]
