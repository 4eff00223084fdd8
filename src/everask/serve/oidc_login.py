"""Logging in at a provider: to it, back from it, and out of it. Off where `oidc.issuer` is not set.

What must fit when a browser comes back travels with it, sealed, in a cookie of its own that this server alone
can make and that holds for ten minutes; nothing is kept here, so nobody can fill it up. The session's cookie
is SameSite=Strict, which no redirect from another site brings along; so the way back ends on a page of ours
that goes on by itself.
"""

from __future__ import annotations

import dataclasses
import os
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

import anyio.to_thread
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from everask.errors import EveraskError, NotFoundError
from everask.index.subjects import admit
from everask.serve.api import Door
from everask.serve.doors import Doors
from everask.serve.errors import NotAllowedError, error_reply, status_of
from everask.serve.login import open_session, own_path
from everask.serve.rendering import render
from everask.serve.wording import language_of

if TYPE_CHECKING:
    from everask.serve.oidc import Begun, Provider

COOKIE = "everask_provider"
PLACE = "/login/oidc"
BEGUN_SECONDS = 600
MAX_NEXT = 1_000


@dataclass(slots=True)
class AtProvider:
    """The provider of one application, opened when first needed, and the key that seals what was begun."""

    provider: Provider
    key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def seal(self, begun: Begun, next: str) -> str:
        """What must fit, as the text of a cookie."""
        from joserfc import jwt
        from joserfc.jwk import OctKey

        claims = {**dataclasses.asdict(begun), "next": next, "exp": int(time.time()) + BEGUN_SECONDS}
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(self.key))

    def open(self, sealed: str) -> tuple[Begun, str]:
        """The same from the cookie. Raises NotAllowedError where it is not ours, or too old."""
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import OctKey

        from everask.serve.oidc import Begun

        try:
            claims = jwt.decode(sealed, OctKey.import_key(self.key), algorithms=["HS256"]).claims
            jwt.JWTClaimsRegistry(exp={"essential": True}).validate(claims)
            return Begun(claims["state"], claims["nonce"], claims["verifier"]), str(claims["next"])
        except (JoseError, ValueError, KeyError) as error:
            raise NotAllowedError("This is not the log-in that was begun here.", "Log in again.") from error


async def to_provider(
    doors: Door, request: Request, next: Annotated[str, Query(max_length=2_000)] = "/"
) -> Response:
    """Send the browser to the provider."""
    at = _at_provider(doors, request)
    doors.log_ins.count(_source(request))
    address, begun = await at.provider.begin(_address(doors, request) + f"{PLACE}/back")
    next = own_path(next)
    response = RedirectResponse(address, 303)
    sealed = at.seal(begun, next if len(next) <= MAX_NEXT else "/")
    response.set_cookie(
        COOKIE,
        sealed,
        max_age=BEGUN_SECONDS,
        path=PLACE,
        httponly=True,
        samesite="lax",
        secure=_is_secure(doors, request),
    )
    return response


async def from_provider(doors: Door, request: Request) -> Response:
    """The browser comes back: who the provider vouches for gets a session."""
    at = _at_provider(doors, request)
    try:
        response = await _arrive(doors, request, at)
    except EveraskError as error:
        response = error_reply(request, status_of(error), error)
    response.delete_cookie(COOKIE, path=PLACE)
    return response


async def _arrive(doors: Doors, request: Request, at: AtProvider) -> Response:
    begun, next = at.open(request.cookies.get(COOKIE, ""))
    back = _address(doors, request) + f"{PLACE}/back"
    arrival = await at.provider.finish(begun, request.query_params, back)
    may_join = doors.engine.settings.oidc.members_join
    database = doors.engine.store.database
    user = await anyio.to_thread.run_sync(lambda: admit(database, arrival, may_join=may_join))
    if user is None:
        raise NotAllowedError("You have no account here.", "Ask one of this server's admins.")
    if not user.active:
        raise NotAllowedError("Your account here is locked.", "Ask one of this server's admins.")
    doors.log_ins.forgive(_source(request))
    values = {"next": own_path(next), "who": user.name}
    response: Response = HTMLResponse(render("arrived.html", values, language_of(request)))
    await open_session(doors, request, response, user.id)
    return response


async def leave_provider(doors: Door, request: Request) -> Response:
    """Log out at the provider, too, as far as it knows how."""
    at = _at_provider(doors, request)
    doors.log_ins.count(_source(request))
    address = await at.provider.leave_url(_address(doors, request) + "/login")
    doors.log_ins.forgive(_source(request))
    return RedirectResponse(address or "/login", 303)


def oidc_router() -> APIRouter:
    """The routes; not a part of the described API."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route(PLACE, to_provider, methods=["GET"])
    router.add_api_route(f"{PLACE}/back", from_provider, methods=["GET"])
    router.add_api_route(f"{PLACE}/out", leave_provider, methods=["GET"])
    return router


def _at_provider(doors: Doors, request: Request) -> AtProvider:
    """The provider, if there is one; its libraries are loaded with the first log-in."""
    settings = doors.engine.settings.oidc
    if not settings.issuer:
        raise NotFoundError("Not Found.", "Nobody logs in at a provider here: oidc.issuer is not set.")
    state = request.app.state
    if not hasattr(state, "at_provider"):
        from everask.serve.oidc import Provider

        state.at_provider = AtProvider(Provider(settings, os.environ.get(settings.secret_variable, "")))
    found = state.at_provider
    assert isinstance(found, AtProvider), "set above"
    return found


def _address(doors: Doors, request: Request) -> str:
    """How browsers reach this server; the gate has looked at the host that they sent."""
    return (doors.engine.settings.oidc.address or str(request.base_url)).rstrip("/")


def _is_secure(doors: Doors, request: Request) -> bool:
    return _address(doors, request).startswith("https://")


def _source(request: Request) -> str:
    return f"from {request.client.host if request.client else ''}"
