"""Topics: described in a sentence, corrected on their documents, learned from corrections, removed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from everask.index.topics import Mark, count_marks, list_also, list_tagged, list_topics, remove_topic
from everask.serve.api import Door, Who
from everask.serve.login import own_path
from everask.serve.pages.frame import Offset, page
from everask.serve.topic_replies import learned_text
from everask.serve.topics import Number, find, in_thread, learn, make_topic, mark_document, tags_of, viewer_of
from everask.serve.wording import language_of

STEP = 100
Text = Annotated[str, Form(max_length=4_000)]
Seen = Annotated[Literal["me", "groups", "everybody"], Form()]


async def show_topics(doors: Door, who: Who, request: Request) -> Response:
    """The topics that somebody may see, and a form for another."""
    found = await in_thread(list_topics, doors.engine.store.database, viewer_of(who))
    values = {
        "here": "library",
        "topics": found,
        "own_groups": who.groups or (),
        "shares": doors.guard.asks_for_login,
    }
    return page(request, "topics.html", values, (), ("topics",))


async def add_topic(
    doors: Door, who: Who, name: Text = "", description: Text = "", seen: Seen = "me"
) -> Response:
    """Describe a topic; then to its page."""
    groups = {"me": None, "groups": who.groups or None, "everybody": ()}[seen]
    made = await make_topic(doors, who, name, description, groups)
    return RedirectResponse(f"/topics/{made.id}", 303)


async def show_topic(
    doors: Door, who: Who, request: Request, number: Number, offset: Offset = 0, notice: str = ""
) -> Response:
    """A topic with its documents, where each can be corrected."""
    topic = await find(doors, who, number)
    database, viewer = doors.engine.store.database, viewer_of(who)
    found = await in_thread(list_tagged, database, topic.id, viewer, STEP + 1, offset)
    total = next(
        (count for one, count in await in_thread(list_topics, database, viewer) if one.id == topic.id), 0
    )
    right, wrong = await in_thread(count_marks, database, topic.id)
    values = {
        "here": "library",
        "topic": topic,
        "tagged": found[:STEP],
        "total": total,
        "right": right,
        "wrong": wrong,
        "notice": notice,
        "own": who.groups is None or topic.user == who.user,
        "before": max(0, offset - STEP) if offset else None,
        "after": offset + STEP if len(found) > STEP else None,
    }
    return page(request, "topic.html", values, (), ("topics",))


async def learn_topic(doors: Door, who: Who, request: Request, number: Number) -> Response:
    """Look for a better wording, and say what came of it."""
    learned = await learn(doors, who, await find(doors, who, number))
    return await show_topic(doors, who, request, number, 0, learned_text(learned, language_of(request)))


async def forget_topic(doors: Door, who: Who, number: Number) -> Response:
    """Forget a topic."""
    topic = await find(doors, who, number)
    await in_thread(remove_topic, doors.engine.store.database, topic, viewer_of(who))
    return RedirectResponse("/topics", 303)


async def mark_topic(
    doors: Door,
    who: Who,
    number: Annotated[int, Form(ge=1, le=1 << 53)],
    document: Annotated[str, Form(min_length=1, max_length=200)],
    value: Annotated[Literal["1", "0", "-1"], Form()],
    next: Text = "/topics",
) -> Response:
    """Say that a document has a topic or has it not; then back."""
    await mark_document(doors, who, Mark(number, document, float(value), who.user))
    return RedirectResponse(own_path(next), 303)


async def document_topics(doors: Door, who: Who, document_id: str) -> dict[str, object]:
    """What a document's page shows of topics: those it has, and those that it could be given."""
    tags = await tags_of(doors, who, document_id)
    known = {one.topic for one in tags}
    found = await in_thread(list_topics, doors.engine.store.database, viewer_of(who))
    also = await in_thread(list_also, doors.engine.store.database, document_id, viewer_of(who))
    suggested = [(id, name) for id, name, _ in also if id not in known]
    others = [one for one, _ in found if one.id not in known]
    return {"tags": tags, "other_topics": others, "suggested": suggested}


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/topics", show_topics, methods=["GET"])
    router.add_api_route("/topics", add_topic, methods=["POST"])
    router.add_api_route("/topics/mark", mark_topic, methods=["POST"])
    router.add_api_route("/topics/{number}", show_topic, methods=["GET"])
    router.add_api_route("/topics/{number}/learn", learn_topic, methods=["POST"])
    router.add_api_route("/topics/{number}/remove", forget_topic, methods=["POST"])
