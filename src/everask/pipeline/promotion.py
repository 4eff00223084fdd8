"""What was trained and serves, kind by kind: promotion, trial, setting aside, the way back; all is logged.

A promotion is one transaction that changes one setting of the store; every process follows at its next
search. Of an encoder the setting is `taught.py`'s, since its files must be there. Nothing is promoted that
the gate refused, or that learned from what is gone by now, whoever asks.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from everask.errors import UsageError
from everask.index import Store
from everask.index.learned import (
    Learned,
    find_learned,
    serve,
    serving_name,
    set_state,
    trial_name,
    try_out,
)
from everask.index.settings import read_setting, write_setting
from everask.pipeline import taught, taught_answers

LearnedKind = Literal["search", "ranker", "checker", "answers"]
KINDS: tuple[LearnedKind, ...] = ("search", "ranker", "checker", "answers")

ACROSS_FILES: LearnedKind = "search"
"""The kind whose weights are files."""
_LOG, _BEFORE = "learned.log", "learned.before"
_MOST_LOGGED = 200


@dataclass(frozen=True, slots=True)
class Change:
    """One change of what serves: `name` None is what ships."""

    at: float
    kind: str
    what: Literal["promoted", "rolled back", "on trial", "trial ended", "set aside"]
    name: str | None


def in_use(store: Store, kind: LearnedKind) -> str | None:
    """The name of what was trained and serves; None: what ships."""
    if kind == ACROSS_FILES:
        return taught.read_taught(store).name
    with store.database.reading() as connection:
        return serving_name(connection, kind)


def promote(store: Store, name: str) -> Learned:
    """Let it serve from now on. Raises NotFoundError, and UsageError where the gate refused it or its weights
    are gone."""
    with store.database.reading() as connection:
        made = find_learned(connection, name)
    if made.state == "refused":
        raise UsageError(
            f"The gate refused {name}: {made.card.get('why', '')}", "Train again with more votes."
        )
    if made.stale:
        raise UsageError(f"{name} must be trained again: {made.stale}", f"everask train {made.kind}")
    if made.kind == ACROSS_FILES:
        if not (taught.taught_folder(store.folder, name) / taught.ENCODER).is_dir():
            raise UsageError(f"The files of {name} are gone.", "Train again: everask train search")
        taught.promote(store, str(made.card.get("base", "")), name)
    elif not isinstance(made.card.get("weights"), dict) or not has_file(store, made.kind, name):
        raise UsageError(f"The weights of {name} are damaged.", f"Train again: everask train {made.kind}")
    with store.database.writing() as connection:
        promote_within(connection, made)
        return find_learned(connection, name)


def has_file(store: Store, kind: str, name: str) -> bool:
    """Whether the file of what was trained is there, where its kind has one."""
    return kind != taught_answers.KIND or taught_answers.adapter_file(store.folder, name).is_file()


def promote_within(connection: Connection, made: Learned) -> None:
    """The same as a part of a transaction, of what is in the store."""
    before = serving_name(connection, made.kind)
    if before == made.name:
        return
    if trial_name(connection, made.kind) is not None:
        try_out(connection, made.kind, None)
    if before is not None:
        set_state(connection, before, "before")
    _push(connection, made.kind, before)
    serve(connection, made.kind, made.name)
    set_state(connection, made.name, "kept")
    _note(connection, made.kind, "promoted", made.name)


def set_aside_within(connection: Connection, made: Learned) -> None:
    """Let what ships serve in its place, as a part of a transaction; `roll_back` lets it serve again."""
    if serving_name(connection, made.kind) != made.name:
        return
    if trial_name(connection, made.kind) is not None:
        try_out(connection, made.kind, None)
    _push(connection, made.kind, made.name)
    serve(connection, made.kind, None)
    set_state(connection, made.name, "before")
    _note(connection, made.kind, "set aside", made.name)


def can_roll_back(store: Store, kind: LearnedKind) -> bool:
    """Whether something that was trained serves, or was set aside."""
    with store.database.reading() as connection:
        is_aside = serving_name(connection, kind) is None and any(_stack(connection, kind)[-1:])
    return is_aside or in_use(store, kind) is not None


def roll_back(store: Store, kind: LearnedKind) -> str | None:
    """Let what served before serve again; return its name, None for what ships.

    Raises UsageError when nothing that was trained serves, or was set aside.
    """
    if kind == ACROSS_FILES:
        name = taught.read_taught(store).name
        back: str | None = taught.roll_back(store).name
        with store.database.writing() as connection:
            _undo(connection, kind, name, back)
        return back
    with store.database.writing() as connection:
        now, back = serving_name(connection, kind), _pop(connection, kind)
        if now is None and back is None:
            raise UsageError(
                f"There is nothing to roll back: no {kind} was trained that serves.",
                f"`everask train {kind}` trains one.",
            )
        _undo(connection, kind, now, back)
    return back


def start_trial(connection: Connection, made: Learned) -> None:
    """Compare it with what serves on live searches from now on."""
    before = trial_name(connection, made.kind)
    if before is not None and before != made.name:
        set_state(connection, before, "undone")
    try_out(connection, made.kind, made.name)
    set_state(connection, made.name, "trial")
    _note(connection, made.kind, "on trial", made.name)


def end_trial(store: Store, kind: LearnedKind) -> str | None:
    """Compare nothing any more; return what was on trial. What serves stays as it is."""
    with store.database.writing() as connection:
        name = trial_name(connection, kind)
        if name is not None:
            try_out(connection, kind, None)
            set_state(connection, name, "undone")
            _note(connection, kind, "trial ended", name)
    return name


def list_changes(store: Store) -> list[Change]:
    """What was promoted and taken back, the newest first."""
    with store.database.reading() as connection:
        return [Change(*row) for row in reversed(json.loads(read_setting(connection, _LOG) or "[]"))]


def _undo(connection: Connection, kind: str, now: str | None, back: str | None) -> None:
    serve(connection, kind, back)
    if now is not None:
        set_state(connection, now, "undone")
    if back is not None:
        set_state(connection, back, "kept")
    _note(connection, kind, "rolled back", back)


def _push(connection: Connection, kind: str, name: str | None) -> None:
    stack = [*_stack(connection, kind), name]
    write_setting(connection, f"{_BEFORE}.{kind}", json.dumps(stack[-_MOST_LOGGED:]))


def _pop(connection: Connection, kind: str) -> str | None:
    stack = _stack(connection, kind)
    name = stack.pop() if stack else None
    write_setting(connection, f"{_BEFORE}.{kind}", json.dumps(stack))
    return name


def _stack(connection: Connection, kind: str) -> list[str | None]:
    """What served before, the last one last; None: what ships."""
    found: list[str | None] = json.loads(read_setting(connection, f"{_BEFORE}.{kind}") or "[]")
    return found


def _note(connection: Connection, kind: str, what: str, name: str | None) -> None:
    log = json.loads(read_setting(connection, _LOG) or "[]")
    log.append([time.time(), kind, what, name])
    write_setting(connection, _LOG, json.dumps(log[-_MOST_LOGGED:]))
