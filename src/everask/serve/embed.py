"""`<ea-ask>`: the ask box that other sites show, its questions and its answers.

Who asks here is nobody in particular: they read what everybody may, and the documents of `embed.groups`. The
answers are kept apart from those of people, in memory, and whoever has an answer's address may look at it.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from everask.errors import BusyError, NotFoundError
from everask.index.asks import are_readable
from everask.serve.api import ERRORS, Door, Replies, Who
from everask.serve.asked import Ask, AskEvent
from everask.serve.asks import NO_FILTERS, no_answer
from everask.serve.assets import asset_reply
from everask.serve.auth import Access
from everask.serve.doors import Doors
from everask.serve.events import json_serializer, write_events
from everask.serve.rendering import RTL, render
from everask.serve.report import report_of
from everask.serve.wording import NAMES, language_of, translator
from everask.types import Drafted, Progressed

SCRIPT = "embed/ask.js"
EVENTS: Replies = {
    200: {
        "description": "The events of an answer, as those of `POST /api/ask`, without unchecked text. "
        "Its page is `/embed/asks/ID`.",
        "content": {"text/event-stream": {}},
    }
}


class EmbeddedQuestion(BaseModel):
    """A question from a page of another site."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=4_000, description="The question, in any language.")


async def get_script(doors: Door, request: Request) -> Response:
    """The element's module."""
    _demand_sites(doors)
    return asset_reply(request, SCRIPT)


async def get_words(
    doors: Door, language: Annotated[str, Path(max_length=20, description="ISO 639-1 code.")]
) -> dict[str, str]:
    """The element's own words in a language; in English where there are none in it."""
    _demand_sites(doors)
    known = language if language in NAMES else "en"
    _ = translator(known)
    return {
        "language": known,
        "direction": "rtl" if known in RTL else "ltr",
        "ask": _("Ask"),
        "label": _("Ask the documents, in any language"),
        "searching": _("Searching the documents"),
        "silent": _("The documents don’t say."),
        "nearest": _("The nearest passages"),
        "sources": _("The words behind it"),
        "source": _("Source {number}: {title}", number="{number}", title="{title}"),
        "page": _("page {number}", number="{number}"),
        "supported": _("supported"),
        "whole": _("The whole answer"),
        "lost": _("The connection is lost. Ask again."),
        "busy": _("Too many questions at once. Ask again in {seconds} s.", seconds="{seconds}"),
    }


async def post_question(doors: Door, who: Who, request: Request, body: EmbeddedQuestion) -> Response:
    """Ask from a page of a site that `embed.sites` lists, and follow the answer; 404 where there is none."""
    _demand_sites(doors)
    try:
        doors.embedded_asks.count(who.asker)
    except BusyError as error:
        raise BusyError("Too many questions at once.", error.retry_after) from error
    asked = doors.embedded.start(body.text, NO_FILTERS, who)
    return write_events(_follow(doors, asked, who), json_serializer(asked))


async def _follow(doors: Doors, asked: Ask, who: Access) -> AsyncGenerator[tuple[int, AskEvent | None]]:
    """The events, without unchecked text, as long as all that they show may be read."""
    async with contextlib.aclosing(doors.embedded.follow(asked)) as events:
        async for number, event in events:
            if not await _readable(doors, asked, who):
                return
            yield number, None if isinstance(event, Drafted | Progressed) else event


async def show_embedded(doors: Door, who: Who, request: Request, identifier: str) -> Response:
    """An answer with its quotes, for whoever has its address, as long as these may be read."""
    _demand_sites(doors)
    asked = doors.embedded.get(identifier, who)
    if asked.answer is None or not await _readable(doors, asked, who):
        raise no_answer()
    report = report_of(asked.question, asked.answer, language_of(request))
    values: dict[str, Any] = {"report": report, "answer": report.answer}
    return HTMLResponse(render("embedded.html", values, language_of(request)))


def embed_router() -> APIRouter:
    """The routes; the script, its words and the page are not a part of the described API."""
    router = APIRouter(prefix="/embed")
    router.add_api_route("/ask.js", get_script, methods=["GET"], include_in_schema=False)
    router.add_api_route("/words/{language}", get_words, methods=["GET"], include_in_schema=False)
    router.add_api_route(
        "/asks", post_question, methods=["POST"], response_class=Response, responses={**ERRORS, **EVENTS}
    )
    router.add_api_route("/asks/{identifier}", show_embedded, methods=["GET"], include_in_schema=False)
    return router


async def _readable(doors: Doors, asked: Ask, who: Access) -> bool:
    database = doors.engine.store.database
    readable, _ = await anyio.to_thread.run_sync(are_readable, database, asked.shown, who.groups)
    return readable


def _demand_sites(doors: Doors) -> None:
    if not doors.engine.settings.embed.sites:
        raise NotFoundError("Not Found.", "No site may embed this: embed.sites is empty.")
