"""The reward: worse answers of every kind, pairs of votes, heads that are trained and serve alike."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from everask.errors import ModelError
from everask.models.reward.cached import Cached
from everask.models.reward.model import HEADS, SCALARS, Features, Head, read_heads, write_heads
from everask.models.reward.pairs import DIMENSIONS, Quote, RewardPair, Said, read_pairs, write_pairs
from everask.models.reward.spoil import KINDS, Case, spoil_each
from everask.models.reward.train import HeadModel, HeadSettings, average, prepare, train_all, train_head
from everask.models.reward.votes import MAX_SHARE, Vote, pairs_of_votes

PASSAGE = (
    "The warranty for the power supply is 24 months. The battery is not covered by Acme Corporation."
    " Repairs take about 10 days in Lisbon."
)
OTHER = "The office in Osaka opened in 2004 and has 117 employees."
QUOTES = (
    Quote("The warranty for the power supply is 24 months.", PASSAGE, "Warranty", "en"),
    Quote("The battery is not covered by Acme Corporation.", PASSAGE, "Warranty", "en"),
    Quote("Repairs take about 10 days in Lisbon.", PASSAGE, "Warranty", "en"),
    Quote(OTHER, OTHER, "Offices", "en"),
)
CASE = Case(
    question="How long is the warranty for the power supply? Who does not cover the battery?",
    language="en",
    quotes=QUOTES,
    good=(Said(QUOTES[0].text, (1,)), Said(QUOTES[1].text, (2,))),
    gold=(1, 2),
    near=(3, 2),
    far=(4,),
    answer="24 months",
    others=("10 days", "Osaka", "117 employees"),
    foreign=("Bananas are grown in Ecuador.",),
    translated=(Said("Die Garantie für das Netzteil gilt 24 Monate.", (1,)),),
    group="warranty",
)


def test_there_is_a_worse_answer_of_every_kind() -> None:
    made: set[str] = set()
    for seed in range(12):
        for name, worse in spoil_each(CASE, random.Random(seed)).items():
            assert worse != CASE.good and worse
            made.add(name)
    assert made == set(KINDS)


def test_held_out_phrases_are_not_those_of_training() -> None:
    said: dict[bool, set[str]] = {True: set(), False: set()}
    for held in said:
        for seed in range(30):
            draft = KINDS["refused"].spoil(replace(CASE, held=held), random.Random(seed))
            said[held] |= {one.text for one in draft or ()}
    assert said[True] and said[False] and not said[True] & said[False]


def test_pairs_survive_a_file(tmp_path: Path) -> None:
    pairs = [
        RewardPair(
            CASE.question, "en", QUOTES, CASE.good, (Said("No."),), "refused", ("answers",), "g", "s", 0.5
        )
    ]
    write_pairs(tmp_path / "pairs.jsonl", pairs)
    assert read_pairs(tmp_path / "pairs.jsonl") == pairs


def _vote(user: int | None, values: tuple[float, ...], question: str = "How long?", text: str = "a") -> Vote:
    draft = tuple(Said(f"{text} {number}", (1,)) for number in range(len(values)))
    return Vote(user, question, "en", QUOTES, draft, values, "doc")


def test_liked_sentences_are_better_than_disliked_ones() -> None:
    (pair,) = pairs_of_votes([_vote(1, (1, -1, 0))])
    assert pair.chosen == (Said("a 0", (1,)),)
    assert pair.rejected == (Said("a 1", (1,)),)


def test_the_better_liked_of_two_answers_is_chosen_and_the_last_vote_counts() -> None:
    votes = [_vote(1, (1,), text="a"), _vote(2, (-1,), text="b"), _vote(2, (1,), text="b")]
    assert pairs_of_votes(votes) == []
    (pair,) = pairs_of_votes([*votes, _vote(2, (-1,), question="how LONG", text="b")])
    assert (pair.chosen[0].text, pair.rejected[0].text) == ("a 0", "b 0")


def test_what_somebody_corrected_is_better_than_what_stood_there() -> None:
    vote = replace(_vote(1, (0, 0)), instead=((1, "right words"), (7, "nowhere"), (0, " ")))
    (pair,) = pairs_of_votes([vote])
    assert [one.text for one in pair.chosen] == ["a 0", "right words"]


def test_a_flood_of_one_person_weighs_no_more_than_its_share() -> None:
    flood = [_vote(9, (1, -1), question=f"flood {number}") for number in range(1_000)]
    others = [_vote(user, (1, -1), question=f"honest {user}") for user in range(8)]
    pairs = pairs_of_votes([*flood, *others])
    total = sum(one.weight for one in pairs)
    assert sum(one.weight for one in pairs if one.question.startswith("flood")) <= MAX_SHARE * total + 1e-6
    assert {one.weight for one in pairs if one.question.startswith("honest")} == {1.0}


def test_no_votes_make_no_pairs() -> None:
    assert pairs_of_votes([]) == []
    assert pairs_of_votes([_vote(1, (0, 0))]) == []


def _cached(num: int = 240, seed: int = 0) -> Cached:
    """Pairs told by one scalar along its dimension; one scalar says nothing of any."""
    draw = np.random.default_rng(seed)
    scalars = draw.normal(size=(2 * num, len(SCALARS))).astype(np.float32)
    at = [one.name for one in SCALARS].index("least support")
    scalars[:num, at] += 3
    scalars[:, -1] = np.nan
    states = draw.normal(size=(2 * num, 40)).astype(np.float32)
    lengths = draw.normal(size=(2 * num, 2)).astype(np.float32)
    pair = RewardPair("q", "en", QUOTES, CASE.good, (Said("no"),), "no citation", ("grounded",), "g", "s")
    places = np.stack([np.arange(num), np.arange(num, 2 * num)], axis=1).astype(np.int32)
    return Cached([pair] * num, places, Features(scalars, states, lengths))


SETTINGS = HeadSettings(epochs=30, pairs=60, components=8, projection=4, scalars_rate=5e-2, prior=0.05)


@pytest.fixture(scope="module")
def heads() -> dict[str, Head]:
    """Trained once for the tests below."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return train_all(_cached(), SETTINGS)
    finally:
        torch.set_num_threads(threads)


