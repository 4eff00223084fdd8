"""Where a queue is full for everybody, the next request is told so before anything else is done for it.

Who it is, what they may read and what they ask for costs as much as a part of the answer: under ten times the
load that the machine can bear, looking at those who are turned away would leave nothing for the others.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from everask.errors import BusyError
from everask.serve.auth import with_headers
from everask.serve.doors import Doors
from everask.serve.errors import error_reply
from everask.serve.limits import Turnstile


class Shedding:
    """An ASGI layer before the gate."""

    def __init__(self, app: ASGIApp, doors: Doors) -> None:
        self.app = app
        asks, searches = doors.asks.turnstile, doors.searches
        self._queues: dict[tuple[str, str], Turnstile] = {
            ("POST", "/api/search"): searches,
            ("GET", "/search"): searches,
            ("GET", "/search/marks"): doors.marks,
            ("POST", "/api/ask"): asks,
            ("POST", "/asks"): asks,
            ("POST", "/v1/chat/completions"): asks,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or go on."""
        queue = self._queues.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if queue is not None and (scope["method"] == "POST" or scope["query_string"]):
            try:
                queue.check_room()
            except BusyError as error:
                await error_reply(Request(scope), 429, error)(scope, receive, with_headers(send))
                return
        await self.app(scope, receive, send)
