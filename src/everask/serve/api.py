"""The REST API: state, documents, search, ask. Thin over the engine; described by OpenAPI."""

from __future__ import annotations

import functools
import time
import urllib.parse
from pathlib import Path
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.datastructures import UploadFile

from everask.errors import NotFoundError, UsageError
from everask.index.granting import forget_place
from everask.pipeline.asking import Question, Shown
from everask.serve.auth import Access, access_of
from everask.serve.bodies import AddBody, AskBody, SearchBody
from everask.serve.doors import Doors, doors_of
from everask.serve.errors import NotAllowedError
from everask.serve.events import json_serializer, stream_response
from everask.serve.page_images import find_page, line_boxes, original_path, read_original
from everask.serve.schema import (
    AddReply,
    AnswerReply,
    AsksReply,
    Box,
    BoxesReply,
    DocumentReply,
    DocumentsReply,
    ErrorReply,
    RemoveReply,
    SearchReply,
    StatusReply,
    TextReply,
    add_reply,
    answer_reply,
    asked_reply,
    document_reply,
    search_reply,
)
from everask.serve.uploads import FOLDER, discard_upload, groups_for_upload, keep_upload, split_groups
from everask.types import Document

Replies = dict[int | str, dict[str, Any]]

ERRORS: Replies = {
    400: {"model": ErrorReply, "description": "The request makes no sense."},
    401: {"model": ErrorReply, "description": "A token is needed."},
    403: {"model": ErrorReply, "description": "Not allowed from here."},
    404: {"model": ErrorReply, "description": "Not there, or not yours to read: the same reply."},
    413: {"model": ErrorReply, "description": "Too large."},
    421: {"model": ErrorReply, "description": "Not a host name of this server."},
    422: {"model": ErrorReply, "description": "Does not fit this description, or cannot be read."},
    429: {"model": ErrorReply, "description": "Too many wait; Retry-After says when to come back."},
    503: {"model": ErrorReply, "description": "A model is missing."},
}
EVENTS = {
    "description": "The answer; or, where Accept is text/event-stream, its events as they happen: "
    "rewritten (the question as it stands alone), stage, quotes, "
    "draft (unchecked), claim (checked), answer, error; restarted: forget what came before.",
    "content": {"text/event-stream": {}},
}
BINARY = {"type": "string", "format": "binary"}
ADDITION = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "files": {"type": "array", "minItems": 1, "items": BINARY},
                        "groups": {"type": "string", "description": "Who may read them, with commas."},
                    },
                    "required": ["files"],
                }
            },
            "application/json": {"schema": AddBody.model_json_schema()},
        },
    }
}
PNG: Replies = {200: {"content": {"image/png": {"schema": BINARY}}}}
ORIGINAL: Replies = {200: {"content": {"application/octet-stream": {"schema": BINARY}}}}
MAX_FILES = 1_000
ADD_HINT = 'Send {"paths": […]} or {"urls": […]}.'

Door = Annotated[Doors, Depends(doors_of)]
Who = Annotated[Access, Depends(access_of)]


async def get_status(doors: Door, who: Who) -> StatusReply:
    """The state of the pile, as far as you may read it."""
    return await doors.pile(who.groups)


async def list_documents(
    doors: Door,
    who: Who,
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 100,
    offset: Annotated[int, Query(ge=0, le=1 << 53, description="How many to leave out first.")] = 0,
) -> DocumentsReply:
    """The documents, by name."""
    return await doors.list_documents(limit, offset, who.groups)


async def get_document(doors: Door, who: Who, identifier: str) -> DocumentReply:
    """One document's entry."""
    return document_reply(await doors.find_document(identifier, who.groups))


async def get_text(doors: Door, who: Who, identifier: str) -> TextReply:
    """One document's extracted text."""
    document = await doors.document(identifier, who.groups)
    return TextReply(id=document.id, text=document.text)


