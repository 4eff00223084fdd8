"""Searches in other processes: the same hits and errors, of the store as it is now, whoever of them dies."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from everask.errors import NotFoundError
from everask.pipeline import Engine
from everask.pipeline import searchers as module
from everask.pipeline.asking import Question, Shown
from everask.pipeline.browsing import Like, browse
from everask.pipeline.searchers import Searchers
from everask.settings import ModelSettings, Settings

SERVE = """
import multiprocessing, sys, time
from pathlib import Path
from everask.pipeline import Engine
from everask.pipeline.asking import Question, Shown
from everask.pipeline.searchers import Searchers
from everask.settings import ModelSettings, Settings

if __name__ == "__main__":
    data = Path(sys.argv[1])
    engine = Engine(Settings(data, models=ModelSettings(generator="none", pull=False, folder=str(data))))
    searchers = Searchers(engine, 1)
    searchers.browse(Question("pump"), Shown())
    print(*(one.pid for one in multiprocessing.active_children()), flush=True)
    time.sleep(600)
"""


def settings_of(data: Path) -> Settings:
    return Settings(data, models=ModelSettings(generator="none", pull=False, folder=str(data)))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    folder = tmp_path / "pile"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.txt").write_text(f"The pump number {number} stands in the cellar.", "utf-8")
    with Engine(settings_of(tmp_path / "data")) as opened:
        opened.add([folder])
        yield opened


@pytest.fixture
def searchers(engine: Engine) -> Iterator[Searchers]:
    made = Searchers(engine, 1)
    yield made
    made.close()


def wait_until(holds: Callable[[], bool], seconds: float = 60) -> None:
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < seconds
        time.sleep(0.05)


def is_gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_the_same_as_without(engine: Engine, searchers: Searchers) -> None:
    for question, shown, facets in [
        (Question("pump in the cellar"), Shown(3), True),
        (Question("pump", groups=()), Shown(4, fold=True), False),
        (Question("roses"), Shown(), True),
        (Question('"'), Shown(reasons=True), False),
    ]:
        assert searchers.browse(question, shown, None, facets) == browse(
            engine, question, shown, None, facets
        )
    assert multiprocessing.active_children()
    hit = searchers.browse(Question("pump"), Shown(1)).hits[0]
    like = Like(hit.document.id, hit.passage.start)
    assert searchers.browse(Question(""), Shown(2), like) == browse(engine, Question(""), Shown(2), like)
    with pytest.raises(NotFoundError) as raised:
        searchers.browse(Question(""), Shown(), Like("nobody", 0))
    assert raised.value.message and raised.value.hint


def test_what_is_found_there_is_encoded_first_here(engine: Engine, searchers: Searchers) -> None:
    heard: list[str] = []
    engine.note_found = lambda hits: heard.extend(hit.document.id for hit in hits)  # type: ignore[method-assign]
    found = searchers.browse(Question("pump"), Shown(2))
    assert heard == [hit.document.id for hit in found.hits] != []


def test_of_the_store_as_it_is_at_each_search(engine: Engine, searchers: Searchers, tmp_path: Path) -> None:
    assert not searchers.browse(Question("roses"), Shown()).hits
    added = tmp_path / "pile" / "roses.txt"
    added.write_text("Roses need water.", "utf-8")
    engine.add([added])
    assert [hit.document.name for hit in searchers.browse(Question("roses"), Shown()).hits] == ["roses"]
    engine.set_groups(str(added), ["gardeners"])
    assert not searchers.browse(Question("roses", groups=()), Shown()).hits
    assert searchers.browse(Question("roses", groups=("gardeners",)), Shown()).hits
    engine.remove(str(added))
    assert not searchers.browse(Question("roses"), Shown()).hits


def test_what_is_set_meanwhile_counts(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with Engine(engine.settings) as other:
        monkeypatch.setattr(module, "_engine", other)
        changed = replace(engine.settings, search=replace(engine.settings.search, num_twins=7))
        module._browse(changed, Question("pump"), Shown(), None, False)
        assert other.settings.search.num_twins == 7


def test_one_that_dies_costs_nobody_their_search(engine: Engine, searchers: Searchers) -> None:
    question, shown = Question("pump"), Shown()
    wanted = browse(engine, question, shown)
    for _ in range(2):
        assert searchers.browse(question, shown) == wanted
        (process,) = multiprocessing.active_children()
        process.kill()
        assert searchers.browse(question, shown) == wanted
    searchers.close()
    assert searchers.browse(question, shown) == wanted


def test_none_outlives_a_server_that_was_killed(engine: Engine, tmp_path: Path) -> None:
    script = tmp_path / "serve.py"
    script.write_text(SERVE, "utf-8")
    run = [sys.executable, str(script), str(engine.settings.data)]
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        processes = [int(one) for one in server.stdout.readline().split()]
        server.kill()
    assert processes
    wait_until(lambda: all(map(is_gone, processes)))
