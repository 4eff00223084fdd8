"""Vectors follow words: pending passages are encoded in the background, by one process at a time.

Rough vectors first, thousands a second, so that everything is soon findable by meaning; then full ones:
beginnings of documents before the rest, and documents that somebody asks about before all others.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from everask.encoder import Encoder, load_means
from everask.errors import EveraskError
from everask.index import Store

BATCH = 256
ROUGH_BATCH = 2_048
MAINTAIN_EVERY = 20 * BATCH
"""Rows that the derived index does not hold yet stand in memory: it follows during a long run too."""
LOCK_NAME = "encode.lock"

_log = logging.getLogger(__name__)


def _nothing() -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Work:
    """How encoding goes on: `progress` is called with (done, to do in all), `stopped` ends it after a
    batch, `asked` gives the ids of documents that somebody asks about."""

    progress: Callable[[int, int], None] | None = None
    stopped: Callable[[], bool] | None = None
    asked: Callable[[], Sequence[str]] = _nothing

    def goes_on(self) -> bool:
        """Whether nobody has stopped it."""
        return not (self.stopped and self.stopped())


def encode_pending(
    store: Store,
    encoder: Encoder,
    folder: Path,
    *,
    progress: Callable[[int, int], None] | None = None,
    stopped: Callable[[], bool] | None = None,
    asked: Callable[[], Sequence[str]] = _nothing,
    wait: bool = False,
) -> int:
    """Encode what has no vector yet, best documents first; return how many got a full one.

    Only one process at a time does it: another returns 0 at once, or with `wait` when it has the lock.
    `progress` is called with (done, to do in all); `asked` gives documents that somebody asks about.
    """
    work = Work(progress, stopped, asked)
    try:
        with FileLock(folder / LOCK_NAME, timeout=-1 if wait else 0):
            return _encode_all(store, encoder, work)
    except Timeout:
        return 0


def encode_rough(store: Store, encoder: Encoder, folder: Path, stopped: Callable[[], bool] | None) -> int:
    """Give rough vectors to what has none, unless another process encodes; return how many."""
    try:
        with FileLock(folder / LOCK_NAME, timeout=0):
            return _encode_rough(store, encoder, Work(stopped=stopped))
    except Timeout:
        return 0


def _encode_all(store: Store, encoder: Encoder, work: Work) -> int:
    done, means = 0, load_means(encoder.id)
    for one in (encoder, encoder.rough):
        if one is not None:
            store.know_encoder(one.id, means)  # a search may come before the first vector
    while work.goes_on():
        _encode_rough(store, encoder, work)
        asked = work.asked()
        if asked:
            store.hurry(encoder.id, asked)
        batch = store.pending(encoder.id, BATCH)
        if not batch:
            break
        ids = [passage_id for passage_id, _, _ in batch]
        store.put_vectors(encoder.id, ids, encoder.encode_passages([text for _, text, _ in batch]))
        done += len(batch)
        if work.progress:
            work.progress(done, done + store.num_pending(encoder.id))
        if done % MAINTAIN_EVERY == 0:
            _maintain(store, encoder)
    _maintain(store, encoder)
    return done


def _encode_rough(store: Store, encoder: Encoder, work: Work) -> int:
    done, rough = 0, encoder.rough
    while rough is not None and work.goes_on():
        batch = store.pending(rough.id, ROUGH_BATCH)
        if not batch:
            break
        ids = [passage_id for passage_id, _, _ in batch]
        store.put_vectors(rough.id, ids, rough.encode_passages([text for _, text, _ in batch]))
        done += len(batch)
    if rough is not None and done:
        store.maintain(rough.id, load_means(encoder.id))
    return done


def _maintain(store: Store, encoder: Encoder) -> None:
    means = load_means(encoder.id)
    store.maintain(encoder.id, means, num_threads=encoder.num_threads)
    if encoder.rough is not None:
        store.maintain(encoder.rough.id, means)


class BackgroundEncoder:
    """A thread that encodes whenever it is told that something was added, and every minute besides."""

    def __init__(self, work: Callable[[Callable[[], bool]], object]) -> None:
        self._work = work
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, name="everask-encoder", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that there may be something to encode."""
        self._wake.set()

    def close(self) -> None:
        """Stop after the current batch."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout=60)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self._work(self._stop.is_set)
            except EveraskError as error:
                _log.error("encoding failed, and is tried again within a minute: %s", error)
            except Exception:  # noqa: BLE001 - a worker's edge: one failure must not end all encoding
                _log.exception("encoding failed, and is tried again within a minute")
            self._wake.wait(timeout=60)
