"""The relational schema, the same for every database. Its history is in `migrations`.

The lexical table is SQLite's own and stands in `lexical.py`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

HEAD = "0004"
"""The migration that this code needs."""
MAX_STATEMENTS = 200
"""Statements that a module keeps to use them again: building one costs more than running it."""

BIG = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

state = Table(
    "state",
    metadata,
    Column("id", Integer, primary_key=True),
    # Random, new at creation and at each restore: derived files of another history are not trusted.
    Column("epoch", Text, nullable=False),
    # Grows with every change of documents: what is remembered of an older one is looked up again.
    Column("changes", BIG, nullable=False),
    Column("passages", BIG, nullable=False),
    Column("tokens", BIG, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("uri", Text, nullable=False, unique=True),
    Column("root", Text, nullable=False),
    Column("size", BIG, nullable=False),
    Column("mtime_ns", BIG, nullable=False),
    Column("inode", BIG, nullable=False),
    Column("content", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("num_documents", Integer, nullable=False),
    Column("indexed_at", Float, nullable=False),
    Index("sources_root", "root"),
    sqlite_autoincrement=True,
)

documents = Table(
    "documents",
    metadata,
    Column("number", BIG, primary_key=True, autoincrement=True),
    Column("source_id", BIG, ForeignKey("sources.id"), nullable=False, index=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, unique=True),
    Column("uri", Text, nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("modified", Float, nullable=False),
    Column("size", BIG, nullable=False),
    Column("num_passages", Integer, nullable=False),
    Column("num_pages", Integer, nullable=False),
    Column("num_groups", Integer, nullable=False),
    Column("warnings", Text, nullable=False),  # JSON list
    sqlite_autoincrement=True,
)

document_groups = Table(
    "document_groups",
    metadata,
    Column("document", BIG, ForeignKey("documents.number", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("ordinal", Integer, nullable=False),
)

# A document's text in compressed pieces, so that a passage costs one piece and not the document.
texts = Table(
    "texts",
    metadata,
    Column("document", BIG, ForeignKey("documents.number", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# Blocks, pages and the words on them, in compressed columns.
layouts = Table(
    "layouts",
    metadata,
    Column("document", BIG, ForeignKey("documents.number", ondelete="CASCADE"), primary_key=True),
    Column("blocks", LargeBinary, nullable=False),
    Column("pages", LargeBinary, nullable=False),
)

passages = Table(
    "passages",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("document", BIG, ForeignKey("documents.number"), nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("page", Integer, nullable=True),
    Column("kind", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),  # of all that is indexed of it
    Column("data", LargeBinary, nullable=False),  # indexed text, headings and tokens, compressed
    Index("passages_document", "document", "ordinal", unique=True),
    # Filters are answered from this index, without the rows and their compressed text.
    Index("passages_language", "language", "document"),
    sqlite_autoincrement=True,
)

encoders = Table(
    "encoders",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
    sqlite_autoincrement=True,
)

# `sequence` is the order of writing: derived indexes name the last one that they hold.
vectors = Table(
    "vectors",
    metadata,
    Column("sequence", BIG, primary_key=True, autoincrement=True),
    Column("passage", BIG, ForeignKey("passages.id", ondelete="CASCADE"), nullable=False),
    Column("encoder", Integer, ForeignKey("encoders.id"), nullable=False),
    Column("data", LargeBinary, nullable=False),
    Index("vectors_passage", "passage", "encoder", unique=True),
    sqlite_autoincrement=True,
)

# Passages that wait for their vector, by encoder; the first passages of every document come first.
waiting = Table(
    "waiting",
    metadata,
    Column("encoder", Integer, ForeignKey("encoders.id"), primary_key=True),
    Column("turn", Integer, primary_key=True),
    Column("passage", BIG, ForeignKey("passages.id", ondelete="CASCADE"), primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# The sum of the raw vectors of each language, kept in the transaction that changes the vectors.
language_sums = Table(
    "language_sums",
    metadata,
    Column("encoder", Integer, ForeignKey("encoders.id"), primary_key=True),
    Column("language", Text, primary_key=True),
    Column("count", BIG, nullable=False),
    Column("total", LargeBinary, nullable=False),  # float64
)

# Means that come with an encoder, used for languages of which the pile has little.
shipped_means = Table(
    "shipped_means",
    metadata,
    Column("encoder", Integer, ForeignKey("encoders.id"), primary_key=True),
    Column("language", Text, primary_key=True),
    Column("mean", LargeBinary, nullable=False),  # float32
)
