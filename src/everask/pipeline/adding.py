"""Files, folders and pages into the store: what is new or changed is read, what is gone is removed.

Safe to repeat and to interrupt: a source is written whole or not at all, and what is unchanged costs a stat.
"""

from __future__ import annotations

import os
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from everask.documents.folder import walk
from everask.documents.names import file_uri
from everask.documents.reader import Reader, ReadResult
from everask.documents.web import Validators, fetch_page
from everask.errors import EveraskError, NotFoundError
from everask.index import Store
from everask.index.granting import grant
from everask.index.watched import hashed, take_back
from everask.ingest import split
from everask.pipeline.writing import Writer, Written
from everask.settings import Settings
from everask.types import Document, Passage, Source, SourceStatus

Stamp = tuple[int, int, int]
MANY_GONE = 10
"""Files; more than these and half of a watched folder, gone at once, are more likely an unplugged disk."""


@dataclass(frozen=True, slots=True)
class AddProgress:
    """How far an `add` is: files done, files to read in all, and the one just finished."""

    done: int
    total: int
    name: str


@dataclass(slots=True)
class AddReport:
    """What an `add` did. `failed` holds (path or URL, one line that says why and what to do)."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    documents: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0


Progress = Callable[[AddProgress], None]


@dataclass(slots=True)
class Watch:
    """An `add` that nobody asked for by name, of a place that is kept in sync: what is in `left_out` stays
    out, and nothing is removed where much is gone at once: `held` then. `known` is a page's version."""

    left_out: frozenset[str] = frozenset()
    known: Validators | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class _Work:
    """What adding one target needs."""

    store: Store
    settings: Settings
    reader: Reader
    report: AddReport
    progress: Progress | None
    retry: bool
    watch: Watch | None


def is_url(target: str) -> bool:
    """Whether a target is a web page rather than a path."""
    return target.partition("://")[0].lower() in {"http", "https"}


def place_uri(target: str) -> str:
    """The address of a target."""
    return target if is_url(target) else file_uri(absolute(target))


def absolute(target: str) -> Path:
    """A target's path with links resolved, so that one file has one name however it was reached."""
    try:
        return Path(target).expanduser().resolve()
    except RuntimeError:  # `~` of nobody is a name like any other
        return Path(target).resolve()


def add_targets(
    store: Store,
    settings: Settings,
    targets: Sequence[str],
    progress: Progress | None = None,
    retry: bool = False,
    groups: Sequence[str] | None = None,
    watch: Watch | None = None,
) -> AddReport:
    """Index files, folders and pages. `retry` reads again what failed before. `groups` may read what is there
    from now on, instead of who might before; None leaves that as it is. `watch` is for places kept in sync.

    Raises NotFoundError for a path that is not there; a file that cannot be read is in `failed`.
    """
    started = time.monotonic()
    report = AddReport()
    paths = [absolute(target) for target in targets if not is_url(target)]
    for path in paths:
        if not os.path.lexists(path):
            raise NotFoundError(f"{path} is not there.", "Check the path; nothing was changed.")
    if groups is not None:  # first, so that nothing is ever to be found by more
        with store.database.writing() as connection:
            for target in targets:
                grant(connection, place_uri(target), groups)
    with Reader(settings.limits, num_workers=settings.models.num_threads) as reader:
        work = _Work(store, settings, reader, report, progress, retry, watch)
        for path in paths:
            _add_path(work, path)
        for target in targets:
            if is_url(target):
                _add_page(work, target)
    report.seconds = time.monotonic() - started
    return report


def _add_path(work: _Work, target: Path) -> None:
    store, report = work.store, work.report
    place = file_uri(target)
    known = {one.uri: one for one in store.sources(place=place) if _is_below(one.uri, place)}
    listed = _list(work, target, known)
    done = 0

    def count(written: Iterator[Written[tuple[Path, ReadResult]]]) -> None:
        nonlocal done
        for one in written:
            path, result = one.note
            _count(report, str(path), _failed(result, one.error), existed=file_uri(path) in known)
            done += 1
            if work.progress:
                work.progress(AddProgress(done, len(listed.stamps), str(path)))

    root = _root_of(store, target)
    with Writer[tuple[Path, ReadResult]](store) as writer:
        for path, result in work.reader.read_all(listed.stamps, root=root):
            source = Source(file_uri(path), file_uri(root), listed.stamps[path], *_outcome(result))
            writer.put(source, _rows(work.settings, result), (path, result))
            count(writer.take())
        count(writer.take(wait=True))
    _remove_gone(work, target, known, listed)
    if work.watch is None:
        take_back(store.database, listed.seen)


@dataclass(frozen=True, slots=True)
class _Listed:
    """What is on the disk: every place, folders that could not be listed, and what is to be read."""

    seen: set[str]
    unlisted: list[str]
    stamps: dict[Path, Stamp]


