"""Why not? A place that was expected is followed through search and answer, and kept as an example."""

from __future__ import annotations

import time
import urllib.parse
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, Field

from everask.errors import UsageError
from everask.index.events import append
from everask.pipeline.asking import Question
from everask.pipeline.expecting import Expected
from everask.pipeline.trail import STAGE_NAMES, Why
from everask.serve.api import Door, Who
from everask.serve.auth import Access
from everask.serve.doors import Doors
from everask.serve.pages.frame import page
from everask.serve.schema import place_url
from everask.serve.why import follow, save_place
from everask.types import Event, Filters


class Asked(BaseModel):
    """What the page is asked: a question or the id of its answer, and the place that was expected."""

    question: str = Field(default="", max_length=4_000)
    ask: str = Field(default="", max_length=100)
    document: str = Field(default="", max_length=4_000)
    words: str = Field(default="", max_length=20_000)
    write: bool = False
    kept: bool = False


class Example(BaseModel):
    """A place that answers a question; `save`: to be asked again when quality is measured."""

    question: str = Field(min_length=1, max_length=4_000)
    document: str = Field(max_length=100)
    start: int = Field(ge=0, le=1 << 53)
    end: int = Field(ge=1, le=1 << 53)
    ask: str = Field(default="", max_length=100)
    save: bool = False


async def show_why(doors: Door, who: Who, request: Request, form: Annotated[Asked, Query()]) -> Response:
    """The form; and, where a place is named, what became of it."""
    asked = await doors.find_ask(form.ask, who) if form.ask else None
    filters = asked.filters if asked else Filters()
    text = form.question.strip() or ((asked.rewritten or asked.question) if asked else "")
    why = None
    if text and (form.document.strip() or form.words.strip()):
        place = Expected(form.document.strip(), form.words, local=who.local)
        given = asked.answer if asked and not form.write else None
        question = Question(text, filters, who.groups, user=who.user)
        why = await follow(doors, who, question, place, given, form.write)
    values = {
        "here": "why",
        "question": text,
        "asked": asked,
        "expected": form,
        "why": why,
        "url": _url(why),
        "can_write": doors.engine.generator is not None and not form.write,
        "kept": form.kept,
        "names": STAGE_NAMES,
    }
    return page(request, "why.html", values, (), ("why",))


async def keep_example(doors: Door, who: Who, form: Annotated[Example, Form()]) -> Response:
    """Keep a place as what answers a question: search remembers it, and training may learn it."""
    found = await doors.document(form.document, who.groups)
    if not form.start < form.end <= len(found.text):
        raise UsageError("There are no such characters in the document.", "Follow the place again.")
    asked = (await doors.find_ask(form.ask, who)).id if form.ask else ""
    place = (form.question, None, found.id, form.start, form.end)
    event = Event("why_not", time.time(), who.user, asked, *place)
    await anyio.to_thread.run_sync(_keep, doors, who, event, form.save)
    shown = urllib.parse.urlencode({"question": form.question, "ask": asked, "kept": "true"})
    return RedirectResponse(f"/why?{shown}", 303)


def _keep(doors: Doors, who: Access, event: Event, save: bool) -> None:
    store = doors.engine.store
    append(store.database, event)
    doors.engine.remember([event], who.groups)
    if save:
        save_place(doors, who, event)


def _url(why: Why | None) -> str:
    if why is None or why.document is None:
        return ""
    if why.start is None or why.end is None:
        return f"/documents/{why.document.id}"
    return place_url(why.document.id, why.start, why.end)


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/why", show_why, methods=["GET"])
    router.add_api_route("/why/keep", keep_example, methods=["POST"])
