"""A real manual in a store, and a made-up team that asks it: for the loop's and the gate's benches.

The manual is examples/documents/manuals: 159 pages of LibreOffice's help in eleven languages, one pile. A
section's heading is a question whose answer is that section; headings are taken off the passages right below
them, else every question would find its own words. Documents are split: questions of some the team asks and
votes on, those of the others nobody ever asks: they measure. Everything comes of a seed.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import insert

from everask.evaluate.suite import Item
from everask.evaluate.typos import add_typo
from everask.feedback import question_key
from everask.feedback.simulation import Behaviour, click
from everask.index import Store
from everask.index.events import append
from everask.index.people_schema import users
from everask.index.saved import Saved, save_question
from everask.pipeline import Engine
from everask.pipeline.asking import Question, Shown, find
from everask.pipeline.showing import arrange
from everask.settings import Settings
from everask.training.gate import DEPTH, gain
from everask.training.sections import Version, common_headings, read_pile
from everask.types import Event, EventKind, Hit, Passage, Source

MANUALS = Path(__file__).parents[1] / "examples" / "documents" / "manuals"
HEADINGS = "headings.json"
NUM_PEOPLE = 20
STRANGER = 1_000_000
"""Somebody without judgements of their own."""
EVERYBODY: tuple[str, ...] = ()
LOOKING = Behaviour("position", eta=1.0, noise=0.1)
VOTES, CORRECTS, SLIPS, KEEPS = 0.5, 0.4, 0.05, 0.2
"""How often somebody votes on a right passage that they opened; points at the right words when they did not
see them; votes for a wrong one by mistake; and, of those who point at the right words, asks why not and keeps
the question as an example, which measures and never trains."""

_LEAST_LETTERS = 4
_NEVER_ASKED_ONE_IN = 3


@dataclass(frozen=True, slots=True)
class Heading:
    """A question with the passages that answer it; `is_asked`: the team may ask it, else nobody does."""

    text: str
    language: str
    right: tuple[int, ...]
    is_asked: bool


def fill_with_manual(engine: Engine) -> None:
    """Put the manual into an empty store, without the headings right above passages, and encode it."""
    rows: list[tuple[str, str, str, list[int]]] = []
    with tempfile.TemporaryDirectory() as folder, Engine(Settings(data=Path(folder))) as whole:
        whole.add([MANUALS])
        pile = read_pile(whole.store)
        common = common_headings(pile.groups)
        for group in pile.groups:
            for version in group.versions:
                passages = list(_bare(version))
                document = replace(whole.store.document(version.document.id), title="", groups=())
                source = Source(document.uri, "manual", (0, 0, 0), document.content, "ok", "", 1, 0.0)
                engine.store.put_source(source, [(document, passages)])
                rows += _headings(version, common)
    kept = json.dumps(rows, ensure_ascii=False)
    (engine.settings.data / HEADINGS).write_text(kept, encoding="utf-8")
    engine.wait_for_vectors()


def _bare(version: Version) -> Iterator[Passage]:
    """Its passages, numbered anew, without the heading right above them."""
    number = 0
    for part in version.parts:
        for passage in part.passages:
            yield replace(passage, id=0, ordinal=number, headings=passage.headings[:-1])
            number += 1


def _headings(version: Version, common: set[tuple[str, str]]) -> Iterator[tuple[str, str, str, list[int]]]:
    """Heading, language, document, and the numbers of the passages below it."""
    number = 0
    for part in version.parts:
        places = list(range(number, number + len(part.passages)))
        number += len(places)
        letters = sum(map(str.isalpha, part.heading))
        if letters >= _LEAST_LETTERS and (version.language, part.heading) not in common:
            yield part.heading, version.language, version.document.id, places


def read_headings(engine: Engine) -> list[Heading]:
    """The manual's headings as questions, those that stand above one section alone."""
    rows = json.loads((engine.settings.data / HEADINGS).read_text("utf-8"))
    seen = Counter((language, question_key(text)) for text, language, _, _ in rows)
    found = []
    numbers: dict[str, dict[int, int]] = {}
    for text, language, document, places in rows:
        if seen[language, question_key(text)] > 1:
            continue
        if document not in numbers:
            passages = engine.store.passages(document)
            numbers[document] = {one.ordinal: one.id for one in passages}
        right = tuple(numbers[document][place] for place in places)
        is_asked = zlib.crc32(f"asked {document}".encode()) % _NEVER_ASKED_ONE_IN != 0
        found.append(Heading(text, language, right, is_asked))
    return found


