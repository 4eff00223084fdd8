"""Who may read which document: shown and changed, by admins and the owner."""

from __future__ import annotations

from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Form
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from everask.errors import UsageError
from everask.index.granting import list_places
from everask.serve.api import ERRORS, Door, Who
from everask.serve.doors import Doors
from everask.serve.uploads import split_groups

NAMED = r"^[^,\x00-\x1f\x7f-\xa0]*[^,\s\x00-\x1f\x7f-\xa0][^,\x00-\x1f\x7f-\xa0]*$"
"""About what can be a group's name; the store decides."""
GroupName = Annotated[str, Field(min_length=1, max_length=200, json_schema_extra={"pattern": NAMED})]
Groups = Annotated[
    list[GroupName], Field(max_length=100, description="Who may read it; empty means everybody who comes in.")
]


class GroupsBody(BaseModel):
    """The groups that may read a document."""

    model_config = ConfigDict(extra="forbid")

    groups: Groups


class PlaceBody(BaseModel):
    """The groups that may read what is at a place, now and later."""

    model_config = ConfigDict(extra="forbid")

    place: str = Field(
        min_length=1,
        max_length=4_000,
        pattern=r"^(/|[A-Za-z]+://)[^\x00]*$",
        description="A folder's or file's absolute path, or a page's address.",
    )
    groups: Groups


class GroupsReply(BaseModel):
    """Who may read a document."""

    groups: list[str] = Field(description="Empty means everybody who comes in.")
    documents: int = Field(description="How many documents this is about.")


class PlaceReply(BaseModel):
    """A place of which it was said who may read it."""

    place: str = Field(description="Its address: what is there and below it, unless a nearer place is named.")
    groups: list[str] = Field(description="Empty means everybody who comes in.")


async def get_groups(doors: Door, who: Who, identifier: str) -> GroupsReply:
    """Who may read a document."""
    found = await doors.find_document(identifier, who.groups)
    return GroupsReply(groups=list(found.groups), documents=1)


async def put_groups(doors: Door, who: Who, identifier: str, body: GroupsBody) -> GroupsReply:
    """Say who may read a document; it holds for the file, also when it changes."""
    found = await doors.find_document(identifier, who.groups)
    return await _set(doors, found.id, body.groups)


async def put_place(doors: Door, body: PlaceBody) -> GroupsReply:
    """Say who may read a folder, a file or a page that is in the pile: what is there, and what will be."""
    return await _set(doors, body.place, body.groups)


async def list_granted(doors: Door) -> list[PlaceReply]:
    """The places of which it was said who may read them."""

    def read() -> list[tuple[str, tuple[str, ...]]]:
        with doors.engine.store.database.reading() as connection:
            return list_places(connection)

    places = await anyio.to_thread.run_sync(read)
    return [PlaceReply(place=place, groups=list(groups)) for place, groups in places]


async def change_groups(
    doors: Door, who: Who, identifier: str, groups: Annotated[str, Form(max_length=20_000)] = ""
) -> Response:
    """The same as `put_groups` without scripts: groups with commas between them."""
    found = await doors.find_document(identifier, who.groups)
    await _set(doors, found.id, split_groups(groups))
    return RedirectResponse(f"/documents/{found.id}", 303)


async def _set(doors: Doors, target: str, groups: list[str]) -> GroupsReply:
    number = await doors.additions.run(lambda: doors.engine.set_groups(target, groups))
    if not number:
        raise UsageError("There is nothing at this place.", "Add it first.")
    return GroupsReply(groups=groups, documents=number)


def rights_router() -> APIRouter:
    """The routes of rights."""
    router = APIRouter(responses=ERRORS)
    one = "/documents/{identifier}/groups"
    router.add_api_route(f"/api{one}", get_groups, methods=["GET"])
    router.add_api_route(f"/api{one}", put_groups, methods=["PUT"])
    router.add_api_route("/api/groups", list_granted, methods=["GET"])
    router.add_api_route("/api/groups", put_place, methods=["PUT"])
    router.add_api_route(one, change_groups, methods=["POST"], include_in_schema=False)
    return router