async def get_original(doors: Door, who: Who, identifier: str) -> Response:
    """The file as it was added, to keep; it is never shown within this site."""
    document = await doors.document(identifier, who.groups)
    data = await anyio.to_thread.run_sync(read_original, document)
    path = original_path(document)
    return attachment(path.name if path else document.name, data)


async def remove_document(doors: Door, who: Who, identifier: str) -> RemoveReply:
    """Take a document out of the pile, with its file. The original stays, unless uploaded here."""
    document = await doors.document(identifier, who.groups)
    return RemoveReply(removed=await doors.additions.run(lambda: remove_from_pile(doors, document)))


async def get_page(doors: Door, who: Who, identifier: str, number: int) -> Response:
    """A page of a PDF, as a picture."""
    document = await doors.document(identifier, who.groups)
    picture = await anyio.to_thread.run_sync(doors.page_images.draw, document, number)
    # The id names the content, so a picture of it never changes. Where people log in, another may sit at this
    # browser next, or the right to see it may go.
    kept = {"cache-control": "private, max-age=86400, immutable"}
    headers = {} if doors.guard.asks_for_login else kept
    return Response(picture, media_type="image/png", headers=headers)


async def get_boxes(
    doors: Door,
    who: Who,
    identifier: str,
    number: int,
    start: Annotated[int, Query(ge=0, le=1 << 53, description="Where the words begin in the text.")],
    end: Annotated[int, Query(ge=0, le=1 << 53, description="Where the words end.")],
) -> BoxesReply:
    """Where the words between two offsets stand on a page."""
    page = find_page(await doors.document(identifier, who.groups), number)
    boxes = [
        Box(left=left, top=top, right=right, bottom=bottom)
        for left, top, right, bottom in line_boxes(page.words, start, end)
    ]
    return BoxesReply(page=number, width=page.width, height=page.height, boxes=boxes)


async def search(doors: Door, who: Who, body: SearchBody) -> SearchReply:
    """The passages that fit best, in any language, best first; or those like a passage."""
    started = time.monotonic()
    question = Question(body.text, body.filters.filters(), who.groups, user=who.user)
    shown = Shown(body.top, reasons=body.explain, by_meaning=body.mark_meaning)
    work = functools.partial(doors.searchers.browse, question, shown, body.sought(), body.facets)
    found = await doors.searches.run(work, who.asker)
    return search_reply(found.hits, found.understood, time.monotonic() - started, found.facets)


async def ask(doors: Door, who: Who, request: Request, body: AskBody) -> Response | AnswerReply:
    """A cited answer, or an abstention; as JSON when it is whole, or as it is made."""
    said = body.said()
    if said.follows:
        await doors.find_ask(said.follows, who)
    asked = doors.asks.start(body.text, body.filters.filters(), who, said=said)
    if "text/event-stream" in request.headers.get("accept", ""):
        return stream_response(doors, request, asked, json_serializer(asked))
    answer = await doors.asks.answer(asked)
    await doors.may_see(request, asked)
    return answer_reply(asked, answer)


async def get_answer(doors: Door, who: Who, identifier: str) -> AnswerReply:
    """An answer that was asked for before."""
    asked = await doors.find_ask(identifier, who)
    if asked.answer is None:
        raise NotFoundError("There is no such answer.", "Ask the question again.")
    return answer_reply(asked, asked.answer)


async def list_asks(
    doors: Door, who: Who, limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 100
) -> AsksReply:
    """What you asked before and was answered, newest first."""
    found = await doors.latest_asks(limit, who)
    return AsksReply(asks=[asked_reply(one) for one in found])


async def forget_answer(doors: Door, who: Who, identifier: str) -> Response:
    """Forget a question with its answer, and what you did with it."""
    await doors.forget_ask(identifier, who)
    return Response(status_code=204)


