"""Which encoder a store searches with, where it was taught on the store's own documents; and the way back.

A taught encoder is DATA/models/NAME: `adapter.npz` and `card.md`, and `encoder`, which is built from the
adapter and the pack. One setting of the store names it: promotion and rollback change that, at once.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from everask.encoder import encoder_id_of
from everask.errors import ModelError, UsageError
from everask.index import Store
from everask.settings import ModelSettings

SETTING = "encoder.taught"
ADAPTER, CARD, ENCODER = "adapter.npz", "card.md", "encoder"

_MODELS = "models"


@dataclass(frozen=True, slots=True)
class Taught:
    """The taught encoder in use, None for the one that the settings name; `before` it, the last one last.

    `base` is the encoder of the settings that it was made from: with another, it is not used.
    """

    base: str = ""
    name: str | None = None
    before: tuple[str | None, ...] = ()


def taught_folder(data: Path, name: str) -> Path:
    """Where a taught encoder's files are."""
    return data / _MODELS / name


def read_taught(store: Store) -> Taught:
    """What the store says."""
    value = store.setting(SETTING)
    if value is None:
        return Taught()
    record = json.loads(value)
    return Taught(record["base"], record["name"], tuple(record["before"]))


def promote(store: Store, base: str, name: str) -> None:
    """Search with a taught encoder from now on; engines that are open follow when they look next."""
    now = read_taught(store)
    if (now.base, now.name) == (base, name):
        return  # by a training that was killed right after
    last = now.name if now.base in ("", base) else None
    # One step back, and then the settings' own encoder: each that is kept takes room, with its vectors.
    _write(store, Taught(base, name, (None,) if last is None else (None, last)))


def prune(store: Store) -> list[str]:
    """Remove the files of taught encoders that are neither in use nor the one before; return their names."""
    now = read_taught(store)
    kept = {now.name, *now.before}
    folder = store.folder / _MODELS
    gone = [one.name for one in sorted(folder.glob("*")) if (one / CARD).is_file() and one.name not in kept]
    for name in gone:
        shutil.rmtree(folder / name, ignore_errors=True)  # another process may read it: next time, then
    return gone


def roll_back(store: Store) -> Taught:
    """Search with the encoder before again; return what is then in use.

    Raises UsageError when there is none before.
    """
    now = read_taught(store)
    if not now.before:
        raise UsageError(
            "There is nothing to roll back: search was not taught.", "`everask train search` teaches it."
        )
    back = Taught(now.base, now.before[-1], now.before[:-1])
    _write(store, back)
    return back


def in_use(settings: ModelSettings, store: Store, note: Callable[[str], None]) -> ModelSettings:
    """The settings with the taught encoder's folder in them, where one is in use and there."""
    taught = read_taught(store)
    if taught.name is None or taught.base != settings.encoder:
        return settings
    folder = taught_folder(store.folder, taught.name) / ENCODER
    try:
        encoder_id_of(folder)
    except ModelError as error:
        note(f"Searching with {settings.encoder}, not with {taught.name}: {error}")
        return settings
    return replace(settings, encoder=str(folder))


def _write(store: Store, taught: Taught) -> None:
    record = {"base": taught.base, "name": taught.name, "before": list(taught.before)}
    store.put_setting(SETTING, json.dumps(record))
