"""The first schema: sources, documents, passages, vectors, and the lexical table."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# As it was at this revision: a later change of the lexical table is a later migration.
LEXICAL = (
    "CREATE VIRTUAL TABLE lexical USING fts5(body, headings, content='', detail=full, "
    "tokenize=\"ascii tokenchars '!\"\"#$%&''()*+,-./:;<=>?@[\\]^_`{|}~'\")"
)


def upgrade() -> None:
    """Create everything."""
    _create_catalogue()
    _create_passages()
    _create_vectors()
    if op.get_bind().dialect.name == "sqlite":
        op.get_bind().exec_driver_sql(LEXICAL)
    op.get_bind().execute(
        sa.text("INSERT INTO state (id, epoch, changes, passages, tokens) VALUES (1, :epoch, 0, 0, 0)"),
        {"epoch": uuid.uuid4().hex},
    )


def _create_catalogue() -> None:
    op.create_table(
        "settings",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("changes", BIG, nullable=False),
        sa.Column("passages", BIG, nullable=False),
        sa.Column("tokens", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "sources",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("root", sa.Text(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("mtime_ns", BIG, nullable=False),
        sa.Column("inode", BIG, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("num_documents", sa.Integer(), nullable=False),
        sa.Column("indexed_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uri"),
        sqlite_autoincrement=True,
    )
    op.create_index("sources_root", "sources", ["root"], unique=False)
    op.create_table(
        "documents",
        sa.Column("number", BIG, autoincrement=True, nullable=False),
        sa.Column("source_id", BIG, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("modified", sa.Float(), nullable=False),
        sa.Column("size", BIG, nullable=False),
        sa.Column("num_passages", sa.Integer(), nullable=False),
        sa.Column("num_pages", sa.Integer(), nullable=False),
        sa.Column("num_groups", sa.Integer(), nullable=False),
        sa.Column("warnings", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"],
            ["sources.id"],
        ),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("id"),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_documents_source_id", "documents", ["source_id"], unique=False)
    op.create_index("ix_documents_uri", "documents", ["uri"], unique=False)
    op.create_table(
        "document_groups",
        sa.Column("document", BIG, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document"], ["documents.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("document", "name"),
    )


def _create_passages() -> None:
    op.create_table(
        "texts",
        sa.Column("document", BIG, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["document"], ["documents.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("document", "ordinal"),
    )
    op.create_table(
        "layouts",
        sa.Column("document", BIG, nullable=False),
        sa.Column("blocks", sa.LargeBinary(), nullable=False),
        sa.Column("pages", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["document"], ["documents.number"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("document"),
    )
    op.create_table(
        "passages",
        sa.Column("id", BIG, autoincrement=True, nullable=False),
        sa.Column("document", BIG, nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document"],
            ["documents.number"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("passages_document", "passages", ["document", "ordinal"], unique=True)
    op.create_index("passages_language", "passages", ["language", "document"], unique=False)


def _create_vectors() -> None:
    op.create_table(
        "encoders",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "vectors",
        sa.Column("sequence", BIG, autoincrement=True, nullable=False),
        sa.Column("passage", BIG, nullable=False),
        sa.Column("encoder", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["encoder"],
            ["encoders.id"],
        ),
        sa.ForeignKeyConstraint(["passage"], ["passages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("sequence"),
        sqlite_autoincrement=True,
    )
    op.create_index("vectors_passage", "vectors", ["passage", "encoder"], unique=True)
    op.create_table(
        "waiting",
        sa.Column("encoder", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("passage", BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["encoder"],
            ["encoders.id"],
        ),
        sa.ForeignKeyConstraint(["passage"], ["passages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("encoder", "turn", "passage"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_waiting_passage", "waiting", ["passage"], unique=False)
    op.create_table(
        "language_sums",
        sa.Column("encoder", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("count", BIG, nullable=False),
        sa.Column("total", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["encoder"],
            ["encoders.id"],
        ),
        sa.PrimaryKeyConstraint("encoder", "language"),
    )
    op.create_table(
        "shipped_means",
        sa.Column("encoder", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("mean", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["encoder"],
            ["encoders.id"],
        ),
        sa.PrimaryKeyConstraint("encoder", "language"),
    )
