"""/openapi.json: what the HTTP API is, for programs. Making it takes a second of computing, so it is made
once, when it is first asked for, beside the event loop, and kept as it is sent.
"""

from __future__ import annotations

import json
import threading

import anyio.to_thread
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATH = "/openapi.json"


class Description:
    """The description of an application."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._made: bytes | None = None

    def read(self) -> bytes:
        """The JSON, UTF-8. Blocking, the first time; who asks meanwhile waits for the one that is made."""
        with self._lock:
            if self._made is None:
                said = json.dumps(self._app.openapi(), ensure_ascii=False, separators=(",", ":"))
                self._made = said.encode()
            return self._made

    async def show(self, request: Request) -> Response:
        """Send it."""
        return Response(await anyio.to_thread.run_sync(self.read), media_type="application/json")

    def route(self) -> Route:
        """Where it is read."""
        return Route(PATH, self.show, methods=["GET"], include_in_schema=False)
