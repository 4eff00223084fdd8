"""The quick form of a fetched model: written once, used by its name, and never needed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

from everask import packs
from everask.errors import ModelError
from everask.packs.stamp import hash_file
from everask.pipeline import models
from everask.settings import ModelSettings

PACK = "qwen2.5-0.5b"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSettings:
    """A folder with a small model in the place of the pack."""
    gguf = pytest.importorskip("gguf")
    quants = pytest.importorskip("gguf.quants")
    pytest.importorskip("xllamacpp")
    file = tmp_path / packs.PACKS[PACK].file
    writer = gguf.GGUFWriter(file, "qwen2")
    five = gguf.GGMLQuantizationType.Q5_0
    writer.add_tensor("a.weight", quants.quantize(np.ones((4, 64), np.float32), five), raw_dtype=five)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    small = dataclasses.replace(packs.PACKS[PACK], size=file.stat().st_size, sha256=hash_file(file))
    monkeypatch.setitem(packs.PACKS, PACK, small)
    return ModelSettings(generator=PACK, folder=str(tmp_path), pull=False)


def test_the_quicker_form_is_written_once_and_serves_with_what_was_taught(settings: ModelSettings) -> None:
    said: list[str] = []
    fetched = models.generator_file(settings)
    assert fetched is not None and fetched.name == packs.PACKS[PACK].file
    before = models.generator_name(settings)
    for _ in range(2):
        models.prepare_generator(settings, said.append)
    quick = models.generator_file(settings)
    assert quick is not None and quick.name == models.QUICK[PACK] and len(said) == 1
    assert models.find_adapters(quick, settings) == models.find_adapters(fetched, settings) != {}
    assert models.generator_name(settings) != before and models.tunable_model(settings) == quick
    assert models.find_adapters(quick, dataclasses.replace(settings, adapter="off")) == {}


def test_where_it_cannot_be_written_the_fetched_file_serves(
    settings: ModelSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ModelError("The disk is full.", "Free half a gigabyte.")

    said: list[str] = []
    monkeypatch.setattr(models, "write_quick", fail)
    models.prepare_generator(settings, said.append)
    fetched = models.generator_file(settings)
    assert fetched is not None and fetched.name == packs.PACKS[PACK].file
    assert "The disk is full." in said[-1]


def test_a_file_that_somebody_names_is_used_as_it_is(settings: ModelSettings, tmp_path: Path) -> None:
    fetched = tmp_path / packs.PACKS[PACK].file
    other = tmp_path / "other.gguf"
    other.write_bytes(fetched.read_bytes())
    for file in (other, fetched):
        named = dataclasses.replace(settings, generator=str(file))
        assert not models.prepare_generator(named, pytest.fail)
        assert models.generator_file(named) == file
    for one in (
        dataclasses.replace(settings, generator="none"),
        dataclasses.replace(settings, remote_url="http://x"),
    ):
        assert not models.prepare_generator(one, pytest.fail)


def test_a_torn_quick_form_does_not_serve_and_is_written_anew(settings: ModelSettings) -> None:
    assert models.prepare_generator(settings, lambda _: None)
    quick = models.generator_file(settings)
    assert quick is not None and quick.name == models.QUICK[PACK]
    whole = quick.read_bytes()
    quick.write_bytes(whole[:100])
    fetched = models.generator_file(settings)
    assert fetched is not None and fetched.name == packs.PACKS[PACK].file
    assert models.prepare_generator(settings, lambda _: None)
    assert quick.read_bytes() == whole and models.generator_file(settings) == quick


def test_while_another_process_writes_it_the_fetched_file_serves(
    settings: ModelSettings, tmp_path: Path
) -> None:
    with FileLock(tmp_path / f".{models.QUICK[PACK]}.lock"):
        assert not models.prepare_generator(settings, pytest.fail)
    fetched = models.generator_file(settings)
    assert fetched is not None and fetched.name == packs.PACKS[PACK].file
