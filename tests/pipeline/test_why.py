"""A place is lost at each stage on purpose, and that stage is named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from everask.documents.names import file_uri
from everask.errors import UsageError
from everask.generator import Message
from everask.ingest import split
from everask.pipeline import Engine
from everask.pipeline.asking import Question
from everask.pipeline.expecting import Expected
from everask.pipeline.trail import TEXTS, Why
from everask.pipeline.why import explain_missing
from everask.settings import ModelSettings, Settings
from everask.types import Block, Document, Filters, Page, Source

WARRANTY = "The warranty of the power supply ends 24 months after the purchase."
QUESTION = "How long is the warranty of the power supply?"


class Scripted:
    """A language model that always writes the same."""

    name, adapters = "scripted", ()

    def __init__(self, reply: str) -> None:
        self.reply = reply

    def stream(
        self,
        prompt: str | Sequence[Message],
        *,
        max_tokens: int,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] | None = None,
        adapter: str | None = None,
    ) -> Iterator[str]:
        yield self.reply

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Engine]:
    """An engine without models: words and quotes alone."""
    data = tmp_path / "data"
    models = ModelSettings(generator="none", pull=False, folder=str(tmp_path / "models"))
    with Engine(Settings(data, models=models)) as opened:
        yield opened


def add(engine: Engine, folder: Path, texts: dict[str, str]) -> None:
    """Write files and add them."""
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    engine.add([folder])


def put(
    engine: Engine, text: str, pages: tuple[Page, ...] = (), groups: tuple[str, ...] = (), name: str = "scan"
) -> None:
    """Put a document as it was read, without a file."""
    uri = f"file:///pile/{name}.pdf"
    document = Document(
        name + "0" * 60, name, uri, name, "application/pdf", "0" * 64, "en", 0.0, 9, text,
        (Block("text", 0, len(text)),), pages, groups,
    )  # fmt: skip
    source = Source(uri, "file:///pile", (0, 0, 0), "0" * 64, "ok", "", 1, 0.0)
    engine.store.put_source(source, [(document, list(split(document)))])


def ask(engine: Engine, expected: Expected, question: str = QUESTION, **limits: object) -> Why:
    """What became of it."""
    asked = Question(question, Filters(**limits))  # type: ignore[arg-type]
    return explain_missing(engine, asked, expected)


def write_by(engine: Engine, reply: str) -> None:
    """Let a model answer so."""
    engine._generator, engine._generator_tried = Scripted(reply), True


def last(why: Why) -> str:
    """The template of the last step: which of a stage's reasons it is."""
    return next(name for name, text in TEXTS.items() if text == why.steps[-1].text)


def test_an_expected_place_in_the_answer_is_not_lost(quiet: Engine, tmp_path: Path) -> None:
    add(quiet, tmp_path / "pile", {"a.txt": WARRANTY})
    for expected in (Expected("a"), Expected("a.txt"), Expected(words="24 months after the PURCHASE")):
        why = ask(quiet, expected)
        assert (why.lost_at, last(why)) == ("", "answered")
        assert why.document is not None
    assert all(step.sentence for step in why.steps)
    assert (why.start, why.end) == (WARRANTY.index("24"), len(WARRANTY) - 1)


def test_a_document_that_was_not_added_or_failed(quiet: Engine, tmp_path: Path) -> None:
    add(quiet, tmp_path / "pile", {"a.txt": WARRANTY})
    (tmp_path / "pile/broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<<")
    (tmp_path / "other.txt").write_text("x")
    quiet.add([tmp_path / "pile"])
    assert last(ask(quiet, Expected("nothing.txt"))) == "missing"
    assert last(ask(quiet, Expected(str(tmp_path / "other.txt"), local=True))) == "not added"
    assert last(ask(quiet, Expected(str(tmp_path / "other.txt")))) == "missing"
    for key in ("broken.pdf", file_uri(tmp_path / "pile/broken.pdf")):
        why = ask(quiet, Expected(key))
        assert (why.lost_at, last(why)) == ("file", "failed")


def test_what_may_not_be_read_is_missing(quiet: Engine, tmp_path: Path) -> None:
    put(quiet, WARRANTY, groups=("board",), name="secret")
    for expected in (Expected("secret"), Expected(words=WARRANTY), Expected("secret", WARRANTY)):
        there = explain_missing(quiet, Question(QUESTION, groups=("staff",)), expected)
        gone = explain_missing(
            quiet,
            Question(QUESTION, groups=("staff",)),
            dataclasses.replace(expected, document="x" * bool(expected.document)),
        )
        if expected.document:
            assert there.steps == gone.steps and last(there) == "missing"
        else:
            assert last(there) == "nowhere"
        assert there.document is None
    assert explain_missing(quiet, Question(QUESTION, groups=("board",)), Expected("secret")).lost_at == ""


