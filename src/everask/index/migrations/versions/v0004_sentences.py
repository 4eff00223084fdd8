"""What a vote or correction was about: the sentence as it was shown, and the places that it cites."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Events that are there keep no sentence."""
    op.add_column("events", sa.Column("sentence", sa.Text(), nullable=True))
    op.create_table(
        "event_quotes",
        sa.Column("event", BIG, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("start", BIG, nullable=False),
        sa.Column("end", BIG, nullable=False),
        sa.ForeignKeyConstraint(["event"], ["events.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("event", "rank"),
    )
    op.create_index("ix_event_quotes_document", "event_quotes", ["document"], unique=False)
