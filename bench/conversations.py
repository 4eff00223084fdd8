"""What completing follow-up questions is worth: python bench/conversations.py [--models qwen2.5-0.5b]

Asks the conversations of bench/conversations.jsonl over examples/documents, turn by turn: the follow-up as
it was typed, completed by its words, by each language model, and by hand. Counts whether a passage that holds
the answer is among the first five, and what was completed that stood alone. Then, on questions of the shared
data that stand alone (where it is there), how many of them are taken for follow-ups. Figures are of the half
of the conversations and articles that nothing was tuned on. Writes docs/benchmarks.md between its markers.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marked_page import dated, write_between

import everask
from everask.answer import warm_up
from everask.dialogue import stand_alone
from everask.dialogue.leaning import language_in, leans
from everask.evaluate.halves import Half, half_of
from everask.evaluate.spans import load_span_sets
from everask.generator import Generator
from everask.pipeline import Engine
from everask.pipeline.models import find_generator
from everask.settings import ModelSettings
from everask.types import Turn

ROOT = Path(__file__).parents[1]
FILE = Path(__file__).with_suffix(".jsonl")
BEGIN, END = "<!-- conversations:begin -->", "<!-- conversations:end -->"
TOP = 5
STANDING_ALONE = (
    *("xquad-ar", "xquad-de", "xquad-el", "xquad-en", "xquad-es", "xquad-hi", "xquad-ro", "xquad-ru"),
    *("xquad-th", "xquad-tr", "xquad-vi", "xquad-zh", "drcd", "cmrc", "jsquad"),
)
NUM_STANDING_ALONE = 400

Completing = Callable[[dict[str, Any], list[Turn]], str]


@dataclass(slots=True)
class Outcome:
    """What came of one follow-up."""

    turn: dict[str, Any]
    asked: str
    seconds: float
    found: bool
    found_document: bool

    @property
    def needs(self) -> bool:
        return "whole" in self.turn

    @property
    def changed(self) -> bool:
        return self.asked != str(self.turn["text"])


@dataclass(slots=True)
class Places:
    """Where the answers stand: spans of documents' texts, by document and quote."""

    engine: Engine
    texts: dict[str, str] = field(default_factory=dict)

    def spans(self, turn: dict[str, Any]) -> list[tuple[int, int]]:
        """Spans of the quotes in the turn's document."""
        name = turn["file"]
        if name not in self.texts:
            self.texts[name] = self.engine.document(name).text
        found = []
        for quote in turn["quotes"]:
            pattern = r"\s+".join(re.escape(word) for word in quote.split())
            found += [match.span() for match in re.finditer(pattern, self.texts[name])]
        assert found, f"{name} does not hold {turn['quotes']}"
        return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=["qwen2.5-0.5b", "qwen2.5-1.5b"])
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--data", help="a data folder to keep; else one is made and thrown away")
    parser.add_argument("--show", action="store_true", help="print each completed question")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, everask.open(given.data or folder) as engine:
        engine.add([ROOT / "examples" / "documents"])
        engine.wait_for_vectors()
        outcomes = {name: list(ask(engine, complete, given.half)) for name, complete in methods(given.models)}
    if given.show:
        show(outcomes)
    table = "\n".join([make_table(outcomes), "", *alone_lines(given.half)])
    print(table)
    if given.half == "report":
        write_between(BEGIN, END, dated("python bench/conversations.py", table), heading="## Conversations")


def methods(models: Sequence[str]) -> Iterator[tuple[str, Completing]]:
    """Ways to complete a follow-up, by name."""
    yield "as typed", lambda turn, history: str(turn["text"])
    yield "by its words", lambda turn, history: stand_alone(turn["text"], history)
    for name in models:
        generator = find_generator(ModelSettings(generator=name))
        assert generator is not None, "a pack that is not there is an error already"
        warm_up(generator)
        yield f"by {name}", completing(generator)
        generator.close()
    yield "by hand", lambda turn, history: str(turn.get("whole", turn["text"]))


def completing(generator: Generator) -> Completing:
    """A way to complete with a model."""
    return lambda turn, history: stand_alone(turn["text"], history, generator)


def ask(engine: Engine, complete: Completing, half: Half) -> Iterator[Outcome]:
    """The follow-ups of one half of the conversations; each is completed after the ones before it."""
    places = Places(engine)
    for line in FILE.read_text("utf-8").splitlines():
        conversation = json.loads(line)
        if half_of(conversation["id"]) != half:
            continue
        history: list[Turn] = []
        for turn in conversation["turns"]:
            started = time.perf_counter()
            asked = complete(turn, history) if history else turn["text"]
            seconds = time.perf_counter() - started
            if history:
                yield Outcome(turn, asked, seconds, *look_for(engine, places, turn, asked))
            history.append(Turn(asked, turn["quotes"][0]))


def look_for(engine: Engine, places: Places, turn: dict[str, Any], asked: str) -> tuple[bool, bool]:
    """Whether the passage, and the document, with the answer is among the first."""
    spans = places.spans(turn)
    hits = [one for one in engine.search(asked, TOP, with_marks=False) if one.document.name == turn["file"]]
    found = any(one.passage.start < end and start < one.passage.end for one in hits for start, end in spans)
    return found, bool(hits)


def make_table(outcomes: dict[str, list[Outcome]]) -> str:
    """A row a method."""
    first = next(iter(outcomes.values()))
    needs, alone = sum(one.needs for one in first), sum(not one.needs for one in first)
    rows = [
        f"| follow-ups completed | passage in the first {TOP}, {needs} that lean | document | passage,"
        f" {alone} that stand alone | of these left as they are | completed of those that lean | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, found in outcomes.items():
        lean, stand = [one for one in found if one.needs], [one for one in found if not one.needs]
        seconds = [one.seconds for one in lean if one.changed]
        cells = [
            share(one.found for one in lean),
            share(one.found_document for one in lean),
            share(one.found for one in stand),
            share(not one.changed for one in stand),
            share(one.changed for one in lean),
            f"{statistics.median(seconds):.2f}" if seconds and name not in ("by hand",) else "–",
        ]
        rows.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(rows)


def alone_lines(half: Half) -> list[str]:
    """How many questions that stand alone are taken for follow-ups, by set."""
    folder = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        return []
    cells = []
    for spans in load_span_sets(folder, STANDING_ALONE):
        asked = spans.half(half, NUM_STANDING_ALONE)
        wrong = sum(leans(one.text, language_in(one.text, ())) for one in asked)
        cells.append(f"{spans.name} {wrong} of {len(asked)}")
    return [f"Questions that stand alone taken for follow-ups: {', '.join(cells)}."]


def show(outcomes: dict[str, list[Outcome]]) -> None:
    """Each follow-up as every method completes it; a star where the passage was found."""
    for together in zip(*outcomes.values(), strict=True):
        for name, one in zip(outcomes, together, strict=True):
            print(f"{'*' if one.found else ' '} {name:18} {one.asked}  {one.seconds:.1f} s")
        print()


def share(values: Iterator[bool]) -> str:
    found = list(values)
    return f"{sum(found) / len(found):.2f}" if found else "–"


if __name__ == "__main__":
    main()
