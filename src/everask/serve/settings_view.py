"""Settings as the settings page shows them: what each means, its value, and where that comes from.

What a setting means is what its section's docstring says: there is one text, for the reference, too. Values
that are secrets, and secrets within addresses, are hidden.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from everask import packs
from everask.pipeline import models
from everask.settings import FILE_NAME, Settings, explain_settings, section_types

_SECRET = re.compile(r"(?:^|_)(token|secret|password|key)s?$")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
HIDDEN = "(set)"


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting: its name in the file, its value, where it comes from, and the variable that sets it."""

    name: str
    value: str
    origin: str
    variable: str


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section of the file: its name, what its settings mean, in paragraphs, and the settings."""

    name: str
    meaning: Sequence[str]
    rows: Sequence[SettingRow]


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model that can be fetched, and whether it is there."""

    name: str
    kind: str
    size: int
    licence: str
    is_here: bool
    is_used: bool


def section_views(settings: Settings) -> list[SectionView]:
    """All sections in the order of the file."""
    rows = explain_settings(settings)
    return [
        SectionView(name, meaning_of(kind), [_row(*one) for one in rows if one[0].partition(".")[0] == name])
        for name, kind in section_types().items()
    ]


def meaning_of(kind: type) -> list[str]:
    """The paragraphs of a docstring, each as one line, without the marks of code."""
    text = inspect.getdoc(kind) or ""
    return [" ".join(part.split()).replace("`", "") for part in text.split("\n\n") if part.strip()]


def _row(name: str, value: Any, origin: str) -> SettingRow:
    variable = f"EVERASK_{name}".replace(".", "_").upper()
    return SettingRow(name, shown_value(name, value), origin, variable)


def shown_value(name: str, value: Any) -> str:
    """A value as the file would have it; of a secret only whether it is set."""
    if _SECRET.search(name.rpartition(".")[2]):
        return HIDDEN if value else "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(shown_value("", one) for one in value) or "–"
    return _CREDENTIALS.sub("…@", str(value)) or "–"


def model_rows(settings: Settings) -> list[ModelRow]:
    """The models that can be fetched."""
    named = settings.models
    folder = models.models_folder(named)
    writer = models.generator_name(named) or ""
    return [
        ModelRow(
            name,
            pack.kind,
            pack.size,
            pack.licence,
            packs.find(name, folder) is not None,
            name == named.encoder or (not named.remote_url and _plain(name) in _plain(writer)),
        )
        for name, pack in packs.PACKS.items()
    ]


def file_of(settings: Settings) -> tuple[str, bool]:
    """Where the file of settings is, and whether it is there."""
    file = settings.data / FILE_NAME
    return str(file), file.exists()


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9.]", "", name.casefold())
