"""Uploaded files: kept in the data folder under a name that is free, whole or not at all, then indexed.

A file's name is data: it never chooses a folder, and two files of one name are both kept.
"""

from __future__ import annotations

import os
import shutil
import unicodedata
from pathlib import Path
from typing import BinaryIO

from everask.index.disk import sync
from everask.serve.auth import Access
from everask.serve.errors import NotAllowedError

FOLDER = "uploads"
MAX_STEM_BYTES = 180
MAX_ENDING_BYTES = 20


def plain_name(name: str) -> str:
    """An untrusted name as one path component: no folders, no hidden files, nothing invisible."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    visible = "".join(one if one.isprintable() else "_" for one in unicodedata.normalize("NFC", last))
    stem, dot, ending = visible.strip().lstrip(".").rpartition(".")
    if not dot:
        stem, ending = ending, ""
    stem = _cut(stem.strip(), MAX_STEM_BYTES) or "upload"
    ending = _cut(ending.strip(), MAX_ENDING_BYTES)
    return f"{stem}.{ending}" if ending else stem


def keep_upload(folder: Path, name: str, file: BinaryIO, adder: str = "") -> Path:
    """Copy an upload into `folder` and return its path. Blocking; what is cut off leaves nothing.

    The name begins with the `adder`, where one is given: else a member whose file is named "… (2)" would
    know that there is another of that name, which may be hidden from them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = _reserve(folder, plain_name(f"{adder} - {plain_name(name)}" if adder else name))
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("xb") as target:
            shutil.copyfileobj(file, target, 1 << 20)
            target.flush()
            os.fsync(target.fileno())
        partial.replace(path)
        sync(folder)  # else a power cut may leave the upload's document, and not the upload
    except BaseException:
        partial.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise
    return path


def split_groups(text: str) -> list[str]:
    """Groups as people write them, with commas between them."""
    return [one.strip() for one in text.split(",") if one.strip()]


def groups_for_upload(who: Access, wanted: list[str] | None) -> list[str] | None:
    """Who may read what somebody uploads: a member's own groups, or those of them that were named.

    Raises NotAllowedError where a member names another group, or is in none.
    """
    if who.role != "member":
        return wanted
    own = list(who.groups or ())
    chosen = own if wanted is None else wanted
    if not chosen or not set(chosen) <= set(own):
        raise NotAllowedError("You may add documents for your own groups only.", "Name one that you are in.")
    return chosen


def discard_upload(folder: Path, path: Path) -> bool:
    """Delete a file if it was uploaded, and say whether; others' files are never touched."""
    if path.parent != folder.resolve():
        return False
    path.unlink(missing_ok=True)
    return True


def _reserve(folder: Path, name: str) -> Path:
    """Make an empty file under a name that nobody has: the system decides between two who come at once."""
    stem, ending = Path(name).stem, Path(name).suffix
    number = 1
    while True:
        path = folder / (name if number == 1 else f"{stem} ({number}){ending}")
        try:
            path.open("xb").close()
        except FileExistsError:
            number += 1
        else:
            return path


def _cut(text: str, num_bytes: int) -> str:
    return text.encode()[:num_bytes].decode(errors="ignore")
