"""What the loop has learned, and what it could learn from: votes, examples, champion, challenger, history.

For the learning screen and `everask train status`. Everything is counted anew: an event that was taken back,
or of a document that may be read by some only, is no longer there to learn from. Knows nothing of how it is
trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from everask.index import Store
from everask.index.learned import Learned, LearnedState, list_learned
from everask.pipeline import promotion
from everask.pipeline.background import start_in_background
from everask.pipeline.jobs import JobState, list_jobs
from everask.pipeline.labelling import Labels, read_labels
from everask.pipeline.promotion import KINDS, LearnedKind
from everask.pipeline.sentences import Sentences, read_sentences
from everask.pipeline.taught import taught_folder
from everask.pipeline.upgrades import checked, shipped_checker, shipped_ranker, to_check

PROGRAM = "everask.training"
UPGRADED = "The weights that ship with Everask have changed since."
OVERTAKEN = "The weights that ship with Everask by now measure better."
CHECK = "check"
NEEDED: Mapping[LearnedKind, tuple[int, int]] = {
    "search": (100, 60),
    "ranker": (60, 60),
    "checker": (60, 60),
    "answers": (60, 60),
}
"""The least to learn from, and to measure with."""
SENTENCES: LearnedKind = "checker"
"""The kind that learns from sentences; the others learn from questions."""


@dataclass(frozen=True, slots=True)
class Supply:
    """What there is to learn from, for one kind: events by what they are, why others teach nothing, examples,
    and questions that are held out to measure with."""

    votes: int
    corrections: int
    opened: int
    people: int
    left_out: Mapping[str, int]
    examples: int
    examples_needed: int
    questions: int
    questions_needed: int

    @property
    def missing_examples(self) -> int:
        """How many more are needed to learn from."""
        return max(0, self.examples_needed - self.examples)

    @property
    def missing_questions(self) -> int:
        """How many more are needed to measure with."""
        return max(0, self.questions_needed - self.questions)

    @property
    def is_enough(self) -> bool:
        """Whether training can begin."""
        return not self.missing_examples and not self.missing_questions


@dataclass(frozen=True, slots=True)
class Compared:
    """One row of a verdict: of some questions both figures, and the bounds of the difference (95%)."""

    label: str
    num_questions: int
    before: float
    after: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Made:
    """Something that was trained, with the gate's verdict, and what it learned from."""

    name: str
    kind: LearnedKind
    made_at: float
    state: LearnedState
    is_in_use: bool
    stale: str
    why: str
    p: float | None
    rows: tuple[Compared, ...]
    num_events: int
    num_documents: int
    num_users: int


@dataclass(frozen=True, slots=True)
class Learning:
    """One kind: what there is to learn from, what serves (None: what ships), what was measured last and does
    not serve, all that was trained, and the last job."""

    kind: LearnedKind
    supply: Supply
    champion: Made | None
    challenger: Made | None
    history: tuple[Made, ...]
    job: JobState | None
    can_promote: tuple[str, ...]
    can_roll_back: bool


def look_at_learning(store: Store) -> tuple[Learning, ...]:
    """Every kind, in the order of KINDS."""
    labels = read_labels(store)
    supplies = {kind: find_supply(store, kind, labels) for kind in KINDS}
    jobs = list_jobs(store.folder)
    with store.database.reading() as connection:
        rows = list_learned(connection)
    return tuple(_look(store, supplies[kind], kind, rows, jobs) for kind in KINDS)


def promote(store: Store, name: str) -> Made:
    """Let it serve from now on. Raises NotFoundError, and UsageError where the gate refused it or its weights
    are gone."""
    made = promotion.promote(store, name)
    return _made(made, made.name)


def roll_back(store: Store, kind: LearnedKind) -> Made | None:
    """Let what served before serve again; None: what ships. Raises UsageError when nothing trained serves."""
    name = promotion.roll_back(store, kind)
    with store.database.reading() as connection:
        rows = list_learned(connection, kind)
    return next((_made(row, name) for row in rows if row.name == name), None)


