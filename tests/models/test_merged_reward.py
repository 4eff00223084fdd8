"""The merged reward: every gate refuses what it is for, rewards are bounded, disagreement costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from everask.errors import ModelError
from everask.models.merged_reward.model import (
    BELIEFS,
    GATES,
    Beliefs,
    Facts,
    Merger,
    MergeSettings,
    agreement,
    merge,
    read_merger,
    refusals,
    write_merger,
)
from everask.models.merged_reward.train import fit_beliefs

GOOD = Facts(
    num_sentences=1,
    uncited=0,
    wrong_figures=0,
    support=0.9,
    in_language=True,
    length=1.0,
    addressed=False,
    refused=False,
    in_order=0.0,
    copied=0.1,
    repeated=0.0,
)
BAD = {
    "empty": replace(GOOD, num_sentences=0),
    "figure": replace(GOOD, wrong_figures=1),
    "uncited": replace(GOOD, uncited=1),
    "unsupported": replace(GOOD, support=0.2),
    "language": replace(GOOD, in_language=False),
    "length": replace(GOOD, length=9.0),
    "addressed": replace(GOOD, addressed=True),
    "unclean": replace(GOOD, refused=True),
    "stuffed": replace(GOOD, in_order=-0.9),
    "copied": replace(GOOD, copied=1.0),
    "repeated": replace(GOOD, repeated=0.5),
}
SETTINGS = MergeSettings()


def test_a_good_draft_passes_every_gate() -> None:
    assert refusals(GOOD, SETTINGS) == ()


@pytest.mark.parametrize("gate", GATES)
def test_each_gate_refuses_what_it_is_for_alone(gate: str) -> None:
    assert refusals(BAD[gate], SETTINGS) == (gate,)


def _merge(apart: list[list[float]], settings: MergeSettings = SETTINGS) -> float:
    rewards = np.array(apart, np.float32)
    ones = np.ones_like(rewards)
    return merge(rewards, ones, ones[:, 0], ones.astype(bool), settings)[0]


def test_as_good_as_the_quotes_is_a_half() -> None:
    assert _merge([[0.0, 0.0], [0.0, 0.0]]) == pytest.approx(0.5)


def test_a_head_is_bounded_and_the_worst_dimension_counts_where_it_should() -> None:
    settings = replace(SETTINGS, worst=0.5, doubt=0.5)
    even = _merge([[1.0, 1.0], [1.0, 1.0]], settings)
    hacked = _merge([[1e6, -3.0], [1e6, -3.0]], settings)
    assert hacked < even <= 1
    # One head that is fooled cannot carry a draft that the others are against.
    assert _merge([[1e6, 1e6], [-3.0, -3.0], [-3.0, -3.0]], settings) < 0.5


def test_heads_that_differ_are_believed_less() -> None:
    agree = _merge([[1.0, 1.0], [1.0, 1.0]])
    differ = _merge([[3.0, 3.0], [-1.0, -1.0]])
    assert differ < agree
    assert _merge([[3.0, 3.0], [-1.0, -1.0]], replace(SETTINGS, doubt=2.0)) < differ


def test_what_a_head_does_not_see_it_does_not_judge() -> None:
    rewards = np.array([[1.0, -50.0], [1.0, 1.0]], np.float32)
    seen = np.array([[True, False], [True, True]])
    settings = replace(SETTINGS, worst=1.0)
    value, dimensions, _ = merge(rewards, np.ones_like(rewards), np.ones(2, np.float32), seen, settings)
    assert value > 0.5
    assert dimensions[1] > 0.5


def test_a_merger_survives_a_file_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "merger.json"
    merger = Merger(replace(SETTINGS, worst=0.25), {"joint": [1.0, 2.0]}, {"joint": 3.0})
    write_merger(path, merger)
    assert read_merger(path).settings == merger.settings
    path.write_text('{"settings": {"nonsense": 1}}')
    with pytest.raises(ModelError, match=r"merger\.json"):
        read_merger(path)


def test_agreeing_with_what_is_believed_pays_and_is_bounded() -> None:
    settings = replace(SETTINGS, believed=0.5, believed_scale=0.2)
    even = np.zeros((2, 2), np.float32)
    ones = np.ones((2, 2), np.float32)

    def value(believed: float) -> float:
        return merge(even, ones, ones[:, 0], ones.astype(bool), settings, believed)[0]

    assert value(0.0) == pytest.approx(0.5)
    assert 0.25 <= value(-1.0) < 0.5 < value(0.3) < value(1.0) <= 0.75


def test_each_part_has_a_quote_to_believe_in_and_citing_both_agrees_most() -> None:
    beliefs = Beliefs([0.0] * len(BELIEFS), [1.0] * len(BELIEFS), [1.0] + [0.0] * (len(BELIEFS) - 1))
    rows = np.zeros((2, 3, len(BELIEFS)), np.float32)
    rows[0, 0, 0] = rows[1, 2, 0] = 5.0
    chances = beliefs.chances(rows)
    assert chances.sum(1) == pytest.approx(1.0)
    assert list(chances.argmax(1)) == [0, 2]
    both = agreement([(1,), (3,)], chances)
    assert both > agreement([(1,)], chances) > agreement([(1,), (1,), (2,)], chances)
    assert agreement([()], chances) == 0.0
    # A quote is counted once, however often it is cited; numbers of no quote are of nothing.
    assert agreement([(1,), (1,)], chances) < agreement([(1,)], chances)
    assert agreement([(9,)], chances) == 0.0


def test_beliefs_learn_what_tells_the_gold_quote_and_survive_a_file(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    rows, gold = [], []
    for _ in range(120):
        row = draw.normal(size=(5, len(BELIEFS))).astype(np.float32)
        rows.append(row)
        gold.append(np.arange(5) == (row[:, 1] + 0.3 * draw.normal(size=5)).argmax())
    beliefs = fit_beliefs(rows, gold)
    assert int(np.argmax(np.abs(beliefs.weights))) == 1
    right = [
        bool(is_gold[beliefs.chances(row[None])[0].argmax()]) for row, is_gold in zip(rows, gold, strict=True)
    ]
    assert np.mean(right) > 0.8
    path = tmp_path / "merger.json"
    write_merger(path, Merger(SETTINGS, {"joint": [1.0]}, {"joint": 1.0}, beliefs))
    read = read_merger(path).beliefs
    assert read is not None
    assert read.weights == pytest.approx(beliefs.weights, abs=1e-3)
