"""Writes a trained adapter as llama.cpp reads it: a GGUF file of type adapter, float16.

Keyed to its base by the SHA-256 of that file, which the runtime compares before it uses the adapter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from gguf import GGUFWriter
from torch import Tensor

BASE_KEY = "everask.base_sha256"


def write_adapter(
    target: Path, matrices: Mapping[str, Tensor], alpha: float, base: Path, about: Mapping[str, str]
) -> None:
    """An adapter file beside no other: written whole, then named."""
    beside = target.with_suffix(".part")
    writer = GGUFWriter(beside, "qwen2")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", alpha)
    writer.add_string(BASE_KEY, hash_of(base))
    for name, value in about.items():
        writer.add_string(f"everask.{name}", value)
    for name, matrix in matrices.items():
        writer.add_tensor(name, matrix.float().numpy().astype(np.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    beside.replace(target)


def hash_of(file: Path) -> str:
    """SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
