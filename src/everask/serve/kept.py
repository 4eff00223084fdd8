"""Answers as they are kept: their events as compressed JSON, and back again.

Records are written field by field. What a later version adds has a default, and what it no longer knows is
passed over; so an older answer can be read, and one that cannot is as good as forgotten.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
import zlib
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from everask.index.asks import KeptAsk
from everask.types import (
    Answered,
    AnswerEvent,
    ClaimChecked,
    Drafted,
    Filters,
    Progressed,
    QuotesFound,
    Rewritten,
    StageStarted,
    Turn,
)

if TYPE_CHECKING:
    from everask.serve.asked import Ask

KINDS: dict[str, type[AnswerEvent]] = {
    "rewritten": Rewritten,
    "stage": StageStarted,
    "progress": Progressed,
    "quotes": QuotesFound,
    "draft": Drafted,
    "claim": ClaimChecked,
    "answer": Answered,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Glossed:
    """What a machine made of a quote in another language: the quote's place, and the gloss; a `problem` says
    why it is not shown."""

    document: str
    start: int
    end: int
    language: str
    text: str
    problem: str
    model: str


@dataclasses.dataclass(frozen=True, slots=True)
class Contents:
    """What is kept of an answer beside its entry."""

    filters: Filters
    history: tuple[Turn, ...]
    events: tuple[AnswerEvent, ...]
    glosses: tuple[Glossed, ...] = ()


def to_keep(ask: Ask) -> KeptAsk:
    """An answer as it is stored."""
    names: dict[type, str] = {kind: name for name, kind in KINDS.items()}
    whole = {
        "filters": dataclasses.asdict(ask.filters),
        "history": [dataclasses.asdict(one) for one in ask.history],
        "glosses": [dataclasses.asdict(one) for one in ask.glosses],
        "events": [[names[type(one)], dataclasses.asdict(one)] for one in ask.events if type(one) in names],
    }
    return KeptAsk(
        id=ask.id,
        user=ask.user,
        groups=ask.groups,
        question=ask.question,
        follows=ask.follows,
        asked_at=ask.asked_at,
        state=ask.state,
        data=zlib.compress(json.dumps(whole).encode("ascii")),
        documents=ask.shown,
    )


def unpack(data: bytes) -> Contents | None:
    """The same again; None where another version's cannot be read."""
    try:
        whole = json.loads(zlib.decompress(data))
        return Contents(
            filters=_read(Filters, whole["filters"]),
            history=tuple(_read(Turn, one) for one in whole["history"]),
            events=tuple(_read(KINDS[name], one) for name, one in whole["events"]),
            glosses=tuple(_read(Glossed, one) for one in whole.get("glosses", ())),
        )
    except (zlib.error, ValueError, KeyError, TypeError):
        return None


def _read(hint: Any, value: Any) -> Any:
    """A value as the annotation wants it, from what JSON made of it."""
    if dataclasses.is_dataclass(hint):
        hints = _hints(typing.cast("Hashable", hint))
        return hint(**{name: _read(hints[name], one) for name, one in value.items() if name in hints})  # type: ignore[operator]
    kind, inner = typing.get_origin(hint), typing.get_args(hint)
    if kind is tuple:
        each = inner[:1] * len(value) if inner[1:] == (...,) else inner
        return tuple(_read(one, part) for one, part in zip(each, value, strict=True))
    if kind in (types.UnionType, typing.Union):
        return None if value is None else _read(inner[0], value)
    return dict(value) if kind is Mapping else value


@functools.cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return typing.get_type_hints(kind)
