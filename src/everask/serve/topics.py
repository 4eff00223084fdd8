"""Topics through the API: described, listed, corrected, learned, removed. Thin over the store.

A topic is its maker's, and that of the groups that it is given to. A topic or document that somebody may not
see answers like one that is not there.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal, TypeVar

import anyio.to_thread
from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from everask.errors import UsageError
from everask.index.accounts import check_groups
from everask.index.topics import (
    MAX_DESCRIPTION,
    MAX_NAME,
    Mark,
    Topic,
    Viewer,
    add_topic,
    count_marks,
    find_topic,
    list_tagged,
    list_tags,
    list_topics,
    put_mark,
    remove_topic,
)
from everask.pipeline.wordings import Learned, learn_wording
from everask.serve.api import ERRORS, Door, Who
from everask.serve.auth import Access
from everask.serve.doors import Doors
from everask.serve.rights import GroupName
from everask.serve.topic_replies import topic_record

T = TypeVar("T")
Number = Annotated[int, Path(ge=1, le=1 << 53, description="The topic's number.")]


class TopicBody(BaseModel):
    """A topic in words."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME, description="What it is called.")
    description: str = Field(
        min_length=1, max_length=MAX_DESCRIPTION, description="What it is about, in any language."
    )
    groups: list[GroupName] | None = Field(
        default=None,
        max_length=100,
        description="Who may see it beside you: members of these groups; empty: everybody; null: nobody.",
    )


class TopicReply(BaseModel):
    """A topic."""

    id: int = Field(description="Its number.")
    name: str = Field(description="What it is called.")
    description: str = Field(description="What it is about, as it was described.")
    wording: str = Field(description="What is searched by: the description, or a better wording learned.")
    groups: list[str] | None = Field(description="Who else may see it; empty: everybody; null: nobody.")
    documents: int = Field(description="How many documents that you may read have it.")
    made_at: float = Field(description="When, seconds since 1970, UTC.")
    learned: dict[str, Any] | None = Field(
        description="What learning the wording measured; null: not learned."
    )


class TaggedReply(BaseModel):
    """A document that has a topic."""

    id: str = Field(description="The document's id.")
    document: str = Field(description="Its name.")
    probability: float = Field(description="How probable; 1 where somebody said so.")


class TopicShown(TopicReply):
    """A topic with the documents that have it."""

    right: int = Field(description="Corrections that say a document has it, of all people.")
    wrong: int = Field(description="Corrections that say a document has it not.")
    tagged: list[TaggedReply] = Field(description="Documents that you may read, most probable first.")


class TagReply(BaseModel):
    """A topic of a document."""

    topic: int = Field(description="The topic's number.")
    name: str = Field(description="The topic's name.")
    probability: float = Field(description="How probable; 0 where you said that the document has it not.")
    said: Literal[-1, 0, 1] = Field(description="What you said: 1 has it, -1 has it not, 0 nothing.")


class MarkBody(BaseModel):
    """A correction."""

    model_config = ConfigDict(extra="forbid")

    document: str = Field(min_length=1, max_length=200, description="The document's id.")
    value: Literal[-1, 0, 1] = Field(description="1: it has the topic; -1: it has not; 0: take back.")


class LearnedReply(BaseModel):
    """What looking for a better wording came to."""

    why: Literal["better", "not better", "few"] = Field(
        description="`better`: the new wording is used; `few`: there are too few corrections."
    )
    right: int = Field(description="Documents marked as having the topic.")
    wrong: int = Field(description="Documents marked as not having it.")
    before: str = Field(description="The wording before.")
    after: str = Field(description="The best other wording; may be the same.")
    held: int = Field(description="Corrections that were kept apart, and that both figures below are of.")
    fit_before: float = Field(description="Mean log-probability of what was said, with the wording before.")
    fit_after: float = Field(description="The same with the other wording.")
    hits_before: int = Field(description="Documents on the right side of the threshold before.")
    hits_after: int = Field(description="The same with the other wording.")


def viewer_of(who: Access) -> Viewer:
    """Who asks, as the store takes it."""
    return Viewer(who.user, who.groups)


async def in_thread(work: Callable[..., T], *arguments: object) -> T:
    """What reads or writes the store, beside the loop."""
    return await anyio.to_thread.run_sync(functools.partial(work, *arguments))


async def make_topic(
    doors: Doors, who: Access, name: str, description: str, groups: Sequence[str] | None
) -> Topic:
    """Keep a topic and let documents be tagged. Raises UsageError for groups that its maker is not in."""
    wished = None if groups is None else check_groups(groups)
    strange = set(wished or ()) - set(who.groups or ()) if who.groups is not None else set()
    if strange:
        raise UsageError("You are not in all of these groups.", "Name groups that you are in.")
    wanted = Topic(name, description, description, who.user, wished)
    made = await in_thread(add_topic, doors.engine.store.database, wanted)
    await doors.searches.run(doors.engine.tag, who.asker)
    return made


