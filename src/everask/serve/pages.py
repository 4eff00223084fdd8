"""The pages: ask, answer, search, documents, one document. Rendered here, whole, before any script runs."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from everask.errors import NotFoundError, UsageError
from everask.pipeline import Found
from everask.serve.api import Door, Who, add_documents, list_documents, remove_from_pile
from everask.serve.asks import Ask, AskEvent, Failed, Restarted, Said
from everask.serve.document_view import excerpt_view, parse_mark, part_view
from everask.serve.doors import Doors
from everask.serve.events import Serializer, last_event, stream_response
from everask.serve.page_images import original_path
from everask.serve.rendering import answer_view, claim_views, evidence_places, hit_view, render
from everask.serve.schema import StatusReply, place_url
from everask.serve.understanding import limits_in_words
from everask.types import (
    Answered,
    ClaimChecked,
    Drafted,
    Filters,
    Progressed,
    QuotesFound,
    Rewritten,
    StageStarted,
    Understood,
)

GRACE = 0.3
PAGE_GRACE = 6.0
NUM_LATELY = 6
NUM_HITS = 20
LIST_STEP = 200
STAGES = {
    "searching": "Searching your documents",
    "reading": "Reading what was found",
    "writing": "Writing, and checking each sentence",
}

Words = Annotated[str, Query(max_length=4_000)]
Offset = Annotated[int, Query(ge=0, le=1 << 53)]
Mark = Annotated[str, Query(max_length=40)]
Number = Annotated[int | None, Query(ge=1, le=1 << 31)]


async def show_ask(doors: Door, who: Who) -> Response:
    """The front page."""
    lately = doors.asks.latest(NUM_LATELY, who.groups)
    return page(
        doors,
        "ask.html",
        ("box", "pile", "upload"),
        {"here": "ask", "pile": await doors.pile(), "lately": lately},
    )


async def start_ask(
    doors: Door,
    who: Who,
    question: Annotated[str, Form(max_length=20_000)],
    follows: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Ask: the answer is a resource with an address of its own, and so is what follows it."""
    try:
        said = Said(follows=(await doors.find_ask(follows, who.groups)).id if follows else "")
    except NotFoundError:  # forgotten, or not theirs: what they typed is asked all the same
        said = Said()
    asked = doors.asks.start(question, Filters(), who.groups, grace=GRACE, asker=who.asker, said=said)
    return RedirectResponse(f"/asks/{asked.id}", 303)


async def show_answer(doors: Door, who: Who, identifier: str) -> Response:
    """An answer: finished, or as far as it is."""
    asked = await doors.find_ask(identifier, who.groups)
    doors.asks.visit(asked, PAGE_GRACE)
    pile = await doors.pile()
    # Nothing is awaited from here on, so that the page shows one moment.
    answer = answer_view(asked.answer) if asked.answer else None
    values = {"ask": asked, "before": doors.asks.before(asked), "answer": answer, "pile": pile}
    return page(doors, "answer_page.html", ("box", "source", "answer"), values)


async def follow_answer(doors: Door, who: Who, request: Request, identifier: str) -> Response:
    """The answer's events, as pieces of its page."""
    asked = await doors.find_ask(identifier, who.groups)
    serialize = html_serializer(asked, await doors.pile())
    return stream_response(doors.asks, asked, last_event(request), serialize)


async def show_search(doors: Door, who: Who, question: Words = "") -> Response:
    """Search results, or an empty box."""
    text = question.strip()
    started = time.monotonic()
    found = Found([], Understood(""))
    if text:
        work = functools.partial(doors.engine.find, text, NUM_HITS, Filters(), who.groups)
        found = await doors.searches.run(work, who.asker)
    values = {
        "here": "search",
        "text": text,
        "hits": [hit_view(hit, number) for number, hit in enumerate(found.hits, 1)],
        "understood": found.understood,
        "limits": limits_in_words(found.understood),
        "seconds": time.monotonic() - started,
        "pile": await doors.pile(),
    }
    return page(doors, "search.html", ("box", "source"), values)


