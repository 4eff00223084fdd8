"""The reader's choice of the pages' language, kept in a cookie of this browser."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from everask.serve.login import own_path
from everask.serve.wording import COOKIE, NAMES

SECONDS = 400 * 24 * 3600


async def choose_language(
    request: Request,
    language: Annotated[str, Form(max_length=10)],
    next: Annotated[str, Form(max_length=2_000)] = "/",
) -> Response:
    """Keep the choice and go back; a language that is not spoken here forgets it."""
    response = RedirectResponse(own_path(next), 303)
    if language in NAMES:
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, language, max_age=SECONDS, httponly=True, samesite="strict", secure=secure
        )
    else:
        response.delete_cookie(COOKIE)
    return response


def add_routes(router: APIRouter) -> None:
    """The route."""
    router.add_api_route("/language", choose_language, methods=["POST"])
