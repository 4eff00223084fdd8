"""Notes and what was looked for reach every door: the page, the API's record, the terminal."""

from __future__ import annotations

from types import SimpleNamespace

from everask.serve.records import answer_record
from everask.serve.rendering import answer_view, render
from everask.types import Answer, Citation, Claim, Note


def make_answer(*, abstained: bool = False) -> Answer:
    """An answer with a disagreement, or an abstention."""
    one, other = (
        Citation(name, f"id-{name}", name, f"file:///{name}", "en", 0, 9, f"It is {name}.")
        for name in ("a", "b")
    )
    note = Note("disagreement", "Your documents give different answers: “<b>” (b).", (one, other))
    claims = () if abstained else (Claim("It is a.", 0.9, (one,)),)
    return Answer(
        "What is it?", "It is a.", "en", claims, abstained, "", (), "model", "hash", 1.0,
        notes=() if abstained else (note,), looked_for=("words: it",) if abstained else (),
    )  # fmt: skip


def show(answer: Answer) -> str:
    """The part of the page that shows an answer."""
    pile = {"documents": 2, "languages": {"en": 2}, "failed": []}
    ask = SimpleNamespace(id="a", rewritten="", question=answer.question)
    return render("answer.html", {"answer": answer_view(answer), "pile": pile, "ask": ask})


def test_a_note_is_shown_with_its_sources_and_as_text() -> None:
    view = answer_view(make_answer())
    assert [place.number for place in view.notes[0].places] == [1, 2]
    assert [place.number for place in view.sources] == [1, 2]
    page = show(make_answer())
    assert "&lt;b&gt;" in page and "<b>" not in page
    assert 'data-source="/parts/' in page or page.count('class="cite"') >= 3


def test_an_abstention_shows_what_was_looked_for() -> None:
    made = make_answer(abstained=True)
    assert "words: it" in show(made)
    assert answer_record(made)["looked_for"] == ["words: it"]
    assert answer_record(make_answer())["notes"][0]["kind"] == "disagreement"
