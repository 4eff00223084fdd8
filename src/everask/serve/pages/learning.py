"""Learning: from votes to examples to a comparison, and what serves; with the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import anyio.to_thread
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from everask.errors import EveraskError, UsageError
from everask.pipeline.learning import SENTENCES, Compared, Learning, Made, look_at_learning, promote
from everask.pipeline.promotion import LearnedKind, list_changes
from everask.serve.api import Door
from everask.serve.doors import Doors
from everask.serve.errors import status_of
from everask.serve.learning import begin_training, cannot_train, end_training, running_job, take_back
from everask.serve.pages.frame import page

AGAIN_SECONDS = 3
KIND_NAMES: Mapping[str, str] = {
    "search": "Search by meaning",
    "ranker": "Order of what is found",
    "checker": "Checking of sentences",
    "answers": "Writing of answers",
    "check": "Comparison after an upgrade",
}
STATES: Mapping[str, str] = {
    "kept": "passed the comparison",
    "trial": "on trial, beside what serves",
    "refused": "refused: it was not better",
    "before": "served before",
    "undone": "taken back",
}
CHANGES: Mapping[str, str] = {
    "promoted": "serves since then",
    "rolled back": "taken back; this serves since then",
    "on trial": "on trial since then",
    "trial ended": "its trial ended",
    "set aside": "set aside after an upgrade; what ships measured better",
}
LABELS: Mapping[str, str] = {
    "all": "All questions",
    "asked": "Questions that people asked",
    "made": "Questions made of documents",
}
LABELS_OF_SENTENCES: Mapping[str, str] = {
    "all": "All sentences",
    "asked": "Sentences that people judged",
    "cases": "Cases that ship with Everask",
    "other": "Other languages",
}
MOST_CHANGES = 20
Action = Literal["train", "stop", "promote", "take_back"]


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval of a difference on a line as long as the widest one: its ends and its middle, 0 to 100."""

    left: float
    right: float
    middle: float
    is_better: bool
    is_worse: bool


async def show_learning(doors: Door, request: Request) -> Response:
    """What there is to learn from, what was learned, and what serves."""
    return await _show(doors, request)


async def change_learning(
    doors: Door,
    request: Request,
    action: Annotated[Action, Form()],
    kind: Annotated[LearnedKind | None, Form()] = None,
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Train, stop, promote or take back, without scripts."""
    try:
        await anyio.to_thread.run_sync(_change, doors, action, kind, name)
    except EveraskError as error:
        return await _show(doors, request, error)
    began = "?began=true" if action == "train" else ""
    return RedirectResponse(f"/learning{began}#{kind or ''}", 303)


def _change(doors: Doors, action: Action, kind: LearnedKind | None, name: str) -> None:
    if action == "stop":
        end_training(doors)
    elif action == "promote":
        promote(doors.engine.store, name)
    elif kind is None:
        raise UsageError("No kind is named.", "Load the page again.")
    elif action == "train":
        begin_training(doors, kind)
    else:
        take_back(doors, kind)


async def _show(doors: Doors, request: Request, failure: EveraskError | None = None) -> Response:
    values = await anyio.to_thread.run_sync(_values, doors)
    began = request.query_params.get("began", "") == "true"
    shared = {"here": "learning", "failure": failure, "began": began and not values["job"]}
    shown = page(
        request, "learning.html", {**values, **shared}, ("quality",), ("settings", "facts", "learning")
    )
    if failure:
        shown.status_code = status_of(failure)
    return shown


def _values(doors: Doors) -> dict[str, object]:
    store = doors.engine.store
    kinds = look_at_learning(store)
    return {
        "kinds": kinds,
        "job": running_job(doors),
        "changes": list_changes(store)[:MOST_CHANGES],
        "again": AGAIN_SECONDS,
        "cannot": {one.kind: cannot_train(one.kind) for one in kinds},
        "compared": {one.kind: compared(one) for one in kinds},
        "bars": bars,
        "kind_names": KIND_NAMES,
        "states": STATES,
        "words_of_changes": CHANGES,
        "labels": {kind: LABELS_OF_SENTENCES if kind == SENTENCES else LABELS for kind in KIND_NAMES},
        "of_sentences": SENTENCES,
    }


def compared(one: Learning) -> Made | None:
    """What is shown beside what serves: the challenger; or the champion, as it was measured."""
    shown = one.challenger or one.champion
    return shown if shown and shown.rows else None


def bars(rows: tuple[Compared, ...]) -> list[Bar]:
    """The intervals, drawn to one scale."""
    widest = max((abs(end) for row in rows for end in (row.low, row.high)), default=0) or 1.0

    def at(value: float) -> float:
        return round(50 + 50 * value / widest, 2)

    return [
        Bar(at(row.low), at(row.high), at(row.after - row.before), row.low > 0, row.high < 0) for row in rows
    ]


def add_routes(router: APIRouter) -> None:
    """The routes."""
    router.add_api_route("/learning", show_learning, methods=["GET"])
    router.add_api_route("/learning", change_learning, methods=["POST"])
