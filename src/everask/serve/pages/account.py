"""Your account: the tokens by which programs come in as you, and your password."""

from __future__ import annotations

import datetime
import time
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from everask.errors import EveraskError, UsageError
from everask.index.accounts import MIN_PASSWORD
from everask.index.credentials import MAX_TOKEN_NAME
from everask.serve.api import Door, Who
from everask.serve.auth import Access
from everask.serve.doors import Doors
from everask.serve.errors import status_of
from everask.serve.login import open_session
from everask.serve.pages.frame import page
from everask.serve.people import (
    DAY_SECONDS,
    PasswordBody,
    TokenBody,
    TokenId,
    change_own_password,
    find_user,
    make_token,
    own_user,
    revoke_token,
    tokens_of,
)
from everask.serve.scope import day

USUAL_DAYS = 90

Words = Annotated[str, Form(max_length=1_000)]


async def show_account(doors: Door, who: Who, request: Request, changed: bool = False) -> Response:
    """Who you are, and your tokens."""
    return await _show(doors, who, request, changed=changed)


async def add_token(doors: Door, who: Who, request: Request, name: Words, until: Words = "") -> Response:
    """Make a token. The page that comes back shows it, this once."""
    ends = day(until, following=True)
    try:
        if until.strip() and ends is None:
            raise UsageError("That is not a date.", "Write it as 2027-01-31, or leave it out.")
        secret, _ = await make_token(doors, who, TokenBody(name=name.strip()[:MAX_TOKEN_NAME], until=ends))
    except ValidationError:
        return await _show(doors, who, request, UsageError("A token needs a name.", "Say what it is for."))
    except EveraskError as error:
        return await _show(doors, who, request, error)
    return await _show(doors, who, request, secret=secret)


async def remove_token(doors: Door, who: Who, identifier: TokenId) -> Response:
    """Revoke a token."""
    await revoke_token(doors, identifier, (await own_user(doors, who)).id)
    return RedirectResponse("/account#tokens", 303)


async def change_password(doors: Door, who: Who, request: Request, current: Words, new: Words) -> Response:
    """Change the password; this browser stays logged in, all others do not."""
    host = request.client.host if request.client else ""
    try:
        if len(new) < MIN_PASSWORD:
            raise UsageError(f"A password has at least {MIN_PASSWORD} characters.", "A few words do well.")
        await change_own_password(doors, who, host, PasswordBody(current=current, new=new))
    except EveraskError as error:
        return await _show(doors, who, request, error)
    response = RedirectResponse("/account?changed=true", 303)
    await open_session(doors, request, response, who.user)
    return response


async def _show(
    doors: Doors,
    who: Access,
    request: Request,
    failure: EveraskError | None = None,
    *,
    secret: str = "",
    changed: bool = False,
) -> Response:
    user = await find_user(doors, who.user) if who.user is not None else None
    values = {
        "here": "settings",
        "user": user,
        "tokens": await tokens_of(doors, user.name) if user else [],
        "secret": secret,
        "failure": failure,
        "changed": changed,
        "today": _date(0),
        "usual": _date(USUAL_DAYS),
        "now": time.time(),
        "has_users": await anyio.to_thread.run_sync(doors.guard.accounts.exist),
    }
    shown = page(request, "account.html", values, (), ("settings", "facts", "people"))
    if failure:
        shown.status_code = status_of(failure)
    return shown


def _date(days: int) -> str:
    moment = datetime.datetime.fromtimestamp(time.time() + days * DAY_SECONDS, datetime.UTC)
    return moment.date().isoformat()


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/account", show_account, methods=["GET"])
    router.add_api_route("/account/tokens", add_token, methods=["POST"])
    router.add_api_route("/account/tokens/{identifier}/remove", remove_token, methods=["POST"])
    router.add_api_route("/account/password", change_password, methods=["POST"])