def start_training(data: Path, kind: LearnedKind, *, minutes: float = 30.0) -> None:
    """Train on what people did, in a process of its own; its job says how far it is."""
    folder = data.absolute()
    options = ["--data", str(folder), "--on", "feedback", "--minutes", f"{minutes:g}"]
    start_in_background(folder, [PROGRAM, kind, *options], folder / "train.log")


def start_check(store: Store) -> bool:
    """After an upgrade, compare what was learned before it with what ships now, in a process of its own: what
    is better serves from then on. Return whether there was anything to compare."""
    if to_check(store) is None:
        return False
    folder = store.folder.absolute()
    start_in_background(folder, [PROGRAM, CHECK, "--data", str(folder)], folder / "train.log")
    return True


def find_supply(store: Store, kind: LearnedKind, labels: Labels) -> Supply:
    """What there is to learn from, for this kind."""
    return count_sentences(read_sentences(store)) if kind == SENTENCES else count_supply(kind, labels)


def count_sentences(found: Sentences) -> Supply:
    """What there is to learn the checking of sentences from."""
    examples, questions = NEEDED[SENTENCES]
    return Supply(
        votes=found.kinds.get("voted", 0),
        corrections=found.kinds.get("corrected", 0),
        opened=0,
        people=found.num_people,
        left_out=found.left_out,
        examples=len(found.training),
        examples_needed=examples,
        questions=len(found.held_out),
        questions_needed=questions,
    )


def count_supply(kind: LearnedKind, labels: Labels) -> Supply:
    """What there is to learn from, of questions that people judged."""
    examples, questions = NEEDED[kind]
    return Supply(
        votes=labels.kinds.get("voted", 0),
        corrections=labels.kinds.get("corrected", 0) + labels.kinds.get("why_not", 0),
        opened=labels.kinds.get("opened", 0) + labels.kinds.get("copied", 0),
        people=labels.num_people,
        left_out=labels.left_out,
        examples=sum(bool(one.right) for one in labels.training),
        examples_needed=examples,
        questions=len(labels.held_out),
        questions_needed=questions,
    )


def _look(
    store: Store, supply: Supply, kind: LearnedKind, rows: Sequence[Learned], jobs: Sequence[JobState]
) -> Learning:
    name = promotion.in_use(store, kind)
    history = tuple(_made(row, name) for row in rows if row.kind == kind)
    others = [one for one in history if not one.is_in_use]
    return Learning(
        kind=kind,
        supply=supply,
        champion=next((one for one in history if one.is_in_use), None),
        challenger=next((one for one in others if one.state != "before"), None),
        history=history,
        job=next((one for one in jobs if one.kind == kind), None),
        can_promote=tuple(one.name for one in others if _can_promote(store, one)),
        can_roll_back=promotion.can_roll_back(store, kind),
    )


def _can_promote(store: Store, one: Made) -> bool:
    """Whether it passed the gate, learned from nothing that is gone, and its files are there."""
    is_there = one.kind != promotion.ACROSS_FILES or taught_folder(store.folder, one.name).is_dir()
    is_there = is_there and promotion.has_file(store, one.kind, one.name)
    return one.state != "refused" and not one.stale and is_there


def _made(row: Learned, serving: str | None) -> Made:
    card = row.card
    return Made(
        name=row.name,
        kind=next(one for one in KINDS if one == row.kind),
        made_at=row.made_at,
        state=row.state,
        is_in_use=row.name == serving,
        stale=row.stale or _outdated(row),
        why=str(card.get("why", "")),
        p=card.get("p"),
        rows=tuple(_compared(card)),
        num_events=row.num_events,
        num_documents=row.num_documents,
        num_users=row.num_users,
    )


def _outdated(row: Learned) -> str:
    """Why it must be trained again though all that it learned from is there; "" where it need not."""
    weights = row.card.get("weights")
    if row.kind == SENTENCES and isinstance(weights, dict):
        return "" if weights.get("checker") == shipped_checker() else UPGRADED  # then it is not used
    if row.card.get("shipped") in (None, shipped_ranker()):
        return ""
    return {None: UPGRADED, False: OVERTAKEN, True: ""}[checked(row)]


def _compared(card: Mapping[str, Any]) -> list[Compared]:
    """The rows that a card holds, as the gate wrote them; none where it is damaged."""
    return [Compared(**one) for one in card.get("rows", ())]
