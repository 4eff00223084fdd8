"""Ways to find the window of a long document that answers, each with the processor's time that it takes.

Times are of one question asked of a document that nothing is known of: the windows' share and the question's.
"""

from __future__ import annotations

import dataclasses
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from long_sets import LongDocument, LongQuestion, Span
from numpy.typing import NDArray

from everask import packs
from everask.encoder import Encoder, load_means, mean_of, shipped_variant
from everask.encoder.adapter import AdaptedFile, read_adapter
from everask.encoder.encoder import EncoderSettings
from everask.encoder.graph import Tensors, make_graph
from everask.encoder.q4_file import read_q4_file
from everask.encoder.table import EmbeddingTable
from everask.encoder.tokens import open_pieces
from everask.models.funnel_reader import fill, make_funnel_graph
from everask.models.phrase_encoder.model import pool
from everask.text import analyse, analyse_query, sentences, words

WINDOW_WORDS = 150
LATE_TOKENS = 500
LIKELY = (20, 40, 100)
PLAIN = "e5, every window"
_UNSPACED = ("zh", "ja", "th")
_K1, _B, _DOUBT = 1.2, 0.75, 40.0

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ranked:
    """Scores of the windows (N,), and seconds."""

    scores: Floats
    seconds: float


def make_windows(text: str, language: str) -> list[Span]:
    """Whole sentences one after the other, up to 150 words a window; a longer sentence is one by itself."""
    windows: list[Span] = []
    size = 0
    for start, end in sentences(text, language):
        many = len(words(text[start:end], language))
        if windows and size + many <= WINDOW_WORDS:
            windows[-1] = (windows[-1][0], end)
            size += many
        else:
            windows.append((start, end))
            size = many
    return windows


class Words:
    """BM25 in memory, as a share of the most that the question could reach."""

    def __init__(self, texts: Sequence[str], language: str) -> None:
        began = time.process_time()
        self._counts = [Counter(analyse(text, language)) for text in texts]
        self._lengths = np.array([sum(one.values()) for one in self._counts], np.float32)
        self._frequencies = Counter(token for one in self._counts for token in one)
        self.seconds = time.process_time() - began

    def rank(self, question: LongQuestion) -> tuple[Ranked, float]:
        """Shares in 0..1, and how much the words of this question can prove."""
        began = time.process_time()
        num = len(self._counts)
        norms = _K1 * (1 - _B + _B * self._lengths / max(float(self._lengths.mean()), 1.0))
        scores, most = np.zeros(num, np.float32), 0.0
        for token in analyse_query(question.text, question.language):
            among = self._frequencies.get(token, 0)
            weight = math.log(1 + (num - among + 0.5) / (among + 0.5))
            most += weight * (_K1 + 1)
            counts = np.array([one.get(token, 0) for one in self._counts], np.float32)
            scores += weight * counts * (_K1 + 1) / (counts + norms)
        spent = self.seconds + time.process_time() - began
        return Ranked(scores / max(most, 1e-9), spent), most / (most + _DOUBT)


@dataclass(frozen=True, slots=True)
class Vectors:
    """Windows' vectors (N, D), and what each cost."""

    rows: Floats
    seconds: NDArray[np.float64]


class Encoders:
    """The search encoder, and the cheaper ones made from it; one thread each."""

    def __init__(self, folder: Path, encoder: Encoder, funnel: Path | None) -> None:
        self.encoder = encoder
        file: Tensors = read_q4_file(packs.pull("e5-small", packs.default_folder()))
        adapter = shipped_variant().adapter
        shortened = {
            number: dataclasses.replace(file, sizes=dataclasses.replace(file.sizes, num_layers=number))  # type: ignore[type-var]
            for number in (3, 6)
        }
        changed = read_adapter(adapter) if adapter else None

        def adapted(tensors: Tensors) -> Tensors:
            return AdaptedFile(tensors, changed) if changed else tensors  # type: ignore[arg-type]

        wide: Tensors = AdaptedFile(file, read_adapter(funnel)) if funnel else adapted(file)  # type: ignore[arg-type]
        self.first = {
            f"first {number} layers": _open(folder, make_graph(adapted(one)), Sequence.__iter__)
            for number, one in shortened.items()
        }
        self.funnel = _open(folder, make_funnel_graph(wide), fill)


class _Session:
    """A graph of embeddings, run by one thread."""

    def __init__(self, model: onnx.ModelProto, table: EmbeddingTable, shape: Callable[..., object]) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._table, self._shape = table, shape

    def run(self, ids: Sequence[int]) -> Floats:
        """A unit vector (D,)."""
        return self._run("vector", ids)

    def run_states(self, ids: Sequence[int]) -> Floats:
        """States (S, D)."""
        return self._run("states", ids)

    def _run(self, output: str, ids: Sequence[int]) -> Floats:
        row = np.array(list(self._shape(ids)))  # type: ignore[call-overload]
        (made,) = self._session.run([output], {"embeddings": self._table.gather(row)[None]})
        return np.asarray(made[0])


