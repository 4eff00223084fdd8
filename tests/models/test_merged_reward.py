"""The merged reward: every gate refuses what it is for, rewards are bounded, disagreement costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from everask.errors import ModelError
from everask.models.merged_reward.model import (
    GATES,
    Facts,
    Merger,
    MergeSettings,
    merge,
    read_merger,
    refusals,
    write_merger,
)

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
