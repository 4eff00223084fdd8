"""Quality: how good Everask is on its own pile, over time; and the questions that people saved."""

from __future__ import annotations

from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from everask.errors import NotFoundError
from everask.index.measurements import list_figures
from everask.index.saved import Saved, list_saved
from everask.pipeline.quality import FEW
from everask.serve import history
from everask.serve.api import Door, Who
from everask.serve.auth import Access
from everask.serve.doors import Doors
from everask.serve.pages.frame import page
from everask.serve.quality import (
    MINUTES,
    NUM,
    Number,
    SavedBody,
    measuring_of,
    remove_question,
    save_question_of,
)
from everask.serve.schema import place_url

AGAIN_SECONDS = 3


async def show_quality(doors: Door, who: Who, request: Request) -> Response:
    """The latest figures, the history, and the saved questions."""
    job = measuring_of(request)
    database = doors.engine.store.database
    figures = await anyio.to_thread.run_sync(list_figures, database)
    saved = await anyio.to_thread.run_sync(list_saved, database, who.user)
    values = {
        "here": "quality",
        "view": history.quality_view(figures),
        "job": job,
        "again": AGAIN_SECONDS,
        "saved": [(one, await _place_of(doors, who, one)) for one in saved],
        "few": FEW,
        "drawing": history,
    }
    return page(request, "quality.html", values, ("quality",), ("quality", "facts"))


async def start_measuring(doors: Door, request: Request, stop: Annotated[bool, Form()] = False) -> Response:
    """Begin to measure, or end it."""
    job = measuring_of(request)
    if stop:
        job.stop()
    else:
        job.start(doors.engine, NUM, MINUTES)
    return RedirectResponse("/quality", 303)


async def save_from_page(
    doors: Door,
    who: Who,
    question: Annotated[str, Form(min_length=1, max_length=4_000)],
    document: Annotated[str, Form(max_length=4_000)] = "",
    words: Annotated[str, Form(max_length=4_000)] = "",
) -> Response:
    """Save without scripts."""
    body = SavedBody(question=question, document=document, words=words)
    await anyio.to_thread.run_sync(save_question_of, doors, who, body)
    return RedirectResponse("/quality#saved", 303)


async def remove_from_page(doors: Door, who: Who, number: Number) -> Response:
    """Forget without scripts."""
    await remove_question(doors, who, number)
    return RedirectResponse("/quality#saved", 303)


async def _place_of(doors: Doors, who: Access, saved: Saved) -> tuple[str, str] | None:
    """A saved question's document and the page of its place; None where it may not be read."""
    if saved.document_id is None or saved.is_lost:
        return None
    try:
        info = await doors.find_document(saved.document_id, who.groups)
    except NotFoundError:
        return None
    if saved.start is None or saved.end is None:
        return info.title or info.name, f"/documents/{info.id}"
    return info.title or info.name, place_url(info.id, saved.start, saved.end)


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/quality", show_quality, methods=["GET"])
    router.add_api_route("/quality", start_measuring, methods=["POST"])
    router.add_api_route("/saved", save_from_page, methods=["POST"])
    router.add_api_route("/saved/{number}/remove", remove_from_page, methods=["POST"])