def test_a_head_tells_what_it_was_trained_to_and_never_counts_a_scalar_against(
    heads: dict[str, Head],
) -> None:
    other = _cached(seed=1)
    for name in ("joint", "readings"):
        total = heads[name].score(other.features).sum(1)
        assert np.mean(total[: len(total) // 2] > total[len(total) // 2 :]) > 0.9
        assert (heads[name].scalars_fd >= 0).all()
    grounded = DIMENSIONS.index("grounded")
    for at, scalar in enumerate(SCALARS):
        assert (heads["joint"].scalars_fd[at, grounded] == 0) == ("grounded" not in scalar.serves)
    assert not heads["trunk"].scalars_fd.any()
    assert not heads["words"].states_kd.any()


def test_what_length_explains_is_left_to_the_head_that_is_dropped() -> None:
    cached = _cached()
    half = len(cached.pairs)
    scalars = np.random.default_rng(7).normal(size=cached.features.scalars_nf.shape).astype(np.float32)
    lengths = cached.features.lengths_n2.copy()
    lengths[:half] += 4
    # A scalar that is nothing but length, and a pair that is told by length alone.
    scalars[:, 0] = lengths[:, 0]
    longer = replace(cached, features=replace(cached.features, scalars_nf=scalars, lengths_n2=lengths))
    prepared = prepare(longer, SETTINGS)
    head = train_head(prepared, "joint", 0, SETTINGS)
    told = head.score(longer.features).sum(1)
    free = train_head(
        replace(prepared, lengths_n2=torch.zeros_like(prepared.lengths_n2)), "joint", 0, SETTINGS
    )
    alone = free.score(longer.features).sum(1)
    assert np.mean(told[:half] - told[half:]) < np.mean(alone[:half] - alone[half:])


def test_what_serves_says_what_was_trained() -> None:
    cached = _cached()
    prepared = prepare(cached, SETTINGS)
    torch.manual_seed(3)
    model = HeadModel("joint", SETTINGS).eval()
    with torch.no_grad():
        wanted, _ = model(prepared.scalars_nf, prepared.states_nc, prepared.lengths_n2)
    found = model.head(prepared.scale).score(cached.features)
    assert np.abs(found - wanted.numpy()).max() < 1e-3


def test_the_average_of_a_head_with_itself_is_that_head() -> None:
    head = train_head(prepare(_cached(), SETTINGS), "words", 0, SETTINGS)
    features = _cached(seed=4).features
    assert np.allclose(average([head, head]).score(features), head.score(features))


def test_heads_survive_a_file_and_a_damaged_file_is_named(tmp_path: Path, heads: dict[str, Head]) -> None:
    path = tmp_path / "heads.npz"
    write_heads(path, heads, {"pairs": "240"})
    read = read_heads(path)
    features = _cached(seed=5).features
    for name in HEADS:
        assert np.abs(read[name].score(features) - heads[name].score(features)).max() < 0.05
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ModelError, match=r"heads\.npz"):
        read_heads(path)
