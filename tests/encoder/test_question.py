"""The question form: places are characters, int8 is near float, torch and the graph are one function."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from everask.encoder import build_encoder
from everask.encoder.adapter import read_adapter
from everask.encoder.pairs import MAX_QUESTION_TOKENS, pairs_of
from everask.encoder.q4_file import read_q4_file
from everask.encoder.question import Asker, open_question, question_settings_of
from everask.encoder.question_build import build_question
from everask.encoder.question_graph import make_question_graph
from everask.encoder.table import EmbeddingTable
from everask.encoder.tokens import PieceTokenizer, open_pieces
from everask.errors import ModelError

from .conftest import RANK
from .sentences import QUESTIONS, STATEMENTS


@pytest.fixture(scope="session")
def asker(question_folder: Path) -> Asker:
    return open_question(question_folder)


@pytest.fixture(scope="session")
def tokenizer(built: Path) -> PieceTokenizer:
    return open_pieces(built / "pieces.model")


def test_places_are_characters_in_every_script(tokenizer: PieceTokenizer) -> None:
    question = tokenizer.encode_places("How long?")[0]
    for texts in STATEMENTS.values():
        text = "\n".join(texts)
        (pair,) = pairs_of(tokenizer, question, text)
        assert pair.ids[0] == 0 and pair.ids[pair.first - 2 : pair.first] == [2, 2] and pair.ids[-1] == 2
        assert pair.places[0][0] == 0 and pair.places[-1][1] == len(text)
        ends = [end for _, end in pair.places]
        assert ends == sorted(ends)
        said = "".join(text[start:end] for start, end in pair.places)
        assert said.replace(" ", "").replace("\n", "") == text.replace(" ", "").replace("\n", "")


def test_a_long_text_is_several_rows_that_overlap(tokenizer: PieceTokenizer) -> None:
    text = " ".join(f"word{number}" for number in range(400))
    pairs = list(pairs_of(tokenizer, tokenizer.encode_places("why " * 200)[0], text, 128))
    assert len(pairs) > 3
    assert all(len(pair.ids) <= 128 and pair.first == MAX_QUESTION_TOKENS + 3 for pair in pairs)
    assert {place for pair in pairs for place in pair.places} == set(tokenizer.encode_places(text)[1])


def test_parts_average(tokenizer: PieceTokenizer) -> None:
    (pair,) = pairs_of(tokenizer, tokenizer.encode_places("Why so?")[0], "Because.")
    parts = pair.parts()
    assert np.allclose(parts.sum(axis=1), 1)
    assert parts[0, 1] > 0 and parts[0, pair.first - 2] == 0 and parts[1, pair.first] > 0


def test_int8_torch_and_float_agree(
    q4_file: Path, adapter_file: Path, built: Path, tokenizer: PieceTokenizer
) -> None:
    torch = pytest.importorskip("torch")
    from everask.train.question import QuestionModel
    from everask.train.trunk import load_trunk, pad_ids

    file, adapter = read_q4_file(q4_file), read_adapter(adapter_file)
    table = EmbeddingTable(built / "embeddings.bin", file.sizes.hidden)
    model = QuestionModel(load_trunk(q4_file, rank=RANK, adapter=adapter_file)).eval()
    model.load_heads(adapter)
    exact, rough = (
        onnxruntime.InferenceSession(
            make_question_graph(file, adapter, quantised=quantised).SerializeToString(),
            providers=["CPUExecutionProvider"],
        )
        for quantised in (False, True)
    )
    compared = []
    for question, language in (("How long is the warranty?", "th"), ("寒い？", "de"), ("Wann?", "ar")):
        text = " ".join(STATEMENTS[language])
        (pair,) = pairs_of(tokenizer, tokenizer.encode_places(question)[0], text)
        feed = {"embeddings": table.gather(np.asarray(pair.ids))[None], "parts": pair.parts()[None]}
        logit, tokens, *_ = exact.run(None, feed)
        with torch.no_grad():
            ids_bs, mask_bs = pad_ids([pair.ids])
            answers_b, tokens_bs3 = model(ids_bs, mask_bs, torch.from_numpy(pair.parts())[None])
        # The trunk's frozen weights are bfloat16 in torch.
        assert abs(float(logit[0, 0]) - float(answers_b[0])) < 0.1
        assert np.abs(tokens - tokens_bs3.numpy()).max() < 0.25
        compared.append((tokens[0].ravel(), rough.run(None, feed)[1][0].ravel()))
    left, right = (np.concatenate(each) for each in zip(*compared, strict=True))
    assert np.corrcoef(left, right)[0, 1] > 0.98


def test_asking_says_where(asker: Asker) -> None:
    texts = [" ".join(statements) for statements in STATEMENTS.values()]
    readings = asker.ask(QUESTIONS["en"][0], texts)
    for reading, text in zip(readings, texts, strict=True):
        assert reading is not None
        assert reading.probability == pytest.approx(1 / (1 + np.exp(1 - 0.5 * reading.logit)))
        assert reading.held_t.shape == (len(reading.places),)
        span = reading.best_span()
        assert span is not None and 0 <= span.start < span.end <= len(text)
        first = reading.best_span(0, 10)
        assert first is not None and first.margin <= span.margin + 1e-6
        assert np.isfinite(reading.held(0, 5))
    assert asker.ask(QUESTIONS["en"][0], texts) == readings  # remembered


@pytest.mark.parametrize("text", ["", " ", "\x00", "词" * 900])
def test_any_text_can_be_asked(asker: Asker, text: str) -> None:
    (reading,) = asker.ask("", [text])
    assert reading is not None and np.isfinite(reading.logit)
    assert np.isfinite(reading.held(0, 1))


def test_time_that_is_up_leaves_texts_unread(asker: Asker) -> None:
    texts = [f"Something else, number {number}." for number in range(6)]
    assert asker.ask("What now?", texts, seconds=0) == [None] * 6


def test_another_adapter_is_built_anew(
    q4_file: Path, adapter_file: Path, question_folder: Path, tmp_path: Path
) -> None:
    was = question_settings_of(question_folder)
    assert was is not None and was.id.startswith("drawn-")
    before = (question_folder / "graph.onnx").stat().st_mtime_ns
    build_question(q4_file, adapter_file, question_folder)
    assert (question_folder / "graph.onnx").stat().st_mtime_ns == before
    folder = tmp_path / "encoder"
    build_encoder(q4_file, folder)
    assert question_settings_of(folder) is None
    with pytest.raises(ModelError, match="no question form"):
        open_question(folder)
