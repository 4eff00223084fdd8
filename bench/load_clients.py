"""Those who search, ask and add in bench/load.py: one event loop that sends requests and notes the replies.

Half of the searchers are programs (POST /api/search), half are people at a page, whose browser then asks for
the marks. Time counts from before a request is sent to the last byte of its reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import random
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import aiohttp

Kind = Literal["search", "page", "marks", "ask", "add"]
MARKS = re.compile(r'<ea-hits marks="([^"]+)"')
FILES_AT_ONCE = 10
LEAVES = 0.25
"""The share of askers who leave at the first sentence."""
GRACE_SECONDS = 20.0
LONGEST_LINE = 4 << 20
TIMEOUT = aiohttp.ClientTimeout(total=120)


@dataclass(slots=True)
class Reply:
    """What came of a request: when it ended, how long it took (seconds), its status (0 for none), and whether
    a 429 said when to come back. Of an answer also when its first quote and first checked sentence came, and
    whether the asker left; of an upload the number of files."""

    kind: Kind
    ended: float
    seconds: float
    status: int
    says_when: bool = False
    quote: float | None = None
    sentence: float | None = None
    left: bool = False
    number: int = 0


@dataclass(slots=True)
class Crowd:
    """Clients of one server, who go on until `stopped`."""

    url: str
    tokens: Sequence[str]
    questions: Sequence[str]
    files: Iterator[tuple[str, bytes]]
    think: float = 5.0
    ask_think: float = 20.0
    replies: list[Reply] = field(default_factory=list)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    seed: int = 1

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[aiohttp.ClientSession]:
        """A session for all of them."""
        connector = aiohttp.TCPConnector(limit=0)
        opened = aiohttp.ClientSession(
            self.url, connector=connector, timeout=TIMEOUT, read_bufsize=LONGEST_LINE
        )
        async with opened as session:
            yield session

    async def searcher(self, session: aiohttp.ClientSession, number: int) -> None:
        """Think, search, think: exponential times with a mean of `think`, a tenfold at most."""
        source = random.Random(f"{self.seed} searcher {number}")
        while not await self.rests(min(source.expovariate(1 / self.think), 10 * self.think)):
            await self.search(session, number, source.choice(self.questions))

    async def search(self, session: aiohttp.ClientSession, number: int, question: str) -> None:
        """One search: by the API for even numbers, by the page for odd ones."""
        headers = self._headers(number)
        if number % 2 == 0:
            body = {"text": question, "top": 10}
            await self._note("search", lambda: session.post("/api/search", json=body, headers=headers))
            return
        headers["accept"] = "text/html"
        asked = {"question": question}
        text = await self._note("page", lambda: session.get("/search", params=asked, headers=headers))
        if found := MARKS.search(text):
            address = html.unescape(found[1])
            await self._note("marks", lambda: session.get(address, headers=headers))

    async def asker(self, session: aiohttp.ClientSession, number: int) -> None:
        """Ask, read, think; one in four leaves at the first sentence."""
        source = random.Random(f"{self.seed} asker {number}")
        while not await self.rests(source.expovariate(1 / self.ask_think)):
            leaves = source.random() < LEAVES
            await self.ask(session, number, source.choice(self.questions), leaves=leaves)

    async def ask(self, session: aiohttp.ClientSession, number: int, question: str, *, leaves: bool) -> None:
        """One question, its answer read as it comes."""
        headers = {**self._headers(number), "accept": "text/event-stream"}
        started = time.perf_counter()
        reply = Reply("ask", 0.0, 0.0, 0)
        try:
            async with session.post("/api/ask", json={"text": question}, headers=headers) as response:
                reply.status, reply.says_when = response.status, "retry-after" in response.headers
                if response.status == 200:
                    async for line in response.content:
                        since = time.perf_counter() - started
                        if line.startswith(b"event: quotes"):
                            reply.quote = since
                        elif line.startswith((b"event: claim", b"event: answer")):
                            reply.sentence = reply.sentence or since
                            if leaves and line.startswith(b"event: claim"):
                                reply.left = True
                                break
                        elif line.startswith(b"event: error"):
                            reply.status = 500
                else:
                    await response.read()
        except (aiohttp.ClientError, TimeoutError):
            reply.status = 0
        self._keep(reply, started)

    async def ingester(self, session: aiohttp.ClientSession) -> None:
        """Upload ten files after another, without a pause."""
        while not self.stopped.is_set():
            form = aiohttp.FormData()
            for name, data in (next(self.files) for _ in range(FILES_AT_ONCE)):
                form.add_field("files", data, filename=name, content_type="text/plain")
            headers = {"authorization": f"Bearer {self.tokens[0]}"}
            started, status = time.perf_counter(), 0
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.post("/api/documents", data=form, headers=headers) as response:
                    status = response.status
                    await response.read()
            self._keep(Reply("add", 0.0, 0.0, status, number=FILES_AT_ONCE), started)
            if status != 200:
                await self.rests(1.0)

    async def open_loop(self, session: aiohttp.ClientSession, rate: float, seconds: float) -> None:
        """Searches that begin at random times, `rate` a second, whether earlier ones are answered or not."""
        source = random.Random(f"{self.seed} rate {rate}")
        until, running = time.perf_counter() + seconds, set[asyncio.Task[None]]()
        number = 0
        while time.perf_counter() < until:
            await asyncio.sleep(source.expovariate(rate))
            number += 1
            work = self.search(session, number, source.choice(self.questions))
            task = asyncio.get_running_loop().create_task(work)
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.gather(*running)

    async def rests(self, seconds: float) -> bool:
        """Wait; whether it all ended meanwhile."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.stopped.wait(), seconds)
        return self.stopped.is_set()

    async def _note(
        self,
        kind: Kind,
        send: Callable[[], contextlib.AbstractAsyncContextManager[aiohttp.ClientResponse]],
    ) -> str:
        started, text = time.perf_counter(), ""
        reply = Reply(kind, 0.0, 0.0, 0)
        try:
            async with send() as response:
                text = await response.text()
                reply.status, reply.says_when = response.status, "retry-after" in response.headers
        except (aiohttp.ClientError, TimeoutError):
            reply.status = 0
        self._keep(reply, started)
        return text if reply.status == 200 else ""

    def _keep(self, reply: Reply, started: float) -> None:
        reply.ended = time.perf_counter()
        reply.seconds = reply.ended - started
        self.replies.append(reply)

    def _headers(self, number: int) -> dict[str, str]:
        people = self.tokens[1:]
        return {"authorization": f"Bearer {people[number % len(people)]}"}


async def run_for(seconds: float, crowd: Crowd, work: Sequence[Awaitable[None]]) -> None:
    """Let them go on for a while, then stop; who is not done soon hangs up."""
    tasks = [asyncio.ensure_future(one) for one in work]
    await asyncio.sleep(seconds)
    crowd.stopped.set()
    _, late = await asyncio.wait(tasks, timeout=GRACE_SECONDS)
    for task in late:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome
