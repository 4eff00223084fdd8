"""Measures how soon answers begin: ours, and the same model with whole passages in the prompt.

    python bench/answer_speed.py [--questions 8] [--models qwen2.5-0.5b qwen2.5-1.5b] [--clients 1 4]

A made pile of manuals, each of five passages of about 120 tokens; each question has five of them as evidence.
Ours asks the engine: seconds from the question to the first quote, the first word of the fluent answer, its
end. Beside it, in the same run and by turns, the same with guesses from the prompt (prompt lookup), and
llama.cpp as it comes (one slot, prefix cache, steps of 512 tokens) with the five passages whole in a plain
prompt of about 600 tokens. Then answers a minute, with clients that ask without a pause, and how soon the
model is free when an asker goes away. Each measure has questions of its own: llama.cpp keeps whole prompts,
and one that it has had before costs it nothing. Writes its table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marked_page import dated, write_between

from everask import packs
from everask.generator import LocalSettings, Message, open_local
from everask.pipeline import Engine
from everask.pipeline.models import find_adapters, generator_file
from everask.settings import ModelSettings, Settings
from everask.types import Answered, Drafted, QuotesFound

BEGIN, END = "<!-- answer-speed:begin -->", "<!-- answer-speed:end -->"
NUM_PASSAGES = 5
ANSWER_TOKENS = 60
PLAIN = (
    "Answer the question using only the passages. Cite the passage after each sentence like [1].\n\n"
    "{passages}\n\nQuestion: {question}"
)
PARTS = ("pump", "filter", "heater", "fan", "display", "battery", "hinge", "valve")
FACTS = (
    "The warranty of the {part} of the {name} lasts {value} months from the day of purchase.",
    "A spare {part} for the {name} costs {value} euros and is sent within a week.",
    "The {part} of the {name} must be cleaned every {value} days with warm water.",
    "The {part} of the {name} weighs {value} kilograms without its cover.",
)
ASKED = (
    "How many months does the warranty of the {part} of the {name} last?",
    "What does a spare {part} for the {name} cost?",
    "Every how many days must the {part} of the {name} be cleaned?",
    "How much does the {part} of the {name} weigh?",
)
FILLER = (
    "Before it is opened, the plug is drawn and the device has cooled down for at least half an hour.",
    "Whoever works at it wears gloves, for the edges of the metal sheets inside are sharp.",
    "The screws at the back are loosened crosswise and kept in the bowl that comes with the tools.",
    "Parts that are worn are handed in at the collecting point and never thrown into the household waste.",
    "After it has been put together again, it runs empty for five minutes, and the noise is listened to.",
)


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds from the question on; nan for what never came."""

    quote: float
    word: float
    end: float
    characters: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=8, help="for each measure")
    parser.add_argument("--models", nargs="*", default=["qwen2.5-0.5b", "qwen2.5-1.5b"])
    parser.add_argument("--clients", nargs="*", type=int, default=[1, 4])
    parser.add_argument("--page", action=argparse.BooleanOptionalAction, default=True, help="write docs")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        parts = 2 + len(given.clients)  # one for latency, one for the cancelled, one a number of clients
        questions = _write_pile(Path(folder) / "pile", parts * given.questions)
        asked = [questions[at::parts] for at in range(parts)]
        with _open(Path(folder), "none") as engine:
            engine.add([Path(folder) / "pile"])
            engine.wait_for_vectors()
        rows = [_measure(Path(folder), model, asked, given.clients) for model in given.models]
    table = "\n".join([HEAD, "|" + "---|" * 7, *(row for each in rows for row in each)]) + "\n"
    print(table)
    if given.page:
        write_between(
            BEGIN, END, dated("python bench/answer_speed.py", table), heading="## How soon answers begin"
        )


HEAD = "| model | what | first quote s | first word s | end s | characters | answers a minute |"


def _open(folder: Path, model: str) -> Engine:
    return Engine(Settings(folder / "data", models=ModelSettings(generator=model)))


def _write_pile(pile: Path, count: int) -> list[str]:
    """A manual a question, and the questions."""
    pile.mkdir()
    draw = random.Random(3)
    questions = []
    for number in range(count):
        name, part, at = f"Korvax {number + 11}0", PARTS[number % len(PARTS)], number % len(FACTS)
        # What is asked, and others beside it that are much like it: five passages that may hold the answer.
        parts = [part, *draw.sample([one for one in PARTS if one != part], NUM_PASSAGES - 1)]
        passages = []
        for one in parts:
            fact = FACTS[at].format(part=one, name=name, value=draw.randrange(2, 99))
            passages.append(f"{one.capitalize()}\n\n{fact} {' '.join(draw.sample(FILLER, 4))}")
        (pile / f"{number}.txt").write_text(f"{name}\n\n" + "\n\n".join(passages) + "\n", "utf-8")
        questions.append(ASKED[at].format(part=part, name=name))
    return questions


