"""Settings over the API: shown, and changed in the one file.

Secrets are neither shown nor changed here. What says who is let in, which files of the machine are opened,
and where questions are sent, the owner alone changes.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from everask.errors import NotFoundError, SettingsError, UsageError
from everask.pipeline.settings_file import AT_ONCE, put_setting
from everask.serve.api import ERRORS, Door, Who
from everask.serve.auth import Access
from everask.serve.doors import Doors
from everask.serve.errors import NotAllowedError
from everask.serve.settings_view import SettingRow, may_change, setting_rows
from everask.settings import Settings, load_settings

SettingName = Annotated[str, Path(max_length=200, description="Such as `search.num_candidates`.")]


class SettingBody(BaseModel):
    """A setting's new value."""

    model_config = ConfigDict(extra="forbid")

    value: str = Field(
        max_length=4_000,
        description="As a variable of the environment would have it: `30`, `true`, lists with commas.",
    )


class SettingReply(BaseModel):
    """A setting."""

    name: str = Field(description="Section and name, as in the file: `search.num_candidates`.")
    value: str = Field(description="What it is now; of a secret only whether it is set.")
    default: str = Field(description="What it is when nobody says anything.")
    origin: str = Field(description="Where the value comes from: default, file or environment.")
    variable: str = Field(description="The variable of the environment that goes before the file.")
    next: str | None = Field(description="What it will be from the next start on; null: the same.")
    live: bool = Field(description="Whether a change counts at once; else from the next start on.")
    changeable: bool = Field(description="Whether you may change it here.")


async def list_settings(doors: Door, who: Who) -> list[SettingReply]:
    """All settings, in the order of the file."""
    rows = await anyio.to_thread.run_sync(read_rows, doors)
    return [_reply(one, who) for one in rows]


async def set_setting(doors: Door, who: Who, name: SettingName, body: SettingBody) -> SettingReply:
    """Write a setting into the file."""
    return _reply(await change_setting(doors, who, name, body.value), who)


async def reset_setting(doors: Door, who: Who, name: SettingName) -> SettingReply:
    """Take a setting out of the file: its default counts."""
    return _reply(await change_setting(doors, who, name, None), who)


def read_rows(doors: Doors) -> list[SettingRow]:
    """The settings as they are, with what the next start will bring. Blocking."""
    return setting_rows(doors.engine.settings, read_stored(doors))


def read_stored(doors: Doors) -> Settings | None:
    """What the file and the environment say now; None where the file cannot be read. Blocking."""
    try:
        return load_settings(doors.engine.settings.data)
    except SettingsError:
        return None


async def change_setting(doors: Doors, who: Access, name: str, text: str | None) -> SettingRow:
    """Change a setting in the file, or take it out; return it as it then is.

    Raises NotFoundError, NotAllowedError, and UsageError for what does not fit.
    """
    row = _find(await anyio.to_thread.run_sync(read_rows, doors), name)
    if row.is_secret:
        raise NotAllowedError(f"{name} is a secret.", f"Set it in the file or by {row.variable}.")
    if not may_change(row, who.role):
        raise NotAllowedError(
            f"Only the owner changes {name}.", f"On the machine: `everask settings set {name} …`."
        )
    work = functools.partial(put_setting, doors.engine.settings.data, name, text)
    try:
        made = await anyio.to_thread.run_sync(work)
    except SettingsError as error:
        raise UsageError(error.message, error.hint) from error
    now = {section: getattr(made, section) for section in AT_ONCE}
    doors.engine.settings = dataclasses.replace(doors.engine.settings, **now)
    return _find(await anyio.to_thread.run_sync(read_rows, doors), name)


def _find(rows: list[SettingRow], name: str) -> SettingRow:
    found = next((one for one in rows if one.name == name), None)
    if found is None:
        raise NotFoundError("There is no such setting.", "GET /api/settings lists them.")
    return found


def _reply(row: SettingRow, who: Access) -> SettingReply:
    return SettingReply(
        name=row.name,
        value=row.value,
        default=row.default,
        origin=row.origin,
        variable=row.variable,
        next=row.next,
        live=row.is_live,
        changeable=may_change(row, who.role),
    )


def settings_router() -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api", responses=ERRORS)
    router.add_api_route("/settings", list_settings, methods=["GET"])
    router.add_api_route("/settings/{name}", set_setting, methods=["PUT"])
    router.add_api_route("/settings/{name}", reset_setting, methods=["DELETE"])
    return router
