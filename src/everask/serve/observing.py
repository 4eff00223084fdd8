"""The outermost layer: times each request, counts it by its route and logs it, with a number of its own."""

from __future__ import annotations

import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from everask.serve.logs import log_request
from everask.serve.metrics import Metrics

UNKNOWN = "(none)"
_FOLDERS = ("/static", "/mcp")


class Observed:
    """The ASGI layer that sees every request and every reply."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on, and note what became of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.monotonic(), 500
        number = secrets.token_hex(8)

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = int(message["status"])
                headers = [*message.get("headers", []), (b"x-request-id", number.encode())]
                message = {**message, "headers": headers}
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            seconds = time.monotonic() - started
            route, method = route_of(scope), method_of(scope)
            self.metrics.count(route, method, status, seconds)
            log_request(
                {
                    "request": number,
                    "route": route,
                    "method": method,
                    "status": status,
                    "seconds": round(seconds, 4),
                }
            )


def route_of(scope: Scope) -> str:
    """The template of the route that took a request; never its path, which may name a document or answer."""
    template = getattr(scope.get("route"), "path", "")
    if template:
        return str(template)
    path = scope["path"]
    return next((one for one in _FOLDERS if path == one or path.startswith(f"{one}/")), UNKNOWN)


def method_of(scope: Scope) -> str:
    """The method, if it is one: whoever sends requests may write anything there."""
    method = str(scope["method"])
    return method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "OTHER"
