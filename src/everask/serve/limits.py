"""How much may run and wait at once; the rest is turned away with a time to come back."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from everask.errors import BusyError

T = TypeVar("T")


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
        self.num_waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.num_waiting -= 1
        started = time.monotonic()
        try:
            yield
        finally:
            self._slots.release()
            self._usual_seconds += 0.2 * (time.monotonic() - started - self._usual_seconds)

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
