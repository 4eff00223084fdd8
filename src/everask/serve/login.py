"""Logging in and out: with a name and a password, or with the server's own token, the owner's way in."""

from __future__ import annotations

import urllib.parse
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from everask.index.credentials import SESSION_SECONDS, same_secret
from everask.serve.api import Door
from everask.serve.auth import COOKIE
from everask.serve.doors import Doors
from everask.serve.rendering import render
from everask.serve.wording import language_of

SECONDS_WHEN_WRONG = 1.0

Short = Annotated[str, Form(max_length=1_000)]
Place = Annotated[str, Form(max_length=2_000)]


async def show_login(
    doors: Door, request: Request, next: Annotated[str, Query(max_length=2_000)] = "/"
) -> Response:
    """The form."""
    if not doors.guard.asks_for_login:
        return RedirectResponse("/", 303)
    return _form(request, doors, next)


async def log_in(
    doors: Door,
    request: Request,
    name: Short = "",
    password: Short = "",
    token: Short = "",
    next: Place = "/",
) -> Response:
    """What fits opens a session, kept by a cookie that scripts cannot read and other sites cannot send."""
    host = request.client.host if request.client else ""
    keys = [f"from {host}", *([f"as {name.strip()}"] if name else [])]
    doors.log_ins.count(*keys)
    user: int | None = None
    if token:
        known = same_secret(doors.settings.token, token)
    else:
        found = await doors.hashing.run(lambda: doors.guard.accounts.log_in(name, password))
        known, user = found is not None, found.id if found else None
    if not known:
        await anyio.sleep(SECONDS_WHEN_WRONG)
        return _form(request, doors, next, wrong=True)
    doors.log_ins.forgive(*keys)
    response: Response = RedirectResponse(own_path(next), 303)
    await open_session(doors, request, response, user)
    return response


async def open_session(doors: Doors, request: Request, response: Response, user: int | None) -> None:
    """Give a response the cookie of a new session; an older one of the same browser ends."""
    token, credentials = doors.settings.token, doors.guard.credentials
    if old := request.cookies.get(COOKIE, ""):
        await anyio.to_thread.run_sync(credentials.close_session, old, token)
    cookie = await anyio.to_thread.run_sync(credentials.open_session, user, token)
    secure = request.url.scheme == "https"
    response.set_cookie(
        COOKIE, cookie, max_age=SESSION_SECONDS, httponly=True, samesite="strict", secure=secure
    )


async def log_out(doors: Door, request: Request) -> Response:
    """Close the session."""
    cookie = request.cookies.get(COOKIE, "")
    await anyio.to_thread.run_sync(doors.guard.credentials.close_session, cookie, doors.settings.token)
    response = RedirectResponse("/login?left=1" if doors.engine.settings.oidc.issuer else "/login", 303)
    response.delete_cookie(COOKIE)
    return response


def login_router() -> APIRouter:
    """The routes of logging in and out; not a part of the described API."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/login", show_login, methods=["GET"])
    router.add_api_route("/login", log_in, methods=["POST"])
    router.add_api_route("/logout", log_out, methods=["POST"])
    return router


def own_path(path: str) -> str:
    """A path of this site; the front page for anything that could lead elsewhere."""
    parts = urllib.parse.urlsplit(path)
    fine = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if fine and not parts.netloc and not parts.scheme else "/"


def _form(request: Request, doors: Doors, next: str, *, wrong: bool = False) -> Response:
    values = {
        "wrong": wrong,
        "next": next,
        "with_token": bool(doors.settings.token),
        "with_password": doors.guard.has_users,
        "provider": urllib.parse.urlsplit(doors.engine.settings.oidc.issuer).hostname,
        "left": "left" in request.query_params,
    }
    return HTMLResponse(render("login.html", values, language_of(request)), 403 if wrong else 200)
