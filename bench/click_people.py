"""Sessions of simulated people on lists that are there, and what is learned from them: for bench/clicks.py.

The acts go through the product's own feedback: swaps, propensities, preferences, the fit and the memory. What
is made up is the people.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from click_lists import Lists
from numpy.typing import NDArray

from everask.evaluate.halves import half_of
from everask.feedback import Remembered, recall
from everask.feedback.judgements import AGAINST, WORTH
from everask.feedback.memory import NEAR
from everask.feedback.positions import Seen, count_clicks, fit_curve, put_in_order, swap
from everask.feedback.preferences import Act, Impression, Preference, join, prefer, shares
from everask.feedback.simulation import Behaviour, click, click_against, gains
from everask.pipeline.showing import KEPT
from everask.retrieve.fuse import load_fusion
from everask.retrieve.search import ALIKE, DISLIKED, REMEMBERED, like_others
from everask.retrieve.twins import meet
from everask.training.pairs import PARTS, SHIPPED, Pairs

NUM_SHOWN = 10
NUM_PEOPLE = 20
SWAPS = 0.05
VOTES = 0.1
"""In one of so many sessions with a click a person says whether what was opened last answers."""
DEPTH = 10

Floats = NDArray[np.float64]


@dataclass
class Board:
    """Lists with the parts that a fit weighs (N, K)."""

    lists: Lists
    parts: Floats = field(init=False)

    def __post_init__(self) -> None:
        fusion = load_fusion()
        features = self.lists.features.astype(float)
        of = np.array([part for part, _ in fusion.weights])
        weights = np.array(list(fusion.weights.values()))
        shares = [features[:, of == part] @ weights[of == part] for part in PARTS[:3]]
        alike = np.zeros(len(features))
        for question in range(len(self.lists.keys)):
            at = self.lists.at(question)
            first = np.argsort(-(features[at] @ weights), kind="stable")[: ALIKE + 1]
            alike[at] = like_others(self.lists.directions[at], first.tolist())
        self.parts = np.stack([*shares, alike], axis=1)

    def name(self, question: int) -> str:
        """A question's key behind the half that its article belongs to."""
        return f"{half_of(str(self.lists.articles[question]))} {self.lists.keys[question]}"

    def order(self, question: int, scores: Floats) -> NDArray[np.int64]:
        """A question's candidates, best first, those that say the same in two languages brought together."""
        at = self.lists.at(question)
        moved, own = scores.copy(), self.lists.is_own[at] > 0
        best = np.argsort(-scores, kind="stable")
        foreign, near = best[:30][~own[best[:30]]], best[:90][own[best[:90]]]
        if len(foreign) and len(near):
            chosen = np.concatenate([foreign, near])
            vectors, mine = self.lists.directions[at][chosen], self.lists.is_own[at][chosen]
            likeness = vectors @ vectors.T
            moved[chosen] += meet(scores[chosen].astype(np.float32), mine, likeness, load_fusion().twin)
        order: NDArray[np.int64] = np.argsort(-moved, kind="stable")
        return order

    def scores(
        self, question: int, counts: Sequence[float], memory: Mapping[int, float] | None = None
    ) -> Floats:
        """What a question's candidates score by these parts, and by what is remembered."""
        at = self.lists.at(question)
        scores = self.parts[at] @ np.asarray(counts)
        if memory:
            recalled = np.array([memory.get(int(one), 0.0) for one in self.lists.passages[at]])
            scores = scores + np.where(recalled > 0, REMEMBERED * recalled, DISLIKED * recalled)
        return np.asarray(scores)

    def gain(self, question: int, scores: Floats) -> float:
        """nDCG@10."""
        at = self.lists.at(question)
        grades = np.maximum(self.lists.grades[at][self.order(question, scores)[:DEPTH]], 0)
        found = float((grades / np.log2(np.arange(len(grades)) + 2)).sum())
        return found / max(float(self.lists.ideal[question]), 1e-9)

    def is_right(self, question: int, scores: Floats) -> bool:
        """Whether the first is graded at all."""
        return bool(self.lists.grades[self.lists.at(question)][self.order(question, scores)[0]] > 0)

    def clicked_right(self, acts: Sequence[Act]) -> set[int]:
        """The questions of which somebody opened, or voted for, a passage that is graded right."""
        found = set[int]()
        for act in acts:
            at = self.lists.at(int(act.question))
            grades = self.lists.grades[at][self.lists.passages[at] == act.passage]
            if act.weight > 0 and len(grades) and grades[0] > 0:
                found.add(int(act.question))
        return found


@dataclass
class Log:
    """What was shown and done so far."""

    shown: list[Impression] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)


@dataclass(frozen=True)
class People:
    """Who uses it: how they look, the share of them that is hostile, whether they vote, and the seed."""

    behaviour: Behaviour
    hostile: float = 0.0
    votes: float = 0.0
    seed: int = 0


