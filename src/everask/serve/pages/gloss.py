"""A gloss of a quote, for an answer's page: the piece of it for a script, or the page again without one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from everask.serve.api import Door, Who
from everask.serve.glosses import gloss
from everask.serve.pages.frame import piece


class Place(BaseModel):
    """A quote's place, and whether a script asks, which wants no whole page."""

    document: str = Field(max_length=100)
    start: int = Field(ge=0, le=1 << 53)
    end: int = Field(ge=1, le=1 << 53)
    part: bool = False


async def show_gloss(
    doors: Door, who: Who, request: Request, identifier: str, form: Annotated[Place, Form()]
) -> Response:
    """Say a quote in the question's language."""
    asked = await doors.find_ask(identifier, who)
    made = await gloss(doors, request, who, asked, (form.document, form.start, form.end))
    if form.part:
        return piece(request, "glossed.html", {"glossed": made})
    return RedirectResponse(f"/asks/{asked.id}#gloss-{form.document[:12]}-{form.start}", 303)


def add_routes(router: APIRouter) -> None:
    """The route."""
    router.add_api_route("/asks/{identifier}/gloss", show_gloss, methods=["POST"])
