"""The relational schema of the loop that learns: what was shown, what was trained from what, topics.

People and their events are in `people_schema.py`; all share one `metadata`. A document is named by its id
and not by a foreign key: what must go with a document is removed by `sources.py` in the transaction that
removes it.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Integer, Table, Text

from everask.index.people_schema import metadata as metadata
from everask.index.schema import BIG

# One list of results that a person was shown.
impressions = Table(
    "impressions",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False, index=True),
    Column("user", BIG, ForeignKey("users.id", ondelete="CASCADE"), nullable=True, index=True),
    Column("question", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("origin", Text, nullable=False),  # which page or door showed it
    Column("detail", Text, nullable=False),  # JSON: what was swapped, which challenger was on trial
    sqlite_autoincrement=True,
)

# Its results in the order shown, from 0. A passage that stays as it is when its file changes keeps its id.
impression_places = Table(
    "impression_places",
    metadata,
    Column("impression", BIG, ForeignKey("impressions.id", ondelete="CASCADE"), primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("passage", BIG, ForeignKey("passages.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("team", Text, nullable=True),  # whose result it was, in an interleaved list
    Column("detail", Text, nullable=False),  # JSON: the features that it was ranked by
)

# What was trained, and what became of it. `groups` is null where all users share it.
learned = Table(
    "learned",
    metadata,
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False, index=True),
    Column("made_at", Float, nullable=False),
    Column("state", Text, nullable=False),  # kept, refused, before or undone
    Column("groups", Text, nullable=True),  # JSON list
    Column("stale", Text, nullable=False),  # why it must be trained again; else empty
    Column("card", Text, nullable=False),  # JSON
)

# What it was trained from: an event that was taken back or a document that is gone leaves its id here.
learned_events = Table(
    "learned_events",
    metadata,
    Column("learned", Text, ForeignKey("learned.name", ondelete="CASCADE"), primary_key=True),
    Column("event", BIG, primary_key=True, index=True),
)
learned_documents = Table(
    "learned_documents",
    metadata,
    Column("learned", Text, ForeignKey("learned.name", ondelete="CASCADE"), primary_key=True),
    Column("document", Text, primary_key=True, index=True),
)
learned_users = Table(
    "learned_users",
    metadata,
    Column("learned", Text, ForeignKey("learned.name", ondelete="CASCADE"), primary_key=True),
    Column("user", BIG, primary_key=True, index=True),
)

# What a person describes in a sentence. `user` is null for the owner; `wording` is what is searched by.
topics = Table(
    "topics",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("wording", Text, nullable=False),
    Column("user", BIG, ForeignKey("users.id", ondelete="CASCADE"), nullable=True, index=True),
    Column("groups", Text, nullable=False),  # JSON list; empty: everybody
    Column("active", Integer, nullable=False),
    Column("made_at", Float, nullable=False),
    Column("detail", Text, nullable=False),  # JSON
    sqlite_autoincrement=True,
)

# A person's word that a document has a topic (1) or has not (-1); the last one counts.
topic_marks = Table(
    "topic_marks",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("topic", BIG, ForeignKey("topics.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("document", Text, nullable=False, index=True),
    Column("user", BIG, ForeignKey("users.id", ondelete="CASCADE"), nullable=True, index=True),
    Column("value", Float, nullable=False),
    Column("at", Float, nullable=False),
    sqlite_autoincrement=True,
)

document_topics = Table(
    "document_topics",
    metadata,
    Column("topic", BIG, ForeignKey("topics.id", ondelete="CASCADE"), primary_key=True),
    Column("document", Text, primary_key=True, index=True),
    Column("probability", Float, nullable=False),
    Column("at", Float, nullable=False),
)
