"""`everask chat`: questions line by line, each understood by the ones before it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import typer

from everask.dialogue import MAX_TURNS
from everask.errors import EveraskError
from everask.pipeline import Engine
from everask.serve.cli.options import (
    After,
    Before,
    Data,
    Files,
    Folder,
    Json,
    Languages,
    Types,
    make_filters,
    open_data,
    open_files,
)
from everask.serve.cli.printing import AnswerPrinter, err, print_json, say
from everask.serve.records import answer_record
from everask.types import Answer, Answered, ClaimChecked, Filters, Rewritten, Turn

NOTHING_FOUND = 8
ANEW = "/new"
LEAVING = ("/quit", "/exit")


def chat(
    files: Files = None,
    languages: Languages = None,
    folder: Folder = None,
    kinds: Types = None,
    after: After = None,
    before: Before = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Ask question after question, a line each; a follow-up ("and for students?") is understood.

    Also from a file or a pipe. /new forgets what was said, /quit or the end of the input ends it. Changes of
    topic need no sign. The limits of the options hold for all of it.
    """
    filters = make_filters(languages, folder, kinds, after, before)
    answered = False
    turns: list[Turn] = []
    with open_files(files, data) if files else open_data(data) as engine:
        if files:
            engine.wait_for_vectors()
        engine.prepare_generator()
        for question in _questions():
            if question == ANEW:
                turns.clear()
                continue
            try:
                answer = _ask(engine, question, filters, turns, as_json)
            except EveraskError as error:
                say(str(error))
                continue
            except KeyboardInterrupt:
                say("Stopped. /quit leaves.")
                continue
            answered = answered or not answer.abstained
            said = "" if answer.abstained else answer.text
            turns = [*turns, Turn(answer.rewritten or question, said)][-MAX_TURNS:]
    if not answered:
        raise typer.Exit(NOTHING_FOUND)


def _questions() -> Iterator[str]:
    """Lines with something on them, until the end; with a prompt where a person types."""
    while True:
        if sys.stdin.isatty():
            err.print("> ", end="", style="bold")
        try:
            line = sys.stdin.readline()
        except KeyboardInterrupt:
            return
        if not line or line.strip() in LEAVING:
            return
        if line.strip():
            yield line.strip()


def _ask(engine: Engine, question: str, filters: Filters, turns: Sequence[Turn], as_json: bool) -> Answer:
    printer = AnswerPrinter()
    for event in engine.ask_stream(question, filters, history=turns):
        match event:
            case Rewritten(whole) if not as_json:
                say(f"Understood as: {whole}")
            case ClaimChecked(claim) if not as_json:
                printer.claim(claim)
            case Answered(answer):
                if as_json:
                    print_json(answer_record(answer), indent=None)
                else:
                    printer.end(answer)
                return answer
            case _:
                pass
    raise AssertionError("an answer's stream ends with Answered")
