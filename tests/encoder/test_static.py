"""The static encoder: distilled from ours, rough, in the same space, and the same however it is asked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from everask.encoder import Encoder, open_encoder
from everask.encoder.distil import DistilSettings, distil, ridge
from everask.encoder.static import MARK, STATIC, StaticEncoder, StaticWeights, write_static
from everask.errors import ModelError

from .sentences import STATEMENTS

TEXTS = [text for texts in STATEMENTS.values() for text in texts]


@pytest.fixture(scope="module")
def weights(encoder: Encoder, built: Path) -> StaticWeights:
    return distil(encoder, built, TEXTS, encoder.encode_passages(TEXTS), DistilSettings(num_rows=200))


@pytest.fixture
def folder(built: Path, weights: StaticWeights, tmp_path: Path) -> Path:
    """Our encoder's folder, with a static encoder of its own."""
    for path in built.iterdir():
        (tmp_path / path.name).symlink_to(path)
    write_static(tmp_path / STATIC, weights)
    return tmp_path


def open_rough(folder: Path) -> StaticEncoder:
    rough = open_encoder(folder).rough
    assert rough is not None
    return rough


def test_rough_vectors_lie_in_the_encoders_own_space(encoder: Encoder, folder: Path) -> None:
    rough = open_rough(folder)
    assert rough.id.startswith(encoder.id + MARK) and rough.dimension == encoder.dimension
    vectors, full = rough.encode_passages(TEXTS), encoder.encode_passages(TEXTS)
    moved, wanted = vectors - full.mean(axis=0), full - full.mean(axis=0)
    cosines = (moved * wanted).sum(axis=1) / np.linalg.norm(moved, axis=1) / np.linalg.norm(wanted, axis=1)
    assert cosines.mean() > 0.8  # learnt by heart, from so few


def test_a_text_does_not_depend_on_its_neighbours(folder: Path) -> None:
    rough = open_rough(folder)
    together = rough.encode_passages(TEXTS)
    alone = np.concatenate([rough.encode_passages([text]) for text in TEXTS])
    assert np.allclose(together, alone, atol=1e-5)
    assert rough.encode_passages([]).shape == (0, rough.dimension)


@pytest.mark.parametrize("text", ["", " ", "\n\t", "☃" * 9, "a" * 100_000])
def test_odd_texts_get_finite_vectors(folder: Path, text: str) -> None:
    vector = open_rough(folder).encode_passages([text])[0]
    assert np.isfinite(vector).all()


def test_weights_are_kept_as_they_are(folder: Path, weights: StaticWeights) -> None:
    first, second = open_rough(folder), open_rough(folder)
    assert first.id == second.id == f"{first.id.partition(MARK)[0]}{MARK}{weights.version}"
    assert np.array_equal(first.encode_passages(TEXTS), second.encode_passages(TEXTS))


def test_damaged_weights_are_named(folder: Path) -> None:
    (folder / STATIC).write_bytes((folder / STATIC).read_bytes()[:1000])
    with pytest.raises(ModelError, match=r"static\.npz"):
        open_encoder(folder)


def test_ridge_finds_a_linear_map() -> None:
    random = np.random.default_rng(0)
    inputs = random.standard_normal((300, 5)).astype(np.float32)
    wanted = random.standard_normal((5, 3)).astype(np.float32)
    found, bias = ridge(inputs, inputs @ wanted + 2, 1e-9)
    assert np.allclose(found, wanted, atol=1e-3) and np.allclose(bias, 2, atol=1e-3)
