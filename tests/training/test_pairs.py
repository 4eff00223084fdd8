"""What parts of search count by preferences: little by few, the truth by many, nobody's flood, no
contradiction.
"""

from __future__ import annotations

import numpy as np
import pytest

from everask.training.pairs import FEW, MOST, SHIPPED, Pairs, agreement, fit_parts, trust

TRUTH = np.array([0.4, 1.6, 1.0, 0.3])


def pairs(
    number: int, seed: int = 0, people: int = 20, hostile: int = 0, truth: np.ndarray | None = None
) -> Pairs:
    """People who prefer what the truth puts first, mostly; the hostile prefer the other."""
    draw = np.random.default_rng(seed)
    more = draw.normal(0, 0.15, (number, 4))
    told = draw.integers(0, people, number)
    right = draw.random(number) < 1 / (1 + np.exp(-13 * (more @ (TRUTH if truth is None else truth))))
    more[~right] *= -1
    more[told < hostile] = -np.abs(more[told < hostile] @ TRUTH)[:, None] * TRUTH / (TRUTH @ TRUTH)
    return Pairs(more, np.ones(number), told)


def test_nothing_said_changes_nothing() -> None:
    assert fit_parts(pairs(0)).tolist() == list(SHIPPED)
    silent = pairs(50)
    assert fit_parts(Pairs(silent.more_pk, np.zeros(50), silent.people_p)).tolist() == list(SHIPPED)
    assert fit_parts(pairs(0), (0.0, 1.0, 1.0, 0.0)).tolist() == [0.0, 1.0, 1.0, 0.0]


def test_a_few_votes_change_little_and_many_find_the_truth() -> None:
    few, many = fit_parts(pairs(5)), fit_parts(pairs(20_000))
    assert np.abs(few - SHIPPED).max() < 0.2
    direction = many / np.linalg.norm(many)
    assert direction @ (TRUTH / np.linalg.norm(TRUTH)) > 0.97
    assert np.linalg.norm(few - SHIPPED) < 0.5 * np.linalg.norm(many - SHIPPED)


def test_a_part_that_is_the_same_everywhere_keeps_what_it_counts() -> None:
    made = pairs(2_000)
    made.more_pk[:, 2] = 0.0
    assert fit_parts(made)[2] == 1.0


def test_parts_never_count_against_themselves_nor_without_bound() -> None:
    made = fit_parts(pairs(20_000, truth=np.array([-3.0, 9.0, 1.0, -2.0])))
    assert (made >= 0).all() and (made <= MOST).all()


def test_contradictory_votes_leave_the_shipped_weights() -> None:
    said = pairs(500)
    both = Pairs(
        np.concatenate([said.more_pk, -said.more_pk]), np.ones(1_000), np.concatenate([said.people_p] * 2)
    )
    assert agreement(both, np.array(SHIPPED)) == pytest.approx(0.5)
    moved = fit_parts(both)
    # As much for as against: nothing is known, and less of a score is the honest answer. The order stays.
    scores = said.more_pk @ np.array(SHIPPED), said.more_pk @ moved
    assert np.corrcoef(*scores)[0, 1] > 0.9


def test_hostile_people_are_not_believed() -> None:
    made = pairs(4_000, hostile=2)
    believed = trust(made, fit_parts(made))
    assert not believed[made.people_p < 2].any() and believed[made.people_p >= 2].all()
    honest = made.people_p >= 2
    clean = Pairs(made.more_pk[honest], made.weights_p[honest], made.people_p[honest])
    assert fit_parts(made) == pytest.approx(fit_parts(clean), abs=0.1)
    assert np.abs(fit_parts(made, guarded=False) - fit_parts(clean)).max() > 0.1


def test_where_one_person_is_alone_they_are_believed_as_far_as_they_agree_with_themselves() -> None:
    made = pairs(int(FEW) * 20, people=1)
    assert (trust(made, fit_parts(made)) == 1.0).all()


def test_the_same_pairs_give_the_same_weights() -> None:
    assert fit_parts(pairs(300)).tolist() == fit_parts(pairs(300)).tolist()
