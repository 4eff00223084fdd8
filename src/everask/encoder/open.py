"""Opens an encoder's folder: ours, or one of sentence-transformers' with an ONNX model.

Ours: graph.onnx, embeddings.bin, pieces.model, config.json. Theirs: model.onnx (or onnx/model.onnx) and
tokenizer.json, with prefixes, pooling and length from the usual JSON files where they are there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from everask.encoder.encoder import Encoder, EncoderSettings
from everask.encoder.static import StaticEncoder, find_static
from everask.encoder.table import EmbeddingTable
from everask.encoder.tokens import open_json, open_pieces
from everask.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime

CONFIG, GRAPH, TABLE, PIECES = "config.json", "graph.onnx", "embeddings.bin", "pieces.model"
FORMAT = 1

_SAMPLE_BYTES = 1 << 20


def open_encoder(folder: Path, *, num_threads: int = 2) -> Encoder:
    """Open an encoder. Raises ModelError, naming the folder and what it lacks."""
    if (folder / GRAPH).is_file():
        return _open_ours(folder, num_threads)
    if _find_model(folder) is not None:
        return _open_theirs(folder, num_threads)
    raise _no_encoder(folder)


def encoder_id_of(folder: Path) -> str:
    """The id that the encoder in `folder` will have, without opening it. Raises ModelError."""
    if (folder / GRAPH).is_file():
        return _read_ours(folder).id
    model = _find_model(folder)
    if model is None:
        raise _no_encoder(folder)
    return _foreign_id(folder, model)


class _TableGraph:
    """Our graph: embeddings are gathered from the mapped table, the layers run in onnxruntime."""

    def __init__(self, session: onnxruntime.InferenceSession, table: EmbeddingTable) -> None:
        self._session = session
        self._table = table
        self._outputs = frozenset(item.name for item in session.get_outputs())

    def run(self, ids: Sequence[int]) -> NDArray[np.float32]:
        embeddings_1sh = self._table.gather(np.asarray(ids))[None]
        (vector_1d,) = self._session.run(["vector"], {"embeddings": embeddings_1sh})
        return np.asarray(vector_1d[0])

    def run_states(self, ids: Sequence[int]) -> NDArray[np.float32]:
        if "states" not in self._outputs:
            raise ModelError(
                "The encoder was built before it gave vectors of words.",
                "Delete its folder; it is built again when it is needed.",
            )
        embeddings_1sh = self._table.gather(np.asarray(ids))[None]
        (states_1sd,) = self._session.run(["states"], {"embeddings": embeddings_1sh})
        return np.asarray(states_1sd[0])


class _WholeGraph:
    """A graph that takes token ids, and gives a vector or one vector a token."""

    def __init__(self, session: onnxruntime.InferenceSession, pooling: str) -> None:
        self._session = session
        self._names = [item.name for item in session.get_inputs()]
        outputs = [item.name for item in session.get_outputs()]
        pooled = "sentence_embedding"
        self._output = pooled if pooled in outputs else outputs[0]
        self._pooling = pooling

    def run(self, ids: Sequence[int]) -> NDArray[np.float32]:
        ids_1s = np.asarray(ids, np.int64)[None]
        known = {"input_ids": ids_1s, "attention_mask": np.ones_like(ids_1s)}
        given = {name: known.get(name, np.zeros_like(ids_1s)) for name in self._names}
        (output,) = self._session.run([self._output], given)
        vector = np.asarray(output[0], np.float32)
        if vector.ndim == 2:
            vector = vector[0] if self._pooling == "cls" else vector.mean(axis=0)
        unit: NDArray[np.float32] = vector / max(float(np.linalg.norm(vector)), 1e-12)
        return unit

    def run_states(self, ids: Sequence[int]) -> NDArray[np.float32]:
        raise ModelError("This encoder gives no vectors of words.", "Use the one that Everask comes with.")


def _open_ours(folder: Path, num_threads: int) -> Encoder:
    settings = _read_ours(folder)
    try:
        table = EmbeddingTable(folder / TABLE, settings.dimension)
    except (OSError, ValueError) as error:
        raise _damaged(folder, str(error)) from error
    # Both take a while and neither holds the interpreter.
    with ThreadPoolExecutor(1) as other:
        session = other.submit(open_session, folder / GRAPH)
        tokenizer = open_pieces(folder / PIECES)
        static = find_static(folder, settings.id)
        graph = _TableGraph(session.result(), table)
    rough = StaticEncoder(settings.id, tokenizer, table, static) if static else None
    return Encoder(settings, tokenizer, graph, rough=rough, num_threads=num_threads)


def _read_ours(folder: Path) -> EncoderSettings:
    config = _read_json(folder / CONFIG)
    if config.get("format") != FORMAT:
        raise ModelError(
            f"The encoder in {folder} was built by another version of Everask.",
            "Delete the folder; it is built again when it is needed.",
        )
    try:
        return EncoderSettings(**config["encoder"])
    except (KeyError, TypeError) as error:
        raise _damaged(folder, f"{CONFIG} lacks {error}") from error


def _open_theirs(folder: Path, num_threads: int) -> Encoder:
    model = _find_model(folder)
    if model is None or not (folder / "tokenizer.json").is_file():
        raise ModelError(f"{folder} has a model.onnx but no tokenizer.json.", "Put it beside the model.")
    pooling = _read_optional(folder / "1_Pooling" / "config.json")
    graph = _WholeGraph(open_session(model), "cls" if pooling.get("pooling_mode_cls_token") else "mean")
    tokenizer = open_json(folder / "tokenizer.json")
    prompts = _read_optional(folder / "config_sentence_transformers.json").get("prompts") or {}
    limit = _read_optional(folder / "sentence_bert_config.json").get("max_seq_length") or 512
    probe = graph.run(tokenizer.encode("a", limit))
    settings = EncoderSettings(
        id=_foreign_id(folder, model),
        dimension=probe.size,
        max_tokens=limit,
        query_prefix=prompts.get("query", ""),
        passage_prefix=prompts.get("passage", prompts.get("document", "")),
    )
    return Encoder(settings, tokenizer, graph, num_threads=num_threads)


def _find_model(folder: Path) -> Path | None:
    candidates = (folder / "model.onnx", folder / "onnx" / "model.onnx")
    return next((path for path in candidates if path.is_file()), None)


def _foreign_id(folder: Path, model: Path) -> str:
    """The folder's name, and a hash of what decides the vectors (of a large file, size and both ends)."""
    digest = hashlib.sha256()
    names = ("tokenizer.json", "config_sentence_transformers.json", "1_Pooling/config.json")
    for path in (model, *(folder / name for name in names)):
        if path.is_file():
            size = path.stat().st_size
            digest.update(f"{path.name} {size}\n".encode())
            with path.open("rb") as stream:
                digest.update(stream.read(_SAMPLE_BYTES))
                stream.seek(max(0, size - _SAMPLE_BYTES))
                digest.update(stream.read(_SAMPLE_BYTES))
    return f"{folder.resolve().name}-{digest.hexdigest()[:12]}"


def open_session(path: Path) -> onnxruntime.InferenceSession:
    """A graph that is run by one thread at a time or by many. Raises ModelError, naming its folder."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # Texts run side by side in the caller's threads; a thread pool inside each would only get in the way.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise _damaged(path.parent, str(error)) from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _damaged(path.parent, f"{path.name}: {error}") from error
    if not isinstance(read, dict):
        raise _damaged(path.parent, f"{path.name} is not an object")
    return read


def _read_optional(path: Path) -> dict[str, Any]:
    return _read_json(path) if path.is_file() else {}


def _no_encoder(folder: Path) -> ModelError:
    return ModelError(
        f"{folder} holds no encoder: neither {GRAPH} nor model.onnx.",
        "Name a folder with model.onnx and tokenizer.json, or run: everask models pull e5-small",
    )


def _damaged(folder: Path, why: str) -> ModelError:
    return ModelError(f"The encoder in {folder} cannot be opened: {why}.", "Delete the folder and try again.")