async def add_documents(doors: Door, who: Who, request: Request) -> AddReply:
    """Upload files; or, for the owner at the machine itself, name paths and web pages to add."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        doors.additions.check()
        targets, groups = await _keep_uploads(doors, who, request)
    elif kind == "application/json":
        targets, groups = _named_targets(await request.body(), who)
    else:
        raise UsageError("Send files as multipart/form-data, or JSON.", "/openapi.json describes both.")
    report = await doors.add(lambda: doors.engine.add(targets, groups=groups), who.asker)
    return add_reply(report, sorted(doors.engine.store.roots()))


async def _keep_uploads(doors: Doors, who: Access, request: Request) -> tuple[list[str], list[str] | None]:
    folder = doors.engine.settings.data / FOLDER
    targets: list[str] = []
    async with request.form(max_files=MAX_FILES) as form:
        files = [one for one in form.getlist("files") if isinstance(one, UploadFile)]
        if not files:
            raise UsageError("There is no file in the upload.", "Send them in the field `files`.")
        named = [one for one in form.getlist("groups") if isinstance(one, str)]
        groups = groups_for_upload(who, [one for text in named for one in split_groups(text)] or None)
        adder = who.name if who.role == "member" else ""
        for file in files:
            keep = functools.partial(keep_upload, folder, file.filename or "", file.file, adder)
            targets.append(str(await anyio.to_thread.run_sync(keep)))
    return targets, groups


def _named_targets(body: bytes, who: Access) -> tuple[list[str], list[str] | None]:
    try:
        wanted = AddBody.model_validate_json(body)
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:3])
        raise UsageError(f"The body does not fit: {faults}.", ADD_HINT) from error
    if not who.local:
        raise NotAllowedError(
            "Only the owner, at the machine itself, may add paths and pages.", "Upload files."
        )
    for path in wanted.paths:
        if not Path(path).is_absolute() or "\0" in path:
            raise UsageError("A path must be absolute.", "Send it from the root, such as /home/me/Documents.")
    if not wanted.paths and not wanted.urls:
        raise UsageError("There is nothing to add.", ADD_HINT)
    return [*wanted.paths, *wanted.urls], wanted.groups


def remove_from_pile(doors: Doors, document: Document) -> int:
    """Take a document's file out of the pile, and off the disk if it was uploaded. Blocking."""
    removed = doors.engine.remove(document.id)
    doors.opened.pop(document.id, None)
    doors.page_images.forget(document.id)
    path = original_path(document)
    if path and discard_upload(doors.engine.settings.data / FOLDER, path):
        with doors.engine.store.database.writing() as connection:
            forget_place(connection, document.uri.partition("#")[0])
    return removed


def attachment(name: str, data: bytes) -> Response:
    """A file to keep: never shown within this site, and powerless if a browser shows it all the same."""
    quoted = urllib.parse.quote(name.encode(errors="replace"), safe="")
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quoted}",
        "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)


def api_router() -> APIRouter:
    """The routes of the REST API."""
    router = APIRouter(prefix="/api", responses=ERRORS)
    one = "/documents/{identifier}"
    router.add_api_route("/status", get_status, methods=["GET"])
    router.add_api_route("/documents", list_documents, methods=["GET"])
    router.add_api_route(
        "/documents",
        add_documents,
        methods=["POST"],
        openapi_extra=ADDITION,
    )
    router.add_api_route(one, get_document, methods=["GET"])
    router.add_api_route(one, remove_document, methods=["DELETE"])
    router.add_api_route(f"{one}/text", get_text, methods=["GET"])
    router.add_api_route(
        f"{one}/original", get_original, methods=["GET"], response_class=Response, responses=ORIGINAL
    )
    router.add_api_route(
        f"{one}/pages/{{number}}.png", get_page, methods=["GET"], response_class=Response, responses=PNG
    )
    router.add_api_route(f"{one}/pages/{{number}}/boxes", get_boxes, methods=["GET"])
    router.add_api_route("/search", search, methods=["POST"])
    router.add_api_route("/ask", ask, methods=["POST"], response_model=AnswerReply, responses={200: EVENTS})
    router.add_api_route("/asks", list_asks, methods=["GET"])
    router.add_api_route("/asks/{identifier}", get_answer, methods=["GET"])
    router.add_api_route("/asks/{identifier}", forget_answer, methods=["DELETE"], status_code=204)
    return router
