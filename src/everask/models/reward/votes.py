"""What people voted, as pairs for the reward: the form that made pairs have, so that both train together.

Two answers to one question, of which people liked one more; within one answer, the sentences that were
liked against those that were not; a sentence against what somebody put in its place. Each person counts once
a question, and for at most a share of all, so that nobody trains it alone. Knows neither store nor events.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from everask.feedback import question_key
from everask.models.reward.pairs import Draft, Quote, RewardPair, Said

MAX_SHARE = 0.2
"""Of the weight of all pairs, that one person's may have."""

_MIN_APART = 0.5
_SOURCE = "votes"


@dataclass(frozen=True, slots=True)
class Vote:
    """What one person said of one answer.

    `values` has for each sentence of `draft` 1, -1, or 0 where nothing was said of it. `instead` is what the
    person put in a sentence's place: its number from 0, and the right words. `group` is the document that it
    rests on: a removed document takes its pairs along.
    """

    user: int | None
    question: str
    language: str
    quotes: tuple[Quote, ...]
    draft: Draft
    values: tuple[float, ...]
    group: str
    instead: tuple[tuple[int, str], ...] = ()

    @property
    def value(self) -> float:
        """Of the whole answer: the mean of what was said."""
        said = [one for one in self.values if one]
        return sum(said) / len(said) if said else 0.0


def pairs_of_votes(votes: Iterable[Vote]) -> list[RewardPair]:
    """Pairs with their weights; the last vote of a person on an answer counts."""
    last: dict[tuple[int | None, str, Draft], Vote] = {}
    for vote in votes:
        last[vote.user, question_key(vote.question), vote.draft] = vote
    by_question: dict[str, list[Vote]] = defaultdict(list)
    for (_, key, _), vote in last.items():
        by_question[key].append(vote)
    made: list[tuple[int | None, RewardPair]] = []
    for some in by_question.values():
        made += _between(some)
        for vote in some:
            made += ((vote.user, pair) for pair in _within(vote))
    return _limited(made)


def _between(votes: Sequence[Vote]) -> Iterator[tuple[int | None, RewardPair]]:
    """Answers to one question over the same quotes; one person's two answers, or two people's."""
    for one, other in itertools.combinations(votes, 2):
        better, worse = (one, other) if one.value > other.value else (other, one)
        if better.value - worse.value < _MIN_APART or better.draft == worse.draft:
            continue
        if better.quotes == worse.quotes:
            yield worse.user, _pair(better, better.draft, worse.draft, "voted")


def _within(vote: Vote) -> Iterator[RewardPair]:
    liked = tuple(said for said, value in zip(vote.draft, vote.values, strict=True) if value > 0)
    disliked = tuple(said for said, value in zip(vote.draft, vote.values, strict=True) if value < 0)
    if liked and disliked:
        yield _pair(vote, liked, disliked, "voted")
    for number, words in vote.instead:
        if 0 <= number < len(vote.draft) and words.strip():
            right = Said(words, vote.draft[number].cited)
            corrected = tuple(right if at == number else one for at, one in enumerate(vote.draft))
            if corrected != vote.draft:
                yield _pair(vote, corrected, vote.draft, "corrected")


def _pair(vote: Vote, better: Draft, worse: Draft, kind: str) -> RewardPair:
    return RewardPair(vote.question, vote.language, vote.quotes, better, worse, kind, (), vote.group, _SOURCE)


def _limited(made: Sequence[tuple[int | None, RewardPair]]) -> list[RewardPair]:
    """One person's pairs of one question weigh 1 together, and all of them at most MAX_SHARE of the rest.

    Alone, a person may have all: then it is that person's own pile.
    """
    times: dict[tuple[int | None, str], int] = defaultdict(int)
    for user, pair in made:
        times[user, question_key(pair.question)] += 1
    weighed = [
        (user, replace(pair, weight=1 / times[user, question_key(pair.question)])) for user, pair in made
    ]
    total: dict[int | None, float] = defaultdict(float)
    for user, pair in weighed:
        total[user] += pair.weight
    everything = sum(total.values())
    if len(total) == 1:
        return [pair for _, pair in weighed]
    limits = {
        user: min(1.0, MAX_SHARE / (1 - MAX_SHARE) * (everything - own) / own) for user, own in total.items()
    }
    return [replace(pair, weight=pair.weight * limits[user]) for user, pair in weighed]
