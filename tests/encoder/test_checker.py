"""The checker, opened: probabilities, places of weak words, long texts, any text at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from everask.encoder.checker import Checker, Verdict, open_checker
from everask.errors import ModelError

from .sentences import STATEMENTS


@pytest.fixture(scope="session")
def checker(question_folder: Path) -> Checker:
    return open_checker(question_folder)


def test_verdicts_come_in_the_order_of_the_pairs(checker: Checker) -> None:
    pairs = [(texts[0], texts[-1]) for texts in STATEMENTS.values()]
    verdicts = checker.check([*pairs, pairs[0]])
    assert len(verdicts) == len(pairs) + 1
    assert verdicts[-1] is verdicts[0]
    for (sentence, _), verdict in zip(pairs, verdicts, strict=False):
        assert 0 < verdict.probability < 1 and 0 < verdict.opposite < 1
        assert len(verdict.weak_q) == len(verdict.places) and verdict.places[-1][1] == len(sentence)
    single = checker.check([pairs[2]])[0]
    assert single.logit == verdicts[2].logit


def test_a_long_text_is_as_good_as_its_best_piece(checker: Checker) -> None:
    text = " ".join(f"Line {number} says nothing at all." for number in range(200))
    verdict = checker.check([("A sentence.", text)])[0]
    assert np.isfinite(verdict.logit)


@pytest.mark.parametrize("text", ["", " ", "\x00", "🙂" * 300, "a" * 5000])
def test_any_text_can_be_checked(checker: Checker, text: str) -> None:
    for verdict in checker.check([("Said.", text), (text, "Told."), (text, text)]):
        assert 0 <= verdict.probability <= 1
        assert all(0 <= start < end <= len(text) for start, end in verdict.weak_spans(0.0)) or len(text) < 9


def test_weak_words_that_touch_are_one_span() -> None:
    weak = np.array([0.9, 0.8, 0.1, 0.7, 0.6], np.float32)
    verdict = Verdict(0.0, 0.5, 0.5, weak, [(0, 2), (3, 5), (6, 9), (10, 12), (12, 15)])
    assert verdict.weak_spans() == ((0, 5), (10, 15))
    assert verdict.weak_spans(0.85) == ((0, 2),)
    assert verdict.weak_spans(0.95) == ()


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="checker"):
        open_checker(tmp_path)
