"""Why a place that was expected is not in the answer: the API, and what the page needs of it."""

from __future__ import annotations

import functools

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictBool

from everask.index.saved import Saved, save_question
from everask.pipeline.asking import Question
from everask.pipeline.expecting import Expected
from everask.pipeline.trail import Step, Why
from everask.pipeline.why import explain_missing
from everask.serve.api import ERRORS, Door, Who
from everask.serve.auth import Access
from everask.serve.bodies import FiltersBody
from everask.serve.doors import Doors
from everask.serve.names import without_folders
from everask.serve.why_record import why_record
from everask.types import Answer, Event

EXPECTED: list[JsonValue] = [
    {"required": ["document"], "properties": {"document": {"pattern": r"\S"}}},
    {"required": ["words"], "properties": {"words": {"pattern": r"\S"}}},
]


class WhyBody(BaseModel):
    """A question, and the place that was expected: a document, words of it, or both."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"anyOf": EXPECTED})

    question: str = Field(min_length=1, max_length=4_000, description="The question as it was asked.")
    filters: FiltersBody = FiltersBody()
    document: str = Field(default="", max_length=4_000, description="A document's id, name or address.")
    words: str = Field(
        default="", max_length=20_000, description="Words of it; alone, they are looked up in all documents."
    )
    ask: str = Field(default="", max_length=100, description="The id of the answer that it is missed in.")
    write: StrictBool = Field(
        default=False, description="Let the language model write again, and follow that."
    )


class StepReply(BaseModel):
    """A step of the way."""

    stage: str = Field(
        description="pile, file, text, limits, cut, vector, found, ranked, read, chosen, whole, chance, "
        "quoted, written, checked or answer."
    )
    state: str = Field(description="passed, lost, or note.")
    text: str = Field(description="What became of it there, in English.")
    figures: dict[str, str | int | float] = Field(description="The figures in the text, by name.")


class WayReply(BaseModel):
    """A step of searching and reading, and how good it seems."""

    kind: str = Field(description="rewrite, retrieve, choose, sentence, cite or stop.")
    outcome: str = Field(description="What was done, as first or again of retrieve; else empty.")
    sentence: int | None = Field(description="The number of the answer's sentence, from 0; null for none.")
    score: float | None = Field(description="The chance that the step was right; null where nothing tells.")
    features: dict[str, float] = Field(description="What was known at it, by name.")


class WhyReply(BaseModel):
    """What became of an expected place."""

    question: str = Field(description="As it was asked.")
    lost_at: str = Field(description="The stage that lost it; empty where it is in the answer.")
    document: str = Field(description="The document's name; empty where there is none.")
    document_id: str = Field(description="The document's id; empty where there is none.")
    start: int | None = Field(description="Where the words begin in its text; null for the whole of it.")
    end: int | None = Field(description="Where they end.")
    steps: list[StepReply] = Field(description="The way, up to the stage that lost it.")
    way: list[WayReply] = Field(description="How well searching and reading went, whatever was expected.")
    seconds: float = Field(description="How long it took to follow.")


async def post_why(doors: Door, who: Who, body: WhyBody) -> WhyReply:
    """Why a place that was expected is not in the answer: the stage that lost it, with figures."""
    expected = Expected(body.document, body.words, local=who.local)
    asked = Question(body.question, body.filters.filters(), who.groups, user=who.user)
    answer = (await doors.find_ask(body.ask, who)).answer if body.ask else None
    return WhyReply.model_validate(why_record(await follow(doors, who, asked, expected, answer, body.write)))


async def follow(
    doors: Doors, who: Access, asked: Question, expected: Expected, answer: Answer | None, write: bool
) -> Why:
    """Follow an expected place, in the line of searches, or of questions where a model is to write."""
    work = functools.partial(
        explain_missing, doors.engine, asked, expected, answer=answer, write=write and answer is None
    )
    line = doors.asks.turnstile if write else doors.searches
    why: Why = await line.run(work, who.asker)
    return without_places(why, sorted(doors.engine.store.roots()))


def without_places(why: Why, roots: list[str]) -> Why:
    """The same without where files are on this machine."""
    steps = []
    for one in why.steps:
        figures = dict(one.figures)
        if "message" in figures:
            figures["message"] = without_folders(str(figures["message"]), roots)
        steps.append(Step(one.stage, one.state, one.text, figures))
    return Why(
        why.question,
        why.lost_at,
        tuple(steps),
        why.document,
        why.start,
        why.end,
        why.passage,
        why.seconds,
        why.way,
    )


def save_place(doors: Doors, who: Access, event: Event) -> int:
    """Save an event's question with its place, to be asked again when quality is measured. Blocking."""
    passage = None
    if event.start is not None and event.end is not None:
        held = doors.engine.store.memory.places(event.document_id, event.start, event.end, who.groups)
        passage = held[0] if held else None
    place = (event.document_id or None, event.start, event.end)
    return save_question(
        doors.engine.store.database, Saved(event.question, *place, event.at, event.user, passage)
    )


def why_router() -> APIRouter:
    """The route."""
    router = APIRouter(prefix="/api", responses=ERRORS)
    router.add_api_route("/why", post_why, methods=["POST"])
    return router
