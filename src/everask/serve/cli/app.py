"""The commands joined into one application, and errors turned into one line and an exit code."""

from __future__ import annotations

import io
import json
import os
import sys
from typing import Annotated

import typer

from everask import __version__
from everask.errors import EveraskError
from everask.serve.cli import (
    asking,
    chatting,
    evaluating,
    library,
    people,
    settings,
    system,
    topics,
    training,
    watching,
    whole,
    why,
)
from everask.serve.cli.options import WordsCommand
from everask.serve.cli.printing import printable

# A line with \b alone keeps click from joining the lines after it.
HELP = """Answers from your own documents, in any language, on your own machine.

\b
  everask ask ~/Documents "How long is the warranty?"    index what is new, then answer
  everask add ~/Documents                                index a folder, files or pages
  everask ask "How long is the warranty?"                answer, every sentence cited
  everask chat                                           question after question
  everask serve                                          web page and APIs on one port

Exit codes: 0 done, 1 failed, 2 wrong use, 3 not found, 4 unreadable, 5 model missing or failing,
6 store damaged or too new, 7 busy, 8 nothing found or "your documents don't say", 9 training cannot go on.
"""

app = typer.Typer(
    name="everask",
    help=HELP,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(cls=WordsCommand)(asking.ask)
app.command()(chatting.chat)
app.command(cls=WordsCommand)(asking.search)
app.command()(why.why)
app.command()(whole.summarise)
app.command()(whole.compare)
app.command()(library.add)
app.command("list")(library.list_documents)
app.command()(library.show)
app.command()(library.remove)
app.add_typer(watching.watch, name="watch")
app.command()(library.status)
app.command()(library.backup)
app.command()(library.restore)
app.command()(system.serve)
app.command()(system.mcp)
app.command()(system.doctor)
app.add_typer(people.users, name="users")
app.add_typer(people.tokens, name="tokens")
app.add_typer(people.groups, name="groups")
app.add_typer(settings.settings, name="settings")
app.add_typer(topics.topics, name="topics")
app.add_typer(system.models, name="models")
app.add_typer(evaluating.evaluate, name="evaluate")
app.add_typer(training.train, name="train")
app.add_typer(training.rollback, name="rollback")
app.command()(training.trial)
app.command("encode-pending", hidden=True)(system.encode)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"everask {__version__}")
        raise typer.Exit


@app.callback()
def everask(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Answers from your own documents, in any language, on your own machine."""


everask.__doc__ = HELP


def run() -> None:
    """Run the command that the arguments name, and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character shows its number instead of a traceback.
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except EveraskError as error:
        if "--json" in sys.argv:
            typer.echo(json.dumps({"error": {"message": error.message, "hint": error.hint}}), err=True)
        else:
            typer.echo(f"everask: {printable(str(error))}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output left, as `| head` does: not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
