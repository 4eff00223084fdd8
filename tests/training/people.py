"""A made pile that search gets wrong in one way, and twenty people who say so: what a ranker can learn from.

Of each thing one document says where it is, and another has nothing but the question as its heading. The
shipped weights put headings first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import insert

from everask.encoder import load_means
from everask.evaluate.suite import Item, Suite
from everask.index import Store
from everask.index.events import append
from everask.index.people_schema import users
from everask.pipeline import Engine
from everask.pipeline.evaluating import RememberingEncoder, fill_store
from everask.settings import Settings, load_settings
from everask.types import DocumentInfo, Event, EventKind

COLOURS = ("red", "blue", "green", "brass", "oak", "glass", "tin")
THINGS = ("lamp", "kettle", "ladder", "bell", "clock", "basket", "map", "drum", "coat")
ROOMS = ("attic", "cellar", "kitchen", "garage", "hall", "library", "garden shed", "porch", "office")
NAMES = [f"{colour} {thing}" for colour in COLOURS for thing in THINGS]


def question_of(name: str) -> str:
    """What is asked of a thing."""
    return f"Where is the {name} these days?"


def make_pile(folder: Path, num_people: int = 20) -> Settings:
    """A store of the pile, encoded, with people in it; nobody has said anything yet."""
    passages = {}
    for number, name in enumerate(NAMES):
        room = ROOMS[number * 7 % len(ROOMS)]
        passages[f"answer {name}"] = Item(f"The {name} stands in the {room} since spring.", "en", name)
        # Sentences too short for a question to be made of them.
        passages[f"asked {name}"] = Item("Nobody replied.", "en", name, question_of(name))
    suite = Suite("made", "made", passages, {}, {})
    settings = load_settings(folder)
    with Engine(settings) as engine:
        encoder = engine.encoder
        assert encoder is not None
        fill_store(suite, engine.store, RememberingEncoder(encoder), load_means(encoder.id))
        engine.store.activate_encoder(encoder.id)
        rows = [
            {"id": id, "name": f"u{id}", "password": "", "role": "member", "active": 1, "created": 0.0}
            for id in range(1, num_people + 1)
        ]
        with engine.store.database.writing() as connection:
            connection.execute(insert(users), rows)
    return settings


def documents_of(store: Store) -> dict[str, DocumentInfo]:
    """The pile's documents by name."""
    return {one.name: one for one in store.documents()}


def say(
    store: Store,
    names: Sequence[str],
    target: str = "answer",
    people: Sequence[int] = tuple(range(1, 21)),
    kind: EventKind = "voted",
) -> list[int]:
    """One person after another votes for the passage about a thing that is its `target`; the events' ids."""
    documents = documents_of(store)
    made = []
    for number, name in enumerate(names):
        one = documents[f"{target} {name}"]
        user = people[number % len(people)]
        value = 1.0 if kind == "voted" else None
        event = Event(kind, float(number), user, "", question_of(name), None, one.id, 0, one.size, value)
        made.append(append(store.database, event))
    return made
