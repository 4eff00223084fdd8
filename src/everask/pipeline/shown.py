"""What a person was shown, as it is kept, and the chance that decided on the order."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

from everask.feedback import question_key
from everask.index.impressions import MAX_PLACES, ShownList, ShownPlace
from everask.text import language_of
from everask.types import Hit

_DAY = 86_400.0


def as_shown(
    text: str,
    user: int | None,
    origin: str,
    hits: Sequence[Hit],
    detail: Mapping[str, Any] | None = None,
    teams: Mapping[int, str | None] | None = None,
) -> ShownList:
    """The first hits as a person was shown them for what they typed, with what search said of each."""
    known = teams or {}
    places = tuple(
        ShownPlace(
            hit.passage.id,
            known.get(hit.passage.id),
            {"score": round(hit.score, 4), **{name: round(value, 4) for name, value in hit.channels.items()}},
        )
        for hit in hits[:MAX_PLACES]
    )
    text = text.strip()
    return ShownList(text, language_of(text), user, origin, time.time(), places, detail or {})


def draw_for(text: str, user: int | None, now: float | None = None) -> random.Random:
    """Chance, the same for a person and question all day: who asks again sees the same."""
    day = int((time.time() if now is None else now) // _DAY)
    return random.Random(f"{user}|{question_key(text)}|{day}")
