"""Errors as replies: one JSON shape, or a page for people; nothing of this machine's insides."""

from __future__ import annotations

import logging

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from everask.errors import (
    BlockedAddressError,
    BusyError,
    EveraskError,
    LimitError,
    MissingExtraError,
    ModelError,
    NotFoundError,
    UnreadableError,
    UsageError,
)
from everask.serve.auth import SECURITY_HEADERS
from everask.serve.rendering import render
from everask.serve.rules import methods_at
from everask.serve.wording import language_of


class NotAllowedError(EveraskError):
    """Something that may not be done from where the request comes from."""


class ProviderError(EveraskError):
    """The provider that people log in at does not answer, or not as it should."""


# The first that fits counts, so narrower kinds stand above wider ones.
STATUS_BY_KIND: tuple[tuple[type[EveraskError], int], ...] = (
    (BusyError, 429),
    (NotFoundError, 404),
    (LimitError, 413),
    (BlockedAddressError, 422),
    (UnreadableError, 422),
    (UsageError, 400),
    (NotAllowedError, 403),
    (ProviderError, 503),
    (MissingExtraError, 503),
    (ModelError, 503),
)
PROGRAM_PATHS = ("/api/", "/v1/", "/mcp", "/healthz", "/readyz", "/openapi.json", "/static/")
INTERNAL = EveraskError(
    "Something went wrong inside.", "The server's log says more; `everask doctor` checks."
)


def status_of(error: EveraskError) -> int:
    """The HTTP status of an error."""
    return next((status for kind, status in STATUS_BY_KIND if isinstance(error, kind)), 500)


def error_reply(request: Request, status: int, error: EveraskError) -> Response:
    """An error for a program, or for a person's browser."""
    if request.url.path.startswith(PROGRAM_PATHS) or "text/html" not in request.headers.get("accept", ""):
        response: Response = JSONResponse({"error": {"message": error.message, "hint": error.hint}}, status)
    else:
        response = Response(_page(request, status, error), status, media_type="text/html")
    if isinstance(error, BusyError):
        response.headers["retry-after"] = str(error.retry_after)
    return response


def _page(request: Request, status: int, error: EveraskError) -> str:
    values: dict[str, object] = {"status": status, "message": error.message, "hint": error.hint}
    if not isinstance(error, BusyError):
        return render("error.html", values, language_of(request))
    address = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    values |= {"seconds": error.retry_after, "again": address if request.method == "GET" else ""}
    return render("busy.html", values | {"logs_in": request.url.path == "/login"}, language_of(request))


async def on_everask_error(request: Request, error: Exception) -> Response:
    """An error that was foreseen; what is our own fault is told to the log alone."""
    assert isinstance(error, EveraskError), "registered for this kind"
    status = status_of(error)
    if status == 500:
        logging.getLogger(__name__).error("%s: %s", type(error).__name__, error)
        error = INTERNAL
    return error_reply(request, status, error)


async def on_http_error(request: Request, error: Exception) -> Response:
    """No such route, wrong method, body too large."""
    assert isinstance(error, HTTPException), "registered for this kind"
    hints = {
        404: "/openapi.json describes what there is.",
        405: "/openapi.json describes what there is.",
        413: "Send less at once, or raise serve.max_upload_bytes.",
    }
    detail = EveraskError(f"{error.detail}.", hints.get(error.status_code, ""))
    response = error_reply(request, error.status_code, detail)
    if error.status_code == 405:
        response.headers["allow"] = ", ".join(methods_at(request.url.path))
    return response


async def on_invalid_request(request: Request, error: Exception) -> Response:
    """A request that does not fit its description: say where, never echo what was sent."""
    assert isinstance(error, RequestValidationError), "registered for this kind"
    faults = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5]]
    detail = EveraskError("; ".join(faults) or "The request is malformed.", "/openapi.json describes it.")
    return error_reply(request, 422, detail)


async def on_crash(request: Request, error: Exception) -> Response:
    """Whatever was not foreseen; the traceback is in the log."""
    response = error_reply(request, 500, INTERNAL)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response
