"""Names as people know them: below the added folder, never where that folder is on this machine."""

from __future__ import annotations

import urllib.parse
from collections.abc import Iterable, Sequence


def short_name(place: str, roots: Iterable[str]) -> str:
    """A file's path below its added folder, its last part if it is below none; a web address as it is."""
    if place.startswith(("http://", "https://")):
        return place
    path = _path(place)
    above = [root for root in map(_path, roots) if path.startswith(root.rstrip("/") + "/")]
    if above:
        return path[len(max(above, key=len).rstrip("/")) + 1 :]
    return path.rstrip("/").rpartition("/")[2] or path


def without_folders(message: str, roots: Sequence[str]) -> str:
    """A message in which the added folders' own paths are cut from the front of names."""
    for root in sorted(map(_path, roots), key=len, reverse=True):
        if root.startswith("/") and len(root) > 1:
            message = message.replace(root.rstrip("/") + "/", "")
    return message


def _path(place: str) -> str:
    return urllib.parse.unquote(place[7:]) if place.startswith("file://") else place
