"""`everask settings`: what is set and where, and changing it in the one file."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from everask.pipeline.settings_file import AT_ONCE, put_setting
from everask.serve.cli.options import Data, Json
from everask.serve.cli.printing import out, print_json, printable, say
from everask.serve.settings_view import SettingRow, setting_rows
from everask.settings import default_data_folder, load_settings

settings = typer.Typer(
    help="Show and change what is set in DATA/everask.toml.", no_args_is_help=True, rich_markup_mode=None
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Such as search.num_candidates.")]


@settings.command("list")
def list_settings(data: Data = None, as_json: Json = False) -> None:
    """List all settings with where each comes from: default, file or environment. Secrets are not shown."""
    found = load_settings(data or default_data_folder())
    rows = setting_rows(found, found)
    if as_json:
        print_json([_record(one) for one in rows])
        return
    for one in rows:
        style = "dim" if one.origin == "default" else "bold"
        out.print(Text(printable(f"{one.name} = {one.value} ({one.origin})"), style=style))


@settings.command("set")
def set_setting(
    name: Name,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Lists with commas between.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write a setting into the file; its comments and all else stay."""
    _change(name, value, data, as_json)


@settings.command("reset")
def reset_setting(name: Name, data: Data = None, as_json: Json = False) -> None:
    """Take a setting out of the file: its default counts."""
    _change(name, None, data, as_json)


def _change(name: str, value: str | None, data: Data, as_json: bool) -> None:
    made = put_setting(data or default_data_folder(), name, value)
    (row,) = [one for one in setting_rows(made, made) if one.name == name]
    if as_json:
        print_json(_record(row))
        return
    out.print(Text(printable(f"{row.name} = {row.value} ({row.origin})")))
    if row.origin == "environment":
        say(f"{row.variable} is set and goes before the file.")
    elif name.partition(".")[0] not in AT_ONCE:
        say("A server that runs takes it up when it starts again.")


def _record(row: SettingRow) -> dict[str, Any]:
    return {"name": row.name, "value": row.value, "from": row.origin, "variable": row.variable}
