"""A folder in the shape of sentence-transformers, with an ONNX model, works as an encoder too."""

from __future__ import annotations

import numpy as np
import pytest

from everask.encoder import encoder_id_of, open_encoder
from everask.errors import ModelError

from .conftest import WORDS, MakeFolder, table


def unit(*words: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """The mean of the words' rows, as a unit vector."""
    mean = table()[[WORDS.index(word) for word in words]].mean(axis=0)
    vector: np.ndarray[tuple[int], np.dtype[np.float32]] = mean / np.linalg.norm(mean)
    return vector


def test_mean_of_tokens(make_folder: MakeFolder) -> None:
    encoder = open_encoder(make_folder())
    assert encoder.dimension == 8
    expected = unit("[CLS]", "red", "blue", "green", "red", "[SEP]")
    assert np.allclose(encoder.encode_query("red blue green red"), expected, atol=1e-6)
    vectors = encoder.encode_passages(["red", "green blue"])
    assert np.allclose(vectors[0], unit("[CLS]", "red", "[SEP]"), atol=1e-6)
    assert np.allclose(vectors[1], unit("[CLS]", "green", "blue", "[SEP]"), atol=1e-6)
    assert encoder.count_tokens("red blue") == 2


def test_prefixes_are_put_before(make_folder: MakeFolder) -> None:
    encoder = open_encoder(make_folder(prompts={"query": "query: ", "passage": "passage: "}))
    assert np.allclose(encoder.encode_query("red"), unit("[CLS]", "query:", "red", "[SEP]"), atol=1e-6)
    expected = unit("[CLS]", "passage:", "red", "[SEP]")
    assert np.allclose(encoder.encode_passages(["red"])[0], expected, atol=1e-6)


def test_first_token(make_folder: MakeFolder) -> None:
    encoder = open_encoder(make_folder(pooling="cls"))
    assert np.allclose(encoder.encode_query("red blue"), unit("[CLS]"), atol=1e-6)


def test_a_long_text_is_cut_before_its_end_mark(make_folder: MakeFolder) -> None:
    folder = make_folder()
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 4}')
    encoder = open_encoder(folder)
    expected = unit("[CLS]", "red", "green", "[SEP]")
    assert np.allclose(encoder.encode_query("red green blue blue"), expected, atol=1e-6)


def test_the_id_tells_encoders_apart(make_folder: MakeFolder) -> None:
    one, two, three = make_folder("a"), make_folder("b", pooling="cls"), make_folder("c")
    ids = [encoder_id_of(folder) for folder in (one, two, three)]
    assert len({identity.split("-")[1] for identity in ids}) == 2
    assert ids[0].split("-")[1] == ids[2].split("-")[1]
    assert open_encoder(one).id == ids[0]


def test_a_missing_tokenizer_is_named(make_folder: MakeFolder) -> None:
    folder = make_folder()
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        open_encoder(folder)
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError, match=r"tokenizer\.json"):
        open_encoder(folder)
