"""Builds the question form's folder: the encoder's 4-bit file with the shipped adapter, as an int8 graph.

As the encoder's: once, in a few seconds, beside its place and renamed. The table and the pieces are the
encoder's own: where its folder is on the same disk they are linked, not copied.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path

from filelock import FileLock

from everask.encoder.adapter import Adapter, read_adapter
from everask.encoder.build import build_beside
from everask.encoder.open import CONFIG, GRAPH, PIECES, TABLE
from everask.encoder.q4_file import Q4File, read_q4_file
from everask.encoder.question import FORMAT, QuestionSettings, question_settings_of
from everask.encoder.tokens import write_pieces
from everask.errors import ModelError

QUESTION_NAME = "question-e5-small-1"
CHECKER_NAME = "checker-e5-small-1"


def shipped_question(name: str = QUESTION_NAME) -> Path | None:
    """An adapter of this form that ships with Everask; None where it does not."""
    path = Path(str(files("everask") / "weights" / f"{name}.npz"))
    return path if path.is_file() else None


def question_id(adapter_file: Path) -> str:
    """What is built of an adapter is called so."""
    return _id_of(adapter_file, read_adapter(adapter_file))


def build_question(
    q4_file: Path, adapter_file: Path, folder: Path, encoder_folder: Path | None = None
) -> None:
    """Build the question form in `folder` unless that adapter's is there; another one is replaced.

    Raises ModelError where a file is not what it should be or the folder cannot be written.
    """
    adapter = read_adapter(adapter_file)
    wanted = _id_of(adapter_file, adapter)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(folder.parent / f".{folder.name}.lock"):
            built = question_settings_of(folder)
            if built is None or built.id != wanted:
                build_beside(folder, _writer(read_q4_file(q4_file), adapter, wanted, encoder_folder))
    except OSError as error:
        raise ModelError(
            f"The question form could not be written to {folder}: {error.strerror or error}.",
            "Make room, or name another folder in models.folder.",
        ) from error


def _id_of(file: Path, adapter: Adapter) -> str:
    return f"{file.stem}-{adapter.digest[:8]}"


def _writer(file: Q4File, adapter: Adapter, name: str, encoder_folder: Path | None) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        import onnx

        from everask.encoder.question_graph import make_question_graph

        if not _link(encoder_folder, folder, TABLE):
            (folder / TABLE).write_bytes(file.blocks("emb.word").tobytes())
        if not _link(encoder_folder, folder, PIECES):
            write_pieces(file.pieces, folder / PIECES)
        onnx.save(make_question_graph(file, adapter), folder / GRAPH)
        settings = QuestionSettings(
            name,
            file.sizes.hidden,
            float(adapter.about.get("scale", 1)),
            float(adapter.about.get("shift", 0)),
        )
        config = {"format": FORMAT, "question": asdict(settings)}
        (folder / CONFIG).write_text(json.dumps(config, indent=1), encoding="utf-8")

    return write


def _link(from_folder: Path | None, folder: Path, name: str) -> bool:
    """Whether a file could be had from the encoder's folder without copying it."""
    if from_folder is None or not (from_folder / name).is_file():
        return False
    with contextlib.suppress(OSError):
        os.link(from_folder / name, folder / name)
        return True
    return False
