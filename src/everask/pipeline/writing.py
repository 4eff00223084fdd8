"""Writes sources while the next are read and analysed: what has come meanwhile shares one wait for the disk.

One thread writes, in the order given. A source that cannot be written is noted as failed, and the rest
goes on; when not even that can be written, as on a full disk, the error is raised to whoever puts.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Generic, TypeVar

from everask.errors import EveraskError
from everask.index import Store
from everask.index.spool import Prepared
from everask.types import Document, Passage, Source

MAX_WAITING = 32
"""Sources that were read and are not written yet; each holds a bounded amount of memory."""
MAX_TOGETHER = 64

_log = logging.getLogger(__name__)

Note = TypeVar("Note")


@dataclass(frozen=True, slots=True)
class Written(Generic[Note]):
    """A source that is on disk now; `error` says why it is there as a failure."""

    note: Note
    error: str = ""


class Writer(Generic[Note]):
    """Takes sources, each with a note of the caller's, which comes back when it is written."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: queue.Queue[tuple[Prepared, Note] | None] = queue.Queue(MAX_WAITING)
        self._done: deque[Written[Note]] = deque()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="everask-write", daemon=True)
        self._thread.start()

    def __enter__(self) -> Writer[Note]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(None)
        self._thread.join()

    def put(
        self, source: Source, documents: Iterator[tuple[Document, Sequence[Passage]]], note: Note
    ) -> None:
        """Analyse a source here and have it written; waits while too much waits."""
        try:
            prepared = self._store.prepare(source, documents)
        except Exception as error:  # noqa: BLE001 - an edge: one bad source must not stop the others
            self._fail(source, note, error)
            return
        self._queue.put((prepared, note))

    def take(self, *, wait: bool = False) -> Iterator[Written[Note]]:
        """What was written since; with `wait`, when all is. Raises what ended the writing."""
        if wait:
            self._queue.join()
        while self._done:
            yield self._done.popleft()
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            some = [first]
            while len(some) < MAX_TOGETHER:
                try:
                    more = self._queue.get_nowait()
                except queue.Empty:
                    break
                if more is None:  # the end: to be seen again after this
                    self._queue.put(None)
                    self._queue.task_done()
                    break
                some.append(more)
            try:
                if self._error is None:
                    self._write(some)
            except BaseException as error:  # noqa: BLE001 - raised to the caller by `take`
                self._error = error
            finally:
                for prepared, _ in some:
                    prepared.spool.close()
                    self._queue.task_done()

    def _write(self, some: Sequence[tuple[Prepared, Note]]) -> None:
        try:
            self._store.put_prepared([prepared for prepared, _ in some])
            self._done.extend(Written(note) for _, note in some)
        except Exception as error:  # noqa: BLE001 - an edge, as above
            if len(some) > 1:
                for one in some:
                    self._write([one])
            else:
                self._fail(some[0][0].source, some[0][1], error)

    def _fail(self, source: Source, note: Note, error: Exception) -> None:
        _log.warning("%s could not be stored", source.uri, exc_info=not isinstance(error, EveraskError))
        told = str(error) if isinstance(error, EveraskError) else f"It could not be stored: {error!r}."
        self._store.put_source(replace(source, status="failed", message=told, num_documents=0), ())
        self._done.append(Written(note, told))
