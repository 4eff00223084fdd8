"""A pool of worker processes that turn files into documents, whatever the files are.

A crash, a hang or a bomb costs its own file one clear line, and the pool one process.
"""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from everask.documents.child import Child, ChildDiedError
from everask.documents.draft import Limits
from everask.documents.names import document_name, escape, file_uri, without_ending
from everask.documents.records import BROKEN, Origin, build_document
from everask.errors import EveraskError, LimitError, UnreadableError
from everask.types import Document

_MAX_NAMED = 3
_MAX_WARNINGS = 100


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What came of one file: its documents, the SHA-256 of its bytes, and what went wrong.

    `error` is one line, None when the file itself could be read; a container's broken members are
    among the `warnings`. `content` is empty when the file could not be read to its end.
    """

    documents: tuple[Document, ...]
    content: str
    warnings: tuple[str, ...]
    error: str | None


class Reader:
    """Reads files in `num_workers` processes, the first started at once. Thread-safe; a context manager."""

    def __init__(self, limits: Limits, num_workers: int = 2) -> None:
        self._limits = limits
        self._num_workers = max(1, num_workers)
        self._slots = threading.BoundedSemaphore(self._num_workers)
        self._lock = threading.Lock()
        self._idle: list[Child] = [Child(limits)]
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, path: Path, *, root: Path) -> ReadResult:
        """Read a file below `root`. Never raises for what the file is; says it in the result."""
        try:
            with open_regular(path, self._limits) as source:
                status = os.fstat(source.fileno())
                origin = Origin(file_uri(path), document_name(path, root), status.st_mtime)
                return self._read(path.name, source, status.st_size, origin)
        except EveraskError as error:
            return _failed(error)

    def read_bytes(self, data: bytes, *, name: str, uri: str, modified: float) -> ReadResult:
        """Read an upload or a web page. `name` is a path with `/`; its ending is a hint at the kind."""
        if len(data) > self._limits.file_bytes:
            return _failed(_too_large(len(data), self._limits))
        origin = Origin(uri, without_ending(escape(name)), modified)
        try:
            return self._read(name, data, len(data), origin)
        except EveraskError as error:
            return _failed(error)

    def read_all(self, paths: Iterable[Path], *, root: Path) -> Iterator[tuple[Path, ReadResult]]:
        """Read many files at once; results come in any order, a few at a time in memory."""
        waiting: dict[Future[ReadResult], Path] = {}
        with ThreadPoolExecutor(self._num_workers, thread_name_prefix="everask-read") as pool:
            try:
                for path in paths:
                    waiting[pool.submit(self.read, path, root=root)] = path
                    if len(waiting) >= 2 * self._num_workers:
                        for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                            yield waiting.pop(done), done.result()
                while waiting:
                    for done in wait(waiting, return_when=FIRST_COMPLETED).done:
                        yield waiting.pop(done), done.result()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """End the worker processes; one that is in the middle of a file ends after it."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for child in idle:
            child.kill()

    def _read(self, name: str, source: BinaryIO | bytes, size: int, origin: Origin) -> ReadResult:
        with self._slots:
            child = self._take()
            try:
                return self._attempt(child, name, source, size, origin)
            except ChildDiedError as error:
                if child.num_files > 1:
                    # An earlier file may have left it damaged: this one gets a fresh process.
                    return self._retry(name, source, size, origin)
                raise _crash(error) from error
            finally:
                self._give(child)

    def _retry(self, name: str, source: BinaryIO | bytes, size: int, origin: Origin) -> ReadResult:
        if isinstance(source, io.IOBase):
            source.seek(0)
        child = Child(self._limits)
        try:
            return self._attempt(child, name, source, size, origin)
        except ChildDiedError as error:
            raise _crash(error) from error
        finally:
            self._give(child)

    def _attempt(
        self, child: Child, name: str, source: BinaryIO | bytes, size: int, origin: Origin
    ) -> ReadResult:
        documents: list[Document] = []
        unread: list[tuple[str, str]] = []
        content = ""
        for record in child.read(escape(name), source, size):
            if "document" in record:
                documents.append(build_document(record["document"], origin))
            elif "unread" in record:
                unread.append(_unread(record["unread"]))
            else:
                content = str(record.get("end", ""))
        return _result(documents, unread, content)

    def _take(self) -> Child:
        with self._lock:
            if self._is_closed:
                raise UnreadableError("the reader is closed", "Open it again.")
            child = self._idle.pop() if self._idle else None
        if child is None:
            return Child(self._limits)
        if child.is_usable:
            return child
        child.kill()
        return Child(self._limits)

    def _give(self, child: Child) -> None:
        with self._lock:
            keep = not self._is_closed and child.is_usable and len(self._idle) < self._num_workers
            if keep:
                self._idle.append(child)
        if not keep:
            child.kill()