def _measure(folder: Path, model: str, asked: Sequence[Sequence[str]], clients: Sequence[int]) -> list[str]:
    """The rows of one model: ours and whole passages by turns, then both under load, then cancelled."""
    with _open(folder, model) as engine, _open(folder, model) as guessing:
        _let_guess(guessing, model)
        whole = _whole_asker(engine, model)
        ways = {
            "ours": lambda text: _ask(engine, text),
            "ours, prompt lookup": lambda text: _ask(guessing, text),
            "whole passages": whole,
        }
        times: dict[str, list[Times]] = {name: [] for name in ways}
        for way in ways.values():
            way(asked[1][0])
        for question in asked[0]:
            for name, way in ways.items():
                times[name].append(way(question))
        rows = [_row(model, name, each) for name, each in times.items()]
        words = [statistics.median([one.word for one in times[name]]) for name in ("ours", "whole passages")]
        rows.append(f"| {model} | whole passages / ours | | {words[1] / words[0]:.1f}× | | | |")
        for count, questions in zip(clients, asked[2:], strict=True):
            for name in ("ours", "whole passages"):
                rate = _per_minute(ways[name], questions, count)
                rows.append(f"| {model} | {name}, {count} clients | | | | | {rate:.1f} |")
        waits = [_cancel(engine, question) for question in asked[1][1:]]
        rows.append(
            f"| {model} | ours, cancelled: free after, median and longest | | |"
            f" {statistics.median(waits):.2f}, {max(waits):.2f} | | |"
        )
        return rows


def _let_guess(engine: Engine, model: str) -> None:
    """Give an engine the same model with prompt lookup."""
    file = generator_file(engine.settings.models)
    assert file is not None, f"everask models pull {model}"
    threads = engine.settings.models.num_threads
    guessing = LocalSettings(num_threads=threads, lookup=True)
    engine._generator = open_local(file, guessing, find_adapters(file, engine.settings.models))
    engine._generator_tried = True


def _cancel(engine: Engine, question: str) -> float:
    """Seconds from an asker's going away, shortly after the quotes, until the model works no more."""
    left = [math.inf]
    for event in engine.ask_stream(question, cancelled=lambda: time.monotonic() > left[0]):
        if isinstance(event, QuotesFound):
            left[0] = time.monotonic() + 0.3
    while any(one.name == "everask-generator" for one in threading.enumerate()):
        time.sleep(0.005)
    return max(0.0, time.monotonic() - left[0])


def _ask(engine: Engine, question: str) -> Times:
    """Ours. Where the answer is quotes alone, its first word is the first quote's."""
    started = time.monotonic()
    quote = word = math.nan
    for event in engine.ask_stream(question):
        now = time.monotonic() - started
        if isinstance(event, QuotesFound):
            quote = now
        elif isinstance(event, Drafted) and math.isnan(word):
            word = now
        elif isinstance(event, Answered):
            return Times(quote, word, now, len(event.answer.text))
    raise AssertionError("an answer ends with Answered")


def _whole_asker(engine: Engine, model: str) -> Callable[[str], Times]:
    """llama.cpp as it comes, after the same search: the five best passages whole, then the question."""
    import xllamacpp  # an extra, and 100 MB of native code

    file = packs.find(model, packs.default_folder())
    if file is None:
        raise SystemExit(f"{model} is not there: everask models pull {model}")
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_ctx, params.n_parallel, params.n_gpu_layers = 4096, 1, 0
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = engine.settings.models.num_threads
    params.verbosity, params.ui, params.api_keys = -1, False, ["bench"]
    server = xllamacpp.Server(params)
    turn = threading.Lock()

    def ask(question: str) -> Times:
        started, word, characters = time.monotonic(), math.nan, 0
        hits = engine.search(question, top=NUM_PASSAGES)
        passages = "\n\n".join(f"[{at}] {hit.passage.text}" for at, hit in enumerate(hits, 1))

        def receive(chunk: Any) -> bool:
            nonlocal word, characters
            choices = chunk.get("choices", ()) if isinstance(chunk, dict) else ()
            characters += (
                length := sum(len((one.get("delta") or {}).get("content") or "") for one in choices)
            )
            if math.isnan(word) and length:
                word = time.monotonic() - started
            return False

        text = PLAIN.format(passages=passages, question=question)
        message = Message("user", text)
        request = {
            "stream": True,
            "temperature": 0.0,
            "max_tokens": ANSWER_TOKENS,
            "messages": [{"role": message.role, "content": message.content}],
        }
        with turn:
            server.handle_chat_completions(request, receive)
        return Times(math.nan, word, time.monotonic() - started, characters)

    return ask


def _per_minute(ask: Callable[[str], Times], questions: Sequence[str], clients: int) -> float:
    """Answers a minute when so many clients ask without a pause, each question once."""
    left = list(questions)
    lock = threading.Lock()

    def client() -> None:
        while True:
            with lock:
                if not left:
                    return
                question = left.pop()
            ask(question)

    started = time.monotonic()
    threads = [threading.Thread(target=client) for _ in range(clients)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return 60 * len(questions) / (time.monotonic() - started)


def _row(model: str, what: str, times: Sequence[Times]) -> str:
    quote, word, end = ([getattr(one, name) for one in times] for name in ("quote", "word", "end"))
    length = f"{statistics.median(one.characters for one in times):.0f}"
    return f"| {model} | {what} | {_median(quote)} | {_median(word)} | {_median(end)} | {length} | |"


def _median(values: Sequence[float]) -> str:
    known = sorted(one for one in values if not math.isnan(one))
    return f"{statistics.median(known):.2f}" if known else "–"


if __name__ == "__main__":
    main()