async def mark_document(doors: Doors, who: Access, mark: Mark) -> None:
    """Keep a correction, and let the topic's other tags follow."""
    await in_thread(put_mark, doors.engine.store.database, mark, viewer_of(who))
    await doors.searches.run(doors.engine.tag, who.asker)


async def find(doors: Doors, who: Access, number: int) -> Topic:
    """A topic by its number. Raises NotFoundError."""
    found = await in_thread(find_topic, doors.engine.store.database, f"{number}", viewer_of(who))
    return found


async def learn(doors: Doors, who: Access, topic: Topic) -> Learned:
    """Look for a better wording."""
    return await doors.add(lambda: learn_wording(doors.engine, topic), who.asker)


async def get_topics(doors: Door, who: Who) -> list[TopicReply]:
    """The topics that you may see, by name."""
    found = await in_thread(list_topics, doors.engine.store.database, viewer_of(who))
    return [TopicReply(**topic_record(one, number)) for one, number in found]


async def post_topic(doors: Door, who: Who, body: TopicBody) -> TopicReply:
    """Describe a topic: documents are tagged with it, and new ones as they come."""
    made = await make_topic(doors, who, body.name, body.description, body.groups)
    return TopicReply(**topic_record(made, await _count(doors, who, made)))


async def get_topic(
    doors: Door,
    who: Who,
    number: Number,
    limit: Annotated[int, Query(ge=1, le=1_000, description="How many documents at most.")] = 100,
    offset: Annotated[int, Query(ge=0, le=1 << 53, description="How many to leave out first.")] = 0,
) -> TopicShown:
    """A topic with the documents that have it."""
    topic = await find(doors, who, number)
    database = doors.engine.store.database
    tagged = await in_thread(list_tagged, database, topic.id, viewer_of(who), limit, offset)
    right, wrong = await in_thread(count_marks, database, topic.id)
    documents = [TaggedReply(id=id, document=name, probability=value) for id, name, value in tagged]
    record = topic_record(topic, await _count(doors, who, topic))
    return TopicShown(**record, right=right, wrong=wrong, tagged=documents)


async def delete_topic(doors: Door, who: Who, number: Number) -> Response:
    """Forget a topic of yours with its tags and corrections."""
    topic = await find(doors, who, number)
    await in_thread(remove_topic, doors.engine.store.database, topic, viewer_of(who))
    return Response(status_code=204)


async def post_mark(doors: Door, who: Who, number: Number, body: MarkBody) -> list[TagReply]:
    """Say that a document has a topic or has it not; return the document's topics as they are now."""
    await mark_document(doors, who, Mark(number, body.document, float(body.value), who.user))
    return await tags_of(doors, who, body.document)


async def post_learn(doors: Door, who: Who, number: Number) -> LearnedReply:
    """Look for a better wording by the corrections; it is used only if it fits those that it did not see."""
    return LearnedReply(**(await learn(doors, who, await find(doors, who, number))).record())


async def get_tags(doors: Door, who: Who, identifier: str) -> list[TagReply]:
    """The topics of a document, most probable first, and those that you said it has not."""
    await doors.find_document(identifier, who.groups)
    return await tags_of(doors, who, identifier)


async def tags_of(doors: Doors, who: Access, document_id: str) -> list[TagReply]:
    """The same."""
    found = await in_thread(list_tags, doors.engine.store.database, document_id, viewer_of(who))
    return [
        TagReply(topic=one.topic, name=one.name, probability=one.probability, said=_sign(one.own))
        for one in found
    ]


def _sign(value: float) -> Literal[-1, 0, 1]:
    return 1 if value > 0 else -1 if value < 0 else 0


async def _count(doors: Doors, who: Access, topic: Topic) -> int:
    found = await in_thread(list_topics, doors.engine.store.database, viewer_of(who))
    return next((number for one, number in found if one.id == topic.id), 0)


def topics_router() -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api", responses=ERRORS)
    one = "/topics/{number}"
    router.add_api_route("/topics", get_topics, methods=["GET"])
    router.add_api_route("/topics", post_topic, methods=["POST"])
    router.add_api_route(one, get_topic, methods=["GET"])
    router.add_api_route(one, delete_topic, methods=["DELETE"], status_code=204)
    router.add_api_route(f"{one}/marks", post_mark, methods=["POST"])
    router.add_api_route(f"{one}/learn", post_learn, methods=["POST"])
    router.add_api_route("/documents/{identifier}/topics", get_tags, methods=["GET"])
    return router
