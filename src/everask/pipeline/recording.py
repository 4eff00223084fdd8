"""Keeps what people were shown without making them wait: lists go through a queue and are written together.

What does not fit into the queue is left out, and so is what cannot be written: nobody's search fails because
of it.
"""

from __future__ import annotations

import logging
import queue
import threading

from everask.errors import EveraskError
from everask.index.database import Database
from everask.index.impressions import ShownList, put_impressions

WAITING = 1_000
AT_ONCE = 100
SECONDS = 1.0
"""So long others are waited for before lists are written."""
_log = logging.getLogger(__name__)


class Recorder:
    """The queue, and the thread that empties it, which starts with the first list."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._queue: queue.Queue[ShownList | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._failed = False

    def put(self, shown: ShownList) -> bool:
        """Take a list; False where there are too many already."""
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="everask-recorder", daemon=True)
                    self._thread.start()
        try:
            self._queue.put_nowait(shown)
        except queue.Full:
            return False
        return True

    def close(self) -> None:
        """Write what waits, and end."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join()

    def _work(self) -> None:
        is_open = True
        while is_open:
            first = self._queue.get()
            if first is None:
                return
            taken = [first]
            while len(taken) < AT_ONCE:
                try:
                    one = self._queue.get(timeout=SECONDS)
                except queue.Empty:
                    break
                if one is None:
                    is_open = False
                    break
                taken.append(one)
            self._write(taken)

    def _write(self, shown: list[ShownList]) -> None:
        try:
            with self._database.writing() as connection:
                put_impressions(connection, shown)
            self._failed = False
        except EveraskError as error:  # a full disk: said once, until it goes well again
            if not self._failed:
                _log.warning("what people were shown is not kept: %s", error)
            self._failed = True
