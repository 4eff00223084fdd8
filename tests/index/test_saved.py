"""Saved questions keep their place while the passage stays; figures are kept and trimmed."""

from __future__ import annotations

from pathlib import Path

import pytest

from everask.errors import NotFoundError, UsageError
from everask.index import measurements
from everask.index.measurements import Figure, list_figures, put_figures
from everask.index.saved import Saved, list_saved, remove_saved, save_question
from everask.pipeline import Engine


def test_a_saved_question_follows_its_passage(engine: Engine, pile: Path) -> None:
    file = pile / "en/about.md"
    parts = [f"# Part {number}\n\n" + f"Sentence of part {number}. " * 150 for number in (1, 2)]
    file.write_text("\n\n".join(parts), "utf-8")
    engine.add([pile])
    info = engine.find_document("en/about")
    passage = engine.store.passages(info.id)[-1]
    place = (info.id, passage.start, passage.end)
    save_question(engine.store.database, Saved("Which part?", *place, 1.0, passage=passage.id))
    file.write_text("\n\n".join([parts[0].replace("part 1", "piece one"), parts[1]]), "utf-8")
    engine.add([pile])
    (saved,) = list_saved(engine.store.database)
    assert not saved.is_lost and saved.document_id == engine.find_document("en/about").id != info.id
    assert saved.start != passage.start
    other = pile / "en/more.md"
    file.rename(other)
    engine.remove(str(file))
    (saved,) = list_saved(engine.store.database)
    assert saved.is_lost and saved.passage is None


def test_saved_questions_are_their_owners(engine: Engine) -> None:
    database = engine.store.database
    number = save_question(database, Saved("One?", None, None, None, 1.0))
    with pytest.raises(UsageError):
        save_question(database, Saved("  ", None, None, None, 1.0))
    with pytest.raises(NotFoundError):
        remove_saved(database, number, user=7)
    assert [one.question for one in list_saved(database)] == ["One?"]
    assert list_saved(database, user=7) == []
    remove_saved(database, number)
    assert list_saved(database, everybody=True) == []


def test_figures_are_kept_and_the_oldest_go(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    database = engine.store.database
    monkeypatch.setattr(measurements, "MAX_TIMES", 2)
    for at in (1.0, 2.0, 3.0):
        put_figures(database, [Figure(at, "1", "own", "found", 0.5, 0.4, 0.6, 10, {"x": 1})])
    put_figures(database, [Figure(3.0, "1", "own lang:de", "found", 1.0, None, None, 3)])
    assert [one.at for one in list_figures(database)] == [2.0, 3.0, 3.0]
    assert list_figures(database, "own")[0].detail == {"x": 1}
    assert list_figures(database, "own")[0].count == 10