def _open(folder: Path, model: onnx.ModelProto, shape: Callable[..., object]) -> Encoder:
    settings = EncoderSettings("bench", 384, 512, "query: ", "passage: ")
    session = _Session(model, EmbeddingTable(folder / "embeddings.bin", 384), shape)
    return Encoder(settings, open_pieces(folder / "pieces.model"), session, num_threads=1)


def encode_windows(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """Vectors, one window after the other."""
    rows, seconds = [], []
    for text in texts:
        began = time.process_time()
        rows.append(encoder.encode_passages([text])[0])
        seconds.append(time.process_time() - began)
    return Vectors(np.stack(rows), np.array(seconds))


def encode_late(encoder: Encoder, text: str, windows: Sequence[Span]) -> Vectors:
    """Late chunking: neighbouring windows go through the encoder together; each is the mean of its tokens."""
    rows, seconds, group, size = [], [], list[Span](), 0
    for number, window in enumerate(windows):
        group.append(window)
        size += encoder.count_tokens(text[window[0] : window[1]])
        following = windows[number + 1] if number + 1 < len(windows) else None
        many = encoder.count_tokens(text[following[0] : following[1]]) if following else LATE_TOKENS
        if size + many <= LATE_TOKENS:
            continue
        began = time.process_time()
        start = group[0][0]
        states, places = encoder.encode_tokens(text[start : group[-1][1]])
        found = pool(states, places, [(first - start, last - start) for first, last in group])
        made = dict(zip(found.spans, found.vectors, strict=True))
        nothing = np.zeros(states.shape[1], np.float32)
        rows += [made.get((first - start, last - start), nothing) for first, last in group]
        seconds += [(time.process_time() - began) / len(group)] * len(group)
        group, size = [], 0
    return Vectors(np.stack(rows), np.array(seconds))


class Document:
    """A document made ready for every method, and the methods by name."""

    def __init__(self, document: LongDocument, encoders: Encoders) -> None:
        self.windows = make_windows(document.text, document.language)
        self.language = document.language
        texts = [document.text[start:end] for start, end in self.windows]
        self.words = Words(texts, document.language)
        self.encoders = encoders
        self.plain = encode_windows(encoders.encoder, texts)
        self.late = encode_late(encoders.encoder, document.text, self.windows)
        self.funnel = encode_windows(encoders.funnel, texts)
        self.first = {name: encode_windows(one, texts) for name, one in encoders.first.items()}
        began = time.process_time()
        rough = encoders.encoder.rough
        rows = rough.encode_passages(texts) if rough else None
        self.rough = None if rows is None else Vectors(rows, _shares(time.process_time() - began, len(rows)))

    def rank(self, question: LongQuestion) -> dict[str, Ranked]:
        """Every method's scores and time for one question."""
        encoder = self.encoders.encoder
        words_, trust = self.words.rank(question)
        weight = trust * (2.0 if question.language in _UNSPACED else 1.0)
        asked = _timed(encoder.encode_query, question.text)
        means = load_means(encoder.id)
        centred = asked[0] - mean_of(question.language, means) if means else asked[0]
        ranked = {
            "words": words_,
            PLAIN: _cosines(self.plain, asked),
            "late chunking": _cosines(self.late, asked),
            "funnel": _cosines(self.funnel, asked),
        }
        for name, vectors in self.first.items():
            ranked[name] = _cosines(vectors, _timed(self.encoders.first[name].encode_query, question.text))
        near = _centred(self.plain) @ _unit(centred)
        seconds = float(self.plain.seconds.sum()) + asked[1] + words_.seconds
        ranked["words + e5, every window"] = Ranked(near + weight * words_.scores, seconds)
        if self.rough is not None:
            rough = _centred(self.rough) @ _unit(centred)
            before = float(self.rough.seconds.sum()) + asked[1] + words_.seconds
            first = rough + weight * words_.scores
            ranked["rough"] = Ranked(rough, before - words_.seconds)
            ranked["words + rough"] = Ranked(first, before)
            for many in LIKELY:
                ranked[f"words + rough, e5 on the best {many}"] = self._again(
                    first, near + weight * words_.scores, before, many
                )
        for many in LIKELY[1:2]:
            before = asked[1] + words_.seconds
            ranked[f"words, e5 on the best {many}"] = self._again(
                words_.scores, near + weight * words_.scores, before, many
            )
        return ranked

    def _again(self, first: Floats, then: Floats, seconds: float, many: int) -> Ranked:
        """The best of the first order in the second one, before all others."""
        best = np.argsort(-first, kind="stable")[:many]
        scores = first - first.max() - 10
        scores[best] = then[best]
        return Ranked(scores, seconds + float(self.plain.seconds[best].sum()))


def _timed(encode: Callable[[str], Floats], text: str) -> tuple[Floats, float]:
    began = time.process_time()
    vector = encode(text)
    return vector, time.process_time() - began


def _cosines(vectors: Vectors, asked: tuple[Floats, float]) -> Ranked:
    return Ranked(_unit(vectors.rows) @ asked[0], float(vectors.seconds.sum()) + asked[1])


def _centred(vectors: Vectors) -> Floats:
    return _unit(vectors.rows - vectors.rows.mean(axis=0))


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9), np.float32)


def _shares(seconds: float, many: int) -> NDArray[np.float64]:
    return np.full(many, seconds / max(many, 1))
