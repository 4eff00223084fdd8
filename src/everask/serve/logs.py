"""The server's log on stderr: lines for people, or JSON for programs; never what was asked or written.

An exception's message may hold a question or words of a document, so a traceback is told by its kinds of
exception and its places in the code. Requests are named by their route's template: ids of answers and
documents are addresses under which these can be read.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Literal

LOGGERS = ("everask", "uvicorn", "uvicorn.error")
REQUESTS = "everask.requests"
_MAX_FRAMES = 30


class SafeFormatter(logging.Formatter):
    """A record without the messages of exceptions; as JSON, or as one line with the places below it."""

    def __init__(self, form: Literal["text", "json"]) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        message = " ".join(record.getMessage().split())
        kinds, frames = _trace(record)
        if self._form == "text":
            below = [f"  {frame}" for frame in frames]
            return "\n".join([f"{at} {record.levelname} {' < '.join([message, *kinds])}", *below])
        fields = getattr(record, "fields", None)
        row = {"at": at, "level": record.levelname.lower(), "event": message}
        if isinstance(fields, dict):
            row.update(fields)
        trace = {"error": kinds, "frames": frames} if kinds else {}
        return json.dumps({**row, **trace}, ensure_ascii=False)


def _trace(record: logging.LogRecord) -> tuple[list[str], list[str]]:
    """The kinds of exception, the last first, and the places where the last was raised."""
    error = record.exc_info[1] if record.exc_info else None
    if error is None:
        return [], []
    frames = traceback.extract_tb(error.__traceback__)[-_MAX_FRAMES:]
    places = [f"{_module(one.filename)}:{one.lineno} {one.name}" for one in frames]
    kinds: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(kinds) < _MAX_FRAMES:
        kinds.append(type(cause).__name__)
        cause = cause.__cause__ or cause.__context__
    return kinds, places


def _module(file: str) -> str:
    """The last two parts of a file's path: not where this machine keeps it."""
    return "/".join(file.replace("\\", "/").rsplit("/", 2)[-2:])


def set_up_logs(form: Literal["text", "json"]) -> None:
    """Let what the server says go to stderr in one form."""
    handler = logging.StreamHandler()
    handler.setFormatter(SafeFormatter(form))
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = ([handler] if name != "uvicorn.error" else []), False
        logger.setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").propagate = True
    logging.getLogger(REQUESTS).setLevel(logging.INFO if form == "json" else logging.WARNING)


def log_request(fields: dict[str, str | int | float]) -> None:
    """A line for a request, where requests are logged."""
    logging.getLogger(REQUESTS).info("request", extra={"fields": fields})
