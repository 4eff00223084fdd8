"""Members of a ZIP of documents: names made safe, links and litter left out, sizes counted.

Nothing is ever written to disk, so a member's name can escape nowhere; it is only a label.
"""

from __future__ import annotations

import calendar
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

from everask.documents.archive import open_archive
from everask.documents.decode import decode
from everask.documents.draft import Limits
from everask.documents.folder import is_ignored

_UTF8_NAME = 0x800


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive: the path to show, and what `read_member` needs to unpack it."""

    path: str
    info: zipfile.ZipInfo
    modified: float | None
    is_link: bool


def open_members(data: bytes, limits: Limits) -> tuple[zipfile.ZipFile, Iterator[Member]]:
    """The archive and its files in the order of its directory.

    Raises:
        UnreadableError, LimitError: as `open_archive`.
    """
    archive = open_archive(data, limits)
    return archive, _members(archive)


def _members(archive: zipfile.ZipFile) -> Iterator[Member]:
    seen: dict[str, int] = {}
    infos = [info for info in archive.infolist() if not info.is_dir()]
    for info, name in zip(infos, _names(infos), strict=True):
        parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".", "..")]
        if not parts or any(is_ignored(part) for part in parts):
            continue
        path = "/".join(parts)
        seen[path] = seen.get(path, 0) + 1
        if seen[path] > 1:
            path = f"{path} ({seen[path]})"
        yield Member(path, info, _modified(info), stat.S_ISLNK(info.external_attr >> 16))


def _names(infos: list[zipfile.ZipInfo]) -> list[str]:
    """The names, in the encoding of the system that packed them where they are not marked as UTF-8."""
    plain = [info for info in infos if not info.flag_bits & _UTF8_NAME]
    raw = [info.orig_filename.encode("cp437", "replace") for info in plain]
    if all(name.isascii() for name in raw):
        return [info.filename for info in infos]
    _, encoding = decode(b"\n".join(raw))
    decoded = {id(info): name.decode(encoding, "replace") for info, name in zip(plain, raw, strict=True)}
    return [decoded.get(id(info), info.filename) for info in infos]


def _modified(info: zipfile.ZipInfo) -> float | None:
    try:
        return float(calendar.timegm((*info.date_time, 0, 0, 0)))
    except (ValueError, OverflowError):
        return None
