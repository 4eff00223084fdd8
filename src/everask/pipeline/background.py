"""Processes of their own that go on after a command has ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

MAX_LOG_BYTES = 1 << 20


def encode_in_background(data: Path) -> None:
    """Encode what waits for vectors; does nothing if another process already encodes."""
    folder = data.absolute()  # the process has a working folder of its own
    start_in_background(folder, ["everask", "encode-pending", "--data", str(folder)], folder / "encode.log")


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
