"""Search: passages, the best first, near-copies folded; narrowed by facets; or passages like one."""

from __future__ import annotations

import functools
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from everask.limits import TopicLimit
from everask.pipeline.asking import Question, Shown
from everask.pipeline.browsing import Browsed, Like, mark_found
from everask.pipeline.showing import arrange
from everask.retrieve.folding import Folded
from everask.serve.api import Door, Who
from everask.serve.facet_views import facet_views
from everask.serve.pages.frame import Words, page, piece
from everask.serve.rendering import HitView, hit_view
from everask.serve.schema import StatusReply
from everask.serve.scope import scope_of
from everask.serve.understanding import limits_in_words
from everask.serve.wording import language_of
from everask.types import Filters, Understood

FACETS = ("language", "folder", "kind", "year", "topic")
NUM_HITS = 20
NUM_FOUND = 30
"""Passages that are looked at to show NUM_HITS of which none is a near-copy of another."""
SCRIPTS, STYLES = ("box", "source", "hits"), ("search",)
NOTHING = Browsed([], Understood(""))
NUM_MARKED = 10
"""Passages without a word of the search that are marked by meaning, when the page is there."""
Choice = Annotated[str, Query(max_length=1_000)]
Position = Annotated[int, Query(ge=0, le=1 << 53)]


async def show_search(
    doors: Door, who: Who, request: Request, question: Words = "", like: Choice = "", at: Position = 0
) -> Response:
    """Search results, or an empty box; with `like`, the passages like the one at a place of a document."""
    text = question.strip()
    started = time.monotonic()
    chosen = {name: request.query_params.get(name, "")[:1_000] for name in FACETS}
    asked = {"question": text, "like": like, "at": str(at) if like else "", **chosen}
    if text or like:
        doors.searches.check(who.asker)
    if like:
        await doors.find_document(like, who.groups)
    wanted = Question("" if like else text, _limits(chosen), who.groups, user=who.user, origin="search")

    def look() -> Browsed:
        place = Like(like, at) if like else None
        return doors.searchers.browse(wanted, Shown(NUM_FOUND, fold=True), place, not like)

    def make(found: Browsed, pile: StatusReply | None) -> Response:
        folded = arrange(doors.engine, wanted, found.folded[:NUM_HITS], lambda one: one.hit, found.trial)
        seconds = time.monotonic() - started if text or like else 0.0
        values = _shown(found, folded, asked, language_of(request)) | {"seconds": seconds}
        return page(request, "search.html", {**values, "text": text, "pile": pile}, SCRIPTS, STYLES)

    found = await doors.searches.run(look, who.asker) if text or like else NOTHING
    # Only who found nothing is told how much was searched: while documents come in, counting takes as long as
    # a search.
    pile = None if found.hits else await doors.pile(who.groups)
    return await anyio.to_thread.run_sync(make, found, pile)


def _shown(
    found: Browsed, folded: Sequence[Folded], asked: Mapping[str, str], language: str
) -> dict[str, object]:
    """What the page shows of a search."""
    bare = [one.hit.passage.id for one in folded if not one.hit.marks][:NUM_MARKED]
    return {
        "here": "search",
        "like": found.like,
        "hits": [_view(one, number) for number, one in enumerate(folded, 1)],
        "bare": bare if asked["question"] else [],
        "understood": found.understood,
        "limits": limits_in_words(found.understood, language),
        "facets": facet_views(found.facets, asked, language) if found.facets else [],
        "found": found.facets.total if found.facets else 0,
    }


async def show_marks(
    doors: Door,
    who: Who,
    request: Request,
    question: Words,
    passage: Annotated[list[int], Query(max_length=NUM_MARKED)],
) -> Response:
    """Passages that share no word with a search, the nearest sentence in each marked: this takes longer than
    the search, so the page asks for it once it is there."""
    wanted = Question(question, groups=who.groups, user=who.user)
    hits = await doors.marks.run(functools.partial(mark_found, doors.engine, wanted, passage), who.asker)
    views = [hit_view(hit, number) for number, hit in enumerate(hits, 1) if hit.marks]
    return piece(request, "marks.html", {"hits": views})


def _limits(chosen: Mapping[str, str]) -> Filters:
    year = chosen["year"] if chosen["year"].isascii() and chosen["year"].isdigit() else ""
    first, last = (f"{year}-01-01", f"{year}-12-31") if len(year) == 4 else ("", "")
    filters = scope_of(chosen["folder"], chosen["language"], chosen["kind"], first, last)
    topic = chosen["topic"]
    if topic.isascii() and topic.isdigit() and len(topic) < 16:
        filters = replace(filters, topics=TopicLimit((int(topic),)))
    return filters


def _view(one: Folded, number: int) -> tuple[HitView, tuple[HitView, ...]]:
    return hit_view(one.hit, number), tuple(hit_view(copy, number) for copy in one.copies)


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/search", show_search, methods=["GET"])
    router.add_api_route("/search/marks", show_marks, methods=["GET"])
