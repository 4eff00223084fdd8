"""Which packs are on disk, verified. A stamp beside a file saves hashing a gigabyte at every start.

A stamp is written only after the whole file was hashed; it holds the size and time of change that the
file had then, so a file that was touched since is hashed again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path

import platformdirs

from everask.errors import ModelError, UsageError
from everask.packs.catalogue import PACKS, Pack

_CHUNK = 1 << 20


def default_folder() -> Path:
    """EVERASK_MODELS, else `models` in the platform's folder for a user's data."""
    named = os.environ.get("EVERASK_MODELS")
    return Path(named).expanduser() if named else Path(platformdirs.user_data_dir("everask")) / "models"


def get_pack(name: str) -> Pack:
    """The pack of that name. Raises UsageError, which lists the names."""
    if name not in PACKS:
        raise UsageError(f"There is no model pack named {name!r}.", f"Known packs: {', '.join(PACKS)}.")
    return PACKS[name]


def find(name: str, folder: Path) -> Path | None:
    """The pack's file in `folder`, verified, or None where it is missing or is not what was pinned."""
    return find_file(get_pack(name), folder)


def verify(name: str, folder: Path) -> Path:
    """Hash the pack's file again, whatever its stamp says. Raises ModelError, naming the file."""
    pack = get_pack(name)
    file = folder / pack.file
    if not file.is_file():
        raise ModelError(f"{file} is not there.", f"Fetch it: everask models pull {pack.name}")
    drop_stamp(file)
    check_file(pack, file)
    write_stamp(pack, file)
    return file


def find_file(pack: Pack, folder: Path) -> Path | None:
    """As `find`, for a pack that is not in the catalogue too."""
    file = folder / pack.file
    if not file.is_file() or file.stat().st_size != pack.size:
        return None
    if _stamp_of(pack, file) == _read_stamp(file):
        return file
    # Someone put the file here by hand, or touched it: hash it once.
    if hash_file(file) != pack.sha256:
        return None
    write_stamp(pack, file)
    return file


def check_file(pack: Pack, file: Path) -> None:
    """Raise ModelError unless `file` is exactly the pinned one."""
    found = hash_file(file)
    if found != pack.sha256:
        raise ModelError(
            f"{file} is not the pinned file of {pack.name}: its SHA-256 is {found}, not {pack.sha256}.",
            f"Delete it and fetch it again: everask models pull {pack.name}",
        )


def hash_file(file: Path) -> str:
    """SHA-256 of a file, as hex."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def write_stamp(pack: Pack, file: Path) -> None:
    """Note that `file` was hashed and is right. A folder that cannot be written costs only time."""
    with contextlib.suppress(OSError):
        _stamp_path(file).write_text(json.dumps(_stamp_of(pack, file)), encoding="utf-8")


def is_made_of(pack: Pack, file: Path) -> bool:
    """Whether `file`, which `write_stamp` vouched for when it was made of the pack's, is as it was then."""
    return file.is_file() and _stamp_of(pack, file) == _read_stamp(file)


def drop_stamp(file: Path) -> None:
    """Forget that `file` was verified."""
    with contextlib.suppress(OSError):
        _stamp_path(file).unlink(missing_ok=True)


def _stamp_path(file: Path) -> Path:
    return file.with_name(file.name + ".stamp")


def _stamp_of(pack: Pack, file: Path) -> dict[str, int | str]:
    status = file.stat()
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns, "sha256": pack.sha256}


def _read_stamp(file: Path) -> dict[str, int | str] | None:
    try:
        read = json.loads(_stamp_path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return read if isinstance(read, dict) else None
