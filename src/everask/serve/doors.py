"""What every door needs: the engine, the queues, who is logged in. One for each application."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.requests import Request

from everask import __version__
from everask.errors import NotFoundError
from everask.serve.asks import Ask, Asks
from everask.serve.auth import Guard
from everask.serve.limits import Attempts, Turnstile
from everask.serve.page_images import PageImages
from everask.serve.schema import DocumentsReply, StatusReply, document_reply, status_reply
from everask.settings import ServeSettings
from everask.types import Document, DocumentInfo

if TYPE_CHECKING:
    from everask.pipeline import Engine

NUM_ASKS = 2
NUM_SEARCHES = 4
NUM_ADDITIONS = 2
MAX_WAITING_SEARCHES = 64
MAX_WAITING_ADDITIONS = 64
MAX_OPENED = 8
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
    searches: Turnstile = field(default_factory=lambda: Turnstile(NUM_SEARCHES, MAX_WAITING_SEARCHES))
    additions: Turnstile = field(default_factory=lambda: Turnstile(NUM_ADDITIONS, MAX_WAITING_ADDITIONS))
    hashing: Turnstile = field(default_factory=lambda: Turnstile(NUM_HASHINGS, MAX_WAITING_HASHINGS))
    log_ins: Attempts = field(default_factory=lambda: Attempts(MAX_LOG_INS, LOG_IN_SECONDS))
    page_images: PageImages = field(default_factory=PageImages)
    opened: dict[str, Document] = field(default_factory=dict)

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

    async def find_ask(self, identifier: str, groups: tuple[str, ...] | None) -> Ask:
        """A question asked before. NotFoundError also where it shows words of a document that is gone."""
        ask = self.asks.get(identifier, groups)
        for cited in ask.cited():
            await self.find_document(cited, groups)
        return ask

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


def open_doors(engine: Engine, settings: ServeSettings) -> Doors:
    """The doors of one application."""
    asks = Asks(engine, Turnstile(NUM_ASKS, settings.max_waiting))
    return Doors(engine, settings, asks, Guard(settings, engine.store.database))


def doors_of(request: Request) -> Doors:
    """The doors that a request came through."""
    doors = request.app.state.doors
    assert isinstance(doors, Doors), "create_app sets the doors"
    return doors


def _no_document() -> NotFoundError:
    return NotFoundError("There is no such document.", "It may have changed or been removed: search again.")
