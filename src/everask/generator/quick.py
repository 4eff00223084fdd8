"""Writes a GGUF model again with blocks that the runtime multiplies much quicker.

K-quants need rows that are a multiple of 256 long. Those of Qwen2.5-0.5B are 896, so its "Q4_K_M" file holds
mostly Q5_0, for which llama.cpp has no kernels that take several rows at once. It has them for IQ4_NL, four
bits on a grid that is finer in its middle: the wide matrices of the feed-forward layers become that. The
others, a tenth of the weights and more sensitive, become Q8_0, which loses next to nothing. Needs the package
gguf (extra `llm`). Figures: models/summariser/card.md.
"""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from everask.errors import ModelError

if TYPE_CHECKING:
    from gguf import GGMLQuantizationType, GGUFReader, GGUFWriter, ReaderTensor

BLOCK = 32
"""Values that share a scale."""
_KEPT = "token_embd.weight"
"""Rows of it are looked up one by one, so its format costs no time; this model has another for its output."""
_GRID = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float32)
"""What the sixteen codes of IQ4_NL stand for, as the format has it."""
_NEAREST = np.searchsorted((_GRID[1:] + _GRID[:-1]) / 2, np.arange(-128, 128)).astype(np.uint8)
"""The code that is nearest to each whole number from -128 on."""
_ENDS = (-127.0, -113.0, 113.0)
"""Where on the grid the largest value of a block may come to lie; the one with the least squared error is
taken. 0.076 of a weight's size is lost so, and 0.095 with the even grid of Q4_0."""
_AT_ONCE = 1 << 13


def write_quick(gguf: Path, target: Path) -> None:
    """Write the model in `gguf` to `target`, which is there when it is whole: some 10 s and half a
    gigabyte for one of 0.5 billion weights.

    Raises ModelError for a file that is no GGUF, or a target that cannot be written.
    """
    from gguf import GGUFReader, GGUFWriter

    partial = target.with_name(f"{target.name}.partial")
    try:
        reader = GGUFReader(gguf)
        with closing(GGUFWriter(partial, str(reader.fields["general.architecture"].contents()))) as writer:
            _describe(reader, writer)
            for tensor in reader.tensors:
                writer.write_tensor_data(_data(tensor))
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
        partial.replace(target)
    except OSError as error:
        raise ModelError(
            f"{target} could not be written: {error.strerror or error}.",
            "Free half a gigabyte, or name another folder with EVERASK_MODELS.",
        ) from error
    except (ValueError, KeyError, IndexError, NotImplementedError) as error:
        raise ModelError(f"{gguf} is not a GGUF model: {error}.", "Pull the model again.") from error
    finally:
        partial.unlink(missing_ok=True)


def _describe(reader: GGUFReader, writer: GGUFWriter) -> None:
    """What the file says of itself, and which tensors follow."""
    from gguf import GGML_QUANT_SIZES, GGUFValueType

    for key, field in reader.fields.items():
        if not key.startswith("GGUF.") and key != "general.architecture":
            inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
            writer.add_key_value(key, field.contents(), field.types[0], inner)
    for tensor in reader.tensors:
        kind, shape = _quick_kind(tensor), tensor.shape[::-1].tolist()
        size = tensor.n_elements // GGML_QUANT_SIZES[kind][0] * GGML_QUANT_SIZES[kind][1]
        writer.add_tensor_info(tensor.name, shape, np.dtype(np.float32), int(size), kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()


def _data(tensor: ReaderTensor) -> NDArray[np.generic]:
    from gguf.quants import dequantize, quantize

    kind = _quick_kind(tensor)
    if kind == tensor.tensor_type:
        return np.asarray(tensor.data)
    values = dequantize(tensor.data, tensor.tensor_type)
    return to_iq4_nl(values) if kind.name == "IQ4_NL" else np.asarray(quantize(values, kind))


def _quick_kind(tensor: ReaderTensor) -> GGMLQuantizationType:
    """The format that a tensor gets: its own, if that is quick."""
    from gguf import GGMLQuantizationType

    if tensor.tensor_type != GGMLQuantizationType.Q5_0 or tensor.name == _KEPT:
        return tensor.tensor_type
    return GGMLQuantizationType.IQ4_NL if "ffn" in tensor.name else GGMLQuantizationType.Q8_0


def to_iq4_nl(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Rows (n, d) in IQ4_NL, bytes (n, d / 32 * 18): a block of 32 is a float16 scale and 32 codes, the first
    16 in the low halves of bytes, the others in the high ones."""
    blocks = values.reshape(-1, BLOCK)
    packed = [_pack(blocks[start : start + _AT_ONCE]) for start in range(0, len(blocks), _AT_ONCE)]
    return np.concatenate(packed).reshape(*values.shape[:-1], -1)


def _pack(blocks: NDArray[np.float32]) -> NDArray[np.uint8]:
    largest = blocks[np.arange(len(blocks)), np.abs(blocks).argmax(axis=1)]
    error = np.full(len(blocks), np.inf, np.float32)
    scales, codes = np.zeros(len(blocks), np.float16), np.zeros(blocks.shape, np.uint8)
    for end in _ENDS:
        scale = largest / end
        for _ in range(2):  # the nearest codes by a scale, then the best scale for these codes, and again
            inverse = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale != 0)
            near = _NEAREST[(np.clip(blocks * inverse[:, None], -128, 127) + 128.5).astype(np.uint8)]
            grid = _GRID[near]
            size, fit = np.einsum("nb,nb->n", grid, grid), np.einsum("nb,nb->n", grid, blocks)
            half = (fit / size).astype(np.float16)
            scale = half.astype(np.float32)
            missed = scale * (scale * size - 2 * fit)  # less what is the same for all
            better = missed < error
            error[better], scales[better], codes[better] = missed[better], half[better], near[better]
    halves = codes[:, : BLOCK // 2] | (codes[:, BLOCK // 2 :] << 4)
    return np.concatenate([scales.reshape(-1, 1).view(np.uint8), halves], axis=1)
