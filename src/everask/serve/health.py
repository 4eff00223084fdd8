"""Whether the server lives, and whether it can answer: for whoever starts and watches it.

Both can be asked by anybody, so that they say no more than which part is well.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Literal

import anyio
import anyio.to_thread
from fastapi import Response
from pydantic import BaseModel, Field

from everask.errors import EveraskError
from everask.pipeline import models
from everask.serve.api import Door

if TYPE_CHECKING:
    from everask.pipeline import Engine

LEAST_FREE = 64 << 20
"""Free bytes below which nothing more can be added or remembered."""
SECONDS = 10.0
Part = Literal["ok", "failing", "missing", "off"]


class HealthReply(BaseModel):
    """Whether the server lives."""

    status: Literal["ok"]


class ReadyReply(BaseModel):
    """Whether the server can answer, part by part."""

    status: Literal["ok", "failing"]
    store: Part = Field(description="Whether the store answers.")
    disk: Part = Field(description="Whether there is space to write.")
    encoder: Part = Field(description="missing: search is by words alone until it is fetched.")
    generator: Part = Field(description="off: answers are quotes; failing: it is named and not there.")


async def get_health() -> HealthReply:
    """Whether the server lives: its loop turns and its threads work."""
    await anyio.to_thread.run_sync(lambda: None)
    return HealthReply(status="ok")


async def get_ready(doors: Door, response: Response) -> ReadyReply:
    """Whether the server can answer: looks at the store, the disk and the models; 503 where it cannot."""
    found = ReadyReply(status="failing", store="failing", disk="failing", encoder="missing", generator="off")
    with anyio.move_on_after(SECONDS):
        found = await anyio.to_thread.run_sync(_look, doors.engine, abandon_on_cancel=True)
    response.status_code = 200 if found.status == "ok" else 503
    return found


def _look(engine: Engine) -> ReadyReply:
    store, disk = _look_at_store(engine), _look_at_disk(engine)
    named = engine.settings.models
    encoder: Part = "ok" if models.encoder_id(named) else "missing"
    return ReadyReply(
        status="ok" if store == disk == "ok" else "failing",
        store=store,
        disk=disk,
        encoder=encoder,
        generator=_look_at_generator(engine),
    )


def _look_at_store(engine: Engine) -> Part:
    try:
        engine.store.counts()
    except (EveraskError, OSError):
        return "failing"
    return "ok"


def _look_at_disk(engine: Engine) -> Part:
    try:
        return "ok" if shutil.disk_usage(engine.settings.data).free >= LEAST_FREE else "failing"
    except OSError:
        return "failing"


def _look_at_generator(engine: Engine) -> Part:
    """Where its file is; it is not loaded for this."""
    named = engine.settings.models
    if models.generator_name(named):
        return "ok"
    return "off" if named.generator in ("none", "auto") else "failing"
