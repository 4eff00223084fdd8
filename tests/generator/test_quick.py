"""Five bits written again as four: nothing else of a model changes, and what is left of it is close."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from everask.errors import ModelError
from everask.generator.quick import BLOCK, to_iq4_nl, write_quick

gguf = pytest.importorskip("gguf")
quants = pytest.importorskip("gguf.quants")
Q4, IQ4, Q5, Q8, F32 = (gguf.GGMLQuantizationType[name] for name in ("Q4_0", "IQ4_NL", "Q5_0", "Q8_0", "F32"))


def model(file: Path) -> dict[str, np.ndarray]:
    """A file with what GGUF models have: words, merges, a norm, and rows in five bits."""
    draw = np.random.default_rng(1)
    tensors = {
        name: draw.normal(size=(64, 2 * BLOCK)).astype(np.float32)
        for name in ("blk.0.ffn_up", "blk.0.attn_q", "token_embd")
    }
    writer = gguf.GGUFWriter(file, "qwen2")
    writer.add_uint32("qwen2.block_count", 1)
    writer.add_array("tokenizer.ggml.tokens", ["<|im_start|>", "äöü", "文"])
    writer.add_array("tokenizer.ggml.token_type", [3, 1, 1])
    writer.add_bool("tokenizer.ggml.add_bos_token", False)
    for name, values in tensors.items():
        writer.add_tensor(f"{name}.weight", quants.quantize(values, Q5), raw_dtype=Q5)
    writer.add_tensor("blk.0.norm.weight", np.ones(64, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return tensors


def test_only_the_rows_that_are_multiplied_change_and_all_else_is_as_it_was(tmp_path: Path) -> None:
    tensors = model(tmp_path / "five.gguf")
    write_quick(tmp_path / "five.gguf", tmp_path / "four.gguf")
    before, after = gguf.GGUFReader(tmp_path / "five.gguf"), gguf.GGUFReader(tmp_path / "four.gguf")
    assert {name: one.contents() for name, one in before.fields.items() if name[:5] != "GGUF."} == {
        name: one.contents() for name, one in after.fields.items() if name[:5] != "GGUF."
    }
    kinds = {one.name: one.tensor_type for one in after.tensors}
    assert kinds == {
        "blk.0.ffn_up.weight": IQ4,
        "blk.0.attn_q.weight": Q8,
        "token_embd.weight": Q5,
        "blk.0.norm.weight": F32,
    }
    old, new = ({one.name: one for one in each.tensors} for each in (before, after))
    for name in ("token_embd.weight", "blk.0.norm.weight"):
        assert np.array_equal(old[name].data, new[name].data)
    for name, kind, least in (("blk.0.ffn_up", IQ4, 0.01), ("blk.0.attn_q", Q8, 0.0)):
        assert new[f"{name}.weight"].shape.tolist() == [2 * BLOCK, 64]
        lost = np.abs(quants.dequantize(new[f"{name}.weight"].data, kind) - tensors[name]).mean()
        assert least < lost < 0.1
    assert list(tmp_path.glob("*.partial")) == []


def test_blocks_lose_less_than_on_an_even_grid_and_what_fits_is_exact() -> None:
    drawn = np.random.default_rng(2).normal(size=(200, 3 * BLOCK)).astype(np.float32)
    values = quants.dequantize(quants.quantize(drawn, Q5), Q5)
    packed = to_iq4_nl(values)
    assert packed.shape == (200, 3 * 18)
    even = quants.dequantize(quants.quantize(values, Q4), Q4)
    assert ((quants.dequantize(packed, IQ4) - values) ** 2).mean() < 0.8 * ((even - values) ** 2).mean()
    grid = np.array([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], np.float32)
    exact = 0.25 * np.tile(grid, 4).reshape(1, -1)
    for one in (exact, np.zeros_like(exact)):
        assert np.array_equal(quants.dequantize(to_iq4_nl(one), IQ4), one)


def test_what_cannot_be_read_or_written_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"not a model, though it is long enough for a header of one")
    with pytest.raises(ModelError, match=r"bad\.gguf"):
        write_quick(tmp_path / "bad.gguf", tmp_path / "four.gguf")
    model(tmp_path / "five.gguf")
    with pytest.raises(ModelError, match=r"nowhere/four\.gguf"):
        write_quick(tmp_path / "five.gguf", tmp_path / "nowhere" / "four.gguf")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["bad.gguf", "five.gguf"]


@pytest.mark.parametrize("kept", [0.02, 0.2, 0.35, 0.5])
def test_a_file_that_is_cut_off_is_an_error_that_is_said(tmp_path: Path, kept: float) -> None:
    model(tmp_path / "five.gguf")
    whole = (tmp_path / "five.gguf").read_bytes()
    (tmp_path / "cut.gguf").write_bytes(whole[: round(kept * len(whole))])
    with pytest.raises(ModelError, match=r"cut\.gguf"):
        write_quick(tmp_path / "cut.gguf", tmp_path / "four.gguf")
    assert not (tmp_path / "four.gguf").exists()
