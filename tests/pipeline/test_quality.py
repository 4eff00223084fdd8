"""Quality on the own pile: made and saved questions, shares with intervals, kept as history."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from everask.evaluate.shares import Share
from everask.index.measurements import list_figures
from everask.index.saved import Saved, save_question
from everask.pipeline import Engine
from everask.pipeline.own_questions import Budget
from everask.pipeline.quality import measure_pile
from everask.settings import ModelSettings, Settings

NAMES = ("Anna", "Bert", "Cleo", "Dora", "Emil", "Fritz", "Greta", "Hugo", "Ines", "Jonas")


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Engine]:
    """An engine without models over letters that each say one thing."""
    pile = tmp_path / "pile"
    pile.mkdir()
    for number, name in enumerate(NAMES):
        text = f"{name} moved from the old harbour to the castle of Lindenberg in the year 19{number}7."
        (pile / f"{name}.txt").write_text(text, "utf-8")
    data = tmp_path / "data"
    models = ModelSettings(generator="none", pull=False, folder=str(data / "models"))
    with Engine(Settings(data, models=models)) as engine:
        engine.add([pile])
        yield engine


def test_a_pile_is_measured_and_its_figures_are_kept(filled: Engine) -> None:
    info = filled.find_document("Anna")
    place = (info.id, 0, 20)
    save_question(filled.store.database, Saved("When did Anna move to the castle?", *place, 1.0))
    save_question(filled.store.database, Saved("What does a train to Berlin cost?", None, None, None, 1.0))
    save_question(filled.store.database, Saved("Gone?", "0" * 64, None, None, 1.0))
    heard: list[tuple[int, int]] = []
    report = measure_pile(filled, Budget(8, 60.0), lambda done, of, what: heard.append((done, of)))
    assert report.num_lost == 1
    assert {one.kind for one in report.tried} == {"made", "saved"}
    whole = report.groups[""]
    assert whole["found"].of == whole["answered"].of == len(report.tried) - 1
    assert whole["found"].value > 0.8
    assert set(report.groups) == {"", "made", "saved", "language:en", "file:text", "language:en file:text"}
    assert heard[-1] == (len(report.tried), len(report.tried))
    kept = {(one.suite, one.metric): one for one in list_figures(filled.store.database)}
    assert kept["own", "found"].value == pytest.approx(whole["found"].value)
    assert kept["own saved", "without"].count == 2


def test_it_stops_when_called_off(filled: Engine) -> None:
    report = measure_pile(filled, Budget(8, 60.0, lambda: True))
    assert report.tried == () and report.groups[""]["found"].of == 0 and report.weakest == ""
    assert list_figures(filled.store.database) == []


def test_wilson_intervals() -> None:
    low, high = Share(93, 100).bounds
    assert (round(low, 3), round(high, 3)) == (0.863, 0.966)
    assert Share(0, 0).bounds == (0.0, 1.0)
    assert Share(10, 10).bounds[1] == pytest.approx(1.0) and Share(10, 10).bounds[0] > 0.7
