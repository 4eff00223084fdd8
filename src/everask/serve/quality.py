"""Quality on the own pile over the API: its figures, the measuring, and the questions that people saved."""

from __future__ import annotations

import time
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from everask.errors import NotFoundError
from everask.index.measurements import Figure, list_figures
from everask.index.saved import Saved, list_saved, remove_saved
from everask.pipeline.expecting import Expected, find_target
from everask.pipeline.trail import Lost, Trail
from everask.serve.api import ERRORS, Door, Who
from everask.serve.auth import Access
from everask.serve.bodies import JSON_NUMBER
from everask.serve.doors import Doors
from everask.serve.measuring import Measuring
from everask.serve.why import save_place
from everask.types import Event

NUM, MINUTES = 60, 5.0
MAX_NUM, MAX_MINUTES = 1_000, 60.0
AGAIN_SECONDS = 3
Number = Annotated[int, Path(ge=1, le=1 << 53, description="The question's id.")]


class SavedBody(BaseModel):
    """A question to be asked again when quality is measured."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(min_length=1, max_length=4_000, description="The question.")
    document: str = Field(
        default="",
        max_length=4_000,
        description="What answers it: a document's id or name; empty, with no words: nothing should.",
    )
    words: str = Field(default="", max_length=4_000, description="The words of it that answer.")


class SavedReply(BaseModel):
    """A saved question."""

    id: int = Field(description="Its number: DELETE /api/saved/ID removes it.")
    question: str = Field(description="As it is asked.")
    document_id: str | None = Field(description="What answers it; null: the documents should not say.")
    start: int | None = Field(description="Where the words begin; null: anywhere in the document.")
    end: int | None = Field(description="Where they end.")
    saved_at: float = Field(description="Seconds since 1970, UTC.")
    lost: bool = Field(description="Whether the document has changed there or gone: save it again.")


class RunBody(BaseModel):
    """How much is measured."""

    model_config = ConfigDict(extra="forbid")

    questions: Annotated[int, Field(ge=1, le=MAX_NUM), JSON_NUMBER] = Field(
        default=NUM, description="At most so many made questions."
    )
    minutes: Annotated[float, Field(gt=0, le=MAX_MINUTES), JSON_NUMBER] = Field(
        default=MINUTES, description="At most so long."
    )


class FigureReply(BaseModel):
    """A figure of the own pile."""

    at: float = Field(description="When, seconds since 1970, UTC.")
    version: str = Field(description="Of Everask.")
    suite: str = Field(description="own, or own and a group: `own language:th file:scan`.")
    metric: str = Field(description="found, answered, refused, or without.")
    value: float = Field(description="The share, 0 to 1.")
    low: float | None = Field(description="The 95% interval's lower end.")
    high: float | None = Field(description="Its upper end.")
    count: int = Field(description="Of how many questions.")


class QualityReply(BaseModel):
    """How good Everask is on its own pile, over time."""

    running: bool = Field(description="Whether a measuring goes on.")
    done: int = Field(description="Questions that it has asked.")
    total: int = Field(description="Of so many.")
    failure: str = Field(description="Why the last one failed; mostly empty.")
    figures: list[FigureReply] = Field(description="All figures, the oldest first.")


def measuring_of(request: Request) -> Measuring:
    """The measuring of this application."""
    if not hasattr(request.app.state, "measuring"):
        request.app.state.measuring = Measuring()
    found = request.app.state.measuring
    assert isinstance(found, Measuring), "set above"
    return found


async def get_quality(doors: Door, request: Request) -> QualityReply:
    """The figures of the own pile, and how far a measuring is."""
    job = measuring_of(request)
    figures = await anyio.to_thread.run_sync(list_figures, doors.engine.store.database)
    rows = [FigureReply.model_validate(_figure(one)) for one in figures]
    return QualityReply(
        running=job.running, done=job.done, total=job.total, failure=job.failure, figures=rows
    )


async def post_quality(doors: Door, request: Request, body: RunBody) -> QualityReply:
    """Measure the own pile, beside serving it; 429 where a measuring goes on already."""
    measuring_of(request).start(doors.engine, body.questions, body.minutes)
    return await get_quality(doors, request)


def _figure(one: Figure) -> dict[str, Any]:
    return {name: getattr(one, name) for name in FigureReply.model_fields}


async def list_questions(doors: Door, who: Who) -> list[SavedReply]:
    """The asker's saved questions, the newest first."""
    saved = await anyio.to_thread.run_sync(list_saved, doors.engine.store.database, who.user)
    return [_saved_reply(one, await is_lost(doors, who, one)) for one in saved]


async def add_question(doors: Door, who: Who, body: SavedBody) -> SavedReply:
    """Save a question with where its answer stands, or, without a place, as one that nothing answers."""
    number = await anyio.to_thread.run_sync(save_question_of, doors, who, body)
    saved = await anyio.to_thread.run_sync(list_saved, doors.engine.store.database, who.user)
    return next(_saved_reply(one, one.is_lost) for one in saved if one.id == number)


async def remove_question(doors: Door, who: Who, number: Number) -> Response:
    """Forget a saved question."""
    await anyio.to_thread.run_sync(remove_saved, doors.engine.store.database, number, who.user)
    return Response(status_code=204)


def save_question_of(doors: Doors, who: Access, body: SavedBody) -> int:
    """Save a question with its place, looked up by name and words; return its id. Blocking."""
    if not body.document.strip() and not body.words.strip():
        return save_place(doors, who, Event("why_not", time.time(), who.user, question=body.question))
    trail = Trail()
    try:
        target = find_target(doors.engine, Expected(body.document, body.words), who.groups, trail)
    except Lost:
        raise NotFoundError(
            trail.steps[-1].sentence, "Name a document of the pile, or words of one."
        ) from None
    start, end = target.spans[0] if target.spans else (None, None)
    place = Event("why_not", time.time(), who.user, "", body.question, None, target.info.id, start, end)
    return save_place(doors, who, place)


async def is_lost(doors: Doors, who: Access, saved: Saved) -> bool:
    """Whether a saved question's document has gone, or may not be read any more: the same."""
    if saved.document_id is None or saved.is_lost:
        return saved.is_lost
    try:
        await doors.find_document(saved.document_id, who.groups)
    except NotFoundError:
        return True
    return False


def _saved_reply(one: Saved, lost: bool) -> SavedReply:
    return SavedReply(
        id=one.id,
        question=one.question,
        document_id=one.document_id,
        start=one.start,
        end=one.end,
        saved_at=one.saved_at,
        lost=lost,
    )


def quality_router() -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api", responses=ERRORS)
    router.add_api_route("/quality", get_quality, methods=["GET"])
    router.add_api_route("/quality", post_quality, methods=["POST"])
    router.add_api_route("/saved", list_questions, methods=["GET"])
    router.add_api_route("/saved", add_question, methods=["POST"], status_code=201)
    router.add_api_route("/saved/{number}", remove_question, methods=["DELETE"], status_code=204)
    return router
