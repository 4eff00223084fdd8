"""Folders and pages kept in sync while a server runs: what is new, changed, renamed or gone is taken up.

The system tells of changes where it can; every few minutes each folder is looked at all the same, since
network disks, full queues and restarts lose such news. Pages are asked a few times a day whether they
changed. What was watched is in the store, so a restart goes on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from everask.documents.names import file_path, file_uri
from everask.documents.web import Validators
from everask.errors import EveraskError, NotFoundError
from everask.index import Store, watched
from everask.index.watched import Look, Watched
from everask.pipeline.adding import AddProgress, AddReport, Watch, absolute, add_targets, place_uri
from everask.settings import Settings

FOLDER_SECONDS = 300.0
PAGE_SECONDS = 6 * 3600.0
TELL_MS = 2_000
"""How often the news are looked at; and what comes within it is one change."""
REST = 3
"""A look may take a quarter of the time: a folder that always changes does not keep the machine busy."""

_log = logging.getLogger(__name__)


class Kept(Protocol):
    """What watching needs of an engine."""

    settings: Settings
    store: Store

    def wake(self) -> None:
        """Let vectors be made of what is new."""


@dataclass(frozen=True, slots=True)
class Looking:
    """How far a look is that goes on now."""

    uri: str
    done: int = 0
    total: int = 0
    name: str = ""


def watch(kept: Kept, targets: Sequence[str]) -> list[str]:
    """Keep folders, files and pages in sync from now on; return their addresses. Raises NotFoundError for a
    path that is not there."""
    uris = [place_uri(target) for target in targets]
    for target, uri in zip(targets, uris, strict=True):
        if uri.startswith("file:") and not absolute(target).exists():
            raise NotFoundError(f"{target} is not there.", "Check the path; nothing was changed.")
    watched.watch(kept.store.database, uris, time.time())
    return uris


def look(kept: Kept, place: Watched, progress: Callable[[AddProgress], None] | None = None) -> Look:
    """Look at a place once, take up what changed, keep what was found and return it. What is in the pile
    stays there where the place cannot be reached, or where much of it is gone at once."""
    database = kept.store.database
    care = Watch(watched.left_out(database), Validators(place.look.etag, place.look.modified))
    report = AddReport()
    try:
        target = place.uri if place.is_page else str(file_path(place.uri))
        report = add_targets(kept.store, kept.settings, [target], progress, watch=care)
        found = _found(report, care, place)
    except EveraskError as error:
        found = replace(place.look, state="unreachable", message=f"{error.message} What it held is kept.")
    watched.note_look(database, place.uri, time.time(), found)
    if report.documents:
        kept.wake()
    return found


def _found(report: AddReport, care: Watch, place: Watched) -> Look:
    message = report.failed[-1][1] if report.failed else ""
    if place.is_page and report.failed:
        return replace(place.look, state="unreachable", message=message, failed=1)
    known = care.known or Validators()
    return Look(
        "held" if care.held else "ok",
        message if care.held else "",
        report.added,
        report.changed,
        report.removed,
        len(report.failed),
        known.etag,
        known.modified,
    )


class Watcher:
    """Looks at what is watched, in a thread of its own, until it is closed."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._stopped = threading.Event()
        self._touched: set[str] = set()
        self._rests: dict[str, float] = {}
        self.looking: Looking | None = None
        self.num_changes = 0
        """Looks so far that changed the pile, or found something else than the one before."""
        self._thread = threading.Thread(target=self._run, name="everask-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop; a look that goes on is done again next time."""
        self._stopped.set()
        self._thread.join(timeout=5)

    def touch(self, uri: str) -> None:
        """Look at this place as soon as may be."""
        self._touched.add(uri)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                folders = _there(self._places())
                self._touched |= folders  # what was watched just now, or could not be reached before
                for changed in self._news(folders):
                    places = self._places()
                    self._touched |= _around(folders, changed)
                    self._look_at_due(places)
                    if self._stopped.is_set() or _there(places) != folders:
                        break
            except Exception:  # noqa: BLE001 the thread's edge: whatever fails now may work in a while
                _log.exception("watching failed")
                self._stopped.wait(30 * TELL_MS / 1000)

    def _places(self) -> list[Watched]:
        return [one for one in watched.list_watched(self._kept.store.database) if not one.paused]

    def _look_at_due(self, places: Collection[Watched]) -> None:
        for place in places:
            now = time.time()
            if self._stopped.is_set() or now < self._rests.get(place.uri, 0.0):
                continue
            if place.uri in self._touched or _is_due(place, now):
                self._touched.discard(place.uri)
                self._look(place)

    def _look(self, place: Watched) -> None:
        started = time.time()

        def hear(progress: AddProgress) -> None:
            self.looking = Looking(place.uri, progress.done, progress.total, Path(progress.name).name)

        self.looking = Looking(place.uri)
        try:
            found = look(self._kept, place, hear)
            self.num_changes += bool(found.added or found.changed or found.removed) or found != place.look
        finally:
            self.looking = None
            self._rests[place.uri] = time.time() + REST * (time.time() - started)

    def _news(self, folders: Collection[str]) -> Iterator[Collection[str]]:
        """Paths that changed, or none, every little while; from the first time on no change is lost."""
        if folders:
            import watchfiles

            try:
                for changes in watchfiles.watch(
                    *map(file_path, folders),
                    watch_filter=None,
                    rust_timeout=TELL_MS,
                    yield_on_timeout=True,
                    stop_event=self._stopped,
                    raise_interrupt=False,
                ):
                    yield {path for _, path in changes}
            except OSError as error:  # too many folders for the system, or one that just went
                _log.info("changes are not told of, and folders looked at instead: %s", error)
        while not self._stopped.wait(TELL_MS / 1000):
            yield ()


def _there(places: Collection[Watched]) -> set[str]:
    return {one.uri for one in places if not one.is_page and file_path(one.uri).exists()}


def _around(folders: Collection[str], changed: Collection[str]) -> set[str]:
    """The folders in which something changed."""
    uris = [file_uri(Path(path)) + "/" for path in changed]
    return {uri for uri in folders if any(one.startswith(uri.rstrip("/") + "/") for one in uris)}


def _is_due(place: Watched, now: float) -> bool:
    seconds = PAGE_SECONDS if place.is_page else FOLDER_SECONDS
    return place.looked_at is None or now - place.looked_at >= seconds
