"""People over the API: users for admins; for everybody their own tokens and password.

What is changed here holds at the next request of whom it is about. A token is made by a person who logged in,
never by another token: who finds one cannot make it last.
"""

from __future__ import annotations

import functools
import time
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from everask.errors import NotFoundError, UsageError
from everask.index.accounts import (
    MAX_NAME,
    MAX_PASSWORD,
    MIN_PASSWORD,
    Change,
    User,
    UserRole,
    check_password,
)
from everask.index.credentials import MAX_TOKEN_NAME, Token
from everask.serve.api import ERRORS, Door, Who
from everask.serve.auth import Access
from everask.serve.doors import Doors
from everask.serve.errors import NotAllowedError
from everask.serve.rights import GroupName

DAY_SECONDS = 86_400.0
MAX_UNTIL = 4_000_000_000.0

UserNumber = Annotated[int, Path(ge=1, le=1 << 53, description="The user's number.")]
TokenId = Annotated[str, Path(max_length=100, description="The token's id.")]
UserGroups = Annotated[list[GroupName], Field(max_length=100, description="The groups that they are in.")]
Password = Annotated[
    str, Field(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD, description="At least 8 characters.")
]
Active = Annotated[bool, Field(description="Whether they may come in; what is theirs stays either way.")]
RoleField = Annotated[UserRole, Field(description="An admin reads all, and manages documents and users.")]


class UserBody(BaseModel):
    """A new user."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_NAME, description="Letters, figures and . _ - @ +.")
    password: Password
    role: RoleField = "member"
    groups: UserGroups = []


class ChangeBody(BaseModel):
    """What changes of a user; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    role: RoleField | None = None
    active: Active | None = None
    groups: UserGroups | None = None
    password: Password | None = Field(default=None, description="Logs out whoever came in with the old one.")


class UserReply(BaseModel):
    """A user."""

    id: int = Field(description="Their number; never given again to another.")
    name: str = Field(description="With which they log in.")
    role: RoleField
    active: Active
    created: float = Field(description="When, seconds since 1970, UTC.")
    groups: UserGroups
    has_password: bool = Field(description="False for who comes in by a provider alone.")


class TokenBody(BaseModel):
    """A new token."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=MAX_TOKEN_NAME, description="What it is for.")
    until: float | None = Field(
        default=None,
        gt=0,
        le=MAX_UNTIL,
        allow_inf_nan=False,
        description="When it ends, seconds since 1970, UTC; null: when it is revoked.",
    )


class TokenReply(BaseModel):
    """A token's entry."""

    id: str = Field(description="DELETE /api/tokens/ID revokes it.")
    name: str = Field(description="What it is for.")
    created: float = Field(description="When, seconds since 1970, UTC.")
    until: float | None = Field(description="When it ends; null: when it is revoked.")
    used: float | None = Field(description="When it was last used, to the hour; null: never.")


class NewTokenReply(TokenReply):
    """A token that was just made."""

    token: str = Field(description="The secret, said this once: `Authorization: Bearer TOKEN`.")


class PasswordBody(BaseModel):
    """A change of one's own password."""

    model_config = ConfigDict(extra="forbid")

    current: str = Field(max_length=MAX_PASSWORD, description="The password until now.")
    new: Password


# Users


async def list_users(doors: Door) -> list[UserReply]:
    """The users, by name."""
    found = await anyio.to_thread.run_sync(doors.guard.accounts.list)
    return [user_reply(one) for one in found]


async def get_user(doors: Door, number: UserNumber) -> UserReply:
    """A user."""
    return user_reply(await find_user(doors, number))


async def post_user(doors: Door, body: UserBody) -> UserReply:
    """Make a user. Everybody has to log in from the first one on, who therefore is an admin."""
    return user_reply(await make_user(doors, body))


async def patch_user(doors: Door, number: UserNumber, body: ChangeBody) -> UserReply:
    """Change a user. The last admin who may come in stays one."""
    found = await find_user(doors, number)
    if body.password is not None:
        check_password(body.password, found.name)
    await change_user(doors, number, Change(body.role, body.active, body.groups))
    if body.password is not None:
        await set_password(doors, number, body.password)
    return user_reply(await find_user(doors, number))


async def delete_user(doors: Door, number: UserNumber) -> Response:
    """Remove a user with tokens, sessions, answers and votes; not the last admin who may come in."""
    await remove_user(doors, number)
    return Response(status_code=204)


async def list_tokens_of(doors: Door, number: UserNumber) -> list[TokenReply]:
    """The tokens of a user."""
    return await tokens_of(doors, (await find_user(doors, number)).name)


async def revoke_token_of(doors: Door, number: UserNumber, identifier: TokenId) -> Response:
    """Revoke a user's token."""
    await find_user(doors, number)
    await revoke_token(doors, identifier, number)
    return Response(status_code=204)


# One's own


async def list_tokens(doors: Door, who: Who) -> list[TokenReply]:
    """Your tokens, oldest first."""
    return await tokens_of(doors, (await own_user(doors, who)).name)


async def post_token(doors: Door, who: Who, body: TokenBody) -> NewTokenReply:
    """Make a token by which a program comes in as you. It takes a person who logged in, not a token."""
    secret, made = await make_token(doors, who, body)
    return NewTokenReply(token=secret, **token_reply(made).model_dump())


async def delete_token(doors: Door, who: Who, identifier: TokenId) -> Response:
    """Revoke one of your tokens: worthless from its next request on."""
    await revoke_token(doors, identifier, (await own_user(doors, who)).id)
    return Response(status_code=204)


