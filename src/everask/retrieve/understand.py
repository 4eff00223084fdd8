"""What a person types, taken apart: words, "required phrases", -excluded ones, and filters such as lang:de.

Everything that is typed is data: what is not understood stays in the text as words, and nothing is ever
an operator of a database. A known filter whose value cannot be used stays in the text too, and a hint
says so. Knows no store; see docs/search.md for the rules in people's words.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from everask.documents.kind import MEDIA_TYPES
from everask.text import language_of, words
from everask.text.characters import CJK, SEA, runs
from everask.text.language import is_code
from everask.types import Filters, Understood

MAX_CHARACTERS = 4_000
MAX_PHRASES = 10
MAX_WITHOUT = 20
ASKING_WORDS = 6
"""Words beside those in quotation marks that make a question of a text. Of the tuning half's queries with
quotation marks, a question mark or not, none that had three lost by this, and most gained."""
_ASKING = ("?", "？", "؟", "\u037e", "⸮", "՞", "፧", "﹖")  # U+037E is the Greek one; mostly it is typed as ;
_OPENING = ("¿", "⸘")

_PAIRS = "“”„“„”””«»»«‹››‹「」『』﹁﹂﹃﹄＂＂〝〞〝〟"  # an opening and a closing one each
_SPACED = f"[^\\W{CJK}{SEA}]"  # what a straight quotation mark between letters is not: `5" pipe`, `it"s`
_STRAIGHT = f'(?<!{_SPACED})"[^"]+"(?!{_SPACED})'
_CURLY = [f"{a}[^{a}{b}]+{b}" for a, b in zip(_PAIRS[::2], _PAIRS[1::2], strict=True)]
_MARKED = "|".join([_STRAIGHT, *_CURLY])
_BEGIN = r"(?<![^\s(（\u3000])"
_TERM = re.compile(
    f'{_BEGIN}(?P<field>[A-Za-z]+)[:：](?P<value>{_MARKED}|[^\\s"“„«「]+)'
    f"|{_BEGIN}[-−](?P<excluded>{_MARKED}|(?=[^\\W\\d_])\\S+)"
    f"|(?P<phrase>{_MARKED})"
)
_SUSPENDED = re.compile(r"\w-,?\s+(?:\w+\s+)?$")  # German „Ein- und -ausgabe“: no minus
_DATE = re.compile(r"(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?")
_LISTED = re.compile(r"[,，、]")
_FIELDS = {
    "lang": "lang",
    "language": "lang",
    "type": "type",
    "filetype": "type",
    "after": "after",
    "since": "after",
    "before": "before",
    "until": "before",
    "folder": "folder",
    "in": "folder",
    "title": "title",
    "intitle": "title",
}


@dataclass(slots=True)
class _Parts:
    """What has been found so far."""

    filters: Filters
    phrases: dict[str, None] = field(default_factory=dict)
    without: dict[str, None] = field(default_factory=dict)
    languages: dict[str, None] = field(default_factory=dict)
    media_types: dict[str, None] = field(default_factory=dict)
    hints: dict[str, None] = field(default_factory=dict)
    impossible: bool = False


def understand(typed: str, filters: Filters | None = None, *, is_question: bool = False) -> Understood:
    """Take apart what was typed; `filters` come from elsewhere, and both must hold.

    The text is empty when there is nothing to look for, and a hint then says why. In a question, quotation
    marks mostly stand around a title or somebody's words (「…」 in every other Japanese one), and what
    answers need not repeat them: they are preferred, not demanded, unless there is nothing else. Text with
    a question mark at an end, or of so many words beside those in quotation marks, is one.
    """
    parts = _Parts(filters or Filters())
    text = typed.replace("\0", " ").encode("utf-8", "replace").decode("utf-8").strip()
    if len(text) > MAX_CHARACTERS:
        parts.hints[f"Only the first {MAX_CHARACTERS:,} of {len(text):,} characters were read."] = None
        text = text[:MAX_CHARACTERS]
    plain = " ".join(_TERM.sub(lambda found: _take(found, parts), text).split())
    if plain.count('"') % 2 and '"' in re.sub(f'(?<={_SPACED})"', "", plain):
        parts.hints["A quotation mark has no partner, and was not read as one."] = None
    preferred: tuple[str, ...] = ()
    beside = _TERM.sub(" ", text).strip() if parts.phrases else ""
    if runs(beside) and (is_question or _is_question(beside, language_of(plain))):
        preferred = tuple(parts.phrases)
        parts.phrases.clear()
    made = _combine(parts)
    return Understood(_checked(plain, made, parts), made, tuple(parts.hints), preferred=preferred)


def typed_limits(typed: str) -> str:
    """The filters of a text, as they were typed: `lang:de after:2025`; empty where there are none."""
    found = (match for match in _TERM.finditer(typed[:MAX_CHARACTERS]) if match["field"] is not None)
    return " ".join(match.group() for match in found if not _take(match, _Parts(Filters())).strip())


def explain_nothing(understood: Understood) -> Understood:
    """What was understood, with a hint where phrases may be why nothing was found."""
    if not understood.filters.phrases:
        return understood
    phrases = ", ".join(f"“{one}”" for one in understood.filters.phrases)
    hint = f"No passage holds {phrases} word for word; without quotation marks more may be found."
    return replace(understood, hints=(*understood.hints, hint))


def parse_date(text: str) -> float | None:
    """The beginning of a year, a month or a day, or a moment in ISO 8601, as seconds since 1970 (UTC if it
    does not say); None where it is no date."""
    found = _DATE.fullmatch(text)
    try:
        if found:
            year, month, day = (int(part or 1) for part in found.groups())
            moment = datetime.datetime(year, month, day)
        else:
            moment = datetime.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def media_type(kind: str) -> str | None:
    """The media type of a kind of file, such as `pdf`, or of a media type itself; None where it is none."""
    return kind if re.fullmatch(r"\w+/[\w.+*-]+", kind) else MEDIA_TYPES.get(kind.lower().lstrip("."))


def _is_question(beside: str, language: str) -> bool:
    """Whether a text is one by what stands beside the words in quotation marks."""
    if beside.endswith(_ASKING) or beside.startswith(_OPENING):
        return True
    if beside.endswith(";") and language == "el":
        return True
    return len(words(beside, language)) >= ASKING_WORDS


def _take(found: re.Match[str], parts: _Parts) -> str:
    """Note one term; what stays of it in the text."""
    whole = found.group()
    if found["field"] is not None:
        name = _FIELDS.get(found["field"].lower())
        fits = name is not None and _TAKERS[name](_bare(found["value"]).strip(), parts)
        return " " if fits else whole
    if found["excluded"] is not None:
        if _SUSPENDED.search(found.string[: found.start()]):
            return whole
        _note(_bare(found["excluded"]), parts.without, MAX_WITHOUT, parts.hints)
        return " "
    inner = _bare(found["phrase"])
    _note(inner, parts.phrases, MAX_PHRASES, parts.hints)
    # Signs may be all that stood between two words; in a script without spaces nothing need stand there.
    pads = [" " if re.match(_SPACED, one) else "" for one in (inner[0], inner[-1])]
    return f"{pads[0]}{inner}{pads[1]}"


def _bare(value: str) -> str:
    """A value without its quotation marks."""
    if len(value) > 2 and re.fullmatch(_MARKED, value):
        return value[1:-1]
    return value


def _note(wording: str, known: dict[str, None], most: int, hints: dict[str, None]) -> None:
    plain = " ".join(wording.split())
    if not runs(plain):
        hints[f"There is no word in “{plain}” to look for."] = None
    elif len(known) >= most and plain not in known:
        required = "phrases in quotation marks" if most == MAX_PHRASES else "words after a minus"
        hints[f"Only the first {most} {required} were applied."] = None
    else:
        known[plain] = None


def _take_language(value: str, parts: _Parts) -> bool:
    codes = [re.split("[-_]", one)[0].lower() for one in _LISTED.split(value) if one]
    if not codes or not all(map(is_code, codes)):
        parts.hints[f"lang:{value} is no language, and was read as words. Write it as lang:de."] = None
        return False
    parts.languages |= dict.fromkeys(codes)
    return True


def _take_type(value: str, parts: _Parts) -> bool:
    kinds = [media_type(one) for one in _LISTED.split(value) if one]
    known = [kind for kind in kinds if kind is not None]
    if not kinds or len(known) < len(kinds):
        names = ", ".join(sorted(MEDIA_TYPES))
        parts.hints[f"type:{value} is no type, and was read as words. There are: {names}."] = None
        return False
    parts.media_types |= dict.fromkeys(known)
    return True


def _take_date(value: str, parts: _Parts, name: str) -> bool:
    seconds = parse_date(value)
    if seconds is None:
        example = f"{name}:2025, {name}:2025-03 or {name}:2025-03-31"
        parts.hints[f"{name}:{value} is no date, and was read as words. Write {example}."] = None
        return False
    limits = [seconds, *(one for one in (getattr(parts.filters, name),) if one is not None)]
    if name == "after":
        parts.filters = replace(parts.filters, after=max(limits))
    else:
        parts.filters = replace(parts.filters, before=min(limits))
    return True


def _take_folder(value: str, parts: _Parts) -> bool:
    parts.filters = replace(parts.filters, folders=(*parts.filters.folders, value))
    return bool(value)


def _take_title(value: str, parts: _Parts) -> bool:
    if not runs(value):
        return False
    parts.filters = replace(parts.filters, titles=(*parts.filters.titles, value))
    return True


_TAKERS: Mapping[str, Callable[[str, _Parts], bool]] = {
    "lang": _take_language,
    "type": _take_type,
    "after": lambda value, parts: _take_date(value, parts, "after"),
    "before": lambda value, parts: _take_date(value, parts, "before"),
    "folder": _take_folder,
    "title": _take_title,
}


def _combine(parts: _Parts) -> Filters:
    """What was typed narrows what was given besides."""
    given = parts.filters
    languages = _both(given.languages, tuple(parts.languages), "languages", parts)
    types = _both(given.media_types, tuple(parts.media_types), "types", parts)
    return replace(
        given,
        languages=languages,
        media_types=types,
        phrases=(*given.phrases, *parts.phrases),
        without=(*given.without, *parts.without),
    )


def _both(given: tuple[str, ...], typed: tuple[str, ...], what: str, parts: _Parts) -> tuple[str, ...]:
    if not given or not typed:
        return given or typed
    common = tuple(one for one in given if one in typed)
    if not common:
        parts.impossible = True
        parts.hints[f"The filters leave no {what}: {', '.join(given)} and {', '.join(typed)}."] = None
    return common or typed


def _checked(plain: str, filters: Filters, parts: _Parts) -> str:
    """The words to look for, or nothing, with a hint that says why."""
    after, before = filters.after, filters.before
    if after is not None and before is not None and after >= before:
        parts.hints["No date is after the one and before the other."] = None
        return ""
    if parts.impossible:
        return ""
    if any(not one.isspace() and not _is_punctuation(one) for one in plain):
        return plain
    if filters.without or filters != Filters():
        parts.hints["Filters and exclusions narrow a search: add words to look for."] = None
    elif plain:
        parts.hints["There are only signs here, and no word to look for."] = None
    else:
        parts.hints["There is nothing to look for: write some words."] = None
    return ""


def _is_punctuation(character: str) -> bool:
    return unicodedata.category(character)[0] in "PZC" or character in "+<>=|~^`$"