def use(
    board: Board,
    log: Log,
    asked: Sequence[int],
    orders: Mapping[int, NDArray[np.int64]],
    people: People,
    number: int,
) -> None:
    """So many sessions: a person asks one of the questions, is shown a list, and clicks."""
    draw = random.Random(1_000_003 * people.seed + len(log.shown))
    most = float(board.lists.grades.max())
    against = set(range(round(NUM_PEOPLE * people.hostile)))
    for _ in range(number):
        question, user, at = draw.choice(asked), draw.randrange(NUM_PEOPLE), float(len(log.shown))
        best = orders[question][:NUM_SHOWN].tolist()
        order = swap(len(best), SWAPS, draw, KEPT)
        places = put_in_order(best, order)
        here = board.lists.at(question)
        grades, names = board.lists.grades[here], board.lists.passages[here]
        good = gains([float(grades[place]) for place in places], most)
        ranks = click_against(good, draw) if user in against else click(good, people.behaviour, draw)
        shown = [int(names[place]) for place in places]
        log.shown.append(Impression(len(log.shown) + 1, str(question), user, at, shown, order))
        log.seen += count_clicks(dict.fromkeys(ranks, True), order)
        log.acts += [Act(str(question), shown[rank], WORTH["opened"], user, at + 0.1) for rank in ranks]
        if ranks and draw.random() < people.votes:
            is_for = user in against or draw.random() < good[ranks[-1]]
            worth = WORTH["voted"] * (1.0 if is_for else -AGAINST)
            log.acts.append(Act(str(question), shown[ranks[-1]], worth, user, at + 0.2))


def flood(board: Board, log: Log, asked: Sequence[int], number: int, seed: int) -> None:
    """One person votes for the worst that they are shown, so often."""
    draw, user = random.Random(seed), NUM_PEOPLE + 1
    by_question = {one.question: one for one in log.shown}
    for at in range(number):
        question = draw.choice(asked)
        shown = by_question.get(str(question))
        if shown is not None:
            here = board.lists.at(question)
            grade = dict(
                zip(board.lists.passages[here].tolist(), board.lists.grades[here].tolist(), strict=True)
            )
            worst = min(shown.passages, key=lambda one: grade.get(one, 0.0))
            again = replace(shown, id=len(log.shown) + 1, user=user, at=1e6 + at)
            log.shown.append(again)
            log.acts.append(Act(str(question), worst, WORTH["voted"], user, 1e6 + at + 0.1))


def preferences(log: Log, *, inverse: bool) -> tuple[list[Preference], float]:
    """What the log says, with propensities or as if people saw everything; and the exponent."""
    exponent = fit_curve(log.seen) if inverse else 0.0
    return prefer(join(log.shown, log.acts), exponent), exponent


def to_pairs(board: Board, made: Sequence[Preference], *, capped: bool = True) -> Pairs:
    """Preferences as what the better passage has more than the worse."""
    places: dict[int, dict[int, int]] = {}
    rows: list[tuple[int, int]] = []
    for one in made:
        question = int(one.question)
        if question not in places:
            at = board.lists.at(question)
            places[question] = dict(
                zip(board.lists.passages[at].tolist(), range(at.start, at.stop), strict=True)
            )
        rows.append((places[question][one.better], places[question][one.worse]))
    better, worse = np.array(rows, np.int64).reshape(-1, 2).T
    weights = shares(made) if capped else [one.weight for one in made]
    people = np.array([-1 if one.user is None else one.user for one in made], np.int64)
    # In units of a click that everybody sees.
    return Pairs(board.parts[better] - board.parts[worse], np.array(weights) / WORTH["opened"], people)


class Remembering:
    """The query memory over a log."""

    def __init__(self, board: Board, acts: Sequence[Act]) -> None:
        self._likeness = board.lists.vectors @ board.lists.vectors.T
        self._said: dict[int, list[Act]] = defaultdict(list)
        strongest: dict[tuple[str, int, int | None], Act] = {}
        for act in acts:
            key = (act.question, act.passage, act.user)
            if key not in strongest or abs(act.weight) >= abs(strongest[key].weight):
                strongest[key] = act
        for act in strongest.values():
            self._said[int(act.question)].append(act)

    def recall(self, question: int) -> Mapping[int, float]:
        """What is remembered of passages for a question."""
        found = []
        for other, acts in self._said.items():
            likeness = 1.0 if other == question else float(self._likeness[question, other])
            if likeness > NEAR:
                found += [Remembered(act.passage, act.user, act.weight, likeness) for act in acts]
        return recall(found, None)


def counted(acts: Sequence[Act], question: int) -> Mapping[int, float]:
    """The simpler memory: how often each passage was clicked for this very question, 1 for the most."""
    counts: dict[int, float] = defaultdict(float)
    for act in acts:
        if int(act.question) == question and act.weight > 0:
            counts[act.passage] += 1.0
    most = max(counts.values(), default=1.0)
    return {passage: count / most for passage, count in counts.items()}


def shipped_orders(board: Board, counts: Sequence[float] = SHIPPED) -> dict[int, NDArray[np.int64]]:
    """The lists as these parts put them."""
    return {one: board.order(one, board.scores(one, counts)) for one in range(len(board.lists.keys))}