def _list(work: _Work, target: Path, known: Mapping[str, Source]) -> _Listed:
    listed = _Listed(set(), [], {})
    left_out = work.watch.left_out if work.watch else frozenset()
    for path in walk(target):
        uri = file_uri(path)
        listed.seen.add(uri)
        if left_out and hashed(uri) in left_out:
            continue
        if path.is_dir():  # one that may not be listed: what is below it may be there all the same
            listed.unlisted.append(uri)
        stamp = _stamp(path)
        source = known.get(uri)
        if source and source.stamp == stamp and not (work.retry and source.status != "ok"):
            if source.status == "failed":
                work.report.failed.append((str(path), source.message))
            else:
                work.report.unchanged += 1
        else:
            listed.stamps[path] = stamp
    return listed


def _remove_gone(work: _Work, target: Path, known: Mapping[str, Source], listed: _Listed) -> None:
    """Take out what is on the disk no longer; not where that is more likely a disk that is not there."""
    report = work.report
    if known and not listed.seen:
        report.failed.append(
            (str(target), "no file is there any more: an unplugged disk? Nothing was removed.")
        )
        if work.watch:
            work.watch.held = True
        return
    gone = [
        uri
        for uri in known.keys() - listed.seen
        if not any(_is_below(uri, folder) for folder in listed.unlisted)
    ]
    if work.watch and len(gone) > MANY_GONE and len(gone) > len(known) / 2:
        message = (
            f"{len(gone)} of {len(known)} files are gone at once. Nothing was removed; add it again if so."
        )
        report.failed.append((str(target), message))
        work.watch.held = True
        return
    for uri in gone:
        report.removed += work.store.remove_source(uri)


def _add_page(work: _Work, url: str) -> None:
    store, settings, report = work.store, work.settings, work.report
    known = store.source(url)
    is_whole = known is not None and known.status == "ok"
    try:
        page = fetch_page(
            url, limits=settings.limits, known=work.watch.known if work.watch and is_whole else None
        )
    except EveraskError as error:
        report.failed.append((url, str(error)))
        if known is None:
            result = ReadResult((), "", (), str(error))
            store.put_source(Source(url, url, (0, 0, 0), *_outcome(result)), ())
        return
    if work.watch:
        work.watch.known = page.validators
    if not page.data:
        report.unchanged += 1
        return
    name = urllib.parse.urlsplit(url).path.strip("/") or urllib.parse.urlsplit(url).netloc
    result = work.reader.read_bytes(page.data, name=name, uri=url, modified=page.modified)
    if known and known.content == result.content and known.status == "ok":
        report.unchanged += 1
    else:
        source = Source(url, url, (len(page.data), 0, 0), *_outcome(result))
        with Writer[None](store) as writer:
            writer.put(source, _rows(settings, result), None)
            (written,) = writer.take(wait=True)
        _count(report, url, _failed(result, written.error), existed=known is not None)
    if work.progress:
        work.progress(AddProgress(1, 1, url))


def _outcome(result: ReadResult) -> tuple[str, SourceStatus, str, int, float]:
    """The last five fields of a `Source`: content, status, message, documents, time."""
    if result.error and not result.documents:
        return (result.content, "failed", result.error, 0, time.time())
    message = " ".join((*([result.error] if result.error else []), *result.warnings))
    return (result.content, "partial" if message else "ok", message, len(result.documents), time.time())


def _rows(settings: Settings, result: ReadResult) -> Iterator[tuple[Document, Sequence[Passage]]]:
    for document in result.documents:
        yield document, split(document, settings.passages)


def _failed(result: ReadResult, error: str) -> ReadResult:
    """What was read, as it counts when it could not be stored."""
    return ReadResult((), result.content, (), error) if error else result


def _count(report: AddReport, name: str, result: ReadResult, *, existed: bool) -> None:
    if result.error and not result.documents:
        report.failed.append((name, result.error))
        return
    report.documents += len(result.documents)
    if existed:
        report.changed += 1
    else:
        report.added += 1


def _stamp(path: Path) -> Stamp:
    try:
        stat = path.lstat()
    except OSError:
        return (0, 0, 0)
    return (stat.st_size, stat.st_mtime_ns, stat.st_ino)


def _is_below(uri: str, folder_uri: str) -> bool:
    return uri == folder_uri or uri.startswith(folder_uri.rstrip("/") + "/")


def _root_of(store: Store, target: Path) -> Path:
    """The folder that names are counted from: an added folder above the target, else the target itself."""
    roots = set(store.roots())
    for folder in (target, *target.parents):
        if file_uri(folder) in roots and folder.is_dir():
            return folder
    return target if target.is_dir() else target.parent
