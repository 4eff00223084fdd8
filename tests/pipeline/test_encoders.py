"""A change of encoder: the old one serves until the new one's vectors are complete, in every process."""

from __future__ import annotations

import json
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import everask
from everask import packs
from everask.encoder import Encoder, build_encoder
from everask.encoder.distil import DistilSettings, distil
from everask.encoder.open import CONFIG, open_encoder
from everask.encoder.static import STATIC, write_static
from everask.ingest import SplitSettings, split
from everask.pipeline import Engine, adding, asking, encoders
from everask.pipeline.background import MAX_LOG_BYTES, start_in_background
from everask.pipeline.encoding import LOCK_NAME
from everask.retrieve import search
from everask.types import Document, Hit, Passage

QUESTION = "Wie lange gilt die Garantie für das Netzteil?"
SENTENCES = ["Die Garantie gilt zwei Jahre.", "The train leaves at nine.", "面包是用面粉烤的。"] * 3


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "encoder"
    build_encoder(packs.pull("e5-small", packs.default_folder()), folder)
    return folder


@pytest.fixture
def folders(built: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two encoders that differ in nothing but their ids."""
    made = []
    for name in ("old", "new"):
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        for path in built.iterdir():
            (folder / path.name).symlink_to(path)
        config = json.loads((built / CONFIG).read_text())
        config["encoder"]["id"] = name
        (folder / CONFIG).unlink()
        (folder / CONFIG).write_text(json.dumps(config))
        made.append(folder)
    return made[0], made[1]


def engine_with(folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.setenv("EVERASK_MODELS_GENERATOR", "none")
    monkeypatch.setenv("EVERASK_MODELS_ENCODER", str(folder))
    return everask.open(data)


def fill(folder: Path, targets: list[Path], data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents with all their vectors, by the encoder in `folder`."""
    with engine_with(folder, data, monkeypatch) as engine:
        engine.add(targets)
        engine.wait_for_vectors()


def test_searches_go_on_while_the_encoder_is_changed(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each finds the right passage by meaning, by the old vectors or by the new ones, in every process."""
    old, new = folders
    for number in range(40):
        text = f"Die Garantie für das Netzteil {number} gilt {number + 2} Monate ab dem Kaufdatum."
        (tmp_path / f"{number}.txt").write_text(text, "utf-8")
    fill(old, sorted(tmp_path.glob("*.txt")), tmp_path / "data", monkeypatch)
    done = threading.Event()
    found: list[tuple[str, str, bool]] = []

    def search_on(engine: Engine, number: int) -> None:
        while not done.is_set():
            hit = engine.search(f"Wie lange gilt die Garantie für das Netzteil {number}?")[0]
            found.append((hit.document.name, str(number), "dense" in hit.channels))

    with (
        engine_with(new, tmp_path / "data", monkeypatch) as engine,
        engine_with(new, tmp_path / "data", monkeypatch) as other,
        ThreadPoolExecutor(3) as pool,
    ):
        assert serving(engine) == "old"
        tasks = [
            pool.submit(search_on, one, number) for number, one in ((7, engine), (23, other), (31, other))
        ]
        while len(found) < 6:
            time.sleep(0.01)
        engine.wait_for_vectors()
        assert serving(engine) == "new"
        after = len(found)
        while len(found) < after + 6:
            time.sleep(0.01)
        done.set()
        for task in tasks:
            task.result()
        assert engine.store.encoder_ids()[0] == "new" and serving(other) == "new"
    assert all(name == number and is_dense for name, number, is_dense in found)


def test_a_change_of_encoder_between_choosing_and_searching_costs_nobody_the_meaning(
    folders: tuple[Path, Path], pile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = folders
    fill(old, [pile], tmp_path / "data", monkeypatch)
    with engine_with(new, tmp_path / "data", monkeypatch) as engine, ThreadPoolExecutor(1) as pool:
        assert serving(engine) == "old"

        def change_first(*given: Any, **options: Any) -> list[Hit]:
            pool.submit(engine.wait_for_vectors).result()
            assert pool.submit(engine.store.encoder_ids).result() == ["new"]
            return search(*given, **options)

        monkeypatch.setattr(asking, "search", change_first)
        assert "dense" in engine.search(QUESTION)[0].channels
        assert "dense" in engine.search(QUESTION)[0].channels and serving(engine) == "new"


def serving(engine: Engine) -> str | None:
    return engine.encoder.id if engine.encoder else None


def test_the_old_encoder_serves_until_the_new_one_is_complete(
    folders: tuple[Path, Path], pile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = folders
    fill(old, [pile], tmp_path / "data", monkeypatch)
    with (
        engine_with(new, tmp_path / "data", monkeypatch) as engine,
        engine_with(new, tmp_path / "data", monkeypatch) as other,
    ):
        assert (serving(engine), serving(other)) == ("old", "old")
        assert engine.status().pending == engine.status().passages
        assert "dense" in engine.search(QUESTION)[0].channels
        waiting = engine.store.pending("new", 2)
        rows = open_encoder(new).encode_passages([text for _, text, _ in waiting])
        engine.store.put_vectors("new", [number for number, _, _ in waiting], rows)
        assert serving(other) == "old"  # half done, as after a kill
        engine.wait_for_vectors()
        assert (serving(engine), serving(other)) == ("new", "new")
        assert engine.store.encoder_ids() == ["new"]
        assert engine.status().pending == 0 and "dense" in other.search(QUESTION)[0].channels
        assert engine.store.check() == []


def test_a_change_that_ends_while_the_old_encoder_is_opened_is_noticed(
    folders: tuple[Path, Path], pile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = folders
    fill(old, [pile], tmp_path / "data", monkeypatch)
    with (
        engine_with(new, tmp_path / "data", monkeypatch) as engine,
        engine_with(new, tmp_path / "data", monkeypatch) as other,
    ):
        assert serving(other) == "old"

        def open_slowly(folder: Path, *, num_threads: int = 2) -> Encoder:
            other.wait_for_vectors()  # as another process may
            return open_encoder(folder, num_threads=num_threads)

        monkeypatch.setattr(encoders, "open_encoder", open_slowly)
        first = engine.encoder
        assert first and first.id == "old"  # it was, when it was looked up
        assert serving(engine) == "new"
        assert "dense" in engine.search(QUESTION)[0].channels


def test_where_the_old_encoder_is_gone_the_new_one_serves_at_once(
    folders: tuple[Path, Path], pile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = folders
    fill(old, [pile], tmp_path / "data", monkeypatch)
    shutil.rmtree(old)
    encoder = open_encoder(new)
    vectors = encoder.encode_passages(SENTENCES)
    write_static(new / STATIC, distil(encoder, new, SENTENCES, vectors, DistilSettings(num_rows=100)))
    with engine_with(new, tmp_path / "data", monkeypatch) as engine:
        assert serving(engine) == "new"
        assert engine.search(QUESTION)[0].document.name == "de/garantie"
        rough = engine.encoder.rough if engine.encoder else None
        assert rough is not None
        batch = engine.store.pending(rough.id, 100)
        texts = [text for _, text, _ in batch]
        engine.store.put_vectors(rough.id, [one for one, _, _ in batch], rough.encode_passages(texts))
        status = engine.status()
        assert (status.rough, status.vectors, status.pending) == (len(batch), 0, status.passages)
        assert "dense" in engine.search(QUESTION)[0].channels
        engine.wait_for_vectors()
        status = engine.status()
        assert (status.rough, status.vectors, status.pending) == (0, status.passages, 0)


def test_what_is_found_is_encoded_first(engine: Engine, pile: Path) -> None:
    (pile / "long.txt").write_text(
        "\n\n".join(f"Paragraph {one} of nothing at all. " * 20 for one in range(30))
    )
    engine.add([pile])
    assert engine.search("Murdock")[0].document.name == "en/about"
    assert engine.encoder is not None
    engine.store.know_encoder(engine.encoder.id, {})
    engine.store.hurry(engine.encoder.id, engine._take_asked())
    first = engine.store.pending(engine.encoder.id, 1)[0][1]
    assert "Debian" in first and engine._take_asked() == []


def test_one_source_that_cannot_be_stored_stops_nothing(
    engine: Engine, pile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_on_one(document: Document, settings: SplitSettings) -> list[Passage]:
        if document.name == "de/garantie":
            raise RuntimeError("made for the test")
        return split(document, settings)

    monkeypatch.setattr(adding, "split", fails_on_one)
    report = engine.add([pile])
    assert (report.added, report.documents) == (3, 3)
    ((name, message),) = report.failed
    assert name.endswith("garantie.txt") and "made for the test" in message
    assert engine.search("Murdock")[0].document.name == "en/about"
    assert [uri for uri, _ in engine.status().failed] == [(pile / "de/garantie.txt").as_uri()]
    monkeypatch.undo()
    assert engine.add([pile], retry=True).documents == 1


def test_a_log_that_has_become_long_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "encode.log"
    log.write_bytes(b"x" * (MAX_LOG_BYTES + 1))
    start_in_background(tmp_path, ["everask", "--version"], log)
    assert log.with_name("encode.log.old").stat().st_size == MAX_LOG_BYTES + 1
    assert log.stat().st_size < MAX_LOG_BYTES and not (tmp_path / LOCK_NAME).exists()
