"""Processes of their own that go on after a command has ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def encode_in_background(data: Path) -> None:
    """Encode what waits for vectors; does nothing if another process already encodes."""
    start_in_background(data, ["everask", "encode-pending", "--data", str(data)], data / "encode.log")


def start_in_background(data: Path, module: Sequence[str], log: Path) -> None:
    """Start `python -m MODULE ARGUMENTS`, with all that it says added to `log`."""
    with log.open("ab") as stream:
        subprocess.Popen(
            [sys.executable, "-m", *module],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
            cwd=data,
        )
