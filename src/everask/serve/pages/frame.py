"""What every page has: its language, the way to the other screens, and the scripts and styles it asks for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from markupsafe import Markup

from everask.serve.auth import access_of
from everask.serve.doors import doors_of
from everask.serve.rendering import render
from everask.serve.wording import NAMES, language_of

# The way through the house: a screen's path, its key in `here`, and its name.
SCREENS = (
    ("/", "ask", "Ask"),
    ("/search", "search", "Search"),
    ("/documents", "library", "Library"),
    ("/why", "why", "Why not?"),
    ("/quality", "quality", "Quality"),
    ("/learning", "learning", "Learning"),
    ("/settings", "settings", "Settings"),
)

# What is reached from Settings: a path, and its name.
SECTIONS = (("/settings", "Settings"), ("/people", "People"), ("/account", "Your account"))

SLOT = Markup("<!-- slot -->")
"""What `in_two` replaces. Words from documents cannot be it: templates escape them."""

Words = Annotated[str, Query(max_length=4_000)]
Offset = Annotated[int, Query(ge=0, le=1 << 53)]
Mark = Annotated[str, Query(max_length=40)]
Number = Annotated[int | None, Query(ge=1, le=1 << 31)]


def page(
    request: Request,
    template: str,
    values: Mapping[str, Any],
    scripts: tuple[str, ...] = (),
    styles: tuple[str, ...] = (),
) -> Response:
    """A whole page in the reader's language. `scripts` name elements/NAME.js, `styles` styles/NAME.css."""
    return HTMLResponse(page_html(request, template, values, scripts, styles))


def page_html(
    request: Request,
    template: str,
    values: Mapping[str, Any],
    scripts: tuple[str, ...] = (),
    styles: tuple[str, ...] = (),
) -> str:
    """The markup of a whole page."""
    doors = doors_of(request)
    shared = {
        "scripts": scripts,
        "styles": styles,
        "screens": screens_of(request),
        "around": sections_of(request),
        "languages": NAMES,
        "path": request.url.path,
        "may_leave": doors.guard.asks_for_login,
        "who": access_of(request).name,
    }
    return render(template, {**shared, **values}, language_of(request))


def in_two(html: str, between: Awaitable[str]) -> Response:
    """A page that the browser begins to show while what stands at its SLOT is being made."""
    before, _, after = html.partition(SLOT)

    async def parts() -> AsyncIterator[str]:
        yield before
        yield await between
        yield after

    return StreamingResponse(parts(), media_type="text/html")


def piece(request: Request, template: str, values: Mapping[str, Any]) -> Response:
    """A piece of a page, for a script that puts it there."""
    return HTMLResponse(render(template, values, language_of(request)))


def sections_of(request: Request) -> list[tuple[str, str]]:
    """What this person may open within the settings."""
    guard, access = doors_of(request).guard, access_of(request)
    return [one for one in SECTIONS if guard.may("GET", one[0], access)]


def screens_of(request: Request) -> list[tuple[str, str, str]]:
    """The screens that there are and that this person may open."""
    guard, access = doors_of(request).guard, access_of(request)
    built = request.app.state.screens
    return [one for one in SCREENS if one[0] in built and guard.may("GET", one[0], access)]
