"""The fused score of candidates: what each channel's word is worth, with the weights that ship."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from everask.errors import ModelError
from everask.retrieve.candidates import Asked, Candidates, Column
from everask.retrieve.features import filled, make_features
from everask.retrieve.fuse import PARTS, count_parts, fuse, load_fusion, parse_fusion, write_fusion
from everask.retrieve.twins import meet

QUESTION = Asked("en", (), 60.0, 8, 0.0, False)
NAME = Asked("en", (), 15.0, 1, 0.0, False)
UNKNOWN = float("nan")


def column(*values: float) -> Column:
    return np.array(values, np.float32)


def found(shares: list[float], cosines: list[float], own: list[float], most: float = 60.0) -> Candidates:
    """Candidates whose words weigh what they are."""
    share = column(*shares)
    nothing = np.zeros_like(share)
    places = list(range(len(shares)))
    return Candidates(
        places, share * most, share, share, nothing, column(*cosines), column(*own), np.zeros_like(share)
    )


def score(asked: Asked, candidates: Candidates) -> Column:
    parts = fuse(asked, candidates, load_fusion())
    total: Column = np.sum(list(parts.values()), axis=0)
    return total


def test_every_weight_has_its_feature() -> None:
    features = make_features(QUESTION, found([0.5, 0.0], [0.3, 0.4], [1, 0]))
    assert set(load_fusion().weights) <= set(features)
    assert {part for part, _ in features} == set(PARTS)


def test_equals_come_in_the_askers_language_first() -> None:
    first, second = score(QUESTION, found([0.0, 0.0], [0.5, 0.5], [0, 1]))
    assert second > first - 0.3


def test_chance_words_of_the_own_language_do_not_beat_the_answer_in_another() -> None:
    first, second = score(QUESTION, found([0.2, 0.0], [0.2, 0.6], [1, 0]))
    assert second > first


def test_a_full_match_of_words_beats_what_is_only_near() -> None:
    first, second = score(QUESTION, found([0.9, 0.0], [0.3, 0.5], [1, 1]))
    assert first > second


def test_the_askers_language_is_where_the_others_are_told_from() -> None:
    parts = fuse(QUESTION, found([0.5, 0.3, 0.0], [0.3, 0.4, 0.2], [1, 1, 0]), load_fusion())
    assert parts["language"][:2].tolist() == [0, 0] and parts["language"][2] != 0


def test_one_word_that_is_looked_up_comes_first_whatever_its_language() -> None:
    first, second = score(NAME, found([0.7, 0.0], [0.25, 0.4], [0, 1], most=15.0))
    assert first > second


@pytest.mark.parametrize("asked", [QUESTION, NAME])
def test_no_channel_or_one_is_enough(asked: Asked) -> None:
    assert score(asked, found([], [], [])).shape == (0,)
    by_words = score(asked, found([0.2, 0.6], [UNKNOWN, UNKNOWN], [1, 0]))
    assert by_words[1] > by_words[0]
    by_meaning = score(asked, found([0.0, 0.0], [0.2, 0.6], [1, 1]))
    assert by_meaning[1] > by_meaning[0]
    assert np.isfinite(score(asked, found([0.6, 0.0], [UNKNOWN, 0.3], [1, 1]))).all()


def test_what_has_no_vector_is_as_near_as_the_farthest() -> None:
    assert filled(column(0.5, UNKNOWN, 0.2)).tolist() == pytest.approx([0.5, 0.2, 0.2])
    assert filled(column(UNKNOWN)).tolist() == [0.0]


def test_passages_that_say_the_same_meet_halfway_and_nothing_else_moves() -> None:
    scores, own = column(0.9, 0.5, 0.6, 0.75), column(0, 1, 1, 0)
    likeness = np.eye(4, dtype=np.float32)
    likeness[0, 1] = likeness[1, 0] = 0.9
    moved = scores + meet(scores, own, likeness, 0.8)
    assert moved.tolist() == pytest.approx([0.7, 0.7, 0.6, 0.75], abs=1e-3)
    assert np.argsort(-moved).tolist() == [3, 1, 0, 2]
    assert not meet(scores, own, likeness, 0.95).any()
    assert not meet(scores, column(1, 1, 1, 1), likeness, 0.8).any()


def test_what_is_first_in_the_askers_language_stays_so() -> None:
    scores, own = column(0.9, 0.5, 0.7), column(1, 0, 0)
    assert not meet(scores, own, np.ones((3, 3), np.float32), 0.8).any()


def test_two_hundred_candidates_are_fused_at_once() -> None:
    draw = np.random.default_rng(0)
    candidates = found(draw.random(200).tolist(), draw.random(200).tolist(), [1.0] * 200)
    score(QUESTION, candidates)
    started = time.thread_time()
    for _ in range(20):
        score(QUESTION, candidates)
    assert (time.thread_time() - started) / 20 < 0.01


def test_learned_weights_come_back_as_they_were_written() -> None:
    learned = count_parts(load_fusion(), {"words": 0.5, "meaning": 2.0}, 0.1)
    again = parse_fusion(json.loads(json.dumps(write_fusion(learned))))
    assert again.twin == learned.twin and again.alike == 0.1
    assert again.weights == pytest.approx(dict(learned.weights), abs=1e-5)
    asked = found([0.5, 0.3, 0.0], [0.3, 0.4, 0.2], [1, 1, 0])
    shipped, made = (fuse(QUESTION, asked, one) for one in (load_fusion(), again))
    assert made["words"] == pytest.approx(0.5 * shipped["words"], abs=1e-4)
    assert made["meaning"] == pytest.approx(2.0 * shipped["meaning"], abs=1e-4)


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"weights": {}},
        {"weights": {"words": {}}},
        {"weights": []},
        {"weights": {"magic": {"share": 1.0}}},
        {"weights": {"words": {"no such feature": 1.0}}},
        {"weights": {"words": {"share": float("inf")}}},
        {"weights": {"words": {"share": "1.0"}}},
        {"weights": {"words": {"share": 1e9}}},
        {"weights": {"words": {"share": 1.0}}, "twin": None},
        {"weights": {"words": {"share": 1.0}}, "alike": float("nan")},
    ],
)
def test_damaged_weights_are_refused(damaged: dict[str, object]) -> None:
    with pytest.raises(ModelError):
        parse_fusion(damaged)
