"""Which files of a folder are worth reading, in order, without following links."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_IGNORED_NAMES = frozenset(
    {"node_modules", "__pycache__", "__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "lost+found"}
    | {"system volume information", "icon\r"}
)
_IGNORED_ENDINGS = (".pyc", ".pyo", ".swp", ".swo", ".tmp", ".part", ".partial", ".crdownload", ".lock", "~")
_IGNORED_STARTS = (".", "~$", "~WRL")


def is_ignored(name: str) -> bool:
    """Hidden, temporary, lock and system files and folders, which hold no documents of their own."""
    lower = name.lower()
    return name.startswith(_IGNORED_STARTS) or lower in _IGNORED_NAMES or lower.endswith(_IGNORED_ENDINGS)


def walk(root: Path) -> Iterator[Path]:
    """Yield the files below `root` in the order of their names; `root` itself when it is no folder.

    Links are not followed. What cannot be read all the same, so that the reader can say why: links
    that lead out of `root`, devices, pipes, and folders that may not be listed, are yielded too.
    """
    if not root.is_dir():
        yield root
        return
    inside = os.path.realpath(root)
    stack = [iter([root])]
    while stack:
        path = next(stack[-1], None)
        if path is None:
            stack.pop()
        elif path is root or (path.is_dir() and not path.is_symlink()):
            try:
                stack.append(iter(_entries(path, inside)))
            except OSError:
                yield path
        else:
            yield path


def _entries(folder: Path, inside: str) -> list[Path]:
    with os.scandir(folder) as entries:
        kept = [
            entry.name
            for entry in entries
            if not is_ignored(entry.name) and not (entry.is_symlink() and _leads_inside(entry.path, inside))
        ]
    return [folder / name for name in sorted(kept, key=os.fsencode)]


def _leads_inside(link: str, inside: str) -> bool:
    """Is the link's target below the folder, where it is read under its own name?"""
    target = os.path.realpath(link)
    return Path(target).exists() and target.startswith(inside.rstrip("/") + "/")