async def show_documents(doors: Door, who: Who, offset: Offset = 0) -> Response:
    """The list of documents, and what could not be read."""
    listed = await list_documents(doors, who, LIST_STEP, offset)
    values = {
        "here": "documents",
        "pile": await doors.pile(),
        "documents": listed.documents,
        "first": offset + 1,
        "last": offset + len(listed.documents),
        "total": listed.total,
        "step": LIST_STEP,
    }
    return page(doors, "documents.html", ("pile", "upload"), values)


async def upload_documents(doors: Door, who: Who, request: Request) -> Response:
    """Upload without scripts."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise UsageError("There is no file in the upload.", "Choose files first.")
    await add_documents(doors, who, request)
    return RedirectResponse("/documents", 303)


async def show_document(
    doors: Door, who: Who, identifier: str, mark: Mark = "", part: Number = None
) -> Response:
    """A document, at the quote or at a part of it."""
    document = await doors.document(identifier, who.groups)
    path = original_path(document)
    values = {
        "document": document,
        "part": await anyio.to_thread.run_sync(part_view, document, parse_mark(mark), part),
        "file": path.name if path else document.name,
        "has_file": path is not None,
    }
    return page(doors, "document.html", ("document",), values)


async def show_source(doors: Door, who: Who, identifier: str, mark: Mark = "") -> Response:
    """A quote with what stands around it, for the pane beside an answer."""
    document = await doors.document(identifier, who.groups)
    span = parse_mark(mark)
    view = await anyio.to_thread.run_sync(excerpt_view, document, span)
    url = place_url(document.id, *span) if span else f"/documents/{document.id}"
    return HTMLResponse(render("source.html", {"document": document, "part": view, "url": url}))


async def remove_document(doors: Door, who: Who, identifier: str) -> Response:
    """Remove without scripts."""
    document = await doors.document(identifier, who.groups)
    await doors.additions.run(lambda: remove_from_pile(doors, document))
    return RedirectResponse("/documents", 303)


def html_serializer(ask: Ask, pile: StatusReply) -> Serializer:
    """Events as pieces of the answer's page."""

    def serialize(event: AskEvent) -> tuple[str, str] | None:
        match event:
            case StageStarted(stage):
                return "stage", STAGES[stage]
            case Progressed(done, total, what):
                return "progress", f"Reading {what} ({done} of {total})"
            case QuotesFound(evidence):
                return "quotes", render("quotes.html", {"places": evidence_places(evidence)})
            case ClaimChecked():
                return "claim", render("claim.html", {"claim": claim_views(ask.claims_until(event))[-1]})
            case Answered(answer):
                return "answer", render("answer.html", {"answer": answer_view(answer), "pile": pile})
            case Restarted():
                return "restarted", ""
            case Failed(error):
                return "failure", render("failed.html", {"message": error.message, "hint": error.hint})
            case Rewritten(question):
                return "rewritten", render("rewritten.html", {"rewritten": question})
            case Drafted():
                # Words that are not checked yet are not shown.
                return None

    return serialize


def page(doors: Doors, template: str, scripts: tuple[str, ...], values: Mapping[str, Any]) -> Response:
    """A whole page."""
    shared = {"scripts": scripts, "may_leave": doors.guard.asks_for_login}
    return HTMLResponse(render(template, {**shared, **values}))


def pages_router() -> APIRouter:
    """The routes of the pages; not a part of the described API."""
    router = APIRouter(include_in_schema=False)
    one = "/documents/{identifier}"
    router.add_api_route("/", show_ask, methods=["GET"])
    router.add_api_route("/asks", start_ask, methods=["POST"])
    router.add_api_route("/asks/{identifier}", show_answer, methods=["GET"])
    router.add_api_route("/asks/{identifier}/events", follow_answer, methods=["GET"])
    router.add_api_route("/search", show_search, methods=["GET"])
    router.add_api_route("/documents", show_documents, methods=["GET"])
    router.add_api_route("/documents", upload_documents, methods=["POST"])
    router.add_api_route(one, show_document, methods=["GET"])
    router.add_api_route(f"{one}/source", show_source, methods=["GET"])
    router.add_api_route(f"{one}/remove", remove_document, methods=["POST"])
    return router
