"""Settings: the one file, explained and changed; the models; and the connections that this process made."""

from __future__ import annotations

from typing import Annotated, Literal

import anyio.to_thread
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from everask import __version__
from everask.errors import EveraskError
from everask.pipeline.models import encoder_id, generator_name, missing
from everask.serve.api import Door, Who
from everask.serve.connections import watch_connections
from everask.serve.doors import Doors
from everask.serve.errors import status_of
from everask.serve.pages.frame import page
from everask.serve.settings_api import change_setting, read_stored
from everask.serve.settings_view import file_of, may_change, model_rows, section_views


async def show_settings(doors: Door, who: Who, request: Request) -> Response:
    """What is set, where, and what it means."""
    return await _show(doors, who.role, request)


async def change_from_page(
    doors: Door,
    who: Who,
    request: Request,
    name: Annotated[str, Form(max_length=200)],
    action: Annotated[Literal["set", "reset"], Form()],
    value: Annotated[str, Form(max_length=4_000)] = "",
) -> Response:
    """Change a setting in the file, or take it out."""
    try:
        await change_setting(doors, who, name, value if action == "set" else None)
    except EveraskError as error:
        return await _show(doors, who.role, request, error)
    return RedirectResponse(f"/settings?changed={name}#{name}", 303)


async def _show(
    doors: Doors,
    role: Literal["owner", "admin", "member"],
    request: Request,
    failure: EveraskError | None = None,
) -> Response:
    values = await anyio.to_thread.run_sync(_values, doors)
    changed = request.query_params.get("changed", "")
    shared = {"failure": failure, "role": role, "may_change": may_change, "changed": changed}
    shown = page(request, "settings.html", {**values, **shared}, (), ("settings", "facts"))
    if failure:
        shown.status_code = status_of(failure)
    return shown


def _values(doors: Doors) -> dict[str, object]:
    settings = doors.engine.settings
    file, has_file = file_of(settings)
    stored = read_stored(doors)
    return {
        "here": "settings",
        "sections": section_views(settings, stored),
        "is_broken": stored is None,
        "models": model_rows(settings),
        "encoder": encoder_id(settings.models),
        "generator": generator_name(settings.models),
        "missing": missing(settings.models),
        "connections": watch_connections(),
        "file": file,
        "has_file": has_file,
        "version": __version__,
    }


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/settings", show_settings, methods=["GET"])
    router.add_api_route("/settings", change_from_page, methods=["POST"])
