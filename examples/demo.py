"""Index the examples and ask them the demo's questions: what `make demo` runs.

The data folder is `.demo` beside this checkout; a second run finds everything indexed.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import everask
from everask.pipeline import AddProgress, Engine
from everask.serve.cli.printing import AnswerPrinter, out, progress_bar
from everask.types import Answered, ClaimChecked

EXAMPLES = Path(__file__).parent
NUM_QUESTIONS = 5


def main() -> None:
    """Index, ask, print."""
    started = time.monotonic()
    with everask.open(EXAMPLES.parent / ".demo") as engine:
        with progress_bar("Reading") as advance:

            def show(progress: AddProgress) -> None:
                advance(progress.done, progress.total, progress.name)

            report = engine.add([EXAMPLES / "documents"], show)
        with progress_bar("Vectors") as advance:
            engine.wait_for_vectors(lambda done, total: advance(done, total, ""))
        state = engine.status()
        out.print(
            f"{state.documents} documents, {state.passages} passages, {len(state.languages)} languages "
            f"({report.added} added, {report.unchanged} unchanged) in {time.monotonic() - started:.1f} s."
        )
        lines = (EXAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
        for record in [json.loads(line) for line in lines][:NUM_QUESTIONS]:
            out.print(f"\n[bold]{record['text']}[/bold]   [dim]({record['note']})[/dim]")
            ask(engine, record["text"])
    out.print(f"\nAll of it took {time.monotonic() - started:.1f} s.")


def ask(engine: Engine, question: str) -> None:
    """Ask, and print each sentence as soon as it is checked."""
    printer = AnswerPrinter()
    for event in engine.ask_stream(question):
        if isinstance(event, ClaimChecked):
            printer.claim(event.claim)
        elif isinstance(event, Answered):
            printer.end(event.answer)
            out.print(f"[dim]{event.answer.seconds:.1f} s[/dim]")


if __name__ == "__main__":
    main()