async def put_password(doors: Door, who: Who, request: Request, body: PasswordBody) -> Response:
    """Change your password. Who is logged in with the old one is logged out; tokens stay."""
    host = request.client.host if request.client else ""
    await change_own_password(doors, who, host, body)
    return Response(status_code=204)


# What the pages use too


async def find_user(doors: Doors, number: int) -> User:
    """A user by their number. Raises NotFoundError, always in the same words."""
    try:
        return await anyio.to_thread.run_sync(doors.guard.accounts.find, number)
    except NotFoundError as error:
        raise NotFoundError("There is no such user.", "They may have been removed.") from error


async def own_user(doors: Doors, who: Access) -> User:
    """The user who asks. Raises UsageError for the owner, who is no user."""
    if who.user is None:
        raise UsageError("The owner has no account.", "Make a user, and log in as that user.")
    return await find_user(doors, who.user)


async def make_user(doors: Doors, body: UserBody) -> User:
    """Make a user. Raises UsageError where nobody could manage the users any more."""
    accounts = doors.guard.accounts
    is_first = not await anyio.to_thread.run_sync(accounts.exist)
    if is_first and body.role != "admin" and not doors.settings.token:
        raise UsageError(
            "The first user must be an admin.",
            "From then on everybody logs in, and only an admin can add others.",
        )
    return await doors.hashing.run(lambda: accounts.add(body.name, body.role, body.groups, body.password))


async def change_user(doors: Doors, number: int, change: Change) -> User:
    """Change a user."""
    work = functools.partial(doors.guard.accounts.change, number, change, keep_admin=True)
    return await anyio.to_thread.run_sync(work)


async def set_password(doors: Doors, number: int, password: str) -> None:
    """Set a user's password."""
    await doors.hashing.run(lambda: doors.guard.accounts.set_password(number, password))


async def remove_user(doors: Doors, number: int) -> None:
    """Remove a user."""
    await find_user(doors, number)
    work = functools.partial(doors.guard.accounts.remove, number, keep_admin=True)
    await anyio.to_thread.run_sync(work)


async def tokens_of(doors: Doors, name: str | None) -> list[TokenReply]:
    """The tokens of a user."""
    found = await anyio.to_thread.run_sync(doors.guard.credentials.list_tokens, name)
    return [token_reply(one) for one in found]


async def revoke_token(doors: Doors, identifier: str, user: int) -> None:
    """Revoke a user's token. Raises NotFoundError for one that is not theirs."""
    try:
        await anyio.to_thread.run_sync(doors.guard.credentials.revoke_token, identifier, user)
    except NotFoundError as error:
        raise NotFoundError("There is no such token.", "It may be revoked already.") from error


async def make_token(doors: Doors, who: Access, body: TokenBody) -> tuple[str, Token]:
    """A new token of who asks: its secret and its entry."""
    user = await own_user(doors, who)
    if who.by_token:
        raise NotAllowedError("A token makes no tokens.", "Log in, and make it under your account.")
    days = None if body.until is None else (body.until - time.time()) / DAY_SECONDS
    create = functools.partial(doors.guard.credentials.create_token, user, body.name, days)
    return await anyio.to_thread.run_sync(create)


async def change_own_password(doors: Doors, who: Access, host: str, body: PasswordBody) -> None:
    """Change the password of who asks. Guessing the old one is slowed down like logging in."""
    user = await own_user(doors, who)
    if not user.has_password:
        raise UsageError("You come in by a provider and have no password here.", "Change it there.")
    keys = [f"from {host}", f"as {user.name}"]
    doors.log_ins.count(*keys)
    if await doors.hashing.run(lambda: doors.guard.accounts.log_in(user.name, body.current)) is None:
        raise NotAllowedError("That is not your password.", "An admin can set a new one.")
    doors.log_ins.forgive(*keys)
    await set_password(doors, user.id, body.new)


def user_reply(user: User) -> UserReply:
    """A user as the API says it."""
    return UserReply(
        id=user.id,
        name=user.name,
        role=user.role,
        active=user.active,
        created=user.created,
        groups=list(user.groups),
        has_password=user.has_password,
    )


def token_reply(token: Token) -> TokenReply:
    """A token's entry as the API says it."""
    return TokenReply(id=token.id, name=token.name, created=token.created, until=token.until, used=token.used)


def people_router() -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api", responses=ERRORS)
    router.add_api_route("/users", list_users, methods=["GET"])
    router.add_api_route("/users", post_user, methods=["POST"], status_code=201)
    router.add_api_route("/users/{number}", get_user, methods=["GET"])
    router.add_api_route("/users/{number}", patch_user, methods=["PATCH"])
    router.add_api_route("/users/{number}", delete_user, methods=["DELETE"], status_code=204)
    router.add_api_route("/users/{number}/tokens", list_tokens_of, methods=["GET"])
    router.add_api_route(
        "/users/{number}/tokens/{identifier}", revoke_token_of, methods=["DELETE"], status_code=204
    )
    router.add_api_route("/tokens", list_tokens, methods=["GET"])
    router.add_api_route("/tokens", post_token, methods=["POST"], status_code=201)
    router.add_api_route("/tokens/{identifier}", delete_token, methods=["DELETE"], status_code=204)
    router.add_api_route("/password", put_password, methods=["PUT"], status_code=204)
    return router
