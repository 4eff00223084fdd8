"""Settings: the one file, explained; the models; and the connections that this process made."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from everask import __version__
from everask.pipeline.models import encoder_id, generator_name, missing
from everask.serve.api import Door
from everask.serve.connections import watch_connections
from everask.serve.doors import Doors
from everask.serve.pages.frame import page
from everask.serve.settings_view import file_of, model_rows, section_views


async def show_settings(doors: Door, request: Request) -> Response:
    """What is set, and where; nothing is changed here."""
    return page(
        request, "settings.html", await anyio.to_thread.run_sync(_values, doors), (), ("settings", "facts")
    )


def _values(doors: Doors) -> dict[str, object]:
    settings = doors.engine.settings
    file, has_file = file_of(settings)
    return {
        "here": "settings",
        "sections": section_views(settings),
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
    """The route."""
    router.add_api_route("/settings", show_settings, methods=["GET"])