def enrol(store: Store, number: int = NUM_PEOPLE) -> None:
    """The team's accounts."""
    rows = [
        {"id": id, "name": f"u{id}", "password": "", "role": "member", "active": 1, "created": 0.0}
        for id in range(1, number + 1)
    ]
    with store.database.writing() as connection:
        connection.execute(insert(users), rows)


@dataclass(frozen=True, slots=True)
class Team:
    """How the team asks: each a `sessions` times a round, popular questions more often; those up to `hostile`
    vote for what is wrong."""

    sessions: int = 25
    people: int = NUM_PEOPLE
    hostile: int = 0
    remembers: bool = True


def play_round(engine: Engine, questions: Sequence[Heading], team: Team, seed: str) -> Counter[str]:
    """One round of asking, opening, voting and correcting; what was done, counted by kind."""
    draw = random.Random(seed)
    weights = [1 / (1 + at) ** 0.5 for at in range(len(questions))]
    done: Counter[str] = Counter()
    for _ in range(team.sessions):
        for user in range(1, team.people + 1):
            one = draw.choices(questions, weights)[0]
            text = reword(one, draw)
            hits = _look(engine, text, user)
            acts = list(_act(engine, one, text, hits, user, is_hostile=user <= team.hostile, draw=draw))
            for act in acts:
                append(engine.store.database, act)
                done[act.kind] += 1
                if act.kind == "why_not":
                    _keep(engine, act)
            if team.remembers and acts:
                engine.remember(acts, EVERYBODY)
            done["asked"] += 1
    return done


def _look(engine: Engine, text: str, user: int) -> list[Hit]:
    """What the page of results shows them, and keeps a note of: a few neighbours change places by chance."""
    question = Question(text, groups=EVERYBODY, user=user, origin="search")
    found = find(engine, question, Shown(DEPTH, marks=False))
    return arrange(engine, question, found.hits, lambda hit: hit, found.trial)


def _keep(engine: Engine, act: Event) -> None:
    """As the page of "why not" keeps an example."""
    assert act.start is not None and act.end is not None, "it names a place"
    (passage,) = engine.store.memory.places(act.document_id, act.start, act.end, EVERYBODY)[:1]
    place = (act.document_id, act.start, act.end)
    save_question(engine.store.database, Saved(act.question, *place, act.at, act.user, passage))


def _act(
    engine: Engine,
    one: Heading,
    text: str,
    hits: Sequence[Hit],
    user: int,
    *,
    is_hostile: bool,
    draw: random.Random,
) -> Iterator[Event]:
    """What somebody does with a list of hits."""
    now = time.time()
    wrong = [hit.passage for hit in hits if hit.passage.id not in one.right]
    if is_hostile:
        if wrong:
            yield _event("voted", text, draw.choice(wrong), user, now, 1.0)
        return
    good = [float(hit.passage.id in one.right) for hit in hits]
    opened = [hits[rank].passage for rank in click(good, LOOKING, draw)]
    for passage in opened:
        yield _event("opened", text, passage, user, now, None)
    seen = [passage for passage in opened if passage.id in one.right]
    if seen and draw.random() < VOTES:
        chosen = draw.choice(wrong) if wrong and draw.random() < SLIPS else seen[0]
        yield _event("voted", text, chosen, user, now, 1.0)
    elif not seen and draw.random() < CORRECTS:
        places = engine.store.hits([one.right[0]], EVERYBODY)
        kind: EventKind = "why_not" if draw.random() < KEEPS else "corrected"
        yield _event(kind, text, places[one.right[0]][0], user, now, None)


def _event(kind: EventKind, text: str, passage: Passage, user: int, at: float, value: float | None) -> Event:
    place = (passage.document_id, passage.start, passage.end)
    return Event(kind, at, user, "", text, None, *place, value=value)


def reword(one: Heading, draw: random.Random) -> str:
    """As people type the same question: as it is, in small letters, with a slip."""
    way = draw.random()
    if way < 0.2:
        return add_typo(Item(one.text, one.language, ""), draw.randrange(1 << 30))
    return one.text.lower() if way < 0.5 else one.text


def measure(engine: Engine, questions: Sequence[Heading], texts: Sequence[str] | None = None) -> list[float]:
    """nDCG@10 of each, asked by somebody who never judged anything; `texts` are other wordings of them."""
    found = []
    for one, text in zip(questions, texts or [one.text for one in questions], strict=True):
        hits = engine.find(text, DEPTH, groups=EVERYBODY, with_marks=False, user=STRANGER).hits
        found.append(gain([hit.passage.id for hit in hits], one.right))
    return found
