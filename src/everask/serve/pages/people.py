"""People: who may come in, the groups that they are in, and the places that each group may read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from everask.documents.names import file_path
from everask.errors import EveraskError, UsageError
from everask.index.accounts import MAX_GROUP, MAX_NAME, MIN_PASSWORD, Change, User, UserRole
from everask.index.credentials import Token
from everask.index.granting import list_places
from everask.pipeline.adding import is_url
from everask.serve.api import Door, Who
from everask.serve.doors import Doors
from everask.serve.errors import status_of
from everask.serve.login import open_session
from everask.serve.pages.frame import page
from everask.serve.people import (
    TokenId,
    UserBody,
    UserNumber,
    change_user,
    find_user,
    make_user,
    remove_user,
    revoke_token,
    set_password,
)
from everask.serve.rights import PlaceBody, put_place
from everask.serve.uploads import split_groups

Name = Annotated[str, Form(max_length=1_000)]
Groups = Annotated[str, Form(max_length=20_000)]
Role = Annotated[UserRole, Form()]


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A place of which it was said who may read it: its address, as people know it, and the groups."""

    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupView:
    """A group: who is in it, and the places that it may read."""

    name: str
    members: Sequence[str]
    places: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sight:
    """All that the page shows."""

    users: Sequence[User]
    tokens: Mapping[str, Sequence[Token]]
    groups: Sequence[GroupView]
    places: Sequence[PlaceView]


async def show_people(doors: Door, who: Who, request: Request) -> Response:
    """The users, the groups and the places."""
    return await _show(doors, who.user, request)


async def add_user(
    doors: Door,
    who: Who,
    request: Request,
    name: Name,
    password: Name,
    role: Role = "member",
    groups: Groups = "",
) -> Response:
    """Make a user; who makes the first one is logged in as that user."""
    is_first = not await anyio.to_thread.run_sync(doors.guard.accounts.exist)
    try:
        body = UserBody(name=name, password=password, role=role, groups=split_groups(groups))
        made = await make_user(doors, body)
    except ValidationError as error:
        return await _show(doors, who.user, request, _fault_of(error))
    except EveraskError as error:
        return await _show(doors, who.user, request, error)
    response = RedirectResponse("/people", 303)
    if is_first and not doors.settings.token:
        await open_session(doors, request, response, made.id)
    return response


def _fault_of(error: ValidationError) -> UsageError:
    """What is wrong with a new user, in words that the pages know in every language."""
    if any(one["loc"][:1] == ("groups",) for one in error.errors()):
        hint = f"Use 1 to {MAX_GROUP} characters that can be seen, and no comma."
        return UsageError("These groups do not fit.", hint)
    return UsageError(
        f"A user needs a name, and a password of at least {MIN_PASSWORD} characters.",
        f"Use 1 to {MAX_NAME} letters, figures and . _ - @ +.",
    )


async def save_user(
    doors: Door,
    who: Who,
    request: Request,
    number: UserNumber,
    role: Role,
    active: Annotated[bool, Form()] = False,
    groups: Groups = "",
) -> Response:
    """Change what a user may do and which groups they are in."""
    await find_user(doors, number)
    try:
        await change_user(doors, number, Change(role, active, split_groups(groups)))
    except EveraskError as error:
        return await _show(doors, who.user, request, error)
    return RedirectResponse(f"/people#user-{number}", 303)


async def reset_password(
    doors: Door, who: Who, request: Request, number: UserNumber, password: Name
) -> Response:
    """Give a user a new password."""
    await find_user(doors, number)
    try:
        await set_password(doors, number, password)
    except EveraskError as error:
        return await _show(doors, who.user, request, error)
    return RedirectResponse(f"/people#user-{number}", 303)


async def remove_from_people(doors: Door, who: Who, request: Request, number: UserNumber) -> Response:
    """Remove a user."""
    await find_user(doors, number)
    try:
        await remove_user(doors, number)
    except EveraskError as error:
        return await _show(doors, who.user, request, error)
    return RedirectResponse("/people", 303)


async def revoke_from_people(doors: Door, number: UserNumber, identifier: TokenId) -> Response:
    """Revoke a user's token."""
    await revoke_token(doors, identifier, number)
    return RedirectResponse(f"/people#user-{number}", 303)


async def set_place(doors: Door, who: Who, request: Request, place: Name, groups: Groups = "") -> Response:
    """Say which groups may read a place."""
    try:
        body = PlaceBody(place=place.strip(), groups=split_groups(groups))
        await put_place(doors, body)
    except ValidationError:
        fault = UsageError(
            "A place is an absolute path, or the address of a page.", "Such as /home/me/Files."
        )
        return await _show(doors, who.user, request, fault)
    except EveraskError as error:
        return await _show(doors, who.user, request, error)
    return RedirectResponse("/people#places", 303)


async def _show(
    doors: Doors, user: int | None, request: Request, failure: EveraskError | None = None
) -> Response:
    sight = await anyio.to_thread.run_sync(read_sight, doors)
    values = {
        "here": "settings",
        "sight": sight,
        "user": user,
        "failure": failure,
        "is_open": not sight.users and not doors.settings.token,
    }
    shown = page(request, "people.html", values, (), ("settings", "facts", "people"))
    if failure:
        shown.status_code = status_of(failure)
    return shown


def read_sight(doors: Doors) -> Sight:
    """What the page shows. Blocking."""
    users = doors.guard.accounts.list()
    tokens: dict[str, list[Token]] = {}
    for token in doors.guard.credentials.list_tokens():
        tokens.setdefault(token.user, []).append(token)
    with doors.engine.store.database.reading() as connection:
        placed = list_places(connection)
    places = [PlaceView(uri if is_url(uri) else str(file_path(uri)), groups) for uri, groups in placed]
    named = {name for one in users for name in one.groups} | {name for one in places for name in one.groups}
    groups = [
        GroupView(
            name,
            [one.name for one in users if name in one.groups],
            [one.name for one in places if name in one.groups],
        )
        for name in sorted(named)
    ]
    return Sight(users, tokens, groups, places)


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/people", show_people, methods=["GET"])
    router.add_api_route("/people", add_user, methods=["POST"])
    router.add_api_route("/people/places", set_place, methods=["POST"])
    router.add_api_route("/people/{number}", save_user, methods=["POST"])
    router.add_api_route("/people/{number}/password", reset_password, methods=["POST"])
    router.add_api_route("/people/{number}/remove", remove_from_people, methods=["POST"])
    router.add_api_route("/people/{number}/tokens/{identifier}/remove", revoke_from_people, methods=["POST"])
