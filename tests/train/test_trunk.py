"""The trunk that trains is the encoder that serves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from everask import packs
from everask.encoder import build_encoder, open_encoder, shipped_variant
from everask.encoder.tokens import open_pieces
from everask.train.trunk import PARTS, load_trunk, pad_ids

TEXTS = ("Wie lange gilt die Garantie?", "今天天气很好，我们去公园散步。", "Where is the library? " * 9)


@pytest.fixture(scope="module")
def q4_file() -> Path:
    return packs.pull("e5-small", packs.default_folder())


def test_the_trunk_gives_the_serving_encoders_vectors(q4_file: Path, tmp_path: Path) -> None:
    build_encoder(q4_file, tmp_path / "encoder")
    tokenizer = open_pieces(tmp_path / "encoder" / "pieces.model")
    ids_bs, mask_bs = pad_ids([tokenizer.encode(f"passage: {text}", 512) for text in TEXTS])
    trunk = load_trunk(q4_file, adapter=shipped_variant().adapter, merge=True)
    with torch.no_grad():
        ours = trunk.pooled(ids_bs, mask_bs).numpy()
    served = open_encoder(tmp_path / "encoder").encode_passages(TEXTS)
    assert ((ours * served).sum(axis=1) > 0.997).all()


def test_pairs_begin_as_no_change_and_then_learn(q4_file: Path) -> None:
    ids_bs, mask_bs = pad_ids([[0, 46692, 12, 35378, 2], [0, 6, 124084, 2]])
    plain, paired = load_trunk(q4_file, num_layers=2), load_trunk(q4_file, rank=2, num_layers=2)
    before = paired.pooled(ids_bs, mask_bs)
    assert torch.allclose(before, plain.pooled(ids_bs, mask_bs), atol=1e-5)
    torch.autograd.backward(before[0] @ before[1])
    trained = [one for one in paired.parameters() if one.requires_grad]
    assert len(trained) == 2 * 2 * 6 and any(one.grad is not None and one.grad.any() for one in trained)
    with torch.no_grad():
        for one in trained:
            one.add_(0.05)
    assert not torch.allclose(before, paired.pooled(ids_bs, mask_bs), atol=1e-3)
    names = {f"l{layer}.{part}.{side}" for layer in (0, 1) for part in PARTS for side in "ab"}
    assert set(paired.tensors()) == names


def test_padding_changes_nothing(q4_file: Path) -> None:
    trunk = load_trunk(q4_file, num_layers=2)
    alone = trunk.pooled(*pad_ids([[0, 46692, 12, 2]])).detach().numpy()
    beside = trunk.pooled(*pad_ids([[0, 46692, 12, 2], [0, *([35378] * 40), 2]])).detach().numpy()
    assert np.allclose(alone[0], beside[0], atol=1e-5)
