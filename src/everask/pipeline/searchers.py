"""Searches in processes of their own: they wait for no thread that adds, answers or talks to clients.

One interpreter runs one thread at a time, and adding ten files takes it for seconds. What is written to the
store is seen by every process at its next search.
"""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.connection
import os
import sys
import threading
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import TYPE_CHECKING

from everask.errors import EveraskError
from everask.pipeline.asking import Question, Shown
from everask.pipeline.browsing import Browsed, Like, browse
from everask.settings import Settings

if TYPE_CHECKING:
    from everask.pipeline.engine import Engine

SWITCH_SECONDS = 0.0005
"""How long a thread that works may keep the interpreter from one that waits for it, a tenth of Python's own:
a search asks for it some forty times."""
_log = logging.getLogger(__name__)
_engine: Engine | None = None
"""That of this process, if it searches for another."""


class Searchers:
    """Searches of one engine, by `number` processes; by the calling thread where there are none. Thread-safe;
    close it when done.

    The processes start with the first search or `start`. One that dies costs nobody their search: it is made
    here, and others start.
    """

    def __init__(self, engine: Engine, number: int = 0) -> None:
        self._engine = engine
        self._number = number
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._closed = False

    def start(self) -> None:
        """Start the processes now, and return at once."""
        pool = self._running()
        if pool is not None:
            for _ in range(self._number):
                pool.submit(_wait)

    def close(self) -> None:
        """End the processes, once they have done what they do; from then on the calling thread searches."""
        with self._lock:
            self._closed = True
        self._end(wait=True)

    def browse(
        self, question: Question, shown: Shown, like: Like | None = None, with_facets: bool = False
    ) -> Browsed:
        """As `browsing.browse`, and with its errors."""
        pool = self._running()
        if pool is None:
            return browse(self._engine, question, shown, like, with_facets)
        try:
            # What is set while the server runs counts from the next search on, there as here.
            own = _without_model(self._engine.settings)
            found = pool.submit(_browse, own, question, shown, like, with_facets).result()
        except (BrokenProcessPool, CancelledError):
            _log.warning("a process that searches has ended; another is started")
            self._end()
            return browse(self._engine, question, shown, like, with_facets)
        self._engine.note_found(found.hits)
        return found

    def _running(self) -> ProcessPoolExecutor | None:
        with self._lock:
            if self._pool is None and self._number and not self._closed:
                self._pool = _start(self._engine.settings, self._number)
            return self._pool

    def _end(self, *, wait: bool = False) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=wait, cancel_futures=True)


def _start(settings: Settings, number: int) -> ProcessPoolExecutor:
    apart = multiprocessing.get_context("spawn")
    own = _without_model(settings)
    return ProcessPoolExecutor(number, mp_context=apart, initializer=_open, initargs=(own,))


def _without_model(settings: Settings) -> Settings:
    """The same without a language model: what it writes is not searching."""
    return replace(settings, models=replace(settings.models, generator="none"))


def _open(settings: Settings) -> None:
    global _engine
    from everask.pipeline.engine import WARMING, Engine

    sys.setswitchinterval(SWITCH_SECONDS)
    threading.Thread(target=_end_with_parent, name="everask-parent", daemon=True).start()
    _engine = Engine(settings)
    try:
        _engine.search(WARMING, with_marks=False)
    except EveraskError as error:  # who searches next is told
        _log.warning("the first search failed: %s", type(error).__name__)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(0)  # killed: nobody reads what comes of it, and nothing is left half-written


def _wait() -> None:
    """Nothing: a process has started when it is done."""


def _browse(
    settings: Settings, question: Question, shown: Shown, like: Like | None, with_facets: bool
) -> Browsed:
    assert _engine is not None, "_open has run"
    _engine.settings = settings
    return browse(_engine, question, shown, like, with_facets)
