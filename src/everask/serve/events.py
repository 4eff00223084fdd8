"""Server-sent events: how an answer's stream is written on the wire, as JSON or as pieces of a page."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import StreamingResponse

from everask.errors import NotFoundError
from everask.serve.asked import Ask, AskEvent, Failed, Restarted
from everask.serve.doors import Doors
from everask.serve.schema import (
    ErrorDetail,
    ErrorReply,
    answer_reply,
    claim_reply,
    evidence_reply,
)
from everask.types import (
    Answered,
    ClaimChecked,
    Drafted,
    Progressed,
    QuotesFound,
    Rewritten,
    StageStarted,
)

RETRY = b"retry: 300\n\n"
SIGN_OF_LIFE = b": here\n\n"
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}

Serializer = Callable[[AskEvent], tuple[str, str] | None]


class Stage(BaseModel):
    """The work reached a stage: searching, reading or writing."""

    stage: str


class Whole(BaseModel):
    """The question as it stands alone, completed by what was asked before."""

    question: str


class Progress(BaseModel):
    """How far the reading of whole documents is."""

    done: int
    total: int
    what: str


class Draft(BaseModel):
    """Text that the model just wrote, not yet checked: never show it as supported."""

    text: str


def frame(name: str, data: str, number: int | None = None) -> bytes:
    """One event on the wire. `data` may have several lines."""
    lines = [f"id: {number}"] if number is not None else []
    lines.append(f"event: {name}")
    lines += [f"data: {line}" for line in data.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return ("\n".join(lines) + "\n\n").encode()


async def follow(
    doors: Doors, request: Request, ask: Ask, after: int = 0
) -> AsyncGenerator[tuple[int, AskEvent | None]]:
    """The events of an ask that its reader may see, until its end or until it is theirs no more; None now and
    then, as a sign of life."""
    with contextlib.suppress(NotFoundError):
        async with contextlib.aclosing(doors.asks.follow(ask, after)) as events:
            async for number, event in events:
                yield number, event if await doors.may_see(request, ask, event) else None


def stream_response(doors: Doors, request: Request, ask: Ask, serialize: Serializer) -> StreamingResponse:
    """The events of an ask from where the reader was cut off, as they are written on the wire."""
    return write_events(follow(doors, request, ask, last_event(request)), serialize)


def write_events(
    followed: AsyncGenerator[tuple[int, AskEvent | None]], serialize: Serializer
) -> StreamingResponse:
    """Numbered events on the wire; None, and what is not to be serialized, is a sign of life."""

    async def body() -> AsyncIterator[bytes]:
        yield RETRY
        async with contextlib.aclosing(followed) as events:
            async for number, event in events:
                written = serialize(event) if event is not None else None
                yield frame(*written, number) if written else SIGN_OF_LIFE

    return StreamingResponse(body(), media_type="text/event-stream", headers=HEADERS)


def last_event(request: Request) -> int:
    """Where a reader was cut off, by its Last-Event-ID header; 0 for a new one."""
    value = request.headers.get("last-event-id", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def json_serializer(ask: Ask) -> Serializer:
    """Events as JSON, in the shapes of the API."""

    def serialize(event: AskEvent) -> tuple[str, str] | None:
        match event:
            case Rewritten(question):
                return "rewritten", Whole(question=question).model_dump_json()
            case Progressed(done, total, what):
                return "progress", Progress(done=done, total=total, what=what).model_dump_json()
            case StageStarted(stage):
                return "stage", Stage(stage=stage).model_dump_json()
            case QuotesFound(evidence):
                quotes = ",".join(evidence_reply(one).model_dump_json() for one in evidence)
                return "quotes", f"[{quotes}]"
            case Drafted(text):
                return "draft", Draft(text=text).model_dump_json()
            case ClaimChecked(claim):
                return "claim", claim_reply(claim).model_dump_json()
            case Answered(answer):
                return "answer", answer_reply(ask, answer).model_dump_json()
            case Restarted():
                return "restarted", "{}"
            case Failed(error):
                detail = ErrorDetail(message=error.message, hint=error.hint)
                return "error", ErrorReply(error=detail).model_dump_json()

    return serialize
