"""The ranker's fit: people's questions decide, and as few made ones stand beside them as will do."""

from __future__ import annotations

import numpy as np

from everask.retrieve.around import AROUND
from everask.retrieve.fuse import load_fusion
from everask.training.fusing import Floats, Lists, measure
from everask.training.ranker import _fit, _keys, _weights

SHIPPED = _weights(load_fusion())
COSINE, SHARE, BESIDE = (
    _keys().index(key) for key in (("meaning", "cosine"), ("words", "share × trust"), AROUND[0])
)


def questions(number: int, by: int, seed: int, noise: float = 0.3) -> list[tuple[Floats, Floats]]:
    """Each with ten candidates, of which the right one has most of one feature."""
    draw = np.random.default_rng(seed)
    made = []
    for _ in range(number):
        features, right = np.zeros((10, len(SHIPPED))), np.zeros(10)
        features[:, [COSINE, SHARE, BESIDE]] = noise * draw.normal(size=(10, 3))
        place = draw.integers(10)
        features[place, by] += 1.0
        right[place] = 1.0
        made.append((features, right))
    return made


def lists(rows: list[tuple[Floats, Floats]]) -> Lists:
    starts = tuple(10 * at for at in range(len(rows)))
    return Lists(np.concatenate([one for one, _ in rows]), starts, np.concatenate([one for _, one in rows]))


def test_what_stands_around_is_learned_from_people() -> None:
    judged, made = questions(60, BESIDE, 1), questions(60, COSINE, 2)
    weights, _, used = _fit(lists([*judged, *made]), 60, SHIPPED)
    assert SHIPPED[BESIDE] == 0 and weights[BESIDE] > 0.1
    unseen = lists(questions(60, BESIDE, 3))
    assert measure(unseen, weights) > measure(unseen, SHIPPED) + 0.2
    assert 75 <= used <= 120


def test_a_quarter_is_enough_where_both_want_the_same() -> None:
    rows = [*questions(60, COSINE, 1), *questions(60, COSINE, 2)]
    assert _fit(lists(rows), 60, SHIPPED)[2] == 75


def test_more_stand_beside_where_those_left_out_would_lose() -> None:
    against = questions(60, BESIDE, 1)
    for features, _ in against:
        features[:, COSINE] *= -3.0
    assert _fit(lists([*against, *questions(60, COSINE, 2, noise=0.5)]), 60, SHIPPED)[2] > 75


def test_without_made_questions_people_alone_decide() -> None:
    weights, _, used = _fit(lists(questions(60, BESIDE, 1)), 60, SHIPPED)
    assert used == 60 and weights[BESIDE] > 0.1
