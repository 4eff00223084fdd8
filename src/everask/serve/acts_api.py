"""Votes, corrections and comments through the API and as forms; whoever sent them lists and removes them."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from everask.errors import UsageError
from everask.serve.acts import MAX_COMMENT, MAX_WORDS, keep_act, own_acts, take_back
from everask.serve.api import ERRORS, Door, Who
from everask.serve.bodies import JSON_NUMBER, Offset
from everask.serve.login import own_path
from everask.types import Event, EventKind

VOTES = {"1": 1, "-1": -1}
NUMBERS = ("claim", "start", "end")
OF_AN_ANSWER: list[JsonValue] = [
    {"properties": {"kind": {"not": {"enum": ["voted", "corrected", "commented"]}}}},
    {"required": ["ask"], "properties": {"ask": {"minLength": 1}}},
]


class EventBody(BaseModel):
    """Something that a person did with an answer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"anyOf": OF_AN_ANSWER})

    kind: EventKind = Field(description="What was done.")
    ask: str = Field(default="", max_length=100, description="The answer's id.")
    question: str = Field(default="", max_length=4_000, description="The question, where there is no answer.")
    claim: Annotated[int, Field(ge=0, le=10_000), JSON_NUMBER] | None = Field(
        default=None, description="The sentence's number in the answer, from 0."
    )
    document: str = Field(
        default="", max_length=100, description="A document's id; empty: of the sentence's first citation."
    )
    start: Offset | None = Field(default=None, description="Where a place begins in the document's text.")
    end: Offset | None = Field(default=None, description="Where it ends, exclusive.")
    value: Literal[-1, 1] | None = Field(default=None, description="A vote: 1 or -1.")
    detail: str = Field(default="", max_length=MAX_COMMENT, description="A comment's or tag's words.")
    words: str = Field(
        default="",
        max_length=MAX_WORDS,
        description="Of a correction: the right words as the document has them, instead of start and end.",
    )


class EventReply(BaseModel):
    """What a person did, as it is kept."""

    id: int = Field(description="Its number: DELETE /api/events/ID takes it back.")
    kind: EventKind = Field(description="What was done.")
    at: float = Field(description="When, seconds since 1970, UTC.")
    ask: str = Field(description="The answer's id; may be empty.")
    question: str = Field(description="The question, as it stands alone.")
    claim: int | None = Field(description="The sentence's number, from 0; null: not of one sentence.")
    document: str = Field(description="The document's id; may be empty.")
    start: int | None = Field(description="Where the place begins.")
    end: int | None = Field(description="Where it ends, exclusive.")
    value: float | None = Field(description="A vote: 1 or -1.")
    detail: str = Field(description="A comment's words, or the words of the right place.")
    sentence: str = Field(
        description="Of a vote or correction: the sentence as it was shown; empty where it was a quote."
    )


async def post_event(doors: Door, who: Who, body: EventBody) -> EventReply:
    """Keep a vote, a correction, a comment, or that something was opened or copied."""
    value = float(body.value) if body.value is not None else None
    act = Event(body.kind, 0.0, None, body.ask, body.question, body.claim, body.document, body.start,
                body.end, value, body.detail)  # fmt: skip
    return event_reply(await keep_act(doors, who, act, body.words))


async def get_events(
    doors: Door,
    who: Who,
    ask: Annotated[str, Query(max_length=100, description="Only those of this answer.")] = "",
) -> list[EventReply]:
    """What you did, the newest first, at most 1,000."""
    return [event_reply(one) for one in await own_acts(doors, who, ask)]


async def delete_event(
    doors: Door, who: Who, number: Annotated[int, Path(ge=1, le=1 << 53, description="The event's id.")]
) -> EventReply:
    """Take back what you did: it is removed, and search forgets what it made of it."""
    return event_reply(await take_back(doors, who, number))


async def post_form(doors: Door, who: Who, request: Request) -> Response:
    """The same from a page without scripts; then back to the answer, at the sentence."""
    form = await request.form(max_files=0, max_fields=12)
    given = {key: value for key, value in form.items() if isinstance(value, str) and value}
    back = given.pop("next", "/")
    remove = given.pop("remove", "")
    if given.get("kind") == "corrected":
        given["words"] = given.pop("detail", "")
    if remove.isascii() and remove.isdigit() and len(remove) < 16:
        await take_back(doors, who, int(remove))
    else:
        try:
            numbers = {name: int(given[name]) for name in NUMBERS if given.get(name, "").isdecimal()}
            value = VOTES.get(given.get("value", ""))
            body = EventBody.model_validate({**given, **numbers, "value": value})
        except ValidationError as error:
            raise UsageError("This form does not fit.", "Load the page again.") from error
        await post_event(doors, who, body)
    return RedirectResponse(own_path(back), 303)


def event_reply(event: Event) -> EventReply:
    """An event as the API shows it."""
    return EventReply(
        id=event.id,
        kind=event.kind,
        at=event.at,
        ask=event.ask,
        question=event.question,
        claim=event.claim,
        document=event.document_id,
        start=event.start,
        end=event.end,
        value=event.value,
        detail=event.detail,
        sentence=event.shown.text if event.shown else "",
    )


def acts_router() -> APIRouter:
    """The routes."""
    router = APIRouter()
    router.add_api_route("/api/events", post_event, methods=["POST"], responses=ERRORS)
    router.add_api_route("/api/events", get_events, methods=["GET"], responses=ERRORS)
    router.add_api_route("/api/events/{number}", delete_event, methods=["DELETE"], responses=ERRORS)
    router.add_api_route("/events", post_form, methods=["POST"], include_in_schema=False)
    return router
