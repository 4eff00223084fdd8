"""Topics from vectors: rivals, thresholds, corrections, wordings. Made data with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from everask.encoder.unit import unit
from everask.models.description_tagger import together
from everask.models.description_tagger.candidates import extracts, key_phrases
from everask.models.description_tagger.data import KINDS, plain_name, wordings_of
from everask.models.description_tagger.model import (
    Vectors,
    compete,
    correct,
    find_rivals,
    fit_logistic,
    look_around,
    move,
    nearest,
    settle,
    share_out,
    spread,
    without_prior,
)
from everask.models.description_tagger.policy import reinforce, reward, search_greedily
from everask.models.description_tagger.together import FOLDS, choose_strength, move_together

SIZE, TOPICS, EACH = 32, 6, 40


def made_pile(
    noise: float, seed: int = 0
) -> tuple[Vectors, Vectors, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Texts around hidden centres, topics a little beside them, and the texts' topics."""
    draw = np.random.default_rng(seed)
    centres = unit(draw.normal(size=(TOPICS, SIZE)).astype(np.float32))
    target = np.repeat(np.arange(TOPICS), EACH)
    texts = unit(centres[target] + noise * draw.normal(size=(len(target), SIZE)).astype(np.float32))
    topics = unit(centres + 0.22 * draw.normal(size=centres.shape).astype(np.float32))
    return texts, topics, target


def share_right(texts: Vectors, topics: Vectors, target: np.ndarray[tuple[int], np.dtype[np.int64]]) -> float:
    return float(np.mean(without_prior(texts @ topics.T).argmax(axis=1) == target))


def test_the_pile_moves_topics_to_where_texts_are() -> None:
    texts, topics, target = made_pile(0.25)
    plain = share_right(texts, topics, target)
    around = look_around(topics, nearest(topics, texts))
    assert share_right(texts, around, target) > plain
    assert share_right(texts, settle(topics, texts), target) > plain


def test_tags_are_those_of_the_topic_whatever_share_of_the_pile_has_it() -> None:
    texts, topics, target = made_pile(0.12)
    shown = compete(spread(texts @ topics.T), find_rivals(topics))
    for topic in range(TOPICS):
        tagged = share_out(shown[:, topic]) >= 0.5
        assert np.mean(tagged[target == topic]) > 0.85 and np.mean(tagged[target != topic]) < 0.1
    nothing = unit(np.random.default_rng(3).normal(size=(200, SIZE)).astype(np.float32))
    assert np.mean(share_out(spread(nothing @ topics.T)[:, 0]) >= 0.5) < 0.2


def test_a_small_pile_is_no_error_and_a_prior_is_taken_off() -> None:
    texts, topics, _ = made_pile(0.2)
    for some in (texts[:0], texts[:1], texts[:3]):
        assert share_out(spread(some @ topics.T)[:, 0]).shape == (len(some),)
    assert np.allclose(without_prior(texts @ topics.T + 0.3), without_prior(texts @ topics.T), atol=1e-6)


def test_two_wordings_of_one_thing_are_no_rivals() -> None:
    texts, topics, _ = made_pile(0.2)
    twice = np.concatenate([topics, unit(topics[:1] + 0.01)])
    rivals = find_rivals(twice)
    assert not rivals[0, -1] and rivals[0, 1] and not rivals.diagonal().any()
    alone = compete(spread(texts @ topics[:1].T), find_rivals(topics[:1]))
    assert np.array_equal(alone, spread(texts @ topics[:1].T))


def test_corrections_move_a_topic_and_its_threshold() -> None:
    texts, topics, target = made_pile(0.25)
    none = texts[:0]
    moved = np.stack([move(topics[at], texts[target == at][:8], none) for at in range(TOPICS)])
    rest = np.tile(np.arange(EACH) >= 8, TOPICS)
    assert share_right(texts[rest], moved, target[rest]) > share_right(texts[rest], topics, target[rest])
    away = move(topics[0], none, texts[target == 1][:8])
    assert away @ topics[1] < topics[0] @ topics[1] + 1e-6
    thought = np.array([0.6, 0.6, 0.6, 0.7])
    lower = correct(thought, thought, np.zeros(4, bool))
    assert (lower < thought).all() and (correct(thought, thought[:0], np.zeros(0, bool)) == thought).all()


def test_logistic_regression_finds_what_tells_apart() -> None:
    texts, _, target = made_pile(0.2)
    model = fit_logistic(texts[::2], target[::2] == 0)
    said = model.logits(texts[1::2]) > 0
    assert np.mean(said == (target[1::2] == 0)) > 0.97


def test_a_policy_and_greedy_search_find_the_wording_that_people_meant() -> None:
    draw = np.random.default_rng(1)
    target = np.repeat(np.arange(4), 8)
    scores = draw.normal(0, 0.02, (4, 5, 32))
    for topic in range(4):
        scores[topic, topic, target == topic] += 0.3  # candidate number `topic` is the good one
    meant = np.arange(4)
    greedy, learned = search_greedily(scores, target), reinforce(scores, target, 0)
    assert np.array_equal(greedy, meant)
    assert np.mean(learned == meant) >= 0.75
    assert reward(scores, greedy, target) > reward(scores, np.zeros(4, np.int64), target)


def test_candidates_are_parts_and_phrases_that_mark_the_texts() -> None:
    assert extracts("ice hockey: NHL teams, games")[:3] == ["ice hockey", "NHL teams", "games"]
    assert extracts("one part") == []
    own = ["The invoice is payable in May.", "An invoice, payable at once.", "This invoice is not payable."]
    others = ["The roses are red.", "The train is at nine.", "This is not a rose."]
    phrases = key_phrases(own, others, "en")
    assert "invoice" in phrases and "payable" in phrases and "the" not in phrases


@pytest.mark.parametrize("name", sorted(KINDS))
def test_each_label_has_a_wording_of_its_own(name: str) -> None:
    wordings = wordings_of(name)
    assert len(set(wordings.values())) == len(wordings)
    assert all(plain_name(label, wording) for label, wording in wordings.items())


def test_topics_are_moved_together_by_the_labels_of_all() -> None:
    chance = np.random.default_rng(3)
    wordings = unit(np.eye(3, 12, dtype=np.float32) + 0.1)
    centres = unit(wordings + 0.9 * chance.standard_normal((3, 12)).astype(np.float32))
    targets = np.arange(600) % 3
    texts = unit(centres[targets] + 0.35 * chance.standard_normal((600, 12)).astype(np.float32))
    moved = move_together(wordings, texts[:24], targets[:24])
    rest, truth = texts[24:], targets[24:]
    before = ((rest @ wordings.T).argmax(axis=1) == truth).mean()
    after = ((rest @ moved.T).argmax(axis=1) == truth).mean()
    assert after > before + 0.05
    assert np.allclose(np.linalg.norm(moved, axis=1), 1, atol=1e-5)


def test_where_labels_tell_nothing_more_the_wordings_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    wordings = unit(np.eye(3, 12, dtype=np.float32))
    targets = np.arange(24) % 3
    monkeypatch.setattr(together, "STRENGTHS", (30.0,))
    opposite = np.where(np.arange(24) // 3 % FOLDS == 0, targets, (targets + 1) % 3)
    assert choose_strength(wordings, wordings[opposite], targets) == 30.0, "they say the opposite"
    monkeypatch.setattr(together, "STRENGTHS", ())
    assert move_together(wordings, wordings[targets], targets) is wordings
