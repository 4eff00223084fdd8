"""The limits that a form sets for a question or search, as plain fields."""

from __future__ import annotations

import datetime
from typing import Annotated

from fastapi import Form

from everask.answer.wording import LANGUAGE_NAMES
from everask.types import Filters

Field = Annotated[str, Form(max_length=1_000)]


def scope_of(
    folder: Field = "", language: Field = "", kind: Field = "", after: Field = "", before: Field = ""
) -> Filters:
    """The limits; a field that is empty or makes no sense limits nothing."""
    return Filters(
        languages=(language,) if language in LANGUAGE_NAMES else (),
        media_types=(kind,) if kind else (),
        after=day(after),
        before=day(before, following=True),
        folders=(folder.strip(),) if folder.strip(" /") else (),
    )


def day(text: str, *, following: bool = False) -> float | None:
    """`2026-11-28` in seconds since 1970, UTC: its beginning, or that of the day after it."""
    try:
        moment = datetime.datetime.fromisoformat(text.strip()[:10]).replace(tzinfo=datetime.UTC)
        return (moment + datetime.timedelta(days=int(following))).timestamp()
    except (ValueError, OverflowError):
        return None
