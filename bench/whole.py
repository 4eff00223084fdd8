"""Questions about whole documents: which are routed, what is computed over tables, what summaries keep.

Usage: python bench/whole.py [--data DIR] [--ordinary 150] [--summaries 20] [--only routes,tables,summaries]
Reads the examples, and the shared data from EVERASK_SHARED_DATA or ../shared/data where it is there. Writes
its tables to docs/benchmarks.md between their markers. About 2 minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from marked_page import dated, write_between
from whole_summaries import summary_table

from everask.answer.whole.computing import Result, compute
from everask.answer.whole.interpretation import interpret
from everask.answer.whole.question import take_apart
from everask.answer.whole.routing import find_cue, read_wish
from everask.answer.whole.tables import tables_of
from everask.documents.draft import Draft, Limits
from everask.evaluate.halves import half_of
from everask.pipeline import Engine, open_engine
from everask.pipeline.whole_parts import WholeQuestion
from everask.pipeline.whole_tables import answer_from_tables
from everask.text import language_of
from everask.types import Answer, Answered, Document

ROOT = Path(__file__).parents[1]
QUESTIONS = ROOT / "bench" / "whole_questions"
SHARED = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
BEGIN, END = "<!-- whole:begin -->", "<!-- whole:end -->"
HEADING = "## Whole documents"
NOTE = """The routed, misleading and computed questions were written beside the patterns and word lists, and
TAT-QA's, of both halves, were seen while the rules were made: these rows show that the rules hold, not how
they fare elsewhere. XQuAD's questions (report half) were not looked at. Answers to the computed questions
come from the raw files by other code. On transcripts of meetings the first sentences are still the better
summary."""


def main() -> None:
    """Measure what `--only` names and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="A data folder with the examples; made anew if not given.")
    parser.add_argument("--ordinary", type=int, default=150, help="XQuAD questions a language.")
    parser.add_argument("--summaries", type=int, default=20, help="Documents of each set to summarise.")
    parser.add_argument("--only", default="routes,tables,summaries")
    options = parser.parse_args()
    parts: list[str] = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, open_engine(options.data or folder) as engine:
        if options.data is None:
            engine.add([ROOT / "examples" / "documents"])
        if "routes" in options.only:
            parts.append(route_table(engine, options.ordinary))
        if "tables" in options.only:
            parts.append(computed_table(engine))
    if "summaries" in options.only:
        parts.append(summary_table(SHARED, options.summaries))
    print("\n\n".join(parts), f"\n{time.monotonic() - started:.0f} s")
    write_between(BEGIN, END, dated("python bench/whole.py", "\n\n".join([NOTE, *parts])), heading=HEADING)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The records of a JSON lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


# Routing


def route_of(engine: Engine, text: str) -> str | None:
    """Where a question is sent: summary, comparison, listing, table; None for the ordinary answer."""
    cue = find_cue(text)
    language = language_of(text)
    if cue is not None:
        wish = read_wish(text, language, cue, engine.documents())
        if wish is not None:
            return wish.task
    return "table" if ask_tables(engine, text) is not None else None


def ask_tables(engine: Engine, text: str) -> Answer | None:
    """What the tables answer or refuse; None where the question is none for them."""
    stream = answer_from_tables(engine, WholeQuestion(text, language_of(text)), lambda: False)
    last = list(stream)[-1] if stream is not None else None
    return last.answer if isinstance(last, Answered) else None


