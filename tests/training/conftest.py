"""A pile that was made, and a copy of it for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.training.people import make_pile

import everask
from everask.pipeline import Engine


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its data folder; nobody has said anything there."""
    folder = tmp_path_factory.mktemp("made") / "data"
    make_pile(folder)
    return folder


@pytest.fixture
def data(pile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The test's own copy; no language model writes."""
    monkeypatch.setenv("EVERASK_MODELS_GENERATOR", "none")
    shutil.copytree(pile, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def engine(data: Path) -> Iterator[Engine]:
    """An engine over the copy."""
    with everask.open(data) as engine:
        yield engine