def test_unread_pages_and_broken_letters(quiet: Engine) -> None:
    half = len("A page that was read. ")
    text = "A page that was read. Tne wananty af tha pcwer suppty ends 24 mouths aftar the purchaso."
    pages = (Page(1, 0, half), Page(2, half, len(text), source="ocr"))
    put(quiet, text, pages)
    why = ask(quiet, Expected("scan", WARRANTY))
    assert (why.lost_at, last(why)) == ("text", "like page")
    assert why.steps[-1].figures["page"] == 2
    put(quiet, text, (*pages, Page(3, len(text), len(text), source="unreadable")))
    why = ask(quiet, Expected("scan", WARRANTY))
    assert (why.lost_at, last(why)) == ("file", "no page")
    put(quiet, text)
    assert last(ask(quiet, Expected("scan", WARRANTY))) == "like"
    assert last(ask(quiet, Expected("scan", "Zebras graze quietly beyond blue hills."))) == "no words"


def test_limits_of_the_question(quiet: Engine, tmp_path: Path) -> None:
    add(quiet, tmp_path / "pile", {"a.txt": WARRANTY, "b.md": "# Other\n\nNothing of it."})
    why = ask(quiet, Expected("a"), f"{QUESTION} lang:de")
    assert (why.lost_at, why.steps[-1].figures) == ("limits", {"limits": "lang"})
    why = ask(quiet, Expected("a"), media_types=("text/markdown",), languages=("en",))
    assert why.steps[-1].figures == {"limits": "type"}
    assert ask(quiet, Expected("a"), f"{QUESTION} lang:en").lost_at == ""


def test_words_that_were_cut_over_two_passages(quiet: Engine, tmp_path: Path) -> None:
    filler = "This sentence tells of rivers and of the mountains that they come from, nothing else. "
    add(quiet, tmp_path / "pile", {"long.txt": filler * 60, **rivals(12)})
    first, second = quiet.store.passages(quiet.find_document("long").id)[:2]
    why = ask(quiet, Expected("long", span=(first.end - 40, second.start + 40)))
    assert (why.lost_at, why.steps[-1].figures["parts"]) == ("cut", 2)


def rivals(number: int) -> dict[str, str]:
    """Documents that answer better."""
    return {
        f"rival{at}.txt": f"Power supply {at}: how long the warranty of the power supply is, is {at} years."
        for at in range(number)
    }


def test_a_place_that_is_not_found_or_ranked_low(quiet: Engine, tmp_path: Path) -> None:
    add(
        quiet,
        tmp_path / "pile",
        {"far.txt": "Zebras graze beyond hills.", "low.txt": "A warranty.", **rivals(20)},
    )
    why = ask(quiet, Expected("far"))
    assert (why.lost_at, last(why)) == ("found", "not found")
    why = ask(quiet, Expected("low"))
    assert (why.lost_at, last(why)) == ("ranked", "ranked low")
    figures = why.steps[-1].figures
    ranked = [hit.document.name for hit in quiet.search(QUESTION, 30)]
    assert ranked.index("low") > 8 and figures["taken"] == 8
    assert figures["fused"] == ranked.index("low") + 1
    assert float(figures["best"]) >= float(figures["last"]) > float(figures["score"])


def test_a_place_beyond_the_candidates(quiet: Engine, tmp_path: Path) -> None:
    few = dataclasses.replace(quiet.settings.search, num_candidates=15)
    quiet.settings = dataclasses.replace(quiet.settings, search=few)
    add(quiet, tmp_path / "pile", {"low.txt": "A warranty.", **rivals(20)})
    why = ask(quiet, Expected("low"))
    assert (why.lost_at, last(why)) == ("found", "far")
    assert (why.steps[-1].figures["fused"], why.steps[-1].figures["candidates"]) == (21, 15)


class OneVector:
    """An encoder for which only some passages have a vector."""

    id = "test-encoder"

    def encode_query(self, text: str) -> NDArray[np.float32]:
        return np.ones(8, np.float32) / np.float32(8**0.5)

    def encode_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.stack([self.encode_query(text) for text in texts])


