"""A real small model in this process, where its pack is installed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from everask import packs
from everask.answer.prompts import build_messages
from everask.errors import ModelError
from everask.generator import Generator, LocalSettings, Message, open_local
from everask.pipeline.models import find_adapters
from everask.settings import ModelSettings
from everask.types import Query


def _model() -> Path | None:
    named = os.environ.get("EVERASK_TEST_GGUF")
    return Path(named) if named else packs.find("qwen2.5-0.5b", packs.default_folder())


@pytest.fixture(scope="module")
def generator() -> Iterator[Generator]:
    pytest.importorskip("xllamacpp")
    model = _model()
    if model is None:
        pytest.skip("the pack qwen2.5-0.5b is not installed: everask models pull qwen2.5-0.5b")
    opened = open_local(model, LocalSettings(context_tokens=2048))
    yield opened
    opened.close()


def test_files_that_are_no_model_are_named(tmp_path: Path) -> None:
    pytest.importorskip("xllamacpp")
    (tmp_path / "bad.gguf").write_bytes(b"not a model")
    with pytest.raises(ModelError, match=r"bad\.gguf"):
        open_local(tmp_path / "bad.gguf")
    with pytest.raises(ModelError, match="no model"):
        open_local(tmp_path / "none.gguf")


def test_greedy_text_is_repeatable_and_obeys_the_grammar(generator: Generator) -> None:
    ask = [Message("system", "You answer."), Message("user", "Name a colour.")]
    once, twice = ("".join(generator.stream(ask, max_tokens=8)) for _ in range(2))
    assert once and once == twice
    forced = "".join(generator.stream(ask, max_tokens=12, grammar='root ::= "It is " ("red" | "blue") "."'))
    assert forced in ("It is red.", "It is blue.")
    assert "".join(generator.stream(ask, max_tokens=30, stop=[once[:3]])) == ""


def test_cancelling_returns_within_a_second_and_frees_the_model(generator: Generator) -> None:
    long = [Message("user", "word " * 1200)]
    started = time.monotonic()
    list(generator.stream(long, max_tokens=50, cancelled=lambda: time.monotonic() - started > 0.5))
    assert time.monotonic() - started < 1.5
    assert "".join(generator.stream([Message("user", "Say yes.")], max_tokens=2))
    pieces = generator.stream([Message("user", "Count to 100.")], max_tokens=100)
    next(pieces)
    pieces.close()  # type: ignore[attr-defined]
    assert "".join(generator.stream([Message("user", "Say yes.")], max_tokens=2))


def test_an_adapter_answers_in_its_form_and_the_plain_model_stays_as_it_was(generator: Generator) -> None:
    gguf = packs.find("qwen2.5-0.5b", packs.default_folder())
    if gguf is None:
        pytest.skip("the adapter is for the pack qwen2.5-0.5b")
    adapters = find_adapters(gguf, ModelSettings())
    taught = open_local(gguf, LocalSettings(context_tokens=1024), adapters)
    assert taught.adapters == ("answer",) and taught.name != generator.name
    query = Query("Wie lange gilt die Garantie?", "de")
    quotes = ["Der Filter wird alle 7 Tage gereinigt.", "Die Garantie gilt 24 Monate ab Kauf."]
    asked = build_messages(query, quotes, tuned=True)
    plain = [Message("user", "Name a colour.")]
    said = ["".join(taught.stream(plain, max_tokens=8))]
    answered = "".join(taught.stream(asked, max_tokens=60, adapter="answer"))
    assert "24 Monate" in answered and answered.rstrip().endswith("[2]")
    said += ["".join(one.stream(plain, max_tokens=8)) for one in (taught, generator)]
    assert len(set(said)) == 1
    taught.close()


def test_threads_are_served_in_the_order_in_which_they_came(generator: Generator) -> None:
    said: list[str] = []
    gone = threading.Event()

    def ask(colour: str) -> None:
        cancelled = gone.is_set if colour == "grey" else None
        text = "".join(
            generator.stream("x", max_tokens=4, grammar=f'root ::= "{colour}"', cancelled=cancelled)
        )
        said.append(text)

    begun, done = threading.Event(), threading.Event()

    def hold() -> None:
        for _ in generator.stream("Count: 1, 2, 3,", max_tokens=200, cancelled=done.is_set):
            begun.set()

    first = threading.Thread(target=hold)
    first.start()
    assert begun.wait(60)
    threads = []
    for colour in ("red", "blue", "grey", "green", "black"):
        threads.append(threading.Thread(target=ask, args=(colour,)))
        threads[-1].start()
        time.sleep(0.05)
    gone.set()
    threads[2].join(1)
    assert said == [""], "who gives up while others wait is let go at once"
    done.set()
    for one in (first, *threads):
        one.join(60)
    assert said == ["", "red", "blue", "green", "black"]


def test_a_wrong_grammar_and_a_long_prompt_are_errors_not_crashes(generator: Generator) -> None:
    with pytest.raises(ModelError):
        list(generator.stream("hi", max_tokens=4, grammar="root := x"))
    with pytest.raises(ModelError, match="context"):
        list(generator.stream("word " * 3000, max_tokens=4))
    assert "".join(generator.stream("hi", max_tokens=2))
