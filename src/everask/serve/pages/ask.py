"""Ask: one box, what it can be limited to, the state of the pile, and what this person asked before."""

from __future__ import annotations

import time
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from everask.errors import NotFoundError
from everask.index.events import append
from everask.index.scopes import read_scopes
from everask.serve.api import Door, Who
from everask.serve.asks import Said
from everask.serve.pages.frame import page
from everask.serve.scope import scope_of
from everask.types import Event, Filters

GRACE = 0.3
NUM_EARLIER = 60
"""Earlier questions that can be found again by typing; the newest few are shown."""


async def show_ask(doors: Door, who: Who, request: Request) -> Response:
    """The front page."""
    database = doors.engine.store.database
    earlier = await doors.latest_asks(NUM_EARLIER, who)
    values = {
        "here": "ask",
        "pile": await doors.pile(who.groups),
        "scopes": await anyio.to_thread.run_sync(read_scopes, database, who.groups),
        "earlier": list({one.question: one for one in reversed(earlier)}.values())[::-1],
    }
    return page(request, "ask.html", values, ("box", "earlier", "pile", "upload"))


async def start_ask(
    doors: Door,
    who: Who,
    question: Annotated[str, Form(max_length=20_000)],
    scope: Annotated[Filters, Depends(scope_of)],
    follows: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Ask: the answer is a resource with an address of its own, and so is what follows it."""
    try:
        said = Said(follows=(await doors.find_ask(follows, who)).id if follows else "")
    except NotFoundError:  # forgotten, or not theirs: what they typed is asked all the same
        said = Said()
    asked = doors.asks.start(question, scope, who, grace=GRACE, said=said)
    event = Event("asked", time.time(), who.user, asked.id, asked.question)
    await anyio.to_thread.run_sync(append, doors.engine.store.database, event)
    return RedirectResponse(f"/asks/{asked.id}", 303)


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/", show_ask, methods=["GET"])
    router.add_api_route("/asks", start_ask, methods=["POST"])
