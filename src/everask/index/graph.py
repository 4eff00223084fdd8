"""The derived index of one encoder: centred directions in a matrix, and above some size a graph.

It can be lost at any time: the store holds all that it is made of. One index is a folder of files
that never change; `current.json` names it, with the checksum of each file, and is replaced whole. It
says up to which vector (watermark) and of which history (epoch) it was made, and under which means.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from everask.index.disk import sync
from everask.index.means import Vectors

FORMAT = 1
CURRENT = "current.json"
_IDS, _ROWS, _MEANS, _GRAPH = "ids.i64", "rows.i8", "means.f32", "graph.usearch"


@dataclass(frozen=True, slots=True)
class Content:
    """What an index is made of: rows (n, d) of the passages `ids`, which ascend."""

    epoch: str
    watermark: int
    means: Mapping[str, Vectors]
    ids: NDArray[np.int64]
    rows: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Derived:
    """An index that was loaded; its files are mapped, not read. `stamp` tells it from later ones."""

    stamp: str
    content: Content
    graph: Any  # usearch.index.Index, or None


def folder_of(store: Path, encoder: str) -> Path:
    """Where the derived index of an encoder is kept."""
    readable = "".join(one if one.isalnum() or one in "-._" else "_" for one in encoder)[:60]
    return store / "derived" / f"{readable}-{hashlib.sha256(encoder.encode()).hexdigest()[:8]}"


def current_stamp(folder: Path) -> str | None:
    """A cheap sign that the index is still the one that was loaded."""
    try:
        stat = (folder / CURRENT).stat()
    except OSError:
        return None
    return f"{stat.st_mtime_ns}.{stat.st_ino}.{stat.st_size}"


def load(folder: Path, epoch: str) -> Derived | None:
    """The index, or None when it is missing, damaged in any way, or of another history."""
    stamp = current_stamp(folder)
    if stamp is None:
        return None
    try:
        head = json.loads((folder / CURRENT).read_bytes())
        place = folder / str(head["folder"])
        if head["format"] != FORMAT or head["epoch"] != epoch:
            return None
        # A damaged graph could bring the process down, and not only give wrong neighbours.
        if any(_checksum(place / name) != want for name, want in head["checksums"].items()):
            return None
        return Derived(stamp, _map(place, head), _view(place) if head["graph"] else None)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError):
        return None


def save(folder: Path, content: Content, *, graph: Any = None) -> None:
    """Write an index and make it the current one; earlier ones are removed."""
    name = uuid.uuid4().hex
    place = folder / name
    place.mkdir(parents=True)
    languages = sorted(content.means)
    content.ids.tofile(place / _IDS)
    content.rows.tofile(place / _ROWS)
    np.stack([content.means[language] for language in languages]).astype(np.float32).tofile(place / _MEANS)
    if graph is not None:
        graph.save(str(place / _GRAPH))
    checksums = {path.name: _checksum(path) for path in sorted(place.iterdir())}
    head = {
        "format": FORMAT,
        "epoch": content.epoch,
        "watermark": content.watermark,
        "folder": name,
        "dimension": content.rows.shape[1],
        "languages": languages,
        "graph": graph is not None,
        "checksums": checksums,
    }
    for path in place.iterdir():
        sync(path)
    sync(place)
    partial = folder / f"{name}.part"
    partial.write_text(json.dumps(head), "utf-8")
    sync(partial)
    partial.replace(folder / CURRENT)
    sync(folder)
    _remove_others(folder, name)


def remove(folder: Path) -> None:
    """Remove the index."""
    shutil.rmtree(folder, ignore_errors=True)


def build_graph(rows: NDArray[np.int8], num_threads: int) -> Any:
    """A graph over rows (n, d), keyed by their position."""
    from usearch.index import Index

    graph = Index(ndim=rows.shape[1], metric="cos", dtype="i8", connectivity=24, expansion_add=128)
    graph.add(np.arange(len(rows)), rows, threads=num_threads)
    return graph


def _map(place: Path, head: Mapping[str, Any]) -> Content:
    dimension = int(head["dimension"])
    means = np.fromfile(place / _MEANS, np.float32).reshape(-1, dimension)
    ids = np.memmap(place / _IDS, np.int64, "r")
    rows = np.memmap(place / _ROWS, np.int8, "r", shape=(len(ids), dimension))
    by_language = dict(zip(head["languages"], means, strict=True))
    return Content(str(head["epoch"]), int(head["watermark"]), by_language, ids, rows)


def _view(place: Path) -> Any:
    from usearch.index import Index

    return Index.restore(str(place / _GRAPH), view=True)


def _checksum(path: Path) -> int:
    checksum = 0
    with path.open("rb") as file:
        for piece in _pieces(file.fileno()):
            checksum = zlib.crc32(piece, checksum)
    return checksum


def _pieces(descriptor: int) -> Iterator[bytes]:
    while piece := os.read(descriptor, 1 << 20):
        yield piece


def _remove_others(folder: Path, name: str) -> None:
    # Whoever still has an older one mapped keeps it until it is closed.
    for path in folder.iterdir():
        if path.is_dir() and path.name != name:
            shutil.rmtree(path, ignore_errors=True)
        elif path.suffix == ".part":
            path.unlink(missing_ok=True)
