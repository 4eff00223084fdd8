"""The OpenAI-compatible door: chat completions whose sentences are checked and cited, and the list of models.

The last user message is the question; those before it complete one that leaves something out. What streams
are whole sentences, each after its check; a sentence's citations come with it, as annotations. `start_index`
and `end_index` count characters of the reply. Headings and notes are part of the reply's text, since most
clients show nothing else.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from typing import Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from everask.dialogue import MAX_TURN_CHARACTERS
from everask.errors import EveraskError, NotFoundError, UsageError
from everask.serve.api import ERRORS, Door, Replies, Who
from everask.serve.asked import Ask, AskEvent, Failed, Restarted
from everask.serve.asks import Said
from everask.serve.events import HEADERS, follow
from everask.serve.schema import place_url
from everask.text import words
from everask.types import Answer, Answered, Citation, Claim, ClaimChecked, Filters, Turn

MODEL = "everask"
STREAMED: Replies = {
    200: {
        "description": "The completion; or, where `stream` is true, its pieces, and `[DONE]` at the end.",
        "content": {"text/event-stream": {}},
    }
}
NOTHING_FOUND = "Your documents don't say."


class Part(BaseModel):
    """A part of a message; only text is read."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="`text`; other kinds are passed over.")
    text: str = Field(default="", description="The text.")


class Message(BaseModel):
    """A message of the conversation."""

    model_config = ConfigDict(extra="allow")

    role: str = Field(description="`user`, `assistant`, `system`, …")
    content: str | list[Part] | None = Field(default=None, description="The text, or its parts.")

    def plain(self) -> str:
        """The message's text; half a character (a lone surrogate), which no page could show, as "?"."""
        if isinstance(self.content, str):
            text = self.content
        else:
            text = "\n".join(part.text for part in self.content or [] if part.type == "text")
        return text.encode("utf-8", "replace").decode("utf-8")


class StreamOptions(BaseModel):
    """How to stream."""

    include_usage: StrictBool = Field(default=False, description="Send the usage in a last chunk.")


class ChatBody(BaseModel):
    """A chat request. Sampling settings are accepted and have no effect: answers are not sampled freely."""

    model_config = ConfigDict(extra="allow")

    model: str = Field(description="`everask`.", json_schema_extra={"enum": [MODEL]})
    messages: list[Message] = Field(
        min_length=1,
        description="The last user message is the question.",
        json_schema_extra={"contains": {"required": ["role"], "properties": {"role": {"const": "user"}}}},
    )
    stream: StrictBool = Field(default=False, description="Send each sentence as it is checked.")
    stream_options: StreamOptions | None = Field(default=None, description="How to stream.")


class FileCitation(BaseModel):
    """The exact words of a document that support a part of the reply."""

    file_id: str = Field(description="The document's id.")
    filename: str = Field(description="The document's name.")
    quote: str = Field(description="The words, exactly as they stand in the document's text.")
    start: int = Field(description="Where the quote begins in the document's text, in characters.")
    end: int = Field(description="Where it ends, exclusive.")
    page: int | None = Field(description="The page, from 1, where the document has pages.")
    url: str = Field(description="The page that shows the quote in its document.")
    start_index: int = Field(description="Where the supported sentence begins in the reply.")
    end_index: int = Field(description="Where it ends, exclusive.")
    support: float = Field(description="How sure it is that the words support the sentence, in 0..1.")


class Annotation(BaseModel):
    """A citation of the reply."""

    type: Literal["file_citation"] = "file_citation"
    file_citation: FileCitation


class ReplyMessage(BaseModel):
    """The reply."""

    role: Literal["assistant"] = "assistant"
    content: str = Field(description="The answer.")
    annotations: list[Annotation] = Field(description="The words that support each sentence.")


class Choice(BaseModel):
    """The one choice."""

    index: int = 0
    message: ReplyMessage
    finish_reason: Literal["stop"] = "stop"


