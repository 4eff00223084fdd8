"""Settings as the settings page shows them: what each means, its value, and where that comes from.

What a setting means is what its section's docstring says: there is one text, for the reference, too. Values
that are secrets, and secrets within addresses, are hidden.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from everask import packs
from everask.pipeline import models
from everask.pipeline.settings_file import AT_ONCE
from everask.settings import (
    FILE_NAME,
    Settings,
    explain_settings,
    hints_of_settings,
    section_types,
    variable_of,
)

if TYPE_CHECKING:
    from everask.serve.rules import Role

_SECRET = re.compile(r"(?:^|[._])(token|secret|password|key)s?$")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
HIDDEN = "(set)"
NOTHING = "–"


ADMINS = frozenset(
    f"serve.{name}"
    for name in (
        *("max_upload_bytes", "max_waiting", "log", "members_may_add", "keep_asks"),
        "search_processes",
    )
)
"""What admins change, beside the sections that count at once. All else is the owner's alone: it says who is
let in, which files of the machine are opened, and where questions are sent. Secrets nobody changes here."""
FIELDS: dict[object, Literal["figure", "truth"]] = {bool: "truth", int: "figure", float: "figure"}


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting: its name in the file, its value, where that comes from, and the variable that sets it.

    `next` is its value from the next start on, where that is another; `kind` and `choices` are what its field
    is like, `default` what it is when nobody says anything.
    """

    name: str
    value: str
    origin: str
    variable: str
    default: str = ""
    next: str | None = None
    kind: Literal["text", "figure", "truth", "choice", "list"] = "text"
    choices: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The value as it is changed: nothing of one that is hidden in part."""
        value = self.value if self.next is None else self.next
        return "" if value == NOTHING or "…@" in value or self.is_secret else value

    @property
    def is_secret(self) -> bool:
        """Whether its value is never shown."""
        return self.kind == "text" and bool(_SECRET.search(self.name))

    @property
    def is_live(self) -> bool:
        """Whether a change counts at once, for what comes after it."""
        return self.name.partition(".")[0] in AT_ONCE


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


def section_views(settings: Settings, stored: Settings | None) -> list[SectionView]:
    """All sections in the order of the file."""
    rows = setting_rows(settings, stored)
    return [
        SectionView(name, meaning_of(kind), [one for one in rows if one.name.partition(".")[0] == name])
        for name, kind in section_types().items()
    ]


def setting_rows(settings: Settings, stored: Settings | None) -> list[SettingRow]:
    """All settings as they are now; `stored` is what the file and the environment say for the next start,
    None where the file cannot be read."""
    hints = hints_of_settings()
    defaults = {name: value for name, value, _ in explain_settings(Settings(settings.data), {}, {})}
    later = {name: value for name, value, _ in explain_settings(stored)} if stored else {}
    made: list[SettingRow] = []
    for name, value, origin in explain_settings(settings, table=None if stored else {}):
        after = later.get(name, value)
        choices = typing.get_args(hints[name]) if typing.get_origin(hints[name]) is Literal else ()
        is_list = typing.get_origin(hints[name]) is tuple
        made.append(
            SettingRow(
                name,
                shown_value(name, value),
                origin,
                variable_of(name),
                shown_value(name, defaults[name]),
                shown_value(name, after) if after != value else None,
                "choice" if choices else "list" if is_list else FIELDS.get(hints[name], "text"),
                tuple(map(str, choices)),
            )
        )
    return made


def may_change(row: SettingRow, role: Role) -> bool:
    """Whether somebody may change a setting by the page or the API."""
    if row.is_secret:
        return False
    return role == "owner" or (role == "admin" and (row.is_live or row.name in ADMINS))


def meaning_of(kind: type) -> list[str]:
    """The paragraphs of a docstring, each as one line, without the marks of code."""
    text = inspect.getdoc(kind) or ""
    return [" ".join(part.split()).replace("`", "") for part in text.split("\n\n") if part.strip()]


def shown_value(name: str, value: Any) -> str:
    """A value as the file would have it; of a secret only whether it is set."""
    if isinstance(value, str) and _SECRET.search(name):
        return HIDDEN if value else NOTHING
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return ", ".join(shown_value("", one) for one in value) or NOTHING
    return _CREDENTIALS.sub("…@", str(value)) or NOTHING


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
