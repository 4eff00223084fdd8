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
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import anyio.to_thread

from everask.dialogue import MAX_TURNS
from everask.errors import EveraskError, NotFoundError, UsageError
from everask.index.asks import KeptAsk, are_readable, holds, keep_ask
from everask.pipeline.asking import Origin
from everask.serve.auth import Access
from everask.serve.kept import Glossed, to_keep, unpack
from everask.serve.limits import Turnstile
from everask.types import (
    Answer,
    Answered,
    AnswerEvent,
    Claim,
    ClaimChecked,
    Filters,
    QuotesFound,
    Rewritten,
    StageStarted,
    Turn,
)

if TYPE_CHECKING:
    from everask.pipeline import Engine

State = Literal["waiting", "running", "done", "failed", "stopped"]
MAX_KEPT = 500
MAX_QUESTION = 4_000
NO_FILTERS = Filters()
FIRST_GRACE = 15.0
PING_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Restarted:
    """The work was stopped and starts again: what came before no longer counts."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The question could not be answered."""

    error: EveraskError


AskEvent = AnswerEvent | Restarted | Failed


@dataclass(frozen=True, slots=True)
class Said:
    """What was said before a question: turns, oldest first, or the id of the question that it follows."""

    turns: Sequence[Turn] = ()
    follows: str = ""


NOTHING_SAID = Said()


@dataclass(slots=True)
class Ask:
    """One question, and what has come of it so far.

    `user` is who asked, None the owner; `groups` are whose documents are looked at. `carried` are documents
    whose words may be in the `history`. `pile` is how often documents had changed when the work began.
    """

    id: str
    question: str
    filters: Filters
    groups: tuple[str, ...] | None
    grace: float
    asker: str = ""
    user: int | None = None
    history: tuple[Turn, ...] = ()
    carried: frozenset[str] = frozenset()
    follows: str = ""
    pile: int = -1
    kept: bool = False
    asked_at: float = field(default_factory=time.time)
    state: State = "waiting"
    events: list[AskEvent] = field(default_factory=list)
    glosses: list[Glossed] = field(default_factory=list)
    num_followers: int = 0
    visited_until: float = 0.0
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    watch: asyncio.TimerHandle | None = None
    task: asyncio.Task[None] | None = None

    @property
    def rewritten(self) -> str:
        """The question as it stands alone, where what was asked before completed it."""
        found = [one.question for one in self.events if isinstance(one, Rewritten)]
        return found[-1] if found else ""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What has been said, this question and its answer last: the history of what follows it."""
        said = self.answer.text if self.answer and not self.answer.abstained else ""
        return (*self.history[-MAX_TURNS:], Turn(self.rewritten or self.question, said))

    @property
    def quotes(self) -> QuotesFound | None:
        """What was found first, once it is there."""
        begun = max((at for at, one in enumerate(self.events) if isinstance(one, Restarted)), default=0)
        return next((one for one in self.events[begun:] if isinstance(one, QuotesFound)), None)

    @property
    def answer(self) -> Answer | None:
        """The whole answer, once it is there."""
        last = self.events[-1] if self.events else None
        return last.answer if isinstance(last, Answered) else None

    @property
    def error(self) -> EveraskError | None:
        """Why it failed, if it did."""
        last = self.events[-1] if self.events else None
        return last.error if isinstance(last, Failed) else None

    @property
    def finished(self) -> bool:
        """Whether no more events will come, unless it is started again."""
        return self.state in {"done", "failed", "stopped"}

    def cited(self) -> set[str]:
        """The ids of the documents whose words the events hold."""
        found: set[str] = set()
        for event in self.events:
            match event:
                case QuotesFound(evidence):
                    found.update(each.hit.document.id for each in evidence)
                case ClaimChecked(claim):
                    found.update(each.document_id for each in claim.citations)
                case Answered(answer):
                    found.update(each.hit.document.id for each in answer.nearest)
                    found.update(each.document_id for claim in answer.claims for each in claim.citations)
                    found.update(each.document_id for note in answer.notes for each in note.citations)
        return found

    @property
    def shown(self) -> frozenset[str]:
        """The ids of all documents whose words are in this, its history among it."""
        return self.carried | self.cited()

    def claims_until(self, event: ClaimChecked) -> list[Claim]:
        """The claims that stand when this one has come: of its own draft, if others were thrown away."""
        claims: list[Claim] = []
        for one in self.events:
            match one:
                case Restarted() | StageStarted("writing"):
                    claims.clear()
                case ClaimChecked(claim):
                    claims.append(claim)
            if one is event:
                break
        return claims

    def note(self, event: AskEvent) -> None:
        """Keep an event and wake who follows. In the event loop's thread only."""
        self.events.append(event)
        self.wake()

    def wake(self) -> None:
        """Wake who follows."""
        self.changed.set()
        self.changed = asyncio.Event()

    def stop(self) -> None:
        """Stop the work, whether it runs or waits."""
        if not self.finished:
            self.state = "stopped"
            self.cancelled.set()
            if self.task:
                self.task.cancel()
            self.wake()

    def expect_follower(self, seconds: float) -> None:
        """Stop the work after some seconds, unless somebody follows by then."""
        if self.watch:
            self.watch.cancel()
        self.watch = asyncio.get_running_loop().call_later(seconds, self._stop_if_alone)

    def _stop_if_alone(self) -> None:
        if self.num_followers == 0:
            self.stop()


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