class Usage(BaseModel):
    """Counts of words (by Unicode's rules), not of model tokens: Everask's own, for orientation."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Extra(BaseModel):
    """What Everask knows besides."""

    id: str = Field(description="The answer's id: `/asks/ID` shows it.")
    abstained: bool = Field(description="True when the documents do not say.")
    why: str = Field(description="Why it abstained.")
    rewritten: str = Field(
        description="The question as it stands alone, where earlier messages completed it."
    )
    chance: float | None = Field(description="How likely it is that the documents answer, in 0..1.")
    looked_for: list[str] = Field(description="What was looked for, where it abstained.")
    notes: list[str] = Field(description="What must be known beside the answer; also in the reply's text.")
    seconds: float = Field(description="How long it took.")


class Completion(BaseModel):
    """A chat completion."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str = MODEL
    choices: list[Choice]
    usage: Usage
    everask: Extra


class Model(BaseModel):
    """A model's entry."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "everask"


class Models(BaseModel):
    """The models."""

    object: Literal["list"] = "list"
    data: list[Model]


async def list_models() -> Models:
    """The one model: your documents."""
    return Models(data=[Model(id=MODEL)])


async def get_model(model: str) -> Model:
    """A model's entry."""
    if model != MODEL:
        raise _no_model()
    return Model(id=MODEL)


async def complete(doors: Door, who: Who, request: Request, body: ChatBody) -> Response | Completion:
    """Answer the last user message from the documents."""
    if body.model != MODEL:
        raise _no_model()
    turns = turns_in(body.messages)
    if not turns:
        raise UsageError("There is no user message.", "The last message of role `user` is the question.")
    said = Said(turns[:-1])
    asked = doors.asks.start(turns[-1].question, Filters(), who, said=said)
    if not body.stream:
        answer = await doors.asks.answer(asked)
        await doors.may_see(request, asked)
        return _completion(asked, answer)
    with_usage = body.stream_options is not None and body.stream_options.include_usage
    stream = _chunks(follow(doors, request, asked), asked, with_usage)
    return StreamingResponse(stream, media_type="text/event-stream", headers=HEADERS)


def turns_in(messages: Sequence[Message]) -> list[Turn]:
    """The user's messages, each with what the assistant said to it."""
    turns: list[Turn] = []
    for one in messages:
        if one.role == "user":
            turns.append(Turn(one.plain(), ""))
        elif one.role == "assistant" and turns:
            said = f"{turns[-1].answer} {one.plain()}".strip()
            turns[-1] = Turn(turns[-1].question, said[:MAX_TURN_CHARACTERS])
    return turns


def openai_router() -> APIRouter:
    """The routes that OpenAI clients call."""
    router = APIRouter(prefix="/v1", responses=ERRORS)
    router.add_api_route("/models", list_models, methods=["GET"])
    router.add_api_route("/models/{model}", get_model, methods=["GET"])
    router.add_api_route(
        "/chat/completions", complete, methods=["POST"], response_model=Completion, responses=STREAMED
    )
    return router


def _completion(ask: Ask, answer: Answer) -> Completion:
    content, annotations = _content(answer)
    message = ReplyMessage(content=content, annotations=annotations)
    return Completion(
        id=f"chatcmpl-{ask.id}",
        created=int(ask.asked_at),
        choices=[Choice(message=message)],
        usage=_usage(ask, content),
        everask=_extra(ask, answer),
    )


def _content(answer: Answer) -> tuple[str, list[Annotation]]:
    """The reply's text: sentences joined as they are streamed, with where each stands, then the notes."""
    if answer.abstained:
        return _refusal(answer), []
    reply = _Reply()
    annotations: list[Annotation] = []
    for claim in answer.claims:
        annotations += reply.claim(claim)[1]
    annotations += reply.notes(answer)[1]
    return reply.text, annotations


