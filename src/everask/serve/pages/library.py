"""Library: the documents, what could not be read, and adding more."""

from __future__ import annotations

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from everask.errors import UsageError
from everask.index.granting import groups_of_documents
from everask.serve.api import Door, Who, add_documents, list_documents, remove_from_pile
from everask.serve.doors import Doors
from everask.serve.pages.frame import Offset, page
from everask.serve.pages.places import read_failures, read_places, watcher_of

LIST_STEP = 200


async def show_documents(doors: Door, who: Who, request: Request, offset: Offset = 0) -> Response:
    """The list of documents, and what could not be read."""
    changes = watcher_of(request).num_changes  # first: what changes while this is read is shown later
    listed = await list_documents(doors, who, LIST_STEP, offset)
    keeps = doors.guard.may("POST", "/library/place", who)
    may_grant = doors.guard.may("POST", "/documents/{identifier}/groups", who)
    shown = [one.id for one in listed.documents]
    values = {
        "may_grant": may_grant,
        "groups": await anyio.to_thread.run_sync(_groups_of, doors, shown) if may_grant else {},
        "places": await anyio.to_thread.run_sync(read_places, doors) if keeps else [],
        "failures": await anyio.to_thread.run_sync(read_failures, doors) if keeps else [],
        "keeps": keeps,
        "changes": changes,
        "may_name": who.local,
        "may_add": doors.guard.may("POST", "/documents", who),
        "here": "library",
        "pile": await doors.pile(who.groups),
        "documents": listed.documents,
        "first": offset + 1,
        "last": offset + len(listed.documents),
        "total": listed.total,
        "step": LIST_STEP,
    }
    return page(request, "documents.html", values, ("pile", "upload", "sync"), ("library",))


def _groups_of(doors: Doors, identifiers: list[str]) -> dict[str, tuple[str, ...]]:
    with doors.engine.store.database.reading() as connection:
        return groups_of_documents(connection, identifiers)


async def upload_documents(doors: Door, who: Who, request: Request) -> Response:
    """Upload without scripts."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise UsageError("There is no file in the upload.", "Choose files first.")
    await add_documents(doors, who, request)
    return RedirectResponse("/documents", 303)


async def remove_document(doors: Door, who: Who, identifier: str) -> Response:
    """Remove without scripts."""
    document = await doors.document(identifier, who.groups)
    await doors.additions.run(lambda: remove_from_pile(doors, document))
    return RedirectResponse("/documents", 303)


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/documents", show_documents, methods=["GET"])
    router.add_api_route("/documents", upload_documents, methods=["POST"])
    router.add_api_route("/documents/{identifier}/remove", remove_document, methods=["POST"])
