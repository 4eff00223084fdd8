"""Ask: one box, and the state of the pile."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from everask.errors import NotFoundError
from everask.serve.api import Door, Who
from everask.serve.asks import Said
from everask.serve.pages.frame import page
from everask.types import Filters

GRACE = 0.3
NUM_LATELY = 6


async def show_ask(doors: Door, who: Who, request: Request) -> Response:
    """The front page."""
    lately = doors.asks.latest(NUM_LATELY, who.groups)
    return page(
        request,
        "ask.html",
        {"here": "ask", "pile": await doors.pile(who.groups), "lately": lately},
        ("box", "pile", "upload"),
    )


async def start_ask(
    doors: Door,
    who: Who,
    question: Annotated[str, Form(max_length=20_000)],
    follows: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Ask: the answer is a resource with an address of its own, and so is what follows it."""
    try:
        said = Said(follows=(await doors.find_ask(follows, who.groups)).id if follows else "")
    except NotFoundError:  # forgotten, or not theirs: what they typed is asked all the same
        said = Said()
    asked = doors.asks.start(question, Filters(), who.groups, grace=GRACE, asker=who.asker, said=said)
    return RedirectResponse(f"/asks/{asked.id}", 303)


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/", show_ask, methods=["GET"])
    router.add_api_route("/asks", start_ask, methods=["POST"])
