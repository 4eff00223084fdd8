"""A language model that is missing, broken or mad costs the fluent sentence, never the quotes: they come at
once, and the answer says why there is nothing more."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from everask import packs
from everask.answer import AnswerSettings
from everask.errors import ModelError
from everask.generator import RemoteSettings, open_remote
from everask.pipeline import Engine, models
from everask.settings import ModelSettings, Settings
from everask.types import Answer, Answered, QuotesFound

from .misbehaving import misbehaving

QUESTION = "How long does the warranty of the pump last?"
TEXT = "The warranty of the pump lasts 24 months. It is made in Ulm.\n\nThe filter is cleaned every 7 days.\n"
IMPATIENT = RemoteSettings(connect_seconds=1.0, read_seconds=1.0, total_seconds=3.0)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with misbehaving() as address:
        yield address


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pile")
    (folder / "pump.txt").write_text(TEXT)
    return folder


@pytest.fixture(scope="module")
def opened(pile: Path) -> Iterator[Engine]:
    with open_engine(pile, ModelSettings(generator="none")) as engine:
        yield engine


def ask_server(engine: Engine, address: str) -> tuple[Answer, float]:
    """The answer with the model at this address, and the seconds until the quotes."""
    engine._generator, engine._generator_tried = open_remote(address, "m", "", IMPATIENT), True
    started = time.monotonic()
    found = ask(engine)
    # The limits above, and what a busy machine needs besides.
    assert time.monotonic() - started < 15.0
    return found


def open_engine(pile: Path, models: ModelSettings) -> Engine:
    kept = dataclasses.replace(models, pull=False, folder=str(pile / "models"))
    data = pile / f"data-{Path(models.generator).stem}"
    settings = Settings(data, models=kept, answer=AnswerSettings(answer_above=0.05, ask_above=0.05))
    engine = Engine(settings)
    engine.add([pile / "pump.txt"])
    return engine


def ask(engine: Engine) -> tuple[Answer, float]:
    """The answer, and the seconds until the quotes."""
    started, quoted = time.monotonic(), 0.0
    for event in engine.ask_stream(QUESTION):
        if isinstance(event, QuotesFound):
            quoted = time.monotonic() - started
            assert any("24 months" in one.text for one in event.evidence)
        if isinstance(event, Answered):
            return event.answer, quoted
    raise AssertionError("an answer ends with Answered")


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("hang", "in time"),
        ("ping", "in time"),
        ("page", "not a chat reply"),
        ("nonsense", "not a chat reply"),
        ("nested", "not a chat reply"),
        ("endless", "not a chat reply"),
        ("break_off", "broke off"),
        ("tear", "cannot be reached"),
        ("redirect", "another address"),
        ("fail", "500"),
        ("complain", "out of memory"),
    ],
)
def test_a_server_that_misbehaves_leaves_the_quotes_and_a_reason(
    opened: Engine, server: str, way: str, reason: str
) -> None:
    made, quoted = ask_server(opened, f"{server}/{way}")
    assert quoted < 5.0
    assert "24 months" in made.text and not made.abstained
    assert reason in made.why
    assert "<|" not in made.why and "FOLLOWED" not in made.text and "It is made" not in made.text
    assert all(claim.citations[0].quote in TEXT for claim in made.claims)


@pytest.mark.parametrize("way", ["babble", "silence"])
def test_a_server_that_says_too_much_or_nothing_is_not_an_error(
    opened: Engine, server: str, way: str
) -> None:
    made, _ = ask_server(opened, f"{server}/{way}")
    assert "24 months" in made.text and len(made.text) < 500


def test_who_leaves_a_silent_server_is_gone_at_once(server: str) -> None:
    patient = open_remote(f"{server}/hang", "m")
    gone = threading.Event()
    threading.Timer(0.3, gone.set).start()
    started = time.monotonic()
    assert list(patient.stream("hi", max_tokens=5, cancelled=gone.is_set)) == []
    assert time.monotonic() - started < 1.3


def write_model(folder: Path, kind: str) -> Path:
    """A file that is called a model."""
    file = folder / f"{kind}.gguf"
    if kind == "empty":
        file.write_bytes(b"")
    elif kind == "text":
        file.write_text("not a model")
    elif kind == "header":
        file.write_bytes(b"GGUF" + b"\xff" * 100)
    elif kind == "cut":
        whole = packs.find("qwen2.5-0.5b", packs.default_folder())
        if whole is None:
            pytest.skip("the pack qwen2.5-0.5b is not installed: everask models pull qwen2.5-0.5b")
        with whole.open("rb") as source:
            file.write_bytes(source.read(20_000_000))
    return file


@pytest.mark.parametrize("kind", ["missing", "empty", "text", "header", "cut"])
def test_a_broken_model_file_leaves_the_quotes_and_a_reason(pile: Path, kind: str) -> None:
    pytest.importorskip("xllamacpp")
    file = write_model(pile, kind)
    with open_engine(pile, ModelSettings(generator=str(file))) as engine:
        for _ in range(2):
            made, _quoted = ask(engine)
            assert "24 months" in made.text and made.model is None
            assert f"{kind}.gguf" in made.why


def test_without_a_model_quotes_are_the_answer_and_nothing_is_wrong(opened: Engine) -> None:
    opened._generator, opened._generator_tried = None, True
    made, _ = ask(opened)
    assert ("24 months" in made.text, made.why, made.model) == (True, "", None)


def test_a_reader_and_a_checker_that_are_damaged_are_done_without(
    pile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(*_: object) -> None:
        raise ModelError("The graph is damaged.", "Delete the folder and try again.")

    monkeypatch.setattr(models, "find_asker", damaged)
    monkeypatch.setattr(models, "find_checker", damaged)
    said: list[str] = []
    with open_engine(pile, ModelSettings(generator="none")) as engine:
        engine._note = said.append
        for _ in range(2):
            assert "24 months" in ask(engine)[0].text
        assert engine.checker is None
    assert [one.partition(":")[0] for one in said] == [
        "Reading without the trained reader",
        "Checking without the trained checker",
    ]
