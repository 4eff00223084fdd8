"""How a search was understood, as data for programs and in a few words for people."""

from __future__ import annotations

import datetime
from typing import Any

from everask.answer.wording import LANGUAGE_NAMES
from everask.documents.kind import MEDIA_TYPES
from everask.types import Understood

_KINDS = {media_type: kind for kind, media_type in MEDIA_TYPES.items()}


def understood_record(understood: Understood) -> dict[str, Any]:
    """What is looked for, what limits it, and hints; dates are seconds since 1970, UTC."""
    limits = understood.filters
    return {
        "text": understood.text,
        "phrases": list(limits.phrases),
        "preferred": list(understood.preferred),
        "without": list(limits.without),
        "languages": list(limits.languages),
        "media_types": list(limits.media_types),
        "after": limits.after,
        "before": limits.before,
        "folders": [*([limits.folder] if limits.folder else []), *limits.folders],
        "titles": list(limits.titles),
        "hints": list(understood.hints),
        "suggestion": understood.suggestion,
    }


def limits_in_words(understood: Understood) -> list[str]:
    """Each limit in a few words, such as `with “two years”` or `in German`."""
    limits = understood.filters
    names = [LANGUAGE_NAMES.get(code, code) for code in limits.languages]
    kinds = [_KINDS.get(kind, kind) for kind in limits.media_types]
    return [
        *(f"with “{one}”" for one in limits.phrases),
        *(f"with “{one}” first, if any" for one in understood.preferred),
        *(f"without “{one}”" for one in limits.without),
        *([f"in {' or '.join(names)}"] if names else []),
        *([f"type {' or '.join(kinds)}"] if kinds else []),
        *([f"from {_day(limits.after)}"] if limits.after is not None else []),
        *([f"before {_day(limits.before)}"] if limits.before is not None else []),
        *(f"folder {one}" for one in ([limits.folder] if limits.folder else [])),
        *(f"folder {one}" for one in limits.folders),
        *(f"title “{one}”" for one in limits.titles),
    ]


def _day(seconds: float) -> str:
    try:
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f} s after 1970"
    return moment.date().isoformat() if seconds % 86_400 == 0 else moment.isoformat(" ", "minutes")
