"""Adapters: low-rank changes to the encoder's weights, and heads on it, in one small file.

An .npz of float16 arrays. "l3.q.a" (R, in) and "l3.q.b" (out, R) change the weights l3.q.w by b·a, the
scale of training folded into b; the parts are those of the 4-bit file (q, k, v, ao, fi, fo). "head.*" are a
task's own. "about" holds what a person should know of it, as JSON. Paper: LoRA, arXiv 2106.09685.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.encoder.q4_file import Q4File, Sizes
from everask.errors import ModelError

HEAD = "head."


@dataclass(frozen=True, slots=True)
class Adapter:
    """Tensors by name, and what was said of them when they were written."""

    tensors: Mapping[str, NDArray[np.float32]]
    about: Mapping[str, str]
    digest: str

    def change(self, name: str) -> NDArray[np.float32] | None:
        """What to add to the matrix `name` ("l3.q"), (out, in); None where it is not changed."""
        down_ri, up_or = self.tensors.get(f"{name}.a"), self.tensors.get(f"{name}.b")
        return None if down_ri is None or up_or is None else up_or @ down_ri


class AdaptedFile:
    """A file's tensors as an adapter changes them, for whoever makes a graph."""

    def __init__(self, file: Q4File, adapter: Adapter) -> None:
        self._file = file
        self._adapter = adapter

    @property
    def sizes(self) -> Sizes:
        """As Q4File."""
        return self._file.sizes

    def floats(self, name: str, /) -> NDArray[np.float32]:
        """As Q4File."""
        return self._file.floats(name)

    def matrix(self, name: str, num_rows: int, /) -> NDArray[np.float32]:
        """As Q4File, with the adapter's change added."""
        weights = self._file.matrix(name, num_rows)
        change = self._adapter.change(name.removesuffix(".w"))
        return weights if change is None else weights + change


def write_adapter(path: Path, tensors: Mapping[str, NDArray[np.generic]], about: Mapping[str, str]) -> None:
    """Write tensors as float16, beside the place and renamed, so that a file with that name is whole."""
    arrays = {name: np.asarray(value, np.float16) for name, value in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as stream:
        np.savez(stream, about=np.array(json.dumps(dict(about))), **arrays)  # type: ignore[arg-type]
    beside.replace(path)


def read_adapter(path: Path) -> Adapter:
    """Read an adapter. Raises ModelError, naming the file."""
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        with np.load(path, allow_pickle=False) as table:
            about = json.loads(str(table["about"]))
            tensors = {name: table[name].astype(np.float32) for name in table.files if name != "about"}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(
            f"{path} is not an adapter: {error}", "Train it again, or roll back to the one before."
        ) from error
    return Adapter(tensors, about, digest)
