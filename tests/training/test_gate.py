"""The gate lets through what is better, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from everask.training.gate import Asked, decide, gain, load_verdict, save_verdict


def made(number: int, language: str, gained: float, noise: float = 0.1, seed: int = 0) -> list[Asked]:
    """Questions of one language whose figures move by `gained` on average."""
    draw = random.Random(f"{seed}-{language}")
    found = []
    for _ in range(number):
        before = draw.uniform(0.2, 0.8)
        found.append(Asked("heading", language, before, before + gained + draw.gauss(0, noise)))
    return found


def test_what_is_better_is_kept(tmp_path: Path) -> None:
    verdict = decide(made(200, "en", 0.05) + made(60, "de", 0.03))
    assert verdict.is_kept and verdict.p < 0.001
    assert verdict.all.num_questions == 260 and verdict.all.after > verdict.all.before
    assert set(verdict.languages) == {"en", "de"} and set(verdict.kinds) == {"heading"}
    save_verdict(tmp_path / "verdict.json", verdict)
    assert load_verdict(tmp_path / "verdict.json") == verdict


def test_what_is_the_same_or_worse_or_little_is_not() -> None:
    assert "not better by 0.005" in decide(made(200, "en", -0.05)).why
    assert "not better by 0.005" in decide(made(200, "en", 0.002, noise=0.001)).why
    assert "may be chance" in decide(made(4, "en", 0.05, noise=0.01)).why
    assert not decide([]).is_kept


def test_a_language_that_loses_stops_it_where_there_are_enough_questions() -> None:
    verdict = decide(made(300, "en", 0.08) + made(40, "th", -0.05, noise=0.01))
    assert not verdict.is_kept and verdict.why.startswith("It is worse in th")
    assert decide(made(300, "en", 0.08) + made(8, "th", -0.05, noise=0.01)).is_kept


def test_chance_is_rarely_kept() -> None:
    """Of 200 challengers that are no better, one in forty could get past a two-sided test; the margin and
    the languages stop some of those."""
    kept = [decide(made(100, "en", 0.0, seed=seed)).is_kept for seed in range(200)]
    assert sum(kept) <= 10


@pytest.mark.parametrize(
    ("ranked", "right", "wanted"),
    [
        (["a", "b"], ["a"], 1.0),
        (["b", "a"], ["a"], 0.6309),
        (["a", "b", "c"], ["a", "c"], 0.9197),
        (["b"] * 10 + ["a"], ["a"], 0.0),
        ([], ["a"], 0.0),
        (["a"], [], 0.0),
    ],
)
def test_gain_is_ndcg_at_ten(ranked: list[str], right: list[str], wanted: float) -> None:
    assert gain(ranked, right) == pytest.approx(wanted, abs=1e-4)
