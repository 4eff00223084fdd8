"""`everask train` and `everask rollback`: what is taught, how far it is, and the way back.

Training is a program of its own (everask.training), which this starts: serving never imports it, and works
without the extra that it needs.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from everask.pipeline.background import encode_in_background, start_in_background
from everask.pipeline.jobs import JobState, list_jobs, stop_job
from everask.pipeline.taught import roll_back
from everask.serve.cli.answers import forget_answers
from everask.serve.cli.options import Data, Json, open_data
from everask.serve.cli.printing import out, print_json, printable
from everask.settings import default_data_folder

PROGRAM = "everask.training"

train = typer.Typer(
    help="Teach search your documents; what it learned is kept only if it measures better.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
rollback = typer.Typer(help="Take back what was taught.", no_args_is_help=True, rich_markup_mode=None)


@train.command("search")
def train_search(
    minutes: Annotated[
        float, typer.Option("--minutes", min=0.1, help="How long the training itself may take.")
    ] = 30.0,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="At most so many steps. Default: 300.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="Of all that is drawn. Default: 0.")
    ] = None,
    background: Annotated[
        bool, typer.Option("--background", help="Return at once; see `everask train status`.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Teach search your documents, and keep it only if it answers held-out questions better.

    Ctrl-C, a kill or a full disk lose nothing: the same command goes on. Needs the extra `train`.
    """
    folder = _folder(data)
    asked = {"--minutes": minutes, "--steps": steps, "--seed": seed}
    options = [part for name, value in asked.items() if value is not None for part in (name, str(value))]
    module = [PROGRAM, "search", "--data", str(folder), *options, *(["--json"] if as_json else [])]
    with open_data(folder):
        pass  # a store that cannot be opened is said here, not in a log
    if background:
        start_in_background(folder, module, folder / "train.log")
        out.print("Started. `everask train status` shows how far it is.")
        return
    os.execv(sys.executable, [sys.executable, "-m", *module])


@train.command("status")
def train_status(data: Data = None, as_json: Json = False) -> None:
    """Show trainings, the last one first: how far, or how it ended and why."""
    jobs = list_jobs(_folder(data))
    if as_json:
        print_json([_record(one) for one in jobs])
        return
    for one in jobs:
        out.print(Text(printable(_line(one))))
    if not jobs:
        out.print("Nothing was taught yet: everask train search")


@train.command("stop")
def train_stop(data: Data = None, as_json: Json = False) -> None:
    """End the training that runs, after a checkpoint; `everask train search` goes on with it."""
    state = stop_job(_folder(data))
    if as_json:
        print_json(_record(state))
    else:
        out.print(Text(printable(_line(state))))


@rollback.command("search")
def rollback_search(data: Data = None, as_json: Json = False) -> None:
    """Search with the encoder from before the last training that was kept."""
    with open_data(data) as engine:
        now = roll_back(engine.store)
        encode_in_background(engine.settings.data)
    if as_json:
        print_json({"search": now.name, "encoder": now.name or now.base})
        return
    out.print(Text(f"Search is with {now.name or now.base} again, as soon as its vectors are there."))


rollback.command("answers")(forget_answers)


def _folder(data: Path | None) -> Path:
    return (data or default_data_folder()).expanduser().absolute()


def _line(one: JobState) -> str:
    line = f"{one.name}: {one.status}"
    if one.status == "running":
        line += f", {one.stage} {one.done} of {one.total}" if one.total else f", {one.stage}"
    return f"{line}. {one.message}" if one.message else line


def _record(one: JobState) -> dict[str, object]:
    return {
        "name": one.name,
        "kind": one.kind,
        "status": one.status,
        "stage": one.stage,
        "done": one.done,
        "total": one.total,
        "message": one.message,
        "settings": dict(one.settings),
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.began)),
        "updated": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.updated)),
    }
