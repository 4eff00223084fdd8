"""The relational schema of people and what they did: accounts, answers, events, saved questions, figures.

Documents are in `schema.py`; both share one `metadata`, one file and one history of migrations. A
document is named here by its id, which names one content at one place, and not by a foreign key: what
must go with a document is removed by `sources.py` in the transaction that removes it.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text

from everask.index.schema import BIG
from everask.index.schema import metadata as metadata

users = Table(
    "users",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password", Text, nullable=False),  # argon2's text; empty where only a provider knows it
    Column("subject", Text, nullable=True, unique=True),  # the provider's issuer and subject
    Column("role", Text, nullable=False),  # admin or member
    Column("active", Integer, nullable=False),
    Column("created", Float, nullable=False),
    sqlite_autoincrement=True,
)

memberships = Table(
    "memberships",
    metadata,
    Column("user", BIG, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("group", Text, primary_key=True),
)

# Only hashes: who reads the store can come in as nobody.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user", BIG, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False, unique=True),
    Column("created", Float, nullable=False),
    Column("until", Float, nullable=True),
    Column("used", Float, nullable=True),
)

# `user` is null for the owner who came in with the server's own token.
sessions = Table(
    "sessions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("user", BIG, ForeignKey("users.id", ondelete="CASCADE"), nullable=True, index=True),
    Column("created", Float, nullable=False),
    Column("until", Float, nullable=False),
)

# Which groups may read what is at a place and below it; the nearest place counts.
place_groups = Table(
    "place_groups",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("groups", Text, nullable=False),  # JSON list; empty: everybody
)

# `user` is null for the owner. `data` holds the question's filters, its history and the events that came of
# it, as compressed JSON.
asks = Table(
    "asks",
    metadata,
    Column("id", Text, primary_key=True),
    Column("user", BIG, ForeignKey("users.id", ondelete="CASCADE"), nullable=True),
    Column("groups", Text, nullable=True),  # JSON list of those it was made for; null: all
    Column("question", Text, nullable=False),
    Column("follows", Text, nullable=False),
    Column("asked_at", Float, nullable=False),
    Column("state", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("asks_latest", "user", "asked_at"),
)

# Which answers show words of which documents: an answer goes when one of them does.
ask_documents = Table(
    "ask_documents",
    metadata,
    Column("ask", Text, ForeignKey("asks.id", ondelete="CASCADE"), primary_key=True),
    Column("document", Text, primary_key=True, index=True),
)

# What people did, in the order of happening; nothing is ever changed here, only removed with a person, an
# answer or a document. `detail` is JSON and depends on the kind. `sentence` is what a vote or correction was
# about, as it was shown: null where that is not kept, empty where it was a quote.
events = Table(
    "events",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("kind", Text, nullable=False),
    Column("user", BIG, ForeignKey("users.id", ondelete="CASCADE"), nullable=True, index=True),
    Column("ask", Text, nullable=True, index=True),
    Column("question", Text, nullable=False),
    Column("claim", Integer, nullable=True),  # the sentence's number in the answer, from 0
    Column("document", Text, nullable=True, index=True),
    Column("start", BIG, nullable=True),
    Column("end", BIG, nullable=True),
    Column("value", Float, nullable=True),  # a vote: 1 or -1
    Column("detail", Text, nullable=False),
    Column("sentence", Text, nullable=True),
    sqlite_autoincrement=True,
)

# The places that such a sentence cites, the best first: its words may be theirs, and go with the document.
event_quotes = Table(
    "event_quotes",
    metadata,
    Column("event", BIG, ForeignKey("events.id", ondelete="CASCADE"), primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("document", Text, nullable=False, index=True),
    Column("start", BIG, nullable=False),
    Column("end", BIG, nullable=False),
)

# Questions that are asked again to measure, with where their answer stands; `document` is null where the
# documents should not say. A passage that stays as it is when its file changes keeps its id, and so the
# question its place.
saved_questions = Table(
    "saved_questions",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("user", BIG, ForeignKey("users.id", ondelete="CASCADE"), nullable=True, index=True),
    Column("question", Text, nullable=False),
    Column("document", Text, nullable=True, index=True),
    Column("passage", BIG, ForeignKey("passages.id", ondelete="SET NULL"), nullable=True, index=True),
    Column("start", BIG, nullable=True),
    Column("end", BIG, nullable=True),
    Column("saved_at", Float, nullable=False),
    sqlite_autoincrement=True,
)

# Measurements of the own pile, one row a figure: the history that the quality page draws.
measurements = Table(
    "measurements",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("version", Text, nullable=False),
    Column("suite", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("value", Float, nullable=False),
    Column("low", Float, nullable=True),
    Column("high", Float, nullable=True),
    Column("count", Integer, nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    Index("measurements_history", "suite", "metric", "at"),
    sqlite_autoincrement=True,
)

# Folders and pages that are looked at again and again.
watched = Table(
    "watched",
    metadata,
    Column("uri", Text, primary_key=True),
    Column("groups", Text, nullable=False),  # JSON list
    Column("added_at", Float, nullable=False),
    Column("paused", Integer, nullable=False),
    Column("looked_at", Float, nullable=True),
    Column("outcome", Text, nullable=False),  # JSON
)

# What was judged of passages for questions, one row a person, question and passage: the query memory. A
# passage that stays as it is when its file changes keeps its id, and so what is remembered of it.
remembered = Table(
    "remembered",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, index=True),
    Column("question", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("user", BIG, ForeignKey("users.id", ondelete="CASCADE"), nullable=True, index=True),
    Column("passage", BIG, ForeignKey("passages.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("weight", Float, nullable=False),
    Column("at", Float, nullable=False),
    Column("encoder", Text, nullable=False),  # empty while the question has no vector
    Column("vector", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
