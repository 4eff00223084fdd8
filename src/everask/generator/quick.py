"""Writes a GGUF model again with four bits where it has five, which the runtime multiplies much quicker.

K-quants need rows that are a multiple of 256 long. Those of Qwen2.5-0.5B are 896, so its "Q4_K_M" file holds
mostly Q5_0, for which llama.cpp has no kernels that take several rows at once; for Q4_0 it has. Needs the
package gguf (extra `llm`). Figures: docs/benchmarks.md, "How soon answers begin".
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from everask.errors import ModelError

if TYPE_CHECKING:
    from gguf import GGUFReader, GGUFWriter, ReaderTensor

BLOCK, BLOCK_BYTES = 32, 18
"""Values that share a scale in Q4_0, and what they take."""
_KEPT = "token_embd.weight"
"""Rows of it are looked up one by one, so its format costs no time."""
_ENDS = (-8.0, -7.4, -7.0, 7.0, 7.4, 8.0)
"""What the largest value of a block may become; the format itself says -8. The one with the least squared
error is taken: 0.085 of a weight's size for the 0.5B, where -8 alone has 0.104."""
_AT_ONCE = 1 << 16


def write_quick(gguf: Path, target: Path) -> None:
    """Write the model in `gguf` to `target`, which is there when it is whole: some 15 s and half a
    gigabyte for one of 0.5 billion weights.

    Raises ModelError for a file that is no GGUF, or a target that cannot be written.
    """
    from gguf import GGUFReader, GGUFWriter

    partial = target.with_name(f"{target.name}.partial")
    try:
        reader = GGUFReader(gguf)
        writer = GGUFWriter(partial, str(reader.fields["general.architecture"].contents()))
        _describe(reader, writer)
        for tensor in reader.tensors:
            writer.write_tensor_data(_data(tensor))
        writer.close()
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
        partial.replace(target)
    except OSError as error:
        raise ModelError(
            f"{target} could not be written: {error.strerror or error}.",
            "Free half a gigabyte, or name another folder with EVERASK_MODELS.",
        ) from error
    except (ValueError, KeyError) as error:
        raise ModelError(f"{gguf} is not a GGUF model: {error}.", "Pull the model again.") from error
    finally:
        partial.unlink(missing_ok=True)


def _describe(reader: GGUFReader, writer: GGUFWriter) -> None:
    """What the file says of itself, and which tensors follow."""
    from gguf import GGMLQuantizationType, GGUFValueType

    for key, field in reader.fields.items():
        if not key.startswith("GGUF.") and key != "general.architecture":
            inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
            writer.add_key_value(key, field.contents(), field.types[0], inner)
    for tensor in reader.tensors:
        kind, shape, size = tensor.tensor_type, tensor.shape[::-1].tolist(), tensor.n_bytes
        if _is_slow(tensor):
            kind, size = GGMLQuantizationType.Q4_0, tensor.n_elements // BLOCK * BLOCK_BYTES
        writer.add_tensor_info(tensor.name, shape, np.dtype(np.float32), size, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()


def _data(tensor: ReaderTensor) -> NDArray[np.generic]:
    from gguf.quants import dequantize

    if not _is_slow(tensor):
        return np.asarray(tensor.data)
    return to_q4_0(dequantize(tensor.data, tensor.tensor_type))


def _is_slow(tensor: ReaderTensor) -> bool:
    return tensor.tensor_type.name == "Q5_0" and tensor.name != _KEPT


def to_q4_0(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Rows (n, d) in Q4_0, bytes (n, d / 32 * 18): a block of 32 is a float16 scale and 32 integers of -8 to
    7, the first 16 in the low halves of bytes, the others in the high ones."""
    blocks = values.reshape(-1, BLOCK)
    packed = np.empty((len(blocks), BLOCK_BYTES), np.uint8)
    for start in range(0, len(blocks), _AT_ONCE):
        packed[start : start + _AT_ONCE] = _pack(blocks[start : start + _AT_ONCE])
    return packed.reshape(*values.shape[:-1], -1)


def _pack(blocks: NDArray[np.float32]) -> NDArray[np.uint8]:
    largest = blocks[np.arange(len(blocks)), np.abs(blocks).argmax(axis=1)]
    error = np.full(len(blocks), np.inf, np.float32)
    scales, whole = np.zeros(len(blocks), np.float16), np.zeros(blocks.shape, np.float32)
    for end in _ENDS:
        first = largest / end
        inverse = np.divide(1.0, first, out=np.zeros_like(first), where=first != 0)
        integers = np.clip(np.rint(blocks * inverse[:, None]), -8, 7)
        # The best scale for these integers, by least squares.
        size = np.einsum("nb,nb->n", integers, integers)
        fit = np.einsum("nb,nb->n", integers, blocks) / np.maximum(size, 1e-9)
        scale = fit.astype(np.float16)
        missed = ((integers * scale.astype(np.float32)[:, None] - blocks) ** 2).sum(axis=1)
        better = missed < error
        error[better], scales[better], whole[better] = missed[better], scale[better], integers[better]
    nibbles = (whole + 8).astype(np.uint8)
    halves = nibbles[:, : BLOCK // 2] | (nibbles[:, BLOCK // 2 :] << 4)
    return np.concatenate([scales.reshape(-1, 1).view(np.uint8), halves], axis=1)
