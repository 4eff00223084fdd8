"""Questions as resources: each is answered once, in a thread, and followed by any number of readers.

A reader that was cut off goes on where it was; when nobody is left, the work is stopped, and it starts
again when somebody comes back. All doors ask through here, so they share one queue. A finished answer is kept
in the store, and found there after a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import anyio.to_thread

from everask.errors import EveraskError, NotFoundError, UsageError
from everask.index.asks import KeptAsk, are_readable, holds, keep_ask
from everask.pipeline.asking import Origin
from everask.serve.asked import Ask, AskEvent, Failed, Restarted
from everask.serve.auth import Access
from everask.serve.kept import to_keep, unpack
from everask.serve.limits import Turnstile
from everask.types import (
    Answer,
    Answered,
    Filters,
    QuotesFound,
    Turn,
)

if TYPE_CHECKING:
    from everask.pipeline import Engine

MAX_KEPT = 500
MAX_QUESTION = 4_000
NO_FILTERS = Filters()
FIRST_GRACE = 15.0
PING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Said:
    """What was said before a question: turns, oldest first, or the id of the question that it follows."""

    turns: Sequence[Turn] = ()
    follows: str = ""


NOTHING_SAID = Said()


def no_answer() -> NotFoundError:
    """The same for an answer that never was, is forgotten, or is somebody else's."""
    return NotFoundError("There is no such answer.", "Ask the question again.")


