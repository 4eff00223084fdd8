"""The loop that learns: what was shown, what was trained from what, topics."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create everything."""
    _create_impressions()
    _create_learned()
    _create_topics()


def _create_impressions() -> None:
    op.create_table(
        "impressions",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("user", BIG, nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        _of("user", "users.id"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    _create_indexes("impressions", "at", "user")
    op.create_table(
        "impression_places",
        sa.Column("impression", BIG, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("passage", BIG, nullable=False),
        sa.Column("team", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        _of("impression", "impressions.id"),
        _of("passage", "passages.id"),
        sa.PrimaryKeyConstraint("impression", "rank"),
    )
    _create_indexes("impression_places", "passage")


def _create_learned() -> None:
    op.create_table(
        "learned",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("groups", sa.Text(), nullable=True),
        sa.Column("stale", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    _create_indexes("learned", "kind")
    for table, column, kind in (
        ("learned_events", "event", BIG),
        ("learned_documents", "document", sa.Text()),
        ("learned_users", "user", BIG),
    ):
        op.create_table(
            table,
            sa.Column("learned", sa.Text(), nullable=False),
            sa.Column(column, kind, nullable=False),
            _of("learned", "learned.name"),
            sa.PrimaryKeyConstraint("learned", column),
        )
        _create_indexes(table, column)


def _create_topics() -> None:
    op.create_table(
        "topics",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.Column("user", BIG, nullable=True),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("active", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.Float(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        _of("user", "users.id"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    _create_indexes("topics", "user")
    op.create_table(
        "topic_marks",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("topic", BIG, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("user", BIG, nullable=True),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        _of("topic", "topics.id"),
        _of("user", "users.id"),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    _create_indexes("topic_marks", "topic", "document", "user")
    op.create_table(
        "document_topics",
        sa.Column("topic", BIG, nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        _of("topic", "topics.id"),
        sa.PrimaryKeyConstraint("topic", "document"),
    )
    _create_indexes("document_topics", "document")


def _create_indexes(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, [column], unique=False)


def _of(column: str, key: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [key], ondelete="CASCADE")
