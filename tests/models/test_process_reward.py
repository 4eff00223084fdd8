"""Process rewards: what is fitted is told apart, chances are monotone, weights come back as they were."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import everask
from everask.errors import TrainingError
from everask.evaluate.abstention import auroc
from everask.evaluate.halves import half_of
from everask.models.process_reward.data import LabelledStep, fold_of, read_steps, split, write_steps
from everask.models.process_reward.model import KINDS, WEIGHTS, Heads, load_heads, read_heads, write_heads
from everask.models.process_reward.train import LeftOut, fit, monotone_curve
from everask.trajectory import Step


def make_steps(num: int, seed: int) -> list[LabelledStep]:
    """Steps that are right where two features together say so, with noise, and one that says nothing."""
    draw = random.Random(seed)
    made = []
    for number in range(num):
        one, other = draw.gauss(0, 1), draw.gauss(0, 1)
        right = one + 0.7 * other + draw.gauss(0, 0.5) > 0
        features = {"one": one, "other": other, "noise": draw.gauss(0, 1)}
        article = f"article {number % 40}"
        made.append(
            LabelledStep("choose", features, right, float(right), 2, article, "en", "made", str(number))
        )
    return made


@pytest.fixture(scope="module")
def steps() -> list[LabelledStep]:
    return make_steps(800, 0)


def test_a_head_tells_right_from_wrong_on_other_articles(steps: list[LabelledStep]) -> None:
    parts = split(steps, "choose")
    assert not {one.article for one in parts.fitted} & {one.article for one in parts.reported}
    head, left_out = fit(parts.fitted)
    labels = [one.label for one in parts.reported]
    chances = head.chances([one.features for one in parts.reported])
    assert auroc(chances.tolist(), labels) > 0.9 and left_out > 0.9
    alone = auroc([one.features["one"] for one in parts.reported], labels)
    assert auroc(chances.tolist(), labels) > alone + 0.03
    assert abs(float(chances.mean()) - float(np.mean(labels))) < 0.08
    assert chances.min() > 0 and chances.max() < 1


def test_what_a_later_head_learns_from_was_not_fitted_on_its_article(steps: list[LabelledStep]) -> None:
    left_out = LeftOut(steps, ("choose", "cite"))
    assert set(left_out.of("article 0").by_kind) == {"choose"}  # of the other there are none
    articles = sorted({one.article for one in split(steps, "choose").fitted})
    heads = {fold_of(one): left_out.of(one) for one in articles}
    assert len({id(one) for one in heads.values()}) == len(heads) > 1
    reported = next(one.article for one in steps if half_of(one.article) == "report")
    assert all(left_out.of(reported) is not one for one in heads.values())


def test_a_feature_that_is_missing_counts_as_its_mean(steps: list[LabelledStep]) -> None:
    head, _ = fit(split(steps, "choose").fitted)
    mean = dict(zip(head.names, head.mean_f.tolist(), strict=True))
    assert head.chances([{}])[0] == pytest.approx(head.chances([mean])[0])
    assert head.chances([{"one": 1e9}])[0] < 1


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        ([0.1 * one for one in range(90)], [one % 3 == 0 for one in range(90)]),
        ([0.1 * one for one in range(90)], [one < 45 for one in range(90)]),  # the wrong way round
        ([0.0] * 40, [True] * 40),
    ],
)
def test_the_curve_never_falls(logits: Sequence[float], labels: Sequence[bool]) -> None:
    at, chance = monotone_curve(np.array(logits), labels)
    assert (np.diff(at) >= 0).all() and (np.diff(chance) >= 0).all()
    assert chance.min() >= 0 and chance.max() <= 1


def test_weights_come_back(steps: list[LabelledStep], tmp_path: Path) -> None:
    head, _ = fit(split(steps, "choose").fitted)
    write_heads(tmp_path / "process.npz", Heads({"choose": head}), {"recipe": "test"})
    back = read_heads(tmp_path / "process.npz")
    features = [one.features for one in steps[:20]]
    assert back.by_kind["choose"].chances(features) == pytest.approx(head.chances(features), abs=1e-4)
    assert back.score(Step("cite")).score is None
    score = back.score(Step("choose", steps[0].features)).score
    assert score is not None and 0 < score < 1


def test_what_ships_scores_every_kind_and_is_small() -> None:
    heads = load_heads()
    assert heads is not None and set(heads.by_kind) == set(KINDS)
    good = Step("retrieve", {"score": 1.2, "score lead": 0.3, "score far": 0.6, "covered first": 1.0})
    poor = Step("retrieve", {"score": 0.5, "score lead": 0.0, "score far": 0.02, "covered first": 0.1})
    assert (heads.score(good).score or 0) > (heads.score(poor).score or 0)
    weights = Path(everask.__file__).parent / "weights" / WEIGHTS
    assert weights.stat().st_size < 1_000_000


def test_steps_are_kept_as_lines(steps: list[LabelledStep], tmp_path: Path) -> None:
    write_steps(tmp_path / "steps.jsonl", steps[:3])
    assert read_steps(tmp_path / "steps.jsonl") == steps[:3]
    with pytest.raises(TrainingError, match="no steps"):
        read_steps(tmp_path / "nothing.jsonl")


def test_the_command(tmp_path: Path) -> None:
    write_steps(tmp_path / "steps.jsonl", make_steps(300, 1))
    command = [sys.executable, "-m", "everask.models.process_reward.train", "--work", str(tmp_path)]
    made = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "| choose |" in made.stdout and "too few" in made.stdout
    with np.load(tmp_path / "process-1.npz") as arrays:
        assert json.loads(str(arrays["about"]))["recipe"] == "process_reward"


def test_halves_are_the_rule_of_the_house(steps: list[LabelledStep]) -> None:
    parts = split(steps, "choose")
    assert {half_of(one.article) for one in parts.reported} == {"report"}
    assert split(steps, "stop").fitted == []
