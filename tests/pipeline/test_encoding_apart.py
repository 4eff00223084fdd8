"""Vectors of many passages are made in a process of its own, which ends with whoever started it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from everask.pipeline import Engine
from everask.pipeline.background import LOG_NAME, encode_apart
from everask.pipeline.engine import MANY_PENDING


def write_many(folder: Path, number: int = 2 * MANY_PENDING) -> Path:
    """So many files, each of one passage."""
    folder.mkdir()
    for one in range(number):
        (folder / f"{one}.txt").write_text(f"Locker {one} holds the umbrella of guest {one}.", "utf-8")
    return folder


def test_many_passages_get_their_vectors(engine: Engine, tmp_path: Path) -> None:
    assert engine.encoder is not None
    engine.start_background(apart=True)
    engine.add([write_many(tmp_path / "lockers")])
    assert engine.status().pending > 0
    until = time.monotonic() + 120
    while engine.status().pending:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert (engine.settings.data / LOG_NAME).exists()
    assert engine.search("Regenschirm", top=1)


def test_it_ends_when_it_is_told_to(engine: Engine, tmp_path: Path) -> None:
    engine.add([write_many(tmp_path / "lockers")])
    stop, heard = threading.Event(), threading.Event()
    work = threading.Thread(target=encode_apart, args=(engine.settings.data, stop.is_set, heard.set))
    work.start()
    assert heard.wait(30)
    stop.set()
    work.join(timeout=60)
    assert not work.is_alive()
    assert engine.wait_for_vectors() >= 0 and engine.status().pending == 0
