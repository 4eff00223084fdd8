"""What every door needs: the engine, the queues, who is logged in. One for each application."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import anyio.to_thread
from starlette.requests import Request

from everask import __version__
from everask.errors import NotFoundError
from everask.index.asks import AskEntry, are_readable, find_ask, holds, list_asks, remove_ask
from everask.pipeline.searchers import Searchers
from everask.serve.asked import Ask, AskEvent
from everask.serve.asks import Asks, no_answer
from everask.serve.auth import Access, Guard
from everask.serve.limits import Attempts, Turnstile
from everask.serve.page_images import PageImages
from everask.serve.schema import DocumentsReply, StatusReply, document_reply, status_reply
from everask.settings import ServeSettings
from everask.types import Document, DocumentInfo, Drafted, Progressed

if TYPE_CHECKING:
    from everask.pipeline import Engine

T = TypeVar("T")
NUM_ASKS = 4
"""A local model writes one answer at a time; who waits for it has their quotes meanwhile."""
NUM_SEARCHES = 3
NUM_ADDITIONS = 2
MAX_WAITING_SEARCHES = 40
LONGEST_WAIT = 1.0
"""Seconds that a search waits: with what it takes itself, who waits longer has mostly gone."""
MAX_WAITING_MARKS = 8
MAX_WAITING_ADDITIONS = 64
MAX_OPENED = 8
MAX_EARLIER = 20
"""Earlier questions of a conversation that are listed."""
NUM_HASHINGS = 2
"""Passwords that are checked at once: each takes 64 MB."""
MAX_WAITING_HASHINGS = 32
MAX_LOG_INS = 20
LOG_IN_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Doors:
    """What every door needs."""

    engine: Engine
    settings: ServeSettings
    asks: Asks
    guard: Guard
    embedded: Asks
    """Questions from other sites' pages: apart from those of people, and never kept in the store."""
    embedded_asks: Attempts
    searchers: Searchers
    searches: Turnstile = field(
        default_factory=lambda: Turnstile(NUM_SEARCHES, MAX_WAITING_SEARCHES, LONGEST_WAIT)
    )
    marks: Turnstile = field(default_factory=lambda: Turnstile(1, MAX_WAITING_MARKS))
    additions: Turnstile = field(default_factory=lambda: Turnstile(NUM_ADDITIONS, MAX_WAITING_ADDITIONS))
    hashing: Turnstile = field(default_factory=lambda: Turnstile(NUM_HASHINGS, MAX_WAITING_HASHINGS))
    log_ins: Attempts = field(default_factory=lambda: Attempts(MAX_LOG_INS, LOG_IN_SECONDS))
    page_images: PageImages = field(default_factory=PageImages)
    opened: dict[str, Document] = field(default_factory=dict)

    async def add(self, work: Callable[[], T], asker: str) -> T:
        """Do what reads files."""
        return await self.additions.run(work, asker)

    async def pile(self, groups: tuple[str, ...] | None) -> StatusReply:
        """The state of the pile, as far as the asker may read it."""
        status = await anyio.to_thread.run_sync(self.engine.status, groups)
        return status_reply(status, self.asks.turnstile.num_waiting, __version__)

    async def list_documents(self, limit: int, offset: int, groups: tuple[str, ...] | None) -> DocumentsReply:
        """A part of the list of documents, by name, and how many there are in all."""

        def read() -> DocumentsReply:
            documents = self.engine.documents(groups=groups)
            skipped = sum(1 for _ in itertools.islice(documents, offset))
            chosen = [document_reply(info) for info in itertools.islice(documents, limit)]
            rest = sum(1 for _ in documents)
            return DocumentsReply(documents=chosen, total=skipped + len(chosen) + rest)

        return await anyio.to_thread.run_sync(read)

    async def find_ask(self, identifier: str, who: Access) -> Ask:
        """A question that this person asked before.

        NotFoundError also where it shows words of a document that is gone, or that they may read no more.
        """
        database = self.engine.store.database
        if identifier not in self.asks.at_hand:
            stored = await anyio.to_thread.run_sync(find_ask, database, identifier, who.user, who.groups)
            if stored is None:
                raise no_answer()
            return self.asks.open(stored, who)
        ask = self.asks.get(identifier, who)
        readable, _ = await anyio.to_thread.run_sync(are_readable, database, ask.shown, who.groups)
        if not readable:
            raise no_answer()
        if ask.state == "stopped":  # when it starts again, it is with the rights of now
            ask.groups = who.groups
        return ask

    async def may_see(self, request: Request, ask: Ask, event: AskEvent | None = None) -> bool:
        """Whether who follows an answer may see this next event of it, by who they are now.

        What shows words without citing them is left out where documents changed since the work began. Raises
        NotFoundError once the answer is theirs no more.
        """
        who = await self.guard.decide(request)
        if who is None or ask.user != who.user or not holds(ask.groups, who.groups):
            raise no_answer()
        database = self.engine.store.database
        readable, pile = await anyio.to_thread.run_sync(are_readable, database, ask.shown, who.groups)
        if not readable:
            raise no_answer()
        return who.groups is None or pile == ask.pile or not isinstance(event, Drafted | Progressed)

    async def asked_before(self, ask: Ask, who: Access) -> list[Ask]:
        """The questions that it follows, oldest first, as far as they are kept."""
        found: list[Ask] = []
        while ask.follows and len(found) < MAX_EARLIER:
            try:
                ask = await self.find_ask(ask.follows, who)
            except NotFoundError:
                break
            found.append(ask)
        return found[::-1]

    async def latest_asks(self, number: int, who: Access) -> list[AskEntry]:
        """The newest questions of this person that have an answer, newest first."""
        new = self.asks.unkept(who)

        def read() -> list[AskEntry]:
            database = self.engine.store.database
            fine = [one for one in new if are_readable(database, one.shown, who.groups)[0]]
            fresh = {one.id: AskEntry(one.id, one.question, one.asked_at) for one in fine}
            stored = list_asks(database, who.user, who.groups, number)
            return sorted({**fresh, **{one.id: one for one in stored}}.values(), key=_newest_first)[:number]

        return await anyio.to_thread.run_sync(read)

    async def forget_ask(self, identifier: str, who: Access) -> None:
        """Forget a question and its answer. Raises NotFoundError."""
        ask = await self.find_ask(identifier, who)
        self.asks.forget(ask)
        await anyio.to_thread.run_sync(remove_ask, self.engine.store.database, identifier, who.user)

    async def find_document(self, identifier: str, groups: tuple[str, ...] | None) -> DocumentInfo:
        """A document's entry, by its id alone. Raises NotFoundError, always in the same words."""
        try:
            found = await anyio.to_thread.run_sync(self.engine.store.find_document, identifier, groups)
        except NotFoundError as error:
            raise _no_document() from error
        if found.id != identifier:
            raise _no_document()
        return found

    async def document(self, identifier: str, groups: tuple[str, ...] | None) -> Document:
        """A whole document, by its id alone. Raises NotFoundError."""
        found = await self.find_document(identifier, groups)
        if found.id not in self.opened:
            try:
                read = await anyio.to_thread.run_sync(self.engine.store.document, found.id, groups)
            except NotFoundError as error:
                raise _no_document() from error
            # An id names one content, so what is kept never grows old; rights are asked for each time.
            self.opened[found.id] = read
            while len(self.opened) > MAX_OPENED:
                self.opened.pop(next(iter(self.opened)))
            return read
        return self.opened[found.id]


def open_doors(engine: Engine, settings: ServeSettings, searchers: Searchers | None = None) -> Doors:
    """The doors of one application; without `searchers` its own threads search."""
    embed = engine.settings.embed
    guard = Guard(
        settings, engine.store.database, with_provider=bool(engine.settings.oidc.issuer), embed=embed
    )
    asks = Asks(engine, Turnstile(NUM_ASKS, settings.max_waiting), settings.keep_asks)
    embedded = Asks(engine, asks.turnstile, origin="")
    return Doors(
        engine,
        settings,
        asks,
        guard,
        embedded,
        Attempts(embed.asks_per_minute, 60.0),
        searchers or Searchers(engine),
    )


def _newest_first(entry: AskEntry) -> float:
    return -entry.asked_at


def doors_of(request: Request) -> Doors:
    """The doors that a request came through."""
    doors = request.app.state.doors
    assert isinstance(doors, Doors), "create_app sets the doors"
    return doors


def _no_document() -> NotFoundError:
    return NotFoundError("There is no such document.", "It may have changed or been removed: search again.")
