"""Who may come in: one decision for every door (pages, REST, OpenAI, MCP), before any of them runs.

On loopback, while there are no users and no token, the person at this machine is the owner. Otherwise
everybody says who they are: programs by a bearer token, people by a form that sets a session cookie. Who
that is is looked up for each request, so that what is taken back holds at the next one; `rules.py` says what
they may do. The Host header is checked against DNS rebinding, and the origin of whatever changes state
against forgery by other sites. Knows nothing of what is behind the doors.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from everask.errors import SettingsError
from everask.index.accounts import Accounts
from everask.index.credentials import Credentials, Identity
from everask.index.database import Database
from everask.serve import assets, sites
from everask.serve.rules import Role, allows, level_of, methods_at
from everask.settings import EmbedSettings, ServeSettings

COOKIE = "everask_session"
ACCESS_KEY = "everask.access"
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
    is, None for the owner; `role` is what they may do; `by_token`: a program that holds a token.
    """

    local: bool
    groups: tuple[str, ...] | None = None
    asker: str = ""
    user: int | None = None
    role: Role = "owner"
    name: str = ""
    by_token: bool = False


class Guard:
    """Who there is, and the one decision who it is that asks."""

    def __init__(
        self,
        settings: ServeSettings,
        database: Database,
        *,
        with_provider: bool = False,
        embed: EmbedSettings | None = None,
    ) -> None:
        self.settings = settings
        self.embed = embed or EmbedSettings()
        self.with_provider = with_provider
        self.accounts = Accounts(database)
        self.credentials = Credentials(database)
        self.has_users = False  # as the last request saw
        self._notes: set[asyncio.Task[None]] = set()

    @property
    def asks_for_login(self) -> bool:
        """Whether people have to log in, as far as the last request saw."""
        return self.has_users or self.with_provider or needs_token(self.settings)

    async def decide(self, request: Request) -> Access | None:
        """Who this is and what they may read; None for somebody unknown."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        cookie = request.cookies.get(COOKIE, "")
        found, self.has_users = await anyio.to_thread.run_sync(
            self.credentials.identify, bearer, cookie, self.settings.token
        )
        from_here = request.client is None or is_loopback(request.client.host)
        if not self.asks_for_login:
            return Access(local=from_here, asker=_asker_of(request))
        if found is None:
            return None
        if found.stale_token:
            self._note_used(found.stale_token)
        local = from_here and is_loopback(self.settings.host) and not self.settings.allow_hosts
        return _access(found, local, _asker_of(request))

    def visitor(self, request: Request) -> Access:
        """Who asks from another site's page: nobody in particular, whatever they send."""
        host = request.client.host if request.client else ""
        return Access(local=False, groups=self.embed.groups, asker=f"visitor {_hash(host)}", role="member")

    def may(self, method: str, path: str, access: Access | None) -> bool:
        """Whether the table of rules lets them do this."""
        role = access.role if access else None
        return allows(level_of(method, path), role, members_may_add=self.settings.members_may_add)

    def _note_used(self, token: str) -> None:
        """In the background: a request does not wait for whoever writes."""
        task = asyncio.get_running_loop().create_task(
            anyio.to_thread.run_sync(self.credentials.note_used, token)
        )
        self._notes.add(task)
        task.add_done_callback(self._notes.discard)


def _access(found: Identity, local: bool, asker: str) -> Access:
    if found.user is None:
        return Access(local=local, asker=asker, by_token=found.by_token)
    user = found.user
    groups = None if user.role == "admin" else user.groups
    return Access(False, groups, f"user {user.id}", user.id, user.role, user.name, found.by_token)


def check_settings(settings: ServeSettings, *, has_users: bool = False) -> None:
    """Raises SettingsError where a server that others can reach has neither a token nor users."""
    if needs_token(settings) and not settings.token and not has_users:
        raise SettingsError(
            f"A server on {settings.host} can be reached by others and needs a token or users.",
            "Set serve.token (or EVERASK_SERVE_TOKEN) to a long random text, make users with "
            "`everask users add`, or serve on 127.0.0.1.",
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

    def __init__(self, app: ASGIApp, guard: Guard) -> None:
        self.app = app
        self.guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or go on with `Access` in the scope."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        site = sites.listed_site(self.guard.embed, scope["path"], Headers(scope=scope))
        guarded = with_headers(send, sites.cors_headers(site) if site else {})
        refusal = await self._refusal(scope)
        if refusal is None:
            await self.app(scope, receive, guarded)
        else:
            await refusal(scope, receive, guarded)

    async def _refusal(self, scope: Scope) -> Response | None:
        request = Request(scope)
        if not _host_fits(self.guard.settings, request.headers.get("host", "")):
            hint = "Open it as http://127.0.0.1, or name the host in serve.allow_hosts."
            return refuse(421, "This server does not answer to that host name.", hint)
        site = sites.listed_site(self.guard.embed, scope["path"], request.headers)
        if request.method not in {"GET", "HEAD", "OPTIONS"} and not (site or origin_is_own(request.headers)):
            return refuse(403, "Another site may not change anything here.", "Use Everask's own pages.")
        if scope["path"].startswith(f"{assets.PREFIX}/"):
            return None  # the same for everybody, and there before who it is could be looked up
        path = scope["path"]
        if path.startswith(sites.PREFIX):
            scope[ACCESS_KEY] = self.guard.visitor(request)
            return sites.preflight() if site and request.method == "OPTIONS" else None
        access = await self.guard.decide(request)
        scope[ACCESS_KEY] = access
        if self.guard.may(request.method, path, access):
            return None
        if (methods := methods_at(path)) and request.method not in (*methods, "HEAD"):
            return _no_such_method(methods)
        if access is not None:
            return _not_theirs(request.method, path)
        if "text/html" in request.headers.get("accept", ""):
            return RedirectResponse(f"/login?{urllib.parse.urlencode({'next': path})}", 303)
        response = refuse(401, "A token is needed.", "Send it as `Authorization: Bearer TOKEN`.")
        response.headers["www-authenticate"] = "Bearer"
        return response


def _not_theirs(method: str, path: str) -> Response:
    """The same for everybody who may not, whatever there is behind it."""
    if level_of(method, path) == "owner":
        return refuse(404, "Not Found.", "/openapi.json describes what there is.")
    return refuse(403, "Only an admin may do this.", "Ask one of this server's admins.")


def _no_such_method(methods: tuple[str, ...]) -> Response:
    """The same for everybody: which routes there are is no secret."""
    response = refuse(405, "Method Not Allowed.", "/openapi.json describes what there is.")
    response.headers["allow"] = ", ".join(methods)
    return response


def access_of(request: Request) -> Access:
    """What the gate decided for this request."""
    access = request.scope[ACCESS_KEY]
    assert isinstance(access, Access), "a route behind the gate has an access"
    return access


def refuse(status: int, message: str, hint: str = "") -> Response:
    """An error in the one shape that all errors have."""
    return JSONResponse({"error": {"message": message, "hint": hint}}, status)


def with_headers(send: Send, more: Mapping[str, str] | None = None) -> Send:
    """Add the security headers to whatever is sent, unless the response has its own; and `more`."""

    async def guarded(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name.lower() for name, _ in message.get("headers", [])}
            added = {**SECURITY_HEADERS, **(more or {})}
            extra = [(name.encode(), value.encode()) for name, value in added.items()]
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
