"""The funnel: torch and the graph that serves compute the same; distilling draws near; rows are filled."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from everask import packs
from everask.encoder.q4_file import Q4File, read_q4_file
from everask.encoder.table import EmbeddingTable
from everask.models.funnel_reader import fill, make_funnel_graph
from everask.models.funnel_reader.data import make_batches, read_texts
from everask.models.funnel_reader.model import Funnel, distil, mean_of_positions, pad_filled
from everask.train.trunk import Trunk

ROWS = [[0, 41, 7464, 5, 87, 2], [0, 6, 5, 9000, 12, 45, 1234, 77, 8, 31, 2], [0, 15, 2]]


@pytest.fixture(scope="module")
def file() -> Q4File:
    return read_q4_file(packs.pull("e5-small", packs.default_folder()))


def test_rows_are_filled_to_fours_and_one() -> None:
    assert [len(fill([0] * length)) for length in (1, 2, 5, 6, 512)] == [1, 5, 5, 9, 513]
    assert fill([0, 9, 2]) == [0, 9, 2, 2, 2]


@pytest.mark.parametrize("quantised", [False, True])
def test_the_graph_is_the_torch_model(file: Q4File, tmp_path: Path, quantised: bool) -> None:
    funnel = Funnel(Trunk(file)).eval()
    rows = [fill(row) for row in ROWS]
    with torch.no_grad():
        states, weights = funnel(*pad_filled(rows))
        wanted = mean_of_positions(states, weights).numpy()
    graph = make_funnel_graph(file, quantised=quantised).SerializeToString()
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    (tmp_path / "table").write_bytes(file.blocks("emb.word").tobytes())
    table = EmbeddingTable(tmp_path / "table", file.sizes.hidden)
    for row, vector in zip(rows, wanted, strict=True):
        made, positions = session.run(["vector", "states"], {"embeddings": table.gather(np.array(row))[None]})
        assert positions.shape == (1, 1 + (len(row) - 1) // 4, file.sizes.hidden)
        assert float(made[0] @ vector) > (0.98 if quantised else 0.999)


def test_distilling_draws_near(file: Q4File) -> None:
    torch.manual_seed(0)
    teacher = Trunk(file).requires_grad_(False)
    funnel = Funnel(Trunk(file, rank=4))
    ids_bs, mask_bs = pad_filled([fill(row) for row in ROWS])
    optimiser = torch.optim.AdamW([one for one in funnel.parameters() if one.requires_grad], lr=3e-3)
    losses = []
    for _ in range(6):
        loss = distil(funnel, teacher, ids_bs, mask_bs)
        losses.append(float(loss.detach()))
        torch.autograd.backward(loss)
        optimiser.step()
        optimiser.zero_grad()
    assert 0 < losses[-1] < 0.8 * losses[0]


class _Letters:
    def encode(self, text: str, max_tokens: int) -> list[int]:
        return [0, *map(ord, text[: max_tokens - 2]), 2]

    def encode_places(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        return [ord(one) for one in text], [(at, at + 1) for at in range(len(text))]

    def count(self, text: str) -> int:
        return len(text)


def test_batches_are_drawn_by_number(tmp_path: Path) -> None:
    pages = [("libreoffice/swriter/x", 1), *((f"gnome/{n}", n) for n in range(20))]
    lines = [
        json.dumps({"page": page, "text": "".join(f"Sentence {i} of {n}. " for i in range(9))})
        for page, n in pages
    ]
    (tmp_path / "s.jsonl").write_text("\n".join(lines))
    texts = read_texts(tmp_path / "s.jsonl")
    assert len(texts) == 20
    draw = make_batches(texts, _Letters(), batch=3, max_tokens=128, seed=1)
    assert draw(4) == draw(4) != draw(5)
    assert all(len(row) % 4 == 1 and len(row) <= 129 for row in draw(4))