class _Reply:
    """The text of a reply as it grows, so that annotations say where each of its sentences stands."""

    def __init__(self) -> None:
        self.text = ""
        self._heading = ""

    def claim(self, claim: Claim) -> tuple[str, list[Annotation]]:
        """Add a sentence, below its heading where that is another than before; what was added."""
        before = ""
        if claim.heading != self._heading:
            self._heading = claim.heading
            before = self._apart(f"{claim.heading}:\n" if claim.heading else "")
        elif claim.heading:
            before = "\n"
        elif self.text:
            before = "\n\n" if claim.verbatim else " "
        return self._add(before, claim.text, claim.citations, claim.support)

    def notes(self, answer: Answer) -> tuple[str, list[Annotation]]:
        """Add what must be known beside the sentences; what was added."""
        added, annotations = "", []
        for note in answer.notes:
            text, found = self._add(self._apart(""), note.text, note.citations, 1.0)
            added += text
            annotations += found
        return added, annotations

    def _apart(self, text: str) -> str:
        return f"\n\n{text}" if self.text else text

    def _add(
        self, before: str, text: str, citations: Sequence[Citation], support: float
    ) -> tuple[str, list[Annotation]]:
        start = len(self.text) + len(before)
        self.text += before + text
        return before + text, _annotate(citations, support, start, len(self.text))


def _annotate(citations: Sequence[Citation], support: float, start: int, end: int) -> list[Annotation]:
    return [
        Annotation(
            file_citation=FileCitation(
                file_id=one.document_id,
                filename=one.document,
                quote=one.quote,
                start=one.start,
                end=one.end,
                page=one.page,
                url=place_url(one.document_id, one.start, one.end),
                start_index=start,
                end_index=end,
                support=round(support, 4),
            )
        )
        for one in citations
    ]


def _refusal(answer: Answer) -> str:
    return answer.why or NOTHING_FOUND


def _usage(ask: Ask, content: str) -> Usage:
    asked, said = len(words(ask.question, "und")), len(words(content, "und"))
    return Usage(prompt_tokens=asked, completion_tokens=said, total_tokens=asked + said)


def _extra(ask: Ask, answer: Answer) -> Extra:
    return Extra(
        id=ask.id,
        abstained=answer.abstained,
        why=answer.why,
        rewritten=answer.rewritten,
        chance=answer.chance,
        looked_for=list(answer.looked_for),
        notes=[one.text for one in answer.notes],
        seconds=answer.seconds,
    )


async def _chunks(
    followed: AsyncGenerator[tuple[int, AskEvent | None]], ask: Ask, with_usage: bool
) -> AsyncIterator[bytes]:
    """The reply in chunks, a checked sentence in each."""
    yield _chunk(ask, {"role": "assistant", "content": ""})
    reply, sent = _Reply(), set[Claim]()
    async with contextlib.aclosing(followed) as events:
        async for _, event in events:
            match event:
                case ClaimChecked(claim) if claim in sent:
                    pass  # work that was begun anew says again what was said
                case ClaimChecked(claim):
                    sent.add(claim)
                    yield _chunk(ask, _delta(*reply.claim(claim)))
                case Answered(answer):
                    if not reply.text:
                        reply.text, found = _content(answer)
                        yield _chunk(ask, _delta(reply.text, found))
                    elif answer.notes:
                        yield _chunk(ask, _delta(*reply.notes(answer)))
                    yield _chunk(ask, {}, "stop", {"everask": _extra(ask, answer).model_dump()})
                case Failed(error):
                    yield _data({"error": {"message": error.message, "hint": error.hint}})
                case None | Restarted():
                    yield b": here\n\n"
                case _:
                    pass
    if with_usage:
        yield _data({**_envelope(ask), "choices": [], "usage": _usage(ask, reply.text).model_dump()})
    yield b"data: [DONE]\n\n"


def _delta(content: str, annotations: Sequence[Annotation]) -> dict[str, Any]:
    return {"content": content, "annotations": [one.model_dump() for one in annotations]}


def _envelope(ask: Ask) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{ask.id}",
        "object": "chat.completion.chunk",
        "created": int(ask.asked_at),
        "model": MODEL,
    }


def _chunk(
    ask: Ask, delta: dict[str, Any], finish: str | None = None, extra: dict[str, Any] | None = None
) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _data({**_envelope(ask), "choices": [choice], **(extra or {})})


def _data(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def _no_model() -> EveraskError:
    return NotFoundError("There is no such model.", f"The model is named `{MODEL}`.")
