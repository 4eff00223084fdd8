"""A gloss of a quote, for an answer's page: the piece of it for a script, or the page again without one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from everask.serve.api import Door, Who
from everask.serve.glosses import gloss
from everask.serve.pages.frame import piece

Place = Annotated[int, Form(ge=0, le=1 << 53)]


async def show_gloss(
    doors: Door,
    who: Who,
    request: Request,
    identifier: str,
    document: Annotated[str, Form(max_length=100)],
    start: Place,
    end: Place,
    part: Annotated[bool, Form()] = False,
) -> Response:
    """Say a quote in the question's language."""
    asked = await doors.find_ask(identifier, who)
    made = await gloss(doors, request, who, asked, (document, start, end))
    if part:
        return piece(request, "glossed.html", {"glossed": made})
    return RedirectResponse(f"/asks/{asked.id}#gloss-{document[:12]}-{start}", 303)


def add_routes(router: APIRouter) -> None:
    """The route."""
    router.add_api_route("/asks/{identifier}/gloss", show_gloss, methods=["POST"])
