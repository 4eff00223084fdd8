"""The store: sources, documents, passages and vectors in one SQLite file, found by words and by meaning.

Safe for several threads and processes at once. What a method has done is on disk when it returns.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from everask.index import (
    backup,
    catalogue,
    dense,
    lexical,
    renewal,
    serving,
    sources,
    tiers,
    vectors,
    wordings,
)
from everask.index.conditions import Groups, passage_conditions, quick_conditions
from everask.index.counts import StoreCounts, read_counts, read_some
from everask.index.database import Database
from everask.index.dense import DenseIndex, Search
from everask.index.inspection import inspect
from everask.index.lexical import Match
from everask.index.memory import Memory
from everask.index.serving import ActiveEncoder
from everask.index.settings import read_setting, write_setting
from everask.index.spelling import UNKNOWN, Speller
from everask.index.spool import Prepared, Spool
from everask.index.vocabulary import Vocabulary
from everask.types import Document, DocumentInfo, Filters, Passage, Source, SourceStatus

NO_FILTERS = Filters()
MAX_FOLLOWED = 2_000  # passages whose words one search may read before it spells


class Store:
    """One folder with everything that Everask knows of the documents."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = folder
        self.database = database
        self.memory = Memory(database)
        self._frequencies = lexical.Frequencies()
        self._vocabulary = Vocabulary(folder)
        self._dense: dict[str, DenseIndex] = {}
        self._lock = threading.Lock()

    @classmethod
    def open(cls, folder: Path, *, create: bool = True) -> Store:
        """Open the store in a folder, brought up to date.

        Raises StoreError when it is damaged, was written by a newer Everask, or is not there and
        `create` is off.
        """
        database = Database(folder, create=create)
        renewal.notice(database)
        return cls(folder, database)

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections; nothing waits to be written."""
        self.database.close()

    # Sources

    def source(self, uri: str) -> Source | None:
        """What is known of a file or page that was added."""
        with self.database.reading() as connection:
            return sources.find_source(connection, uri)

    def sources(self, status: SourceStatus | None = None, place: str | None = None) -> Iterator[Source]:
        """All sources by address, or those of one outcome, or at and below a place."""
        return sources.list_sources(self.database, status, place)

    def roots(self) -> list[str]:
        """The folders, files and pages that were added."""
        with self.database.reading() as connection:
            return sources.list_roots(connection)

    def put_source(self, source: Source, documents: Iterable[tuple[Document, Sequence[Passage]]]) -> None:
        """Put a source with its documents in place of all that it had, or leave all as it was.

        Documents are taken one at a time. A passage whose indexed text did not change keeps its id
        and its vectors. A name that is taken gets the file's ending, then a number.
        """
        with self.prepare(source, documents) as prepared:
            self.put_prepared([prepared])

    def prepare(self, source: Source, documents: Iterable[tuple[Document, Sequence[Passage]]]) -> Prepared:
        """Split off the slow part of `put_source`: analyse and pack, without touching the store.

        Close it when it was put, or will not be.
        """
        spool = Spool(self.folder)
        try:
            spool.fill(documents)
        except BaseException:
            spool.close()
            raise
        return Prepared(source, spool)

    def put_prepared(self, prepared: Sequence[Prepared]) -> None:
        """Put sources as `put_source` does, all of them in one transaction: one wait for the disk."""
        with self.database.writing() as connection:
            for one in prepared:
                sources.replace_source(connection, one.source, one.spool)

    def remove_source(self, uri: str) -> bool:
        """Remove a source with all that it had; False when it was not there."""
        with self.database.writing() as connection:
            return sources.delete_sources(connection, [uri]) > 0

    def remove_under(self, uri_prefix: str) -> int:
        """Remove all sources in a folder, in one transaction; return how many there were."""
        with self.database.writing() as connection:
            return sources.delete_sources(connection, sources.uris_below(connection, uri_prefix))

    # Documents

    def documents(self, filters: Filters | None = None, groups: Groups = None) -> Iterator[DocumentInfo]:
        """The documents that the asker may read, by name."""
        return catalogue.list_documents(self.database, filters or NO_FILTERS, groups)

    def find_document(self, key: str, groups: Groups = None) -> DocumentInfo:
        """A document's entry, by id, name, URI or path. Raises NotFoundError."""
        with self.database.reading() as connection:
            return catalogue.find_document(connection, key, groups)

    def document(self, id: str, groups: Groups = None) -> Document:
        """A whole document with its blocks, pages and words. Raises NotFoundError."""
        with self.database.reading() as connection:
            return catalogue.load_document(connection, id, groups)

    def passages(self, document_id: str, groups: Groups = None) -> list[Passage]:
        """A document's passages in order; none when there is no such document."""
        with self.database.reading() as connection:
            return catalogue.load_passages(connection, document_id, groups)

    def hits(self, ids: Sequence[int], groups: Groups = None) -> dict[int, tuple[Passage, DocumentInfo]]:
        """Passages with their documents, by passage id; those that are gone are left out."""
        with self.database.reading() as connection:
            return catalogue.load_hits(connection, ids, groups)

    def passage_places(self, ids: Sequence[int]) -> dict[int, catalogue.PassagePlace]:
        """In which language and where passages stand, without loading them."""
        with self.database.reading() as connection:
            return catalogue.load_places(connection, ids)

    # Search

    def still(self) -> AbstractContextManager[None]:
        """Let all that this thread reads in the block be of one state of the store; quicker, too."""
        return self.database.still()

    def languages(self) -> tuple[str, ...]:
        """The languages of the passages, the most frequent first, as they were a little while ago."""
        with self.database.reading() as connection:
            return self._frequencies.languages(connection)

    def lexical(
        self,
        tokens: Sequence[str],
        limit: int,
        filters: Filters = NO_FILTERS,
        groups: Groups = None,
    ) -> list[Match]:
        """The best passages by words, best first.

        Very common tokens bring no candidates when there are rarer ones; they count all the same.
        """
        with self.database.reading() as connection:
            conditions = passage_conditions(filters, groups)
            must = wordings.expression(filters.phrases)
            return lexical.search(connection, tokens, limit, conditions, self._frequencies, must)

    def count_held(self, ids: Sequence[int], wanted: Sequence[str]) -> dict[int, int]:
        """How many of some wordings each of these passages has, word for word; those without are left out."""
        with self.database.reading() as connection:
            return wordings.count_held(connection, ids, wanted)

    def spell(
        self,
        asked: Mapping[str, Sequence[str]],
        groups: Groups = None,
        *,
        language: str = UNKNOWN,
        most: int = MAX_FOLLOWED,
    ) -> dict[str, str]:
        """How the documents spell words that stand in none: `asked` maps each word to its index tokens. Only
        from what the asker may read; words that are no names only from passages in their `language`. Of a
        large pile that was never searched, as much as `most` passages are read meanwhile."""
        conditions = passage_conditions(NO_FILTERS, groups)
        with self.database.reading() as connection:
            count = self._frequencies.counter(connection)
            return Speller(connection, self._vocabulary, count, conditions, language).spell_all(asked, most)

    # Vectors

    def pending(self, encoder_id: str, limit: int) -> list[tuple[int, str, str]]:
        """Passages without a vector: (id, text to encode, language); beginnings of documents first."""
        with self.database.reading() as connection:
            encoder = vectors.find_encoder(connection, encoder_id)
            if encoder is not None:
                return vectors.list_waiting(connection, encoder, limit)
        with self.database.writing() as connection:
            encoder = vectors.register_encoder(connection, encoder_id)
            return vectors.list_waiting(connection, encoder, limit)

    def know_encoder(self, encoder_id: str, shipped_means: Mapping[str, NDArray[np.float32]]) -> None:
        """Let passages wait for an encoder's vectors, and keep the means that it comes with."""
        with self.database.writing() as connection:
            encoder = vectors.register_encoder(connection, encoder_id)
            vectors.write_shipped(connection, encoder, shipped_means)

    def num_pending(self, encoder_id: str) -> int:
        """How many passages have no vector of this encoder."""
        with self.database.reading() as connection:
            encoder = vectors.find_encoder(connection, encoder_id)
            if encoder is None:
                return lexical.read_pile(connection).passages
            return vectors.count_waiting(connection, encoder)

    def put_vectors(self, encoder_id: str, ids: Sequence[int], rows: NDArray[np.float32]) -> None:
        """Store raw vectors (n, d) of passages; those that have been removed are passed over.

        Full vectors take the place of rough ones, and never the other way round.
        """
        with self.database.writing() as connection:
            vectors.write(connection, encoder_id, dict(zip(ids, rows, strict=True)))

    def language_means(self, encoder_id: str) -> dict[str, tuple[NDArray[np.float32], int]]:
        """The mean raw vector of each language of the pile, and how many vectors it is of."""
        with self.database.reading() as connection:
            encoder = vectors.find_encoder(connection, encoder_id)
            return {} if encoder is None else vectors.read_means(connection, encoder)

    def dense_means(self, encoder_id: str) -> Mapping[str, NDArray[np.float32]]:
        """The mean to take off a query, by language, as the rows that `dense` looks at were centred.

        "und" stands for languages that have none. Empty while there are neither vectors nor shipped
        means.
        """
        with self.database.reading() as connection:
            encoder = vectors.find_encoder(connection, encoder_id)
            if encoder is None:
                return {}
            return self._dense_index(encoder_id).refresh(connection, encoder).means

    def dense(
        self,
        encoder_id: str,
        query: NDArray[np.float32],
        means: Mapping[str, NDArray[np.float32]] | None,
        limit: int,
        filters: Filters = NO_FILTERS,
        groups: Groups = None,
    ) -> list[tuple[int, float]]:
        """The nearest passages (id, cosine), best first.

        `query` (d,) has had its language's mean of `dense_means` taken off and is of length 1;
        `means` are those means, or None for the ones in use now.
        """
        if limit < 1:
            return []
        key = (filters, groups)
        search = Search(limit, passage_conditions(*key), key, means, quick_conditions(*key))
        with self.database.reading() as connection:
            return tiers.search(connection, self._dense_index, encoder_id, query, search)

    def cosines(
        self,
        encoder_id: str,
        query: NDArray[np.float32],
        means: Mapping[str, NDArray[np.float32]],
        ids: Sequence[int],
    ) -> dict[int, float]:
        """How near passages are that were found otherwise, as `dense` scores them; those with a vector."""
        with self.database.reading() as connection:
            return tiers.cosines(connection, self._dense_index, encoder_id, query, means, ids)

    def directions(
        self, encoder_id: str, means: Mapping[str, NDArray[np.float32]], ids: Sequence[int]
    ) -> dict[int, NDArray[np.float32]]:
        """The vectors (d,) of passages without their languages' means, of length 1; of those with one."""
        with self.database.reading() as connection:
            return tiers.directions(connection, encoder_id, means, ids)

    def maintain(
        self, encoder_id: str, shipped_means: Mapping[str, NDArray[np.float32]], *, num_threads: int = 1
    ) -> bool:
        """Keep an encoder's shipped means, and rebuild its derived index if that is missing, damaged or
        no longer like the pile; whether it was rebuilt. May take a minute; searches go on meanwhile."""
        with self.database.reading() as connection:
            self._vocabulary.follow(connection)
        return dense.maintain(self.database, self.folder, encoder_id, shipped_means, num_threads)

    def hurry(self, encoder_id: str, document_ids: Sequence[str]) -> None:
        """Let the passages of documents be the next that `pending` gives: somebody asks for them."""
        with self.database.writing() as connection:
            encoder = vectors.find_encoder(connection, encoder_id)
            if encoder is not None:
                vectors.hurry(connection, encoder, catalogue.load_numbers(connection, document_ids))

    def encoder_ids(self) -> list[str]:
        """The encoders that the store knows, with rough ones, as they became known."""
        with self.database.reading() as connection:
            return vectors.list_encoders(connection)

    def active_encoder(self) -> ActiveEncoder | None:
        """The encoder that searches go by; None while none was chosen."""
        with self.database.reading() as connection:
            return serving.read_active(connection)

    def activate_encoder(self, encoder_id: str, folder: str = "") -> None:
        """Let searches go by this encoder from now on, in every process; `folder` is where it is.

        At once: what the other encoders hold is not touched; `keep_encoders` removes it afterwards.
        """
        with self.database.writing() as connection:
            serving.write_active(connection, ActiveEncoder(encoder_id, folder))

    def keep_encoders(self, encoder_ids: Sequence[str]) -> list[str]:
        """Remove the vectors of all encoders but these (and their rough ones); return which went."""
        gone = serving.keep_only(self.database, self.folder, encoder_ids)
        with self._lock:
            for name in gone:
                self._dense.pop(name, None)
        return gone

    def _dense_index(self, encoder_id: str) -> DenseIndex:
        with self._lock:
            return self._dense.setdefault(encoder_id, DenseIndex(self.folder, encoder_id))

    # Analysis

    def num_outdated(self) -> int:
        """How many passages were analysed by an earlier version, and are found by fewer of their words."""
        with self.database.reading() as connection:
            return renewal.count_outdated(connection)

    def renew_words(self, limit: int | None = None, stopped: Callable[[], bool] | None = None) -> int:
        """Analyse such passages anew, from what is stored of them, about `limit` at most; return how many."""
        done = 0
        with self.database.reading() as connection:
            if renewal.is_done(connection):
                return 0
        while (limit is None or done < limit) and not (stopped and stopped()):
            with self.database.writing() as connection:
                number = renewal.renew(connection)
            if not number:
                break
            done += number
        return done

    # State

    def counts(self, groups: Groups = None) -> StoreCounts:
        """How much there is of everything that the asker may read."""
        with self.database.reading() as connection:
            return read_counts(connection) if groups is None else read_some(connection, groups)

    def check(self) -> list[str]:
        """Look at everything that is stored; problems as lines for people, none when all is well."""
        return inspect(self.database, self.folder)

    def backup(self, target: Path) -> None:
        """Write a consistent copy into a new folder, while the store is in use; see `restore`.

        Raises UsageError when `target` is there and holds something.
        """
        backup.save(self.database, target)

    def setting(self, key: str) -> str | None:
        """A setting that is kept with the store."""
        with self.database.reading() as connection:
            return read_setting(connection, key)

    def put_setting(self, key: str, value: str) -> None:
        """Keep a setting with the store."""
        with self.database.writing() as connection:
            write_setting(connection, key, value)
