"""How a search was understood, as data for programs and in a few words for people."""

from __future__ import annotations

import datetime
from typing import Any

from everask.documents.kind import MEDIA_TYPES
from everask.serve.wording import language_names, translator
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
        "topics": list(limits.topics.ids) if limits.topics else [],
        "hints": list(understood.hints),
        "suggestion": understood.suggestion,
    }


def limits_in_words(understood: Understood, language: str = "en") -> list[str]:
    """Each limit in a few words of a language of the pages, such as `with “two years”` or `in German`."""
    _, limits = translator(language), understood.filters
    named = language_names(language)
    names = f" {_('or')} ".join(named.get(code, code) for code in limits.languages)
    kinds = f" {_('or')} ".join(_KINDS.get(kind, kind) for kind in limits.media_types)
    return [
        *(_("with “{words}”", words=one) for one in limits.phrases),
        *(_("with “{words}” first, if any", words=one) for one in understood.preferred),
        *(_("without “{words}”", words=one) for one in limits.without),
        *([_("in {names}", names=names)] if names else []),
        *([_("type {kinds}", kinds=kinds)] if kinds else []),
        *([_("from {day}", day=_day(limits.after))] if limits.after is not None else []),
        *([_("before {day}", day=_day(limits.before))] if limits.before is not None else []),
        *(_("folder {name}", name=one) for one in ([limits.folder] if limits.folder else [])),
        *(_("folder {name}", name=one) for one in limits.folders),
        *(_("title “{words}”", words=one) for one in limits.titles),
        *(_("topic {name}", name=one) for one in (limits.topics.ids if limits.topics else ())),
    ]


def _day(seconds: float) -> str:
    try:
        moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.0f} s after 1970"
    return moment.date().isoformat() if seconds % 86_400 == 0 else moment.isoformat(" ", "minutes")
