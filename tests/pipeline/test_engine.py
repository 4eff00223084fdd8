"""The engine end to end on a small pile, with the real encoder and store."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import everask
from everask.errors import NotFoundError, StoreError
from everask.pipeline import Engine
from everask.pipeline.encoding import BackgroundEncoder
from everask.pipeline.engine import restore
from everask.types import Answered, ClaimChecked, Filters, QuotesFound, StageStarted


def names(engine: Engine, query: str, filters: Filters | None = None) -> list[str]:
    return [hit.document.name for hit in engine.search(query, filters=filters or Filters())]


def test_words_find_a_document_as_soon_as_it_is_acknowledged(engine: Engine, pile: Path) -> None:
    report = engine.add([pile])
    assert (report.added, report.documents, report.failed) == (4, 4, [])
    assert engine.status().vectors == 0
    assert names(engine, "Murdock")[0] == "en/about"
    assert names(engine, "墨盒")[0] == "zh/打印机"
    assert names(engine, "Osaka")[0] == "data/offices"


def test_what_holds_the_one_word_comes_first(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    engine.wait_for_vectors()
    assert names(engine, "Netzteil")[0] == "de/garantie"
    assert names(engine, "117")[0] == "data/offices"
    assert names(engine, "机器")[0] == "zh/打印机"


def test_a_question_in_one_language_finds_passages_in_another(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    assert engine.wait_for_vectors() == engine.status().passages
    assert engine.status().pending == 0
    assert names(engine, "How long is the warranty on the power supply?")[0] == "de/garantie"
    assert names(engine, "Wie lautet das Administratorkennwort des Druckers?")[0] == "zh/打印机"


def test_only_what_changed_is_read_again(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    engine.wait_for_vectors()
    (pile / "en/about.md").write_text("# About\n\nThe treasurer is Aurelia Quist.\n")
    (pile / "de/garantie.txt").unlink()
    (pile / "new.txt").write_text("The cellar holds 31 barrels.\n")
    report = engine.add([pile])
    assert (report.added, report.changed, report.removed, report.unchanged) == (1, 1, 1, 2)
    assert names(engine, "Murdock") != ["en/about"]
    assert names(engine, "treasurer")[0] == "en/about"
    assert names(engine, "barrels")[0] == "new"
    assert "de/garantie" not in names(engine, "Garantie Netzteil")
    assert engine.status().pending == 2


def test_a_folder_that_vanished_is_an_error_and_removes_nothing(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    pile.rename(pile.with_name("elsewhere"))
    with pytest.raises(NotFoundError, match="pile"):
        engine.add([pile])
    assert engine.status().documents == 4


def test_an_emptied_folder_is_named_and_nothing_is_removed(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    shutil.rmtree(pile)
    pile.mkdir()
    assert [Path(name) for name, _ in engine.add([pile]).failed] == [pile]
    assert engine.status().documents == 4


def test_one_bad_file_never_stops_the_rest(engine: Engine, pile: Path) -> None:
    (pile / "empty.pdf").write_bytes(b"")
    (pile / "broken.docx").write_bytes(b"PK\x03\x04 broken")
    os.mkfifo(pile / "pipe")
    report = engine.add([pile])
    assert report.added == 4
    assert {Path(name).name for name, _ in report.failed} == {"empty.pdf", "broken.docx", "pipe"}
    assert all(message for _, message in report.failed)
    assert {Path(uri).name for uri, _ in engine.status().failed} == {"empty.pdf", "broken.docx", "pipe"}
    again = engine.add([pile])
    assert (again.added, again.unchanged, len(again.failed)) == (0, 4, 3)


def test_names_are_paths_below_the_added_folder(engine: Engine, pile: Path) -> None:
    (pile / "en/about.txt").write_text("A second file with the same stem.\n")
    engine.add([pile])
    found = {info.name for info in engine.documents()}
    assert {"de/garantie", "zh/打印机", "data/offices", "en/about"} <= found
    assert len(found) == 5


def test_adding_a_part_of_a_known_folder_keeps_names(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    (pile / "de/neu.txt").write_text("Der Keller fasst 31 Fässer.\n")
    engine.add([pile / "de"])
    assert "de/neu" in {info.name for info in engine.documents()}


def test_an_answer_is_a_quote_that_is_exactly_there(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    engine.wait_for_vectors()
    answer = engine.ask("Who founded the Debian Project?")
    assert not answer.abstained
    citation = answer.claims[0].citations[0]
    assert citation.document == "en/about"
    assert "Ian Murdock" in citation.quote
    assert engine.document(citation.document_id).text[citation.start : citation.end] == citation.quote


def test_an_answer_streams_quotes_first(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    engine.wait_for_vectors()
    kinds = [type(event) for event in engine.ask_stream("Who founded the Debian Project?")]
    assert kinds[0] is StageStarted
    assert kinds[-1] is Answered
    assert kinds.index(QuotesFound) < kinds.index(ClaimChecked)


def test_it_says_when_the_documents_do_not_say(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    engine.wait_for_vectors()
    answer = engine.ask("What is the boiling point of tungsten hexafluoride?")
    assert answer.abstained
    assert answer.why
    assert not answer.claims


def test_an_empty_pile_abstains(engine: Engine) -> None:
    assert engine.ask("Who founded Debian?").abstained
    assert engine.search("Debian") == []


def test_filters(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    engine.wait_for_vectors()
    assert set(names(engine, "Garantie", Filters(languages=("de",)))) == {"de/garantie"}
    assert set(names(engine, "2004", Filters(folder=str(pile / "data")))) <= {"data/offices"}
    assert names(engine, "Debian", Filters(before=1.0)) == []


def test_removing(engine: Engine, pile: Path) -> None:
    engine.add([pile])
    assert engine.remove("en/about") == 1
    assert engine.remove(str(pile / "de")) == 1
    assert engine.search("Murdock") == []
    assert (pile / "en/about.md").exists()
    with pytest.raises(NotFoundError):
        engine.remove("en/about")


def test_what_is_not_there_is_named_as_it_was_asked_for(engine: Engine) -> None:
    for key in ("nosuch", "~nobody-of-that-name/a.txt"):
        with pytest.raises(NotFoundError, match=f"'{key}'"):
            engine.document(key)


def test_backup_and_restore(engine: Engine, pile: Path, tmp_path: Path) -> None:
    engine.add([pile])
    engine.backup(tmp_path / "kept")
    engine.remove(str(pile))
    assert engine.search("Murdock") == []
    restore(tmp_path / "kept", tmp_path / "other")
    with everask.open(tmp_path / "other") as other:
        assert names(other, "Murdock")[0] == "en/about"


def test_two_engines_use_one_store_at_once(engine: Engine, pile: Path) -> None:
    with everask.open(engine.settings.data) as other:
        engine.add([pile])
        assert names(other, "Murdock")[0] == "en/about"
        other.remove("en/about")
        assert engine.search("Murdock") == []


def test_background_encoding_outlives_a_failure() -> None:
    calls: list[int] = []
    again = threading.Event()

    def work(stopped: Callable[[], bool]) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise StoreError("The disk is full.")
        again.set()

    background = BackgroundEncoder(work)
    while not again.wait(0.01):
        background.wake()
    background.close()
    assert len(calls) >= 2


def test_background_encoding(engine: Engine, pile: Path) -> None:
    engine.start_background()
    engine.add([pile])
    engine.wait_for_vectors()
    assert engine.status().pending == 0
