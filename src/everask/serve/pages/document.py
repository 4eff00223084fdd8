"""One document: its page or text with the quote marked, and the same for the pane beside an answer."""

from __future__ import annotations

import functools

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response

from everask.index.asks import list_asks
from everask.pipeline.versions import find_versions
from everask.serve.api import Door, Who
from everask.serve.document_view import excerpt_view, outline, parse_mark, part_view
from everask.serve.page_images import original_path
from everask.serve.pages.frame import Mark, Number, page, piece
from everask.serve.pages.topics import document_topics
from everask.serve.schema import place_url

MAX_ASKS = 20


async def show_document(
    doors: Door, who: Who, request: Request, identifier: str, mark: Mark = "", part: Number = None
) -> Response:
    """A document, at the quote or at a part of it."""
    document = await doors.document(identifier, who.groups)
    info = await doors.find_document(identifier, who.groups)
    store, path = doors.engine.store, original_path(document)
    cited = functools.partial(list_asks, store.database, who.user, who.groups, MAX_ASKS, document.id)
    values = {
        "outline": await anyio.to_thread.run_sync(outline, document),
        "versions": await anyio.to_thread.run_sync(find_versions, store, info, who.groups),
        "asks": await anyio.to_thread.run_sync(cited),
        **await document_topics(doors, who, document.id),
        "groups": info.groups,
        "may_grant": doors.guard.may("POST", "/documents/{identifier}/groups", who),
        "may_remove": doors.guard.may("POST", "/documents/{identifier}/remove", who),
        "document": document,
        "part": await anyio.to_thread.run_sync(part_view, document, parse_mark(mark), part),
        "file": path.name if path else document.name,
        "has_file": path is not None,
    }
    return page(request, "document.html", values, ("document",), ("document", "topics"))


async def show_source(doors: Door, who: Who, request: Request, identifier: str, mark: Mark = "") -> Response:
    """A quote with what stands around it, for the pane beside an answer."""
    document = await doors.document(identifier, who.groups)
    span = parse_mark(mark)
    view = await anyio.to_thread.run_sync(excerpt_view, document, span)
    url = place_url(document.id, *span) if span else f"/documents/{document.id}"
    return piece(request, "source.html", {"document": document, "part": view, "url": url})


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/documents/{identifier}", show_document, methods=["GET"])
    router.add_api_route("/documents/{identifier}/source", show_source, methods=["GET"])
