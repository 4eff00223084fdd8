"""Files, folders and pages into the store: what is new or changed is read, what is gone is removed.

Safe to repeat and to interrupt: a source is written whole or not at all, and what is unchanged costs a stat.
"""

from __future__ import annotations

import os
import time
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from everask.documents.folder import walk
from everask.documents.names import file_uri
from everask.documents.reader import Reader, ReadResult
from everask.documents.web import fetch_page
from everask.errors import EveraskError, NotFoundError
from everask.index import Store
from everask.index.granting import grant
from everask.ingest import split
from everask.pipeline.writing import Writer, Written
from everask.settings import Settings
from everask.types import Document, Passage, Source, SourceStatus

Stamp = tuple[int, int, int]


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
) -> AddReport:
    """Index files, folders and pages. `retry` reads again what failed before. `groups` may read what is there
    from now on, instead of who might before; None leaves that as it is.

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
        for path in paths:
            _add_path(store, settings, reader, path, report, progress, retry)
        for target in targets:
            if is_url(target):
                _add_page(store, settings, reader, target, report, progress)
    report.seconds = time.monotonic() - started
    return report


def _add_path(
    store: Store,
    settings: Settings,
    reader: Reader,
    target: Path,
    report: AddReport,
    progress: Progress | None,
    retry: bool,
) -> None:
    known = {source.uri: source for source in store.sources() if _is_below(source.uri, file_uri(target))}
    root = _root_of(store, target)
    stamps: dict[Path, Stamp] = {}
    seen: set[str] = set()
    unlisted: list[str] = []
    for path in walk(target):
        uri = file_uri(path)
        seen.add(uri)
        if path.is_dir():  # one that may not be listed: what is below it may be there all the same
            unlisted.append(uri)
        stamp = _stamp(path)
        source = known.get(uri)
        if source and source.stamp == stamp and not (retry and source.status != "ok"):
            if source.status == "failed":
                report.failed.append((str(path), source.message))
            else:
                report.unchanged += 1
        else:
            stamps[path] = stamp
    done = 0

    def count(written: Iterator[Written[tuple[Path, ReadResult]]]) -> None:
        nonlocal done
        for one in written:
            path, result = one.note
            _count(report, str(path), _failed(result, one.error), existed=file_uri(path) in known)
            done += 1
            if progress:
                progress(AddProgress(done, len(stamps), str(path)))

    with Writer[tuple[Path, ReadResult]](store) as writer:
        for path, result in reader.read_all(stamps, root=root):
            source = Source(file_uri(path), file_uri(root), stamps[path], *_outcome(result))
            writer.put(source, _rows(settings, result), (path, result))
            count(writer.take())
        count(writer.take(wait=True))
    if known and not seen:
        report.failed.append(
            (str(target), "no file is there any more: an unplugged disk? Nothing was removed.")
        )
        return
    for uri in known.keys() - seen:
        if not any(_is_below(uri, folder) for folder in unlisted):
            report.removed += store.remove_source(uri)


def _add_page(
    store: Store,
    settings: Settings,
    reader: Reader,
    url: str,
    report: AddReport,
    progress: Progress | None,
) -> None:
    known = store.source(url)
    try:
        page = fetch_page(url, limits=settings.limits)
    except EveraskError as error:
        report.failed.append((url, str(error)))
        if known is None:
            result = ReadResult((), "", (), str(error))
            store.put_source(Source(url, url, (0, 0, 0), *_outcome(result)), ())
        return
    name = urllib.parse.urlsplit(url).path.strip("/") or urllib.parse.urlsplit(url).netloc
    result = reader.read_bytes(page.data, name=name, uri=url, modified=page.modified)
    if known and known.content == result.content and known.status == "ok":
        report.unchanged += 1
    else:
        source = Source(url, url, (len(page.data), 0, 0), *_outcome(result))
        with Writer[None](store) as writer:
            writer.put(source, _rows(settings, result), None)
            (written,) = writer.take(wait=True)
        _count(report, url, _failed(result, written.error), existed=known is not None)
    if progress:
        progress(AddProgress(1, 1, url))


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
