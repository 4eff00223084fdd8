"""Commands about the machine: serve, mcp, doctor, models."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from typing import Annotated

import typer
from rich.text import Text

from everask import packs
from everask.errors import UsageError
from everask.pipeline import models as model_files
from everask.pipeline.learning import start_check
from everask.priority import BEHIND, step_back
from everask.serve.cli.options import Data, Json, open_data
from everask.serve.cli.printing import out, print_json, printable, progress_bar, say
from everask.settings import default_data_folder, explain_settings, load_settings

PROBLEMS = 1
LINGER_SECONDS = 20
"""A process that goes on costs less than the next one's start."""

models = typer.Typer(help="List and fetch models.", no_args_is_help=True, rich_markup_mode=None)


def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="Any address but loopback demands a token.")
    ] = None,
    port: Annotated[int | None, typer.Option("--port", min=0, max=65535)] = None,
    data: Data = None,
) -> None:
    """Serve the web page, the HTTP API, the OpenAI-compatible API and MCP on one port."""
    from everask.serve.http import run_server

    with open_data(data) as engine:
        chosen = engine.settings.serve
        chosen = dataclasses.replace(
            chosen, host=host or chosen.host, port=chosen.port if port is None else port
        )
        engine.start_background(apart=True)
        engine.warm_up()
        start_check(engine.store)
        run_server(engine, chosen, _announce)


def _announce(address: str) -> None:
    """On stdout, and at once: who writes it into a file looks there for the address."""
    sys.stdout.write(f"Everask listens on {address}\n")
    sys.stdout.flush()


def mcp(data: Data = None) -> None:
    """Speak MCP over stdio, for assistants that start this command."""
    from everask.serve.mcp import run_stdio

    with open_data(data) as engine:
        engine.start_background()
        run_stdio(engine)


def doctor(data: Data = None, as_json: Json = False) -> None:
    """Check the store, the models and the settings, and say what is missing and what to do."""
    with open_data(data) as engine:
        problems = engine.doctor()
        settings = explain_settings(engine.settings)
    if as_json:
        rows = [{"name": name, "value": str(value), "from": origin} for name, value, origin in settings]
        print_json({"problems": [dataclasses.asdict(one) for one in problems], "settings": rows})
    else:
        for name, value, origin in settings:
            style = "dim" if origin == "default" else "bold"
            out.print(Text(printable(f"{name} = {value} ({origin})"), style=style))
        for one in problems:
            out.print(Text(printable(f"{one.level}: {one.message} {one.hint}".strip())))
        if not problems:
            out.print("No problems found.")
    if any(one.level == "error" for one in problems):
        raise typer.Exit(PROBLEMS)


@models.command("list")
def list_models(data: Data = None, as_json: Json = False) -> None:
    """List the models that can be fetched, and which are there."""
    folder = model_files.models_folder(load_settings(data or default_data_folder()).models)
    rows = [
        {
            "name": name,
            "kind": pack.kind,
            "bytes": pack.size,
            "licence": pack.licence,
            "source": pack.source,
            "file": str(file) if (file := packs.find(name, folder)) else None,
        }
        for name, pack in packs.PACKS.items()
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = "here" if row["file"] else f"{int(str(row['bytes'])) / 1e6:.0f} MB to fetch"
        out.print(Text(f"{row['name']}  {row['kind']}  {state}  {row['licence']}"))


@models.command("pull")
def pull_models(
    names: Annotated[list[str], typer.Argument(metavar="NAME", help="As `everask models list` names them.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Fetch models, checked against their pinned SHA-256. An interrupted fetch goes on where it was."""
    settings = load_settings(data or default_data_folder()).models
    if unknown := [name for name in names if name not in packs.PACKS]:
        raise UsageError(f"There is no model {unknown[0]}.", f"There are: {', '.join(packs.PACKS)}.")
    folder = model_files.models_folder(settings)
    files = {}
    for name in names:
        with progress_bar(f"Fetching {name}") as advance:
            file = packs.find(name, folder) or packs.pull(
                name, folder, progress=lambda done, total: advance(done >> 20, total >> 20, "MB")
            )
        if name == settings.encoder and model_files.encoder_id(settings) is None:
            model_files.prepare_encoder(settings, say)
        if packs.PACKS[name].kind == "generator":
            model_files.prepare_generator(dataclasses.replace(settings, generator=name, remote_url=""), say)
        files[name] = str(file)
        if not as_json:
            out.print(Text(f"{name}: {file}"))
    if as_json:
        print_json(files)


def encode(
    data: Data = None,
    linger: Annotated[bool, typer.Option("--linger", help="Wait a while for more to encode.")] = False,
) -> None:
    """Encode what waits for vectors, at low priority; started by `everask add` and `everask serve`."""
    step_back(BEHIND)
    with open_data(data) as engine:
        engine.wait_for_vectors()
        idle = 0
        while linger and idle < LINGER_SECONDS and os.getppid() > 1:  # while who started it is there
            time.sleep(1)
            idle = 0 if engine.wait_for_vectors() else idle + 1
