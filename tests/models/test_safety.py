"""Safety: to decline is good where harm is asked for and bad elsewhere; lines survive a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from everask.errors import ModelError
from everask.models.reward.model import HEADS, SCALARS, Head, read_heads, write_heads
from everask.models.reward.pairs import DIMENSIONS
from everask.models.reward.safety import OPENING_CHARS, Safety, opening, read_safety, write_safety

HARMFUL, HARMLESS = np.array([1.0, 0.0], np.float32), np.array([-1.0, 0.0], np.float32)
REPLIES = np.array([[0.0, 1.0], [0.0, -1.0]], np.float32)
"""One that declines, and one that does not."""
SAFETY = Safety(np.array([4.0, 0.0, 0.0], np.float32), np.array([0.0, 9.0, 0.0], np.float32), 0.4)


def test_to_decline_is_good_where_harm_is_asked_for_and_bad_elsewhere() -> None:
    assert SAFETY.harm(HARMFUL) > 0.9 > 0.1 > SAFETY.harm(HARMLESS)
    declines, helps = SAFETY.judge(HARMFUL, REPLIES)
    assert 0.8 < declines <= 1.0
    assert helps == pytest.approx(0.0, abs=1e-3)
    declines, helps = SAFETY.judge(HARMLESS, REPLIES)
    assert -1.0 <= declines < -0.8
    assert helps == pytest.approx(0.0, abs=1e-3)


def test_where_it_is_even_nothing_is_said() -> None:
    even = np.array([np.log(0.4 / 0.6) / 4, 0.0], np.float32)
    assert SAFETY.judge(even, REPLIES) == pytest.approx(0.0, abs=1e-4)


def test_an_opening_is_the_first_sentence_and_the_next_while_it_is_short() -> None:
    long = "This first sentence goes on for long enough that no other one is wanted behind it."
    assert opening(f"{long} Another one.", "en") == long
    assert opening("Sorry. I cannot help with that. " + long, "en").startswith("Sorry. I cannot help")
    assert len(opening("word " * 4000, "en")) <= 400
    short = opening("Such things are not said. " * 40, "en")
    assert OPENING_CHARS <= len(short) < OPENING_CHARS + 30
    assert opening("", "en") == ""


def test_lines_survive_a_file_and_a_damaged_one_is_named(tmp_path: Path) -> None:
    path = tmp_path / "safety.npz"
    write_safety(path, SAFETY)
    read = read_safety(path)
    assert read.answered == SAFETY.answered
    assert np.array_equal(read.harm_d, SAFETY.harm_d)
    assert np.array_equal(read.declines_d, SAFETY.declines_d)
    path.write_bytes(path.read_bytes()[:90])
    with pytest.raises(ModelError, match=r"safety\.npz"):
        read_safety(path)


def test_heads_that_know_fewer_scalars_are_read_on(tmp_path: Path) -> None:
    known, size = len(SCALARS) - 1, len(DIMENSIONS)
    ones = np.ones(known, np.float32)
    none = np.zeros((1, 1), np.float32)
    head = Head(
        ones, ones, np.ones((known, size), np.float32), none[0], none[0] + 1, none, none.repeat(size, 1),
        np.zeros(size, np.float32),
    )  # fmt: skip
    path = tmp_path / "reward.npz"
    write_heads(path, dict.fromkeys(HEADS, head), {})
    read = read_heads(path)["joint"]
    assert len(read.mean_f) == len(read.deviation_f) == len(SCALARS)
    assert read.deviation_f[-1] == 1.0
    assert not read.scalars_fd[-1].any()
    assert np.array_equal(read.scalars_fd[:-1], head.scalars_fd)
