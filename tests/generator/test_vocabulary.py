"""Control tokens are read from a GGUF header; broken files are named."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from everask.errors import ModelError
from everask.generator.vocabulary import read_vocabulary


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def write_gguf(path: Path, tokens: list[str], kinds: list[int]) -> Path:
    """A header with some fields before the vocabulary, as real files have them."""
    fields = [
        _string("general.name") + struct.pack("<I", 8) + _string("tiny"),
        _string("a.numbers") + struct.pack("<IIQ", 9, 6, 3) + struct.pack("<3f", 1, 2, 3),
        _string("a.words") + struct.pack("<IIQ", 9, 8, 2) + _string("x") + _string("yy"),
        _string("a.flag") + struct.pack("<I?", 7, True),
        _string("tokenizer.ggml.tokens")
        + struct.pack("<IIQ", 9, 8, len(tokens))
        + b"".join(_string(one) for one in tokens),
        _string("tokenizer.ggml.token_type")
        + struct.pack("<IIQ", 9, 5, len(kinds))
        + struct.pack(f"<{len(kinds)}i", *kinds),
    ]
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, len(fields)) + b"".join(fields))
    return path


def test_control_tokens_are_found(tmp_path: Path) -> None:
    file = write_gguf(tmp_path / "m.gguf", ["a", "<|im_start|>", "<|im_end|>", "b", "<x>"], [1, 3, 3, 1, 4])
    vocabulary = read_vocabulary(file)
    assert vocabulary.controls == ("<|im_start|>", "<|im_end|>", "<x>")
    assert vocabulary.chatml


@pytest.mark.parametrize("size", [0, 3, 4, 20, 60, 150])
def test_a_cut_file_is_named(tmp_path: Path, size: int) -> None:
    whole = write_gguf(tmp_path / "m.gguf", ["a"], [1]).read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(whole[:size])
    with pytest.raises(ModelError, match=r"cut\.gguf"):
        read_vocabulary(cut)
