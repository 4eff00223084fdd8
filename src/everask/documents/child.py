"""The parent's side of one worker process: start it, send it a file, take its records, end it.

The parent never parses a document. It reads length-capped JSON, and gives up on a child that is
silent for too long, says too much, or dies.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from everask.documents.draft import Limits
from everask.documents.worker import BOOT, LENGTH
from everask.errors import EveraskError, LimitError, UnreadableError
from everask.priority import BEHIND, aside

MAX_OUTPUT_BYTES = 400_000_000
# A child that has been busy for this share of the limit is replaced, so that its own CPU limit,
# which counts over its life, cannot hit an innocent file.
_RETIRE_SHARE = 0.5
_MAX_FILES = 2_000


class ChildDiedError(EveraskError):
    """The worker process ended in the middle of a file, or could not be reached."""


class Child:
    """One worker process. Not thread-safe: whoever holds it uses it alone."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._busy_seconds = 0.0
        self.num_files = 0
        self._socket, theirs = socket.socketpair()
        with theirs:
            start = functools.partial(
                subprocess.Popen[bytes],
                [sys.executable, "-I", "-S", "-B", "-X", "utf8", "-c", BOOT, _boot_argument(limits)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                process_group=0,  # not a session: Linux would give it as much of the machine as all the rest
            )
            self._process = aside(start, BEHIND)

    @property
    def is_usable(self) -> bool:
        """Is it alive, and fresh enough for another file?"""
        return (
            self._process.poll() is None
            and self.num_files < _MAX_FILES
            and self._busy_seconds < self._limits.seconds * _RETIRE_SHARE
        )

    def read(self, name: str, source: BinaryIO | bytes, size: int) -> Iterator[dict[str, Any]]:
        """Send one file and yield its records, the last of them `{"end": sha256}`.

        Raises:
            ChildDiedError: it crashed; another one may do better.
            LimitError: it took too long or said too much, and was killed.
            UnreadableError: the file changed while it was sent.
        """
        started = time.monotonic()
        deadline = started + self._limits.seconds
        is_done = False
        try:
            self._send(name, source, size, deadline)
            yield from self._records(deadline)
            is_done = True
        except TimeoutError as error:
            self.kill()
            raise LimitError(
                f"takes longer than {self._limits.seconds:g} s to read", "Split it, or raise limits.seconds."
            ) from error
        except OSError as error:
            raise ChildDiedError(self._last_words()) from error
        finally:
            if not is_done:
                # What it may still say belongs to this file, and must not be taken for the next.
                self.kill()
            self.num_files += 1
            self._busy_seconds += time.monotonic() - started

    def kill(self) -> None:
        """End the process and everything it started, at once."""
        if self._process.poll() is None:
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
        self._socket.close()

    def _send(self, name: str, source: BinaryIO | bytes, size: int, deadline: float) -> None:
        header = json.dumps({"name": name, "size": size}).encode()
        message = LENGTH.pack(len(header)) + header
        self._socket.settimeout(_left(deadline))
        if isinstance(source, bytes):
            self._socket.sendall(message + source)
            return
        self._socket.sendall(message)
        if size and self._socket.sendfile(source, count=size) != size:
            self.kill()
            raise UnreadableError("it changed while it was read", "Add it again.")

    def _records(self, deadline: float) -> Iterator[dict[str, Any]]:
        left = MAX_OUTPUT_BYTES
        while True:
            size = LENGTH.unpack(self._receive(LENGTH.size, deadline))[0]
            left -= size
            if left < 0:
                self.kill()
                raise LimitError("gives too much text", "Split it and add the parts.")
            record = _parse(self._receive(size, deadline))
            yield record
            if "end" in record:
                return

    def _receive(self, size: int, deadline: float) -> bytearray:
        # Grown as bytes come, so that a lie about the length costs nothing.
        received = bytearray()
        while len(received) < size:
            self._socket.settimeout(_left(deadline))
            chunk = self._socket.recv(min(size - len(received), 1 << 20))
            if not chunk:
                raise ConnectionError("the worker closed its socket")
            received += chunk
        return received

    def _last_words(self) -> str:
        """How the process ended, as far as it can be told."""
        try:
            code = self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.kill()
            return "stopped answering"
        if code == -signal.SIGKILL:
            return "was ended by the system, probably for want of memory"
        if code == -signal.SIGXCPU:
            return "used too much processor time"
        return f"crashed ({signal.Signals(-code).name})" if code < 0 else f"stopped (exit code {code})"


def _parse(frame: bytearray) -> dict[str, Any]:
    try:
        record = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise ChildDiedError("gave a broken answer") from error
    if not isinstance(record, dict):
        raise ChildDiedError("gave a broken answer")
    return record


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _boot_argument(limits: Limits) -> str:
    path = [str(Path(entry).absolute()) for entry in sys.path]
    return json.dumps([path, dataclasses.asdict(limits)])
