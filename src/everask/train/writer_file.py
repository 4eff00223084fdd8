"""Writes a trained adapter as llama.cpp reads it: a GGUF file of type adapter, float16.

Keyed to its base by the SHA-256 of that file, which the runtime compares before it uses the adapter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from gguf import GGUFReader, GGUFWriter
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


def read_matrices(file: Path) -> tuple[dict[str, Tensor], float]:
    """An adapter's matrices under the names that GGUF gives them, and its alpha."""
    read = GGUFReader(file)
    found = {
        one.name: torch.from_numpy(np.array(one.data, dtype=np.float32).reshape(one.shape[::-1].tolist()))
        for one in read.tensors
    }
    return found, float(read.fields["adapter.lora.alpha"].contents())


def hash_of(file: Path) -> str:
    """SHA-256 of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