def open_regular(path: Path, limits: Limits) -> BinaryIO:
    """Open a file for reading if it is a regular one within the size limit; links are not followed.

    Raises:
        UnreadableError: it is a link, a device or a folder, or may not be read.
        LimitError: it is larger than `limits.file_bytes`.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC | getattr(os, "O_NOCTTY", 0)
    try:
        if path.is_symlink():
            raise UnreadableError("a link, which is not followed", "Add the file or folder it points to.")
        if not stat.S_ISREG(path.lstat().st_mode) and not path.is_dir():
            raise UnreadableError("a device, pipe or socket, not a file", "Leave it out.")
        descriptor = os.open(path, flags)
    except OSError as error:
        raise _open_error(error) from error
    try:
        _check_regular(os.fstat(descriptor), limits)
    except UnreadableError:
        os.close(descriptor)
        raise
    return os.fdopen(descriptor, "rb", buffering=0)


def _check_regular(status: os.stat_result, limits: Limits) -> None:
    if not stat.S_ISREG(status.st_mode):
        what = "a folder" if stat.S_ISDIR(status.st_mode) else "a device, pipe or socket"
        raise UnreadableError(f"{what}, not a file", "Add the files in it, or leave it out.")
    if status.st_size > limits.file_bytes:
        raise _too_large(status.st_size, limits)


def _open_error(error: OSError) -> UnreadableError:
    if isinstance(error, PermissionError):
        return UnreadableError("may not be read by this user", "Change its permissions and add it again.")
    if isinstance(error, FileNotFoundError):
        return UnreadableError("is not there any more", "Add it again when it is back.")
    return UnreadableError(f"cannot be opened: {error.strerror}", "Check the disk and the name.")


def _too_large(size: int, limits: Limits) -> LimitError:
    return LimitError(
        f"{size:,} bytes, more than {limits.file_bytes:,}", "Split it, or raise limits.file_bytes."
    )


def _crash(error: ChildDiedError) -> UnreadableError:
    return UnreadableError(
        f"the process that read it {error.message}", "The file may be damaged; open it and save it again."
    )


def _failed(error: EveraskError) -> ReadResult:
    line = f"{error.message.rstrip('. ')}. {error.hint}" if error.hint else error.message
    return ReadResult((), "", (), escape(" ".join(line.split())))


def _unread(record: Any) -> tuple[str, str]:
    if not isinstance(record, list) or len(record) != 2:
        raise UnreadableError(BROKEN, "The file is unsafe; leave it out.")
    return escape(str(record[0]))[:500], escape(str(record[1]))[:1000]


def _member_lines(members: list[tuple[str, str]]) -> list[str]:
    """A line for each reason, with the first members that have it: an archive of pictures has one."""
    paths: dict[str, list[str]] = {}
    for path, message in members:
        paths.setdefault(message, []).append(path)
    return [
        f"{', '.join(named[:_MAX_NAMED])}"
        + (f" and {len(named) - _MAX_NAMED:,} more" if len(named) > _MAX_NAMED else "")
        + f": {message}"
        for message, named in paths.items()
    ]


def _result(documents: list[Document], unread: list[tuple[str, str]], content: str) -> ReadResult:
    """A file's own failure is its error; a member's is a warning, unless nothing at all was read."""
    own = [message for path, message in unread if not path]
    members = [(path, message) for path, message in unread if path]
    lines = _member_lines(members)
    warnings = lines[:_MAX_WARNINGS]
    if len(lines) > _MAX_WARNINGS:
        warnings.append(f"and {len(lines) - _MAX_WARNINGS:,} more reasons why members were not read")
    error = own[0] if own else None
    if error is None and not documents:
        first = f" The first: {members[0][0]}: {members[0][1]}" if members else ""
        error = f"nothing in it could be read ({len(members):,} members).{first}"
    return ReadResult(tuple(documents), content, tuple(warnings), error)
