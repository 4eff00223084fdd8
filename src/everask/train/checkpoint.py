"""Checkpoints: written whole or not at all, known by their own hash, the last two kept.

A file's name holds the step and the beginning of its SHA-256, so that damage is seen before anything is
loaded; the one before then serves. Knows nothing of what is trained.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from everask.errors import TrainingError

KEPT = 2
SPARE_BYTES = 64 << 20
"""What a training leaves free on the disk: the store beside it must be able to go on."""

_PREFIX, _ENDING, _HALF_WRITTEN = "step-", ".pt", ".part"

State = Mapping[str, Any]


def save_checkpoint(folder: Path, step: int, state: State, needed: int) -> Path:
    """Write `state`, about `needed` bytes, and remove all but the last two checkpoints.

    Raises TrainingError when there is no room; the checkpoints before are then untouched.
    """
    require_room(folder, needed)
    beside = folder / f"{_PREFIX}{step:08d}{_HALF_WRITTEN}"
    try:
        with beside.open("wb") as stream:
            torch.save(dict(state), stream)
            stream.flush()
            os.fsync(stream.fileno())
        made = folder / f"{_PREFIX}{step:08d}-{_digest(beside)}{_ENDING}"
        beside.rename(made)
        _sync_names(folder)
    except (OSError, RuntimeError) as error:  # torch's writer raises RuntimeError where the disk is full
        beside.unlink(missing_ok=True)
        raise no_room(folder, needed, error) from error
    for old in list_checkpoints(folder)[KEPT:]:
        old.unlink(missing_ok=True)
    return made


def load_checkpoint(folder: Path, note: Callable[[str], None]) -> dict[str, Any] | None:
    """The newest checkpoint that is whole, or None; `note` is told of each that was damaged and removed."""
    for left in folder.glob(f"{_PREFIX}*{_HALF_WRITTEN}"):
        left.unlink()  # by a training that was killed while it wrote
    for path in list_checkpoints(folder):
        state = _read(path)
        if state is not None:
            return state
        path.unlink()
        note(f"The checkpoint {path.name} was damaged and has been removed.")
    return None


def list_checkpoints(folder: Path) -> list[Path]:
    """Newest first."""
    return sorted(folder.glob(f"{_PREFIX}*{_ENDING}"), reverse=True)


def require_room(folder: Path, needed: int) -> None:
    """Raise TrainingError unless `needed` bytes and some to spare are free."""
    if shutil.disk_usage(folder).free < needed + SPARE_BYTES:
        raise no_room(folder, needed, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))


def no_room(folder: Path, needed: int, error: Exception) -> TrainingError:
    """The error of a training that could not write."""
    why = (isinstance(error, OSError) and error.strerror) or str(error).splitlines()[0]
    return TrainingError(
        f"The training could not write to {folder}: {why}.",
        f"Make room for {(needed + SPARE_BYTES) >> 20} MB there and run the same command again: "
        "it goes on from its last checkpoint.",
    )


def _read(path: Path) -> dict[str, Any] | None:
    if path.stem.rpartition("-")[2] != _digest(path):
        return None
    state = torch.load(path, map_location="cpu", weights_only=True)
    return state if isinstance(state, dict) else None


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _sync_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