class Asks:
    """The questions asked since the start, newest last; the store keeps the newest `most_kept` of each."""

    def __init__(
        self, engine: Engine, turnstile: Turnstile, most_kept: int = 0, origin: Origin = "answer"
    ) -> None:
        self.engine, self.turnstile = engine, turnstile
        self.most_kept, self.origin = most_kept, origin
        self.at_hand: OrderedDict[str, Ask] = OrderedDict()

    def start(
        self,
        question: str,
        filters: Filters,
        who: Access,
        *,
        grace: float = 0.0,
        said: Said = NOTHING_SAID,
    ) -> Ask:
        """Ask. `grace` is how many seconds the work goes on after its last reader has left; the queue
        serves one asker after another. What was `said` before completes the question; one that follows
        another has its limits, unless it has its own.

        Raises UsageError for an empty or very long question, BusyError when too many wait.
        """
        question = question.strip()
        if not question:
            raise UsageError("The question is empty.", "Write what you want to know.")
        if len(question) > MAX_QUESTION:
            raise UsageError(
                f"The question has {len(question):,} characters; {MAX_QUESTION:,} are allowed.",
                "Ask in fewer words, and add long texts as documents.",
            )
        self.turnstile.check(who.asker)
        ask = Ask(secrets.token_urlsafe(12), question, filters, who.groups, grace, who.asker, who.user)
        ask.history, ask.follows = tuple(said.turns), said.follows
        if said.follows:
            before = self.get(said.follows, who)
            ask.history, ask.carried = before.turns, before.shown
            ask.filters = filters if filters != NO_FILTERS else before.filters
        self.at_hand[ask.id] = ask
        self._forget()
        self._begin(ask)
        return ask

    def get(self, identifier: str, who: Access) -> Ask:
        """One of those at hand. Raises NotFoundError for one that is not, that is somebody else's, or that
        was made with rights that no longer hold."""
        ask = self.at_hand.get(identifier)
        if ask is None or ask.user != who.user or not holds(ask.groups, who.groups):
            raise no_answer()
        return ask

    def open(self, stored: KeptAsk, who: Access) -> Ask:
        """Have one at hand that the store kept. Raises NotFoundError where it cannot be read any more."""
        contents = unpack(stored.data)
        if contents is None:
            raise no_answer()
        ask = Ask(stored.id, stored.question, contents.filters, stored.groups, 0.0, who.asker, stored.user)
        ask.history, ask.follows, ask.carried = contents.history, stored.follows, stored.documents
        ask.events, ask.asked_at = list(contents.events), stored.asked_at
        ask.state, ask.kept, ask.glosses = "done", True, list(contents.glosses)
        self.at_hand.setdefault(ask.id, ask)
        self._forget()
        return ask

    def unkept(self, who: Access) -> list[Ask]:
        """Their answers that the store has not kept yet, newest first."""
        new = (ask for ask in reversed(self.at_hand.values()) if ask.state == "done" and not ask.kept)
        return [ask for ask in new if ask.user == who.user and holds(ask.groups, who.groups)]

    def forget(self, ask: Ask) -> None:
        """Stop it, and have it no longer at hand."""
        ask.stop()
        self.at_hand.pop(ask.id, None)

    def visit(self, ask: Ask, seconds: float) -> None:
        """Somebody looks at it without following: keep it going for a while, or start it again."""
        if ask.state == "stopped":
            self._restart(ask)
        if not ask.finished:
            ask.visited_until = time.monotonic() + seconds
            ask.expect_follower(seconds)

    async def follow(self, ask: Ask, after: int = 0) -> AsyncGenerator[tuple[int, AskEvent | None]]:
        """Events with their numbers from 1, beginning after `after`; None now and then, as a sign of life.

        The last reader to leave stops the work, after the grace.
        """
        if ask.state == "stopped":
            self._restart(ask)
        ask.num_followers += 1
        ask.visited_until = 0.0
        number = max(0, min(after, len(ask.events)))
        try:
            while True:
                changed = ask.changed
                while number < len(ask.events):
                    number += 1
                    yield number, ask.events[number - 1]
                if ask.finished:
                    return
                try:
                    await asyncio.wait_for(changed.wait(), PING_SECONDS)
                except TimeoutError:
                    yield number, None
        finally:
            ask.num_followers -= 1
            if ask.num_followers == 0 and not ask.finished:
                # Who loads the page again asks for the page before the old stream ends.
                seconds = max(ask.grace, ask.visited_until - time.monotonic())
                if seconds > 0:
                    ask.expect_follower(seconds)
                else:
                    ask.stop()

    async def quotes(self, ask: Ask, seconds: float) -> QuotesFound | None:
        """Wait some seconds for the quotes that it begins with; None where they take longer, or none come."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not ask.quotes and not ask.finished:
                    await ask.changed.wait()
        return ask.quotes

    async def answer(self, ask: Ask) -> Answer:
        """Wait for the whole answer. Raises what made it fail."""
        async with contextlib.aclosing(self.follow(ask)) as events:
            async for _ in events:
                pass
        if ask.error:
            raise ask.error
        if ask.answer is None:
            raise EveraskError("The answer was stopped.", "Ask the question again.")
        return ask.answer

    def close(self) -> None:
        """Stop everything."""
        for ask in self.at_hand.values():
            ask.stop()

    def _begin(self, ask: Ask) -> None:
        ask.state = "waiting"
        ask.cancelled = threading.Event()
        ask.task = asyncio.get_running_loop().create_task(self._work(ask, ask.cancelled))
        ask.expect_follower(max(ask.grace, FIRST_GRACE))

    def _restart(self, ask: Ask) -> None:
        ask.note(Restarted())
        self._begin(ask)

    async def _work(self, ask: Ask, cancelled: threading.Event) -> None:
        loop, started, ask.pile = asyncio.get_running_loop(), time.monotonic(), -1

        def keep(event: AskEvent) -> None:
            if not cancelled.is_set():
                ask.note(event)

        def run() -> None:
            _, ask.pile = are_readable(self.engine.store.database, (), None)
            limits = (ask.filters, ask.groups, cancelled.is_set)
            stream = self.engine.ask_stream(
                ask.question, *limits, history=ask.history, user=ask.user, origin=self.origin
            )
            for event in stream:
                if cancelled.is_set():
                    return
                if isinstance(event, Answered):
                    # For who asked, the time in the queue and for finding counts too.
                    event = Answered(replace(event.answer, seconds=time.monotonic() - started))
                loop.call_soon_threadsafe(keep, event)

        try:
            async with self.turnstile.enter(ask.asker):
                ask.state = "running"
                await self.turnstile.run_inside(run)
            ask.state = "done"
        except EveraskError as error:
            ask.state = "failed"
            ask.note(Failed(error))
        except Exception:  # the edge of a request: the cause goes to the log, not out
            logging.getLogger(__name__).exception("answering failed")
            ask.state = "failed"
            ask.note(Failed(EveraskError("Something went wrong inside.", "The server's log says more.")))
        ask.wake()
        if ask.state == "done" and self.most_kept:
            await self._keep(ask)

    async def _keep(self, ask: Ask) -> None:
        """Let the store keep it. An answer that cannot be kept is an answer all the same."""
        write = functools.partial(keep_ask, self.engine.store.database, to_keep(ask), self.most_kept)
        try:
            await anyio.to_thread.run_sync(write)
            ask.kept = True
        except EveraskError as error:
            logging.getLogger(__name__).warning("an answer could not be kept: %s", type(error).__name__)

    def _forget(self) -> None:
        while len(self.at_hand) > MAX_KEPT:
            _, old = self.at_hand.popitem(last=False)
            old.stop()
