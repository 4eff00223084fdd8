"""The library's places: folders and pages, kept in sync or not; looking again, trying again, taking out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Literal

import anyio.to_thread
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from everask.documents.names import file_path, file_uri
from everask.errors import UsageError
from everask.index.watched import Look, Watched, hashed, list_watched, pause, unwatch
from everask.pipeline.adding import is_url, place_uri
from everask.pipeline.watching import Watcher, watch
from everask.serve.api import Door, Who
from everask.serve.doors import Doors
from everask.serve.errors import NotAllowedError
from everask.serve.events import HEADERS, RETRY, SIGN_OF_LIFE, frame
from everask.serve.names import short_name, without_folders
from everask.serve.uploads import FOLDER

STREAM_SECONDS = 600.0
LIFE_SECONDS = 15.0
LOOK_SECONDS = 0.5
MAX_FAILURES = 200
Action = Literal["pause", "resume", "look", "stop", "remove"]


@dataclass(frozen=True, slots=True)
class PlaceView:
    """A folder or page that was added: its key in forms, its name, and how it is kept in sync."""

    key: str
    name: str
    is_watched: bool
    paused: bool
    looked_at: float | None
    look: Look


@dataclass(frozen=True, slots=True)
class FailureView:
    """What could not be read, wholly or in part: its key in forms, its name, and why."""

    key: str
    name: str
    message: str
    is_partial: bool


def read_places(doors: Doors) -> list[PlaceView]:
    """The places that were added, but for uploads; those in sync first. Blocking."""
    store = doors.engine.store
    known = {one.uri: one for one in list_watched(store.database)}
    own = file_uri(doors.engine.settings.data / FOLDER)
    for uri in store.roots():
        if uri != own:
            known.setdefault(uri, Watched(uri, 0.0, False, None, Look()))
    views = [
        PlaceView(
            hashed(uri),
            uri if is_url(uri) else str(file_path(uri)),
            bool(one.added_at),
            one.paused,
            one.looked_at,
            one.look,
        )
        for uri, one in known.items()
    ]
    return sorted(views, key=lambda one: (not one.is_watched, one.name))


def read_failures(doors: Doors) -> list[FailureView]:
    """What could not be read; what failed wholly first. Blocking."""
    store = doors.engine.store
    roots = store.roots()
    rows = [one for status in ("failed", "partial") for one in store.sources(status=status)]
    return [
        FailureView(
            hashed(one.uri),
            short_name(one.uri, roots),
            without_folders(one.message, roots),
            one.status == "partial",
        )
        for one in rows[:MAX_FAILURES]
    ]


async def add_place(
    doors: Door,
    who: Who,
    request: Request,
    place: Annotated[str, Form(min_length=1, max_length=4_000)],
    sync: Annotated[bool, Form()] = False,
) -> Response:
    """Add a folder, a file or a page by its path or address, and keep it in sync if so wanted."""
    if not who.local:
        raise NotAllowedError(
            "Only the owner, at the machine itself, may add paths and pages.", "Upload files."
        )
    target = place.strip()
    if not is_url(target) and not target.startswith(("/", "~")) and not target[1:3] == ":\\":
        raise UsageError("A path must be absolute.", "Write it from the root, such as /home/me/Documents.")
    if sync:
        for uri in await anyio.to_thread.run_sync(watch, doors.engine, [target]):
            watcher_of(request).touch(uri)
    else:
        await doors.add(lambda: doors.engine.add([target]), who.asker)
    return RedirectResponse("/documents#places", 303)


async def change_place(
    doors: Door, request: Request, key: Annotated[str, Form(max_length=64)], action: Annotated[Action, Form()]
) -> Response:
    """Pause, go on, look now, keep in sync no longer, or take out of the pile."""
    views = await anyio.to_thread.run_sync(read_places, doors)
    found = next((one for one in views if one.key == key), None)
    if found is None:
        raise UsageError("There is no such place any more.", "Load the page again.")
    uri, database = place_uri(found.name), doors.engine.store.database
    if action == "remove":
        await doors.additions.run(lambda: doors.engine.remove(found.name))
    elif action == "stop":
        await anyio.to_thread.run_sync(unwatch, database, uri)
    elif action == "look":
        watcher_of(request).touch(uri)
    else:
        await anyio.to_thread.run_sync(pause, database, uri, action == "pause")
    return RedirectResponse("/documents#places", 303)


async def try_again(doors: Door, who: Who, key: Annotated[str, Form(max_length=64)]) -> Response:
    """Read again what could not be read: one file or page."""

    def find() -> list[str]:
        rows = [one for status in ("failed", "partial") for one in doors.engine.store.sources(status=status)]
        return [one.uri for one in rows if hashed(one.uri) == key]

    uris = await anyio.to_thread.run_sync(find)
    targets = [uri if is_url(uri) else str(file_path(uri)) for uri in uris]
    if targets:
        await doors.add(lambda: doors.engine.add(targets, retry=True), who.asker)
    return RedirectResponse("/documents#failed", 303)


async def stream_looks(doors: Door, request: Request) -> StreamingResponse:
    """How far the look at a place is that goes on, file by file, as it happens, while they may see it."""
    watcher = watcher_of(request)

    async def body() -> AsyncIterator[bytes]:
        yield RETRY
        until, told, said = time.monotonic() + STREAM_SECONDS, "", time.monotonic()
        while time.monotonic() < until:
            looking = watcher.looking
            plain = (looking.done, looking.total, looking.name) if looking else (0, 0, "")
            named = dict(zip(("done", "total", "name"), plain, strict=True))
            now = json.dumps({**named, "changes": watcher.num_changes})
            if now != told:
                who = await doors.guard.decide(request)
                if not doors.guard.may(request.method, request.url.path, who):
                    return
                yield frame("look", now)
                told, said = now, time.monotonic()
            elif time.monotonic() - said > LIFE_SECONDS:
                yield SIGN_OF_LIFE
                said = time.monotonic()
            await asyncio.sleep(LOOK_SECONDS)

    return StreamingResponse(body(), media_type="text/event-stream", headers=HEADERS)


def watcher_of(request: Request) -> Watcher:
    """What keeps places in sync while the application runs."""
    watcher = request.app.state.watcher
    assert isinstance(watcher, Watcher), "the application's lifespan opens it"
    return watcher


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/library/places", add_place, methods=["POST"])
    router.add_api_route("/library/place", change_place, methods=["POST"])
    router.add_api_route("/library/retry", try_again, methods=["POST"])
    router.add_api_route("/library/events", stream_looks, methods=["GET"])
