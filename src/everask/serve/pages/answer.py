"""An answer: finished, or as far as it is; streamed as pieces of its page."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from everask.serve.api import Door, Who
from everask.serve.asks import Ask, AskEvent, Failed, Restarted
from everask.serve.events import Serializer, last_event, stream_response
from everask.serve.pages.frame import page
from everask.serve.rendering import answer_view, claim_views, evidence_places, render
from everask.serve.schema import StatusReply
from everask.serve.wording import language_of, translator
from everask.types import Answered, ClaimChecked, Drafted, Progressed, QuotesFound, Rewritten, StageStarted

PAGE_GRACE = 6.0
STAGES = {
    "searching": "Searching your documents",
    "reading": "Reading what was found",
    "writing": "Writing, and checking each sentence",
}


async def show_answer(doors: Door, who: Who, request: Request, identifier: str) -> Response:
    """An answer: finished, or as far as it is."""
    asked = await doors.find_ask(identifier, who.groups)
    doors.asks.visit(asked, PAGE_GRACE)
    pile = await doors.pile(who.groups)
    # Nothing is awaited from here on, so that the page shows one moment.
    answer = answer_view(asked.answer) if asked.answer else None
    values = {"ask": asked, "before": doors.asks.before(asked), "answer": answer, "pile": pile}
    return page(request, "answer_page.html", values, ("box", "source", "answer"))


async def follow_answer(doors: Door, who: Who, request: Request, identifier: str) -> Response:
    """The answer's events, as pieces of its page."""
    asked = await doors.find_ask(identifier, who.groups)
    serialize = html_serializer(asked, await doors.pile(who.groups), language_of(request))
    return stream_response(doors.asks, asked, last_event(request), serialize)


def html_serializer(ask: Ask, pile: StatusReply, language: str) -> Serializer:
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
                name, template, values = piece_of(ask, event, pile)
                return name, render(template, values, language)

    return serialize


def piece_of(ask: Ask, event: AskEvent, pile: StatusReply) -> tuple[str, str, dict[str, Any]]:
    """An event's name, the template of its piece of the page, and the values in it."""
    match event:
        case QuotesFound(evidence):
            return "quotes", "quotes.html", {"places": evidence_places(evidence)}
        case ClaimChecked():
            return "claim", "claim.html", {"claim": claim_views(ask.claims_until(event))[-1]}
        case Answered(answer):
            return "answer", "answer.html", {"ask": ask, "answer": answer_view(answer), "pile": pile}
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
