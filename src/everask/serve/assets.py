"""Styles, scripts and the icon: read once, and sent from memory, before anybody is asked who they are.

A page names each by its content's hash, so that a browser keeps it until it changes without asking again.
"""

from __future__ import annotations

import functools
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

WEB = Path(__file__).parent / "web"
TEMPLATES = WEB / "templates"
PREFIX = "/static"
KEPT = "public, max-age=31536000, immutable"
ASKED_AGAIN = "no-cache"
_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Asset:
    """A file's bytes, what they are, and their hash."""

    data: bytes
    media_type: str
    version: str


@functools.cache
def assets() -> Mapping[str, Asset]:
    """All of them, by their path below the folder; templates are not among them."""
    found: dict[str, Asset] = {}
    for path in sorted(WEB.rglob("*")):
        if path.is_file() and TEMPLATES not in path.parents:
            data = path.read_bytes()
            kind = "text/javascript" if path.suffix == ".js" else mimetypes.guess_type(path.name)[0]
            version = hashlib.sha256(data).hexdigest()[:_LENGTH]
            name = path.relative_to(WEB).as_posix()
            found[name] = Asset(data, kind or "application/octet-stream", version)
    return found


def asset_url(name: str) -> str:
    """Where a page finds a file."""
    return f"{PREFIX}/{name}?v={assets()[name].version}"


class Assets:
    """The ASGI application behind /static."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A file; or nothing, where the browser has it."""
        request = Request(scope)
        name = request.url.path.removeprefix(f"{PREFIX}/")
        await asset_reply(request, name)(scope, receive, send)


def asset_reply(request: Request, name: str) -> Response:
    """A file, as the browser has it or not."""
    found = assets().get(name)
    if found is None:
        raise HTTPException(404, "Not Found")
    if request.method not in {"GET", "HEAD"}:
        raise HTTPException(405, "Method Not Allowed")
    tag = f'"{found.version}"'
    is_named = request.query_params.get("v") == found.version
    headers = {"etag": tag, "cache-control": KEPT if is_named else ASKED_AGAIN}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(found.data, media_type=found.media_type, headers=headers)
