"""How much may run and wait at once; the rest is turned away with a time to come back."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from everask.errors import BusyError
from everask.serve.auth import refuse

T = TypeVar("T")
MAX_BODY_BYTES = 1_000_000
UPLOAD_PATHS = ("/api/documents", "/documents")


class Turnstile:
    """Lets `num_running` through at once and `max_waiting` wait; of one event loop, not of threads."""

    def __init__(self, num_running: int, max_waiting: int) -> None:
        self.num_running = num_running
        self.max_waiting = max_waiting
        self.num_waiting = 0
        self._slots = anyio.Semaphore(num_running)
        self._threads = anyio.CapacityLimiter(num_running)
        self._usual_seconds = 1.0

    @contextlib.asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Wait for a slot and hold it. Raises BusyError when too many wait already."""
        self.check()
        try:
            self._slots.acquire_nowait()
        except anyio.WouldBlock:
            await self._wait()
        started = time.monotonic()
        try:
            yield
        finally:
            self._slots.release()
            self._usual_seconds += 0.2 * (time.monotonic() - started - self._usual_seconds)

    async def _wait(self) -> None:
        self.num_waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.num_waiting -= 1

    def check(self) -> None:
        """Raises BusyError when too many wait already."""
        if self._slots.value == 0 and self.num_waiting >= self.max_waiting:
            raise BusyError("Too many requests are waiting.", self.retry_after())

    async def run(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread, holding a slot."""
        async with self.enter():
            return await self.run_inside(work)

    async def run_inside(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread, for one who holds a slot already."""
        return await anyio.to_thread.run_sync(work, limiter=self._threads, abandon_on_cancel=True)

    def retry_after(self) -> int:
        """Seconds until those who wait now have probably been served, 1 to 120."""
        ahead = (self.num_waiting + 1) / self.num_running
        return max(1, min(120, math.ceil(ahead * self._usual_seconds)))


class BodyLimit:
    """An ASGI layer that refuses bodies over a limit, by what they claim to be and by what they are."""

    def __init__(self, app: ASGIApp, max_upload_bytes: int) -> None:
        self.app = app
        self.max_upload_bytes = max_upload_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or count what comes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self.max_upload_bytes if scope["path"] in UPLOAD_PATHS else MAX_BODY_BYTES
        claimed = Headers(scope=scope).get("content-length", "0")
        if not claimed.isdecimal() or int(claimed) > most:
            hint = "Send less at once, or raise serve.max_upload_bytes."
            refusal = refuse(413, f"The request is larger than {most:,} bytes.", hint)
            await refusal(scope, receive, send)
            return
        await self.app(scope, _counted(receive, most), send)


def _counted(receive: Receive, most: int) -> Receive:
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > most:
            raise HTTPException(413, f"The request is larger than {most:,} bytes")
        return message

    return counted
