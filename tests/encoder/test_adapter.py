"""Adapters come back as they were written, change what they name, and damage is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from everask.encoder import shipped_variant
from everask.encoder.adapter import AdaptedFile, read_adapter, write_adapter
from everask.encoder.q4_file import read_q4_file
from everask.errors import ModelError


def test_an_adapter_changes_the_matrix_that_it_names(q4_file: Path, tmp_path: Path) -> None:
    file = read_q4_file(q4_file)
    down, up = np.full((2, 384), 0.5, np.float32), np.zeros((384, 2), np.float32)
    up[7] = 1
    write_adapter(tmp_path / "a.npz", {"l3.q.a": down, "l3.q.b": up}, {"by": "a test"})
    adapter = read_adapter(tmp_path / "a.npz")
    assert adapter.about == {"by": "a test"}
    adapted = AdaptedFile(file, adapter)
    moved = adapted.matrix("l3.q.w", 384) - file.matrix("l3.q.w", 384)
    assert np.allclose(moved[7], 1.0, atol=1e-5) and not np.delete(moved, 7, axis=0).any()
    assert np.array_equal(adapted.matrix("l4.q.w", 384), file.matrix("l4.q.w", 384))


def test_a_damaged_adapter_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(b"PK\x03\x04 not an adapter")
    with pytest.raises(ModelError, match=r"broken\.npz"):
        read_adapter(path)


def test_the_shipped_adapter_is_small_and_says_what_it_is() -> None:
    path = shipped_variant().adapter
    assert path is not None and path.stat().st_size < 40_000_000
    about = read_adapter(path).about
    assert about["recipe"] == "search_bert" and "CC BY-SA" in about["licence"]