def test_a_passage_without_a_vector(quiet: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(quiet, tmp_path / "pile", {"low.txt": "A warranty.", **rivals(20)})
    encoder = OneVector()
    waiting = quiet.store.pending(encoder.id, 100)
    mine = {one.id for one in quiet.store.passages(quiet.find_document("low").id)}
    for number, text, _ in waiting:
        if number not in mine:
            quiet.store.put_vectors(encoder.id, [number], encoder.encode_passages([text]))
    monkeypatch.setattr(Engine, "encoder", property(lambda self: encoder))
    monkeypatch.setattr("everask.pipeline.why.find_for_answer", lambda parts, query: [])
    why = ask(quiet, Expected("low"))
    assert (why.lost_at, last(why)) == ("vector", "waiting")


def test_a_sentence_that_was_not_looked_at_or_chosen(quiet: Engine, tmp_path: Path) -> None:
    many = "".join(f"The warranty of the power supply, part {at}, is long. " for at in range(12))
    add(quiet, tmp_path / "pile", {"a.txt": f"{many}Blue.", "b.txt": WARRANTY})
    why = ask(quiet, Expected("a", "Blue"))
    assert (why.lost_at, last(why)) == ("chosen", "not chosen")
    assert int(why.steps[-1].figures["rank"]) > 8
    close = dataclasses.replace(quiet.settings.evidence, num_sentences=4)
    quiet.settings = dataclasses.replace(quiet.settings, evidence=close)
    assert (ask(quiet, Expected("a", "Blue")).lost_at) == "read"


def test_too_small_a_chance_and_better_quotes(quiet: Engine, tmp_path: Path) -> None:
    add(quiet, tmp_path / "pile", {"a.txt": WARRANTY, "b.txt": "Rain falls. A warranty is a promise."})
    why = ask(quiet, Expected("b"))
    assert (why.lost_at, last(why)) == ("quoted", "not quoted")
    sure = dataclasses.replace(quiet.settings.answer, answer_above=0.999)
    quiet.settings = dataclasses.replace(quiet.settings, answer=sure)
    why = ask(quiet, Expected("a"))
    assert (why.lost_at, why.steps[-1].figures["threshold"]) == ("chance", 0.999)
    chance = why.steps[-1].figures["chance"]
    assert chance == pytest.approx(quiet.ask(QUESTION).chance, abs=1e-3)


def test_the_same_said_by_another_quote(quiet: Engine, tmp_path: Path) -> None:
    copy = WARRANTY.replace("ends", "ends exactly")
    add(quiet, tmp_path / "pile", {"a.txt": WARRANTY, "b.txt": copy})
    lost = [ask(quiet, Expected(name)) for name in ("a", "b")]
    assert sorted(one.lost_at for one in lost) == ["", "quoted"]
    assert last(next(one for one in lost if one.lost_at)) == "repeats"


def test_what_the_model_made_of_it(quiet: Engine, tmp_path: Path) -> None:
    add(quiet, tmp_path / "pile", {"a.txt": WARRANTY})
    write_by(quiet, "The warranty of the power supply ends 24 months after the purchase. [1]")
    assert last(ask(quiet, Expected("a"))) == "answered"
    write_by(quiet, "NOT FOUND")
    low = dataclasses.replace(quiet.settings.answer, sure_above=2.0)
    quiet.settings = dataclasses.replace(quiet.settings, answer=low)
    why = ask(quiet, Expected("a"))
    assert (why.lost_at, last(why)) == ("written", "declined")
    write_by(quiet, "The warranty of the power supply ends 36 months after the purchase. [1]")
    why = ask(quiet, Expected("a"))
    assert (why.lost_at, last(why)) == ("checked", "refused")
    assert "36" in str(why.steps[-1].figures["sentence"])
    write_by(quiet, "It rests long beside rivers that sing of many green hills. [1]")
    why = ask(quiet, Expected("a"))
    assert (why.lost_at, last(why)) == ("checked", "unsupported")


def test_nothing_asked_and_nothing_expected(quiet: Engine) -> None:
    with pytest.raises(UsageError):
        ask(quiet, Expected())
    with pytest.raises(UsageError):
        ask(quiet, Expected("a"), "   ")


def test_an_answer_that_was_given(quiet: Engine, tmp_path: Path) -> None:
    add(quiet, tmp_path / "pile", {"a.txt": WARRANTY})
    asked, expected = Question(QUESTION), Expected("a")
    given = quiet.ask(QUESTION)
    assert last(explain_missing(quiet, asked, expected, answer=given, write=False)) == "answered"
    other = dataclasses.replace(given, claims=(), model="scripted")
    write_by(quiet, "never asked")
    why = explain_missing(quiet, asked, expected, answer=other, write=False)
    assert (why.lost_at, last(why)) == ("written", "not used")
