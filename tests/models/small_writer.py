"""A language model of Qwen2's form, as small as can be: a GGUF file with weights drawn at random."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from gguf import GGUFWriter

WIDTH, HEADS, KEYS, INNER, WORDS, LAYERS = 64, 4, 2, 96, 80, 3


def write_small(path: Path) -> Path:
    """Write it, and say where."""
    writer = GGUFWriter(path, "qwen2")
    writer.add_block_count(LAYERS)
    writer.add_embedding_length(WIDTH)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KEYS)
    writer.add_rope_freq_base(10_000.0)
    writer.add_layer_norm_rms_eps(1e-6)
    draw = np.random.default_rng(0)
    keys = WIDTH // HEADS * KEYS
    shapes = {"attn_q": WIDTH, "attn_k": keys, "attn_v": keys, "attn_output": WIDTH}
    shapes |= {"ffn_gate": INNER, "ffn_up": INNER}
    for layer in range(LAYERS):
        head = f"blk.{layer}."
        for part, size in shapes.items():
            writer.add_tensor(head + part + ".weight", _random(draw, size, WIDTH))
        writer.add_tensor(head + "ffn_down.weight", _random(draw, WIDTH, INNER))
        for part in ("attn_q", "attn_k", "attn_v"):
            writer.add_tensor(head + part + ".bias", _random(draw, shapes[part]))
        for norm in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"{head}{norm}.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("output_norm.weight", np.ones(WIDTH, np.float32))
    writer.add_tensor("token_embd.weight", _random(draw, WORDS, WIDTH))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _random(draw: np.random.Generator, *shape: int) -> np.ndarray:
    return (draw.standard_normal(shape) / 8).astype(np.float32)
