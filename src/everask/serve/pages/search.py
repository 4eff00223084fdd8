"""Search: passages, the best first."""

from __future__ import annotations

import functools
import time

from fastapi import APIRouter, Request
from fastapi.responses import Response

from everask.pipeline import Found
from everask.serve.api import Door, Who
from everask.serve.pages.frame import Words, page
from everask.serve.rendering import hit_view
from everask.serve.understanding import limits_in_words
from everask.types import Filters, Understood

NUM_HITS = 20


async def show_search(doors: Door, who: Who, request: Request, question: Words = "") -> Response:
    """Search results, or an empty box."""
    text = question.strip()
    started = time.monotonic()
    found = Found([], Understood(""))
    if text:
        work = functools.partial(doors.engine.find, text, NUM_HITS, Filters(), who.groups)
        found = await doors.searches.run(work, who.asker)
    values = {
        "here": "search",
        "text": text,
        "hits": [hit_view(hit, number) for number, hit in enumerate(found.hits, 1)],
        "understood": found.understood,
        "limits": limits_in_words(found.understood),
        "seconds": time.monotonic() - started,
        "pile": await doors.pile(who.groups),
    }
    return page(request, "search.html", values, ("box", "source"))


def add_routes(router: APIRouter) -> None:
    """The route."""
    router.add_api_route("/search", show_search, methods=["GET"])
