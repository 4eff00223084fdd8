"""`everask why`: what became of a place that was expected in an answer."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from everask.pipeline.asking import Question
from everask.pipeline.expecting import Expected
from everask.pipeline.why import explain_missing
from everask.serve.cli.options import (
    After,
    Before,
    Data,
    Folder,
    Json,
    Languages,
    Types,
    make_filters,
    open_data,
)
from everask.serve.cli.printing import out, print_json, printable
from everask.serve.way import way_lines
from everask.serve.why_record import why_record

_SIGNS = {"passed": "+", "lost": "x", "note": "!"}
_STYLES = {"passed": "", "lost": "bold", "note": "dim"}


def why(
    question: Annotated[str, typer.Argument(metavar="QUESTION", help="As it was asked, with its limits.")],
    expected: Annotated[
        str,
        typer.Option("--expected", metavar="DOCUMENT", help="Where it should be: a path, name, URL or id."),
    ] = "",
    words: Annotated[
        str,
        typer.Option("--words", help="The words that answer; alone, they are looked up in all documents."),
    ] = "",
    write: Annotated[
        bool, typer.Option("--write/--no-write", help="Follow it through what the language model writes.")
    ] = True,
    languages: Languages = None,
    folder: Folder = None,
    kinds: Types = None,
    after: After = None,
    before: Before = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Say why a place that you expected is not in the answer: the stage that lost it, with figures.

    \b
      everask why "How long is the warranty?" --expected manuals/printer.pdf
      everask why "How long is the warranty?" --words "twenty-four months from the date of purchase"

    Exit codes: 0 it is in the answer, 8 it was lost.
    """
    filters = make_filters(languages, folder, kinds, after, before)
    with open_data(data) as engine:
        place = Expected(expected, words, local=True)
        made = explain_missing(engine, Question(question, filters), place, write=write)
    if as_json:
        print_json(why_record(made))
    else:
        for step in made.steps:
            line = f"{_SIGNS[step.state]} {step.stage:8}{step.sentence}"
            out.print(Text(printable(line), style=_STYLES[step.state]))
        for line in way_lines(made.way):
            out.print(Text(line, style="dim"))
        lost = f"Lost at: {made.lost_at}." if made.lost_at else "It is in the answer."
        out.print(Text(lost, style="bold"))
    if made.lost_at:
        raise typer.Exit(8)
