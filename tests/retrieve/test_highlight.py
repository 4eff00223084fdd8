"""A hit found by meaning alone has its nearest sentence marked; one that shares words keeps those marks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from everask.pipeline import Engine
from everask.retrieve import mark_by_meaning
from everask.types import Hit

TEXT = (
    "The museum opens at nine in the morning. Dogs must stay outside on a leash. "
    "Photographs may be taken without a flash. Tickets cost twelve euros for adults."
)


def test_a_sentence_is_marked_across_languages(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "museum.txt").write_text(TEXT, "utf-8")
    engine.add([tmp_path / "museum.txt"])
    engine.wait_for_vectors()
    (hit,) = engine.search("Darf ich meinen Hund mitnehmen?")
    ((start, end),) = hit.marks
    assert hit.passage.text[start:end] == "Dogs must stay outside on a leash."
    (by_word,) = engine.search("Tickets")
    assert [hit.passage.text[a:b] for a, b in by_word.marks] == ["Tickets"]


def test_without_an_encoder_nothing_is_marked(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "museum.txt").write_text(TEXT, "utf-8")
    engine.add([tmp_path / "museum.txt"])
    (hit,) = engine.search("Tickets")
    bare: Hit = replace(hit, marks=(), channels={"dense": 0.9})
    assert mark_by_meaning(engine.query("Eintritt"), [bare], None) == [bare]
