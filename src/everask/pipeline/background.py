"""Processes of their own that go on after a command has ended."""

from __future__ import annotations

import contextlib
import functools
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from everask.priority import BEHIND, aside

MAX_LOG_BYTES = 1 << 20
LOG_NAME = "encode.log"
WAIT_SECONDS = 0.5


def encode_in_background(data: Path) -> None:
    """Encode what waits for vectors; does nothing if another process already encodes."""
    folder = data.absolute()  # the process has a working folder of its own
    start_in_background(folder, ["everask", "encode-pending", "--data", str(folder)], folder / LOG_NAME)


def encode_apart(data: Path, stopped: Callable[[], bool], hear: Callable[[], object]) -> None:
    """Encode what waits for vectors in another process, which holds up no thread of this one; wait for it.
    `hear` is called now and then meanwhile; when `stopped` says so it is ended: the rest is done later."""
    folder = data.absolute()
    with (folder / LOG_NAME).open("ab") as stream:
        start = functools.partial(
            subprocess.Popen[bytes],
            [sys.executable, "-m", "everask", "encode-pending", "--linger", "--data", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            cwd=folder,
        )
        process = aside(start, BEHIND)  # it inherits how urgent that thread is
    while process.poll() is None:
        if stopped():
            process.terminate()
        hear()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(WAIT_SECONDS)


def start_in_background(data: Path, module: Sequence[str], log: Path) -> None:
    """Start `python -m MODULE ARGUMENTS`, with all that it says added to `log`; one that has become
    long is put aside, in place of the one before."""
    if log.is_file() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.old"))
    with log.open("ab") as stream:
        subprocess.Popen(
            [sys.executable, "-m", *module],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            cwd=data,
        )
