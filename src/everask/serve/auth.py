"""Who may come in: one decision for every door (pages, REST, OpenAI, MCP), before any of them runs.

On loopback, without a token, the person at this machine is the owner. Anywhere else a token is demanded:
as a bearer token by programs, or through a form that sets a session cookie by people. The Host header is
checked against DNS rebinding, and the origin of whatever changes state against forgery by other sites.
Knows nothing of what is behind the doors.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Literal

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from everask.errors import SettingsError
from everask.settings import ServeSettings

Role = Literal["owner", "admin", "member"]
COOKIE = "everask_session"
SESSION_SECONDS = 30 * 24 * 3600
ACCESS_KEY = "everask.access"
OPEN_PATHS = ("/login", "/healthz", "/readyz")
OPEN_FOLDER = "/static/"
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Access:
    """What a request may do. `local`: it comes from this machine's owner, who may name paths on it.

    `groups` are whose documents may be read; None is the owner or an admin, who may read all. `asker` tells
    people and programs apart for the order in which they are served, and for nothing else. `user` is who it
    is, None for the owner; `role` is what they may do.
    """

    local: bool
    groups: tuple[str, ...] | None = None
    asker: str = ""
    user: int | None = None
    role: Role = "owner"
    name: str = ""


@dataclass(slots=True)
class Sessions:
    """People who logged in, by the hash of their cookie, until when. Kept in memory: a restart logs out."""

    until: dict[str, float] = field(default_factory=dict)

    def open(self) -> str:
        """A new session's cookie."""
        now = time.time()
        self.until = {key: end for key, end in self.until.items() if end > now}
        cookie = secrets.token_urlsafe(32)
        self.until[_hash(cookie)] = now + SESSION_SECONDS
        return cookie

    def holds(self, cookie: str) -> bool:
        """Whether this cookie is of an open session."""
        return self.until.get(_hash(cookie), 0.0) > time.time()

    def close(self, cookie: str) -> None:
        """Log out."""
        self.until.pop(_hash(cookie), None)


def check_settings(settings: ServeSettings) -> None:
    """Raises SettingsError where a server that others can reach has no token."""
    if needs_token(settings) and not settings.token:
        raise SettingsError(
            f"A server on {settings.host} can be reached by others and needs a token.",
            "Set serve.token (or EVERASK_SERVE_TOKEN) to a long random text, or serve on 127.0.0.1.",
        )


def needs_token(settings: ServeSettings) -> bool:
    """Others can reach any address but loopback, and loopback too where a proxy's names are let in."""
    return bool(settings.token) or bool(settings.allow_hosts) or not is_loopback(settings.host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def token_fits(settings: ServeSettings, token: str) -> bool:
    """Compare in constant time."""
    return bool(settings.token) and secrets.compare_digest(_hash(settings.token), _hash(token))


def decide(settings: ServeSettings, sessions: Sessions, request: Request) -> Access | None:
    """The one decision: what this request may do, or None if it may not come in."""
    from_here = request.client is None or is_loopback(request.client.host)
    if not needs_token(settings):
        return Access(local=from_here, asker=_asker_of(request))
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    known = scheme.lower() == "bearer" and token_fits(settings, token.strip())
    if not known:
        cookie = request.cookies.get(COOKIE, "")
        known = bool(cookie) and sessions.holds(cookie)
    if not known:
        return None
    local = from_here and is_loopback(settings.host) and not settings.allow_hosts
    return Access(local=local, asker=_asker_of(request))


def _asker_of(request: Request) -> str:
    """A session, or else a program at an address: enough to serve in turn, and too little to trust."""
    cookie = request.cookies.get(COOKIE, "")
    host = request.client.host if request.client else ""
    return _hash(cookie or f"{host} {request.headers.get('user-agent', '')}")


def host_is_allowed(settings: ServeSettings, host: str) -> bool:
    """Whether a Host header names this server.

    An attacker who rebinds a name to this machine sends that name, never an address; so addresses are
    fine where the server is bound to more than loopback.
    """
    name = urllib.parse.urlsplit(f"//{host}").hostname or ""
    if is_loopback(name) or name == settings.host.lower() or name in settings.allow_hosts:
        return True
    if is_loopback(settings.host):
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def origin_is_own(headers: Headers) -> bool:
    """Whether a request that changes something comes from our own pages, or from no browser at all."""
    origin = headers.get("origin")
    if origin is not None:
        return urllib.parse.urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    return headers.get("sec-fetch-site", "none") in {"none", "same-origin"}


class Gate:
    """The ASGI layer around everything: checks host, origin and identity, and adds the security headers."""

    def __init__(self, app: ASGIApp, settings: ServeSettings, sessions: Sessions) -> None:
        self.app = app
        self.settings = settings
        self.sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or go on with `Access` in the scope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        guarded = with_headers(send)
        refusal = self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, guarded)
        else:
            await refusal(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        request = Request(scope)
        if not _host_fits(self.settings, request.headers.get("host", "")):
            hint = "Open it as http://127.0.0.1, or name the host in serve.allow_hosts."
            return refuse(421, "This server does not answer to that host name.", hint)
        if request.method not in {"GET", "HEAD", "OPTIONS"} and not origin_is_own(request.headers):
            return refuse(403, "Another site may not change anything here.", "Use Everask's own pages.")
        access = decide(self.settings, self.sessions, request)
        scope[ACCESS_KEY] = access
        path = scope["path"]
        if access is not None or path in OPEN_PATHS or path.startswith(OPEN_FOLDER):
            return None
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(f"/login?{urllib.parse.urlencode({'next': path})}", 303)
        response = refuse(401, "A token is needed.", "Send it as `Authorization: Bearer TOKEN`.")
        response.headers["www-authenticate"] = "Bearer"
        return response


def access_of(request: Request) -> Access:
    """What the gate decided for this request."""
    access = request.scope[ACCESS_KEY]
    assert isinstance(access, Access), "a route behind the gate has an access"
    return access


def refuse(status: int, message: str, hint: str = "") -> Response:
    """An error in the one shape that all errors have."""
    return JSONResponse({"error": {"message": message, "hint": hint}}, status)


def with_headers(send: Send) -> Send:
    """Add the security headers to whatever is sent, unless the response has its own."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message.get("headers", [])}
            extra = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
            message["headers"] = [
                *message.get("headers", []),
                *((name, value) for name, value in extra if name not in present),
            ]
        await send(message)

    return guarded


def _host_fits(settings: ServeSettings, host: str) -> bool:
    try:
        return host_is_allowed(settings, host)
    except ValueError:
        return False


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
