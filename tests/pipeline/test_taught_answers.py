"""Which adapter writes: an engine that is open follows a promotion and the way back with its next answer."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from tests.training.writers import Writing

import everask
from everask.errors import UsageError
from everask.index.learned import Learned, Lineage, put_learned
from everask.pipeline import models
from everask.pipeline.learning import promote, roll_back
from everask.pipeline.taught_answers import adapter_file, adapter_in_use
from everask.settings import ModelSettings


class Closing(Writing):
    """Remembers that it was closed."""

    closed = False

    def close(self) -> None:
        """Once is enough."""
        self.closed = True


def test_an_open_engine_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[Path | None, Closing]] = []

    def find_generator(_settings: ModelSettings, taught: Path | None = None) -> Closing:
        opened.append((taught, Closing(("Yes [1]",))))
        return opened[-1][1]

    monkeypatch.setattr(models, "find_generator", find_generator)
    file = adapter_file(tmp_path, "answers-1")
    file.parent.mkdir(parents=True)
    file.write_bytes(b"GGUF")
    with everask.open(tmp_path) as engine:
        first = engine.generator
        assert engine.generator is first and [one[0] for one in opened] == [None]
        made = Learned("answers-1", "answers", 0.0, "before", card={"weights": {"file": file.name}})
        with engine.store.database.writing() as connection:
            put_learned(connection, made, Lineage())
        promote(engine.store, "answers-1")
        assert engine.generator is not first and opened[-1][0] == file
        _wait_until_closed(opened[0][1])
        assert adapter_in_use(engine.store, ModelSettings(adapter="off")) is None
        assert roll_back(engine.store, "answers") is None
        assert engine.generator is opened[-1][1] and opened[-1][0] is None and len(opened) == 3
        file.unlink()
        with pytest.raises(UsageError):
            promote(engine.store, "answers-1")


def _wait_until_closed(one: Closing) -> None:
    until = time.monotonic() + 10
    while not one.closed and time.monotonic() < until:
        time.sleep(0.01)
    assert one.closed