def route_table(engine: Engine, most: int) -> str:
    """How many whole-document questions are routed, and how many ordinary ones are by mistake."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    for one in read_lines(QUESTIONS / "routes.jsonl"):
        found = route_of(engine, one["text"])
        wanted = one["task"]
        rows[wanted or "ordinary, written to mislead"]["right" if found == wanted else "wrong"] += 1
        if found != wanted:
            print("routed wrongly:", one["text"], wanted, found)
    for text, language in ordinary(most):
        found = route_of(engine, text)
        rows["ordinary, XQuAD and examples"]["right" if found is None else "wrong"] += 1
        if found is not None:
            print("routed wrongly:", language, text, found)
    lines = ["| questions | number | routed as they should be |", "|---|---|---|"]
    for name, counts in rows.items():
        lines.append(f"| {name} | {counts.total()} | {counts['right'] / counts.total():.3f} |")
    return "\n".join(lines)


def ordinary(most: int) -> Iterator[tuple[str, str]]:
    """Questions that one passage answers: of the examples, and of XQuAD in twelve languages."""
    for one in read_lines(ROOT / "examples" / "questions.jsonl"):
        yield one["text"], "examples"
    for path in sorted((SHARED / "p02_xquad").glob("xquad.*.questions.jsonl")):
        records = [one for one in read_lines(path) if half_of(str(one["title"])) == "report"]
        step = max(1, len(records) // max(1, most))
        for one in records[::step][:most]:
            yield one["question"], path.name.split(".")[1]


# Tables


def computed_table(engine: Engine) -> str:
    """Right, refused and wrong answers over the examples' tables, and over those of TAT-QA."""
    counts: Counter[str] = Counter()
    languages: set[str] = set()
    for one in read_lines(QUESTIONS / "computed.jsonl"):
        answer = ask_tables(engine, one["text"])
        shown = answer is not None and not answer.abstained
        kind = "answerable" if one["answer"] is not None else "not answerable"
        right = shown and one["answer"] is not None and says(answer, one["answer"]) if answer else False
        verdict = "right" if right else "wrong" if shown else "refused"
        counts[f"{kind} {verdict}"] += 1
        languages.add(one["language"])
        if verdict == "wrong" or (kind == "answerable" and verdict == "refused"):
            print(verdict, one["text"], one["answer"], answer.text if answer else None)
    lines = [
        "| computed over tables | questions | right | refused or left | wrong |",
        "|---|---|---|---|---|",
    ]
    for kind in ("answerable", "not answerable"):
        cells = [counts[f"{kind} {verdict}"] for verdict in ("right", "refused", "wrong")]
        name = f"examples, {len(languages)} languages, {kind}"
        lines.append(f"| {name} | {sum(cells)} | {cells[0]} | {cells[1]} | {cells[2]} |")
    if (SHARED / "p10_tatqa").exists():
        cells = tatqa_counts(SHARED / "p10_tatqa" / "dev.jsonl")
        name = "TAT-QA arithmetic, the table given, half of it"
        lines.append(f"| {name} | {sum(cells)} | {cells[0]} | {cells[1]} | {cells[2]} |")
    return "\n".join(lines)


def says(answer: Answer, gold: Sequence[str]) -> bool:
    """Whether the answer's lines give these names or this figure, and no more lines than names."""
    lines = [claim.text for claim in answer.claims]
    if len(gold) > 1 or not _is_figure(gold[0]):
        return len(lines) == len(gold) and all(one in line for one, line in zip(gold, lines, strict=True))
    shown = lines[0].rsplit(":", 1)[-1].split("(")[0].replace("≈", "").replace(",", ".").strip()
    figure = shown.split()[0] if shown else ""
    close = _is_figure(figure) and abs(Decimal(figure) - Decimal(gold[0])) <= Decimal("0.006")
    return len(lines) == 1 and close


def _is_figure(text: str) -> bool:
    try:
        Decimal(text)
    except InvalidOperation:
        return False
    return True


def tatqa_counts(path: Path) -> list[int]:
    """Right, refused and wrong over TAT-QA's arithmetic questions; a sign that differs is wrong."""
    counts: Counter[str] = Counter()
    for record in read_lines(path):
        if half_of(record["table"]["uid"]) != "report":
            continue
        tables = tables_of(as_document(record["table"]["table"]))
        for one in record["questions"]:
            if one["answer_type"] == "arithmetic":
                asked = take_apart(one["question"], "en")
                plans = [(interpret(asked, table), table) for table in tables]
                results = [
                    compute(plan, table) for plan, table in plans if plan and not hasattr(plan, "what")
                ]
                values = [one.items[0].value for one in results if isinstance(one, Result)]
                counts[_judge(values, one["answer"])] += 1
    return [counts[verdict] for verdict in ("right", "refused", "wrong")]


def _judge(values: Sequence[object], gold: object) -> str:
    if not values or not isinstance(values[0], Decimal):
        return "refused"
    return "right" if abs(Decimal(str(gold)) - values[0]) <= Decimal("0.011") else "wrong"


def as_document(rows: Sequence[Sequence[str]]) -> Document:
    """A table alone as a document."""
    draft = Draft(Limits(), "text/html")
    draft.table(rows, has_header=False)
    return Document(
        "table", "table", "table", "", "text/html", "", "en", 0.0, 0, draft.text, tuple(draft.blocks)
    )


if __name__ == "__main__":
    main()
