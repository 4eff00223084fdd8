"""How much may run and wait at once; the rest is turned away with a time to come back."""

from __future__ import annotations

import contextlib
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
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
MAX_REMEMBERED = 20_000
"""Names and addresses that tried to log in."""
UPLOAD_PATHS = ("/api/documents", "/documents")


@dataclass(slots=True)
class _Ticket:
    """One who waits; `called` once the slot is theirs."""

    asker: str
    turn: anyio.Event = field(default_factory=anyio.Event)
    called: bool = False


class Turnstile:
    """Lets `num_running` through at once and `max_waiting` wait; of one event loop, not of threads. Who has
    waited for `longest_wait` seconds is turned away too: they would be served when they no longer look.

    Who waits is called in turn by asker, not by time: one who asks fifty things at once waits behind
    himself, not the others behind him. For the same reason the last quarter of the places is kept for
    those who have none.
    """

    def __init__(self, num_running: int, max_waiting: int, longest_wait: float = math.inf) -> None:
        self.num_running = num_running
        self.max_waiting = max_waiting
        self.longest_wait = longest_wait
        self.num_turned_away = 0
        self._num_free = num_running
        # A line for each asker; the first line's first is called next, then that line goes to the end.
        self._lines: OrderedDict[str, deque[_Ticket]] = OrderedDict()
        self._threads = anyio.CapacityLimiter(num_running)
        self._usual_seconds = 1.0

    @property
    def num_waiting(self) -> int:
        """How many wait, of all askers."""
        return sum(map(len, self._lines.values()))

    @property
    def num_inside(self) -> int:
        """How many hold a slot."""
        return self.num_running - self._num_free

    @contextlib.asynccontextmanager
    async def enter(self, asker: str = "") -> AsyncIterator[None]:
        """Wait for a slot and hold it. Raises BusyError when too many wait already."""
        self.check(asker)
        if self._num_free:
            self._num_free -= 1
        else:
            await self._wait(asker)
        started = time.monotonic()
        try:
            yield
        finally:
            self._call_next()
            self._usual_seconds += 0.2 * (time.monotonic() - started - self._usual_seconds)

    def check_room(self) -> None:
        """Raises BusyError when there is no place left for anybody."""
        if not self._num_free and self.num_waiting >= self.max_waiting:
            raise self._turn_away()

    def check(self, asker: str = "") -> None:
        """Raises BusyError when too many wait already."""
        if self._num_free:
            return
        own = len(self._lines.get(asker, ()))
        if self.num_waiting >= self.max_waiting or own >= math.ceil(0.75 * self.max_waiting):
            raise self._turn_away()

    def _turn_away(self) -> BusyError:
        self.num_turned_away += 1
        return BusyError("Too many requests are waiting.", self.retry_after())

    async def _wait(self, asker: str) -> None:
        ticket = _Ticket(asker)
        self._lines.setdefault(asker, deque()).append(ticket)
        try:
            with anyio.move_on_after(self.longest_wait):
                await ticket.turn.wait()
            if not ticket.called:
                raise self._turn_away()
        except BaseException:
            if ticket.called:  # called in the very moment of giving up: the slot goes to another
                self._call_next()
            else:
                self._leave(ticket)
            raise

    def _leave(self, ticket: _Ticket) -> None:
        line = self._lines[ticket.asker]
        line.remove(ticket)
        if not line:
            del self._lines[ticket.asker]

    def _call_next(self) -> None:
        """Give a slot that became free to who is next, if anybody waits."""
        if not self._lines:
            self._num_free += 1
            return
        asker, line = next(iter(self._lines.items()))
        ticket = line.popleft()
        if line:
            self._lines.move_to_end(asker)
        else:
            del self._lines[asker]
        ticket.called = True
        ticket.turn.set()

    async def run(self, work: Callable[[], T], asker: str = "") -> T:
        """Run blocking work in a thread, holding a slot."""
        async with self.enter(asker):
            return await self.run_inside(work)

    async def run_inside(self, work: Callable[[], T]) -> T:
        """Run blocking work in a thread, for one who holds a slot already."""
        return await anyio.to_thread.run_sync(work, limiter=self._threads, abandon_on_cancel=True)

    def retry_after(self) -> int:
        """Seconds until those who wait now have probably been served, 1 to 120."""
        ahead = (self.num_waiting + 1) / self.num_running
        return max(1, min(120, math.ceil(ahead * self._usual_seconds)))


class Attempts:
    """Counts tries to log in, by name and by address: guessing a password takes too long to be worth it.

    In memory, since a restart costs whoever guesses more than it forgives. Of one event loop.
    """

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    def count(self, *keys: str) -> None:
        """Note a try before it is made. Raises BusyError where there were too many lately."""
        now = time.monotonic()
        for key in keys:
            tries = self._tries.get(key, deque())
            while tries and tries[0] <= now - self.seconds:
                tries.popleft()
            if len(tries) >= self.most:
                wait = math.ceil(tries[0] + self.seconds - now)
                raise BusyError("Too many tries to log in.", max(1, wait))
        for key in keys:
            self._tries.setdefault(key, deque()).append(now)
            self._tries.move_to_end(key)
        while len(self._tries) > MAX_REMEMBERED:
            self._tries.popitem(last=False)

    def forgive(self, *keys: str) -> None:
        """The try was right: it does not count."""
        for key in keys:
            if self._tries.get(key):
                self._tries[key].pop()


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
