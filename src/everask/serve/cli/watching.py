"""`everask watch`: keep a folder in sync here and now, or say what the server keeps in sync."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text
from typer.core import TyperGroup

from everask.errors import NotFoundError
from everask.index.watched import Watched, list_watched, pause, unwatch
from everask.pipeline import AddReport
from everask.pipeline.adding import place_uri
from everask.serve.cli.library import index_targets, print_report
from everask.serve.cli.options import Data, Json, open_data
from everask.serve.cli.printing import out, print_json, printable, readable, say


class FolderGroup(TyperGroup):
    """Commands; what is none of them is a folder to watch."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """A command by name, else `folder` with all arguments."""
        if args and self.get_command(ctx, args[0]) is None:
            args = ["folder", *args]
        return super().resolve_command(ctx, args)


watch = typer.Typer(
    cls=FolderGroup,
    no_args_is_help=True,
    help="Keep folders and pages in sync. `everask watch FOLDER` does so until Ctrl-C; what was added with "
    "--watch is kept in sync by `everask serve`.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
Place = Annotated[str, typer.Argument(metavar="FOLDER|URL", help="As `everask watch list` names it.")]


@watch.command("folder")
def watch_folder(
    folder: Annotated[Path, typer.Argument(exists=True, help="The folder to keep in sync.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Keep a folder in sync until you press Ctrl-C: what is new, changed or gone is taken up."""
    import watchfiles

    with open_data(data) as engine:
        engine.start_background()
        report = index_targets(engine, [str(folder)], wait=False)
        _tell(report, as_json)
        told = set(report.failed)
        say(f"Watching {folder}. Ctrl-C ends it.")
        for _ in watchfiles.watch(folder, raise_interrupt=False):
            report = engine.add([folder])
            report.failed = [one for one in report.failed if one not in told]
            told.update(report.failed)
            if report.failed or report.added or report.changed or report.removed:
                _tell(report, as_json)


@watch.command("list")
def list_places(data: Data = None, as_json: Json = False) -> None:
    """List what the server keeps in sync, and what the last look found."""
    with open_data(data) as engine:
        places = list_watched(engine.store.database)
    if as_json:
        print_json([dataclasses.asdict(one) for one in places])
        return
    for one in places:
        out.print(Text(printable(f"{readable(one.uri)}  {_state(one)}")))
    if not places:
        out.print("Nothing is kept in sync. `everask add FOLDER --watch` begins it.")


@watch.command("pause")
def pause_place(place: Place, data: Data = None, as_json: Json = False) -> None:
    """Look at a place no more, until `resume`. What is in the pile stays."""
    with open_data(data) as engine:
        _found(place, pause(engine.store.database, place_uri(place), True))
    _say_done("paused", place, as_json)


@watch.command("resume")
def resume_place(place: Place, data: Data = None, as_json: Json = False) -> None:
    """Look at a paused place again."""
    with open_data(data) as engine:
        _found(place, pause(engine.store.database, place_uri(place), False))
    _say_done("resumed", place, as_json)


@watch.command("remove")
def remove_place(place: Place, data: Data = None, as_json: Json = False) -> None:
    """Keep a place in sync no longer. What is in the pile stays; `everask remove` takes it out."""
    with open_data(data) as engine:
        _found(place, unwatch(engine.store.database, place_uri(place)))
    _say_done("removed", place, as_json)


def _found(place: str, found: bool) -> None:
    if not found:
        raise NotFoundError(f"{place} is not watched.", "`everask watch list` shows what is.")


def _say_done(what: str, place: str, as_json: bool) -> None:
    if as_json:
        print_json({what: place_uri(place)})
    else:
        out.print(Text(printable(f"{place}: {what}.")))


def _state(place: Watched) -> str:
    if place.paused:
        return "paused"
    if place.looked_at is None:
        return "not looked at yet"
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(place.looked_at))
    return f"{place.look.state} at {when} {place.look.message}".strip()


def _tell(report: AddReport, as_json: bool) -> None:
    if as_json:
        print_json({"time": time.time(), **dataclasses.asdict(report)}, indent=None)
    else:
        print_report(report, 0)
