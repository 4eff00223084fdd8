"""An answer: finished, or as far as it is; streamed as pieces of its page."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from everask.errors import NotFoundError, UnreadableError
from everask.serve.acts import last_votes, own_acts
from everask.serve.api import Door, Who, attachment
from everask.serve.asked import Ask, AskEvent, Failed, Restarted
from everask.serve.auth import Access
from everask.serve.doors import Doors
from everask.serve.events import Serializer, stream_response
from everask.serve.glosses import gloss_values
from everask.serve.page_images import Crop
from everask.serve.pages.frame import SLOT, in_two, page_html
from everask.serve.rendering import Place, answer_view, claim_views, evidence_places, render
from everask.serve.report import markdown_of, report_of
from everask.serve.report_docx import docx_of
from everask.serve.schema import StatusReply
from everask.serve.understanding import limits_in_words
from everask.serve.wording import language_of, translator
from everask.types import (
    Answered,
    ClaimChecked,
    Drafted,
    Event,
    Progressed,
    QuotesFound,
    Rewritten,
    StageStarted,
    Understood,
)

Format = Literal["markdown", "docx"]
PAGE_GRACE = 6.0
SECONDS_FOR_QUOTES = 1.0
"""For which the rest of the page waits for them, at most."""
MAX_CROPS = 12
SCRIPTS = ("box", "source", "answer", "sentences", "gloss", "keys")
STAGES = {
    "searching": "Searching your documents",
    "reading": "Reading what was found",
    "writing": "Writing, and checking each sentence",
}


async def show_answer(doors: Door, who: Who, request: Request, identifier: str) -> Response:
    """An answer: finished, or as far as it is."""
    asked = await doors.find_ask(identifier, who)
    doors.asks.visit(asked, PAGE_GRACE)
    pile = await doors.pile(who.groups)
    acts = await own_acts(doors, who, asked.id)
    before = await doors.asked_before(asked, who)
    # Nothing is awaited from here on, so that the page shows one moment.
    values = {
        **shared_values(asked, pile, request),
        "before": before,
        "answer": answer_view(asked.answer) if asked.answer else None,
        **gloss_values(doors, asked),
        "votes": last_votes(acts),
        "said": said_of(acts),
        "slot": SLOT,
    }
    html = page_html(request, "answer_page.html", values, SCRIPTS)
    if asked.error or asked.answer:
        return HTMLResponse(html)
    return in_two(html, _first_quotes(doors, request, asked))


async def _first_quotes(doors: Doors, request: Request, asked: Ask) -> str:
    """The quotes as they were found, if that is soon: the page then has them before its scripts run."""
    quotes = await doors.asks.quotes(asked, SECONDS_FOR_QUOTES)
    try:
        seen = quotes if quotes and await doors.may_see(request, asked, quotes) else None
    except NotFoundError:
        seen = None
    places = evidence_places(seen.evidence) if seen else ()
    return render("found.html", {"places": places}, language_of(request))


async def follow_answer(doors: Door, who: Who, request: Request, identifier: str) -> Response:
    """The answer's events, as pieces of its page."""
    asked = await doors.find_ask(identifier, who)
    values = shared_values(asked, await doors.pile(who.groups), request)
    serialize = html_serializer(asked, {**values, **gloss_values(doors, asked)}, language_of(request))
    return stream_response(doors, request, asked, serialize)


async def export_answer(
    doors: Door, who: Who, request: Request, identifier: str, format: Format = "markdown"
) -> Response:
    """The answer as a file, with its quotes and sources."""
    asked = await doors.find_ask(identifier, who)
    if asked.answer is None:
        raise NotFoundError("There is no such answer.", "Ask the question again.")
    report = report_of(asked.question, asked.answer, language_of(request))
    if format == "docx":
        report = replace(report, crops=await _crops(doors, who, report.sources))
        return attachment(f"{report.name}.docx", await anyio.to_thread.run_sync(docx_of, report))
    return attachment(f"{report.name}.md", markdown_of(report).encode())


async def _crops(doors: Doors, who: Access, places: Sequence[Place]) -> dict[int, Crop]:
    """Pictures of cited places on their pages, where they can be drawn; the text is there either way."""
    found: dict[int, Crop] = {}
    for place in places[:MAX_CROPS]:
        try:
            document = await doors.document(place.document_id, who.groups)
            cut = functools.partial(doors.page_images.crop, document, place.start, place.end)
            crop = await anyio.to_thread.run_sync(cut)
        except (NotFoundError, UnreadableError):
            continue
        if crop:
            found[place.number] = crop
    return found


def shared_values(ask: Ask, pile: StatusReply, request: Request) -> dict[str, Any]:
    """What the page and its pieces show beside the answer."""
    return {
        "ask": ask,
        "pile": pile,
        "limits": limits_in_words(Understood("", filters=ask.filters), language_of(request)),
        "has_why": "/why" in request.app.state.screens,
    }


def said_of(acts: Sequence[Event]) -> dict[int, list[Event]]:
    """Comments and corrections by sentence, oldest first."""
    found: dict[int, list[Event]] = {}
    for act in reversed(acts):
        if act.kind in {"commented", "corrected"} and act.claim is not None:
            found.setdefault(act.claim, []).append(act)
    return found


def html_serializer(ask: Ask, values: Mapping[str, Any], language: str) -> Serializer:
    """Events as pieces of the answer's page, in the reader's language."""
    _ = translator(language)

    def serialize(event: AskEvent) -> tuple[str, str] | None:
        match event:
            case StageStarted(stage):
                return "stage", _(STAGES[stage])
            case Progressed(done, total, what):
                return "progress", _("Reading {what} ({done} of {total})", what=what, done=done, total=total)
            case Restarted():
                return "restarted", _("Starting again")
            case Drafted():
                # Words that are not checked yet are not shown.
                return None
            case _:
                name, template, own = piece_of(ask, event)
                return name, render(template, {**values, **own}, language)

    return serialize


def piece_of(ask: Ask, event: AskEvent) -> tuple[str, str, dict[str, Any]]:
    """An event's name, the template of its piece of the page, and the values in it."""
    match event:
        case QuotesFound(evidence):
            return "quotes", "quotes.html", {"places": evidence_places(evidence)}
        case ClaimChecked():
            return "claim", "claim.html", {"claim": claim_views(ask.claims_until(event))[-1]}
        case Answered(answer):
            return "answer", "answer.html", {"answer": answer_view(answer), "votes": {}, "said": {}}
        case Failed(error):
            return "failure", "failed.html", {"message": error.message, "hint": error.hint}
        case Rewritten(question):
            return "rewritten", "rewritten.html", {"rewritten": question}
        case _:
            raise AssertionError("an event that is no piece of a page")


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/asks/{identifier}", show_answer, methods=["GET"])
    router.add_api_route("/asks/{identifier}/events", follow_answer, methods=["GET"])
    router.add_api_route("/asks/{identifier}/export", export_answer, methods=["GET"])
