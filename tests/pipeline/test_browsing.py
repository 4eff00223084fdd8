"""Facets count all that is found and may be read; likeness goes by words; near-copies are folded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from everask.errors import NotFoundError
from everask.index.facets import Facets, count_facets
from everask.pipeline import Engine
from everask.pipeline.asking import Question, Shown
from everask.pipeline.browsing import Like, browse
from everask.retrieve.folding import fold
from everask.settings import ModelSettings, Settings
from everask.types import Filters

YEAR = 31_556_952
GERMAN = "Die Pumpe im Keller hat die Nummer {number} und läuft seit dem Umbau des Hauses ohne Pause."
ENGLISH = "The pump in the cellar has the number {number} and has been running since the house was rebuilt."


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder, data = tmp_path_factory.mktemp("pile"), tmp_path_factory.mktemp("data")
    for number in range(30):
        text = (GERMAN if number % 3 == 0 else ENGLISH).format(number=number)
        path = (
            folder / ("cellar" if number < 20 else "attic") / f"pump {number}.{'md' if number % 2 else 'txt'}"
        )
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        os.utime(path, ((50 + number % 4) * YEAR + 9e6,) * 2)
    (folder / "garden.txt").write_text("Roses need water every morning, and the gate is green.", "utf-8")
    with Engine(
        Settings(data, models=ModelSettings(generator="none", pull=False, folder=str(data / "m")))
    ) as opened:
        opened.add([folder / "cellar"], groups=["deep"])
        opened.add([folder])
        yield opened


def facets_of(engine: Engine, text: str, filters: Filters, groups: tuple[str, ...] | None) -> Facets:
    found = browse(engine, Question(text, filters, groups), Shown(3), with_facets=True).facets
    assert found is not None
    return found


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["pump", "Pumpe", "pump Pumpe", "water gate", "the"]),
    st.sampled_from([(), ("de",), ("en",)]),
    st.sampled_from([(), ("cellar",), ("attic",)]),
    st.sampled_from([None, (), ("deep",), ("other",)]),
)
def test_facets_are_what_a_long_list_would_show(
    rich: Engine,
    text: str,
    languages: tuple[str, ...],
    folders: tuple[str, ...],
    groups: tuple[str, ...] | None,
) -> None:
    filters = Filters(languages=languages, folders=folders)
    facets = facets_of(rich, text, filters, groups)
    shown = {hit.document.id: hit.document for hit in rich.find(text, 100, filters, groups).hits}
    assert facets.total == len(shown)
    counted = dict(facets.languages)
    spoken = [one.language for one in shown.values() if one.language != "und"]
    assert counted == {code: spoken.count(code) for code in set(spoken)}
    assert sum(number for _, number in facets.years) == len(shown)
    assert {name for name, _ in facets.folders} == {
        one.name.partition("/")[0] for one in shown.values() if "/" in one.name
    }
    if groups is not None and "deep" not in groups:
        assert "cellar" not in {name for name, _ in facets.folders}


def test_facets_of_nothing(rich: Engine) -> None:
    assert count_facets(rich.store.database, ["nowhere"], [], Filters(), None) == Facets()
    assert browse(rich, Question("pump"), Shown(3)).facets is None


def test_more_like_a_passage(rich: Engine) -> None:
    (first, *_) = rich.search("pump number 4", top=1)
    place = Like(first.document.id, first.passage.start + 3)
    found = browse(rich, Question(""), Shown(10), place)
    assert found.like is not None and found.like.text == first.passage.text and len(found.hits) == 10
    assert all("pump" in hit.document.name for hit in found.hits)
    assert first.passage.id not in [hit.passage.id for hit in found.hits]
    only = browse(rich, Question("", Filters(folders=("attic",))), Shown(30), place)
    assert {hit.document.name.partition("/")[0] for hit in only.hits} == {"attic"}
    with pytest.raises(NotFoundError):
        browse(rich, Question("", groups=("other",)), Shown(10), Like(_hidden(rich), 0))
    with pytest.raises(NotFoundError):
        browse(rich, Question(""), Shown(10), Like(first.document.id, 10_000))


def _hidden(engine: Engine) -> str:
    return next(info.id for info in engine.documents() if info.groups)


def test_near_copies_are_folded_and_figures_tell_apart(engine: Engine, tmp_path: Path) -> None:
    text = (
        "The warranty of the power supply ends after {} months, counted from the day on which it was bought."
    )
    for name, months in {"a": 24, "b": 24, "c": 24, "d": 36}.items():
        (tmp_path / f"{name}.txt").write_text(text.format(months), "utf-8")
    short = tmp_path / "short.txt"
    short.write_text("Warranty: none.", "utf-8")
    engine.add([*(tmp_path / f"{name}.txt" for name in "abcd"), short])
    folded = fold(engine.search("warranty", top=10))
    assert sorted(len(one.copies) for one in folded) == [0, 0, 2]
    assert sum(1 + len(one.copies) for one in folded) == 5
