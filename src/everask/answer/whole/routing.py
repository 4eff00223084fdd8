"""Tells a question about whole documents from an ordinary one: by its words alone, and never when in doubt.

A question is routed only when nothing is left of it besides the words that ask ("summarise", "list all"),
those that name documents, and those that hold a sentence together. What is left over is a subject, and a
subject is looked for as ever.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, cast

from everask.answer.whole.lexicon import says_nothing
from everask.text import analyse, words
from everask.types import DocumentInfo

Task = Literal["summary", "comparison", "listing"]
Kind = Literal["deadline", "date", "amount", "email", "url", "phone", "percentage"]

_TASKS: tuple[Task, ...] = ("comparison", "summary", "listing")
_KINDS: tuple[Kind, ...] = ("deadline", "email", "url", "phone", "percentage", "amount", "date")
_SEPARATORS = re.compile(r"[-_./\\#\s]+")
_MIN_NAME = 3
_UNSPACED = re.compile("[\u0e00-\u0e7f\u2e80-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Wish:
    """What a question asks of whole documents: those that it names, or "this file" (`here`). `kind` is what
    is listed, or None for something else, which `wanted` says."""

    task: Task
    documents: tuple[DocumentInfo, ...] = ()
    kind: Kind | None = None
    wanted: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class Cue:
    """The words of a question that ask for a task, and where they stand."""

    task: Task
    spans: tuple[tuple[int, int], ...]


def find_cue(text: str) -> Cue | None:
    """The words that ask for a summary, a comparison or a list; None in nearly every question."""
    folded = fold_question(text)
    if _pattern("asking").match(folded):
        return None
    for task in _TASKS:
        best: re.Match[str] | None = None
        for pattern in _patterns(task):
            match = pattern.search(folded)
            if match and (best is None or _bare(match) > _bare(best)):
                best = match
        if best is not None:
            return Cue(task, tuple(_outside(best)))
    return None


def read_wish(text: str, language: str, cue: Cue, documents: Iterable[DocumentInfo]) -> Wish | None:
    """What is asked of which documents; None where a subject is left, which makes it an ordinary question."""
    folded = fold_question(text)
    named = find_named(folded, documents)
    spans = [*cue.spans, *(one.span() for one in _pattern("length").finditer(folded))]
    spans += [match.span() for match in _polite().finditer(folded)]
    spans += [span for span, _ in named]
    mentions = [match.span() for match in _documents().finditer(folded) if match.group().strip()]
    here = bool(mentions)
    spans += mentions
    found = tuple(dict.fromkeys(info for _, infos in named for info in _in_language(infos, language)))
    if cue.task != "listing":
        left = _left(folded, language, spans)
        if left or not (found or here):
            return None
        return Wish(cue.task, found, here=here)
    return _read_list(folded, language, spans, found, here=here)


def find_named(
    folded: str, documents: Iterable[DocumentInfo]
) -> list[tuple[tuple[int, int], tuple[DocumentInfo, ...]]]:
    """The documents whose name or title stands in a question, the longest name at each place, in order."""
    plain = _SEPARATORS.sub(_same_length, folded)
    known: dict[str, list[DocumentInfo]] = {}
    for info in documents:
        for name in _names(info):
            if name in plain:
                known.setdefault(name, []).append(info)
    found: list[tuple[tuple[int, int], tuple[DocumentInfo, ...]]] = []
    for name in sorted(known, key=len, reverse=True):
        for match in re.finditer(re.escape(name), plain):
            start, end = match.span()
            whole = _parts(plain[start - 1 : start], name[0]) and _parts(plain[end : end + 1], name[-1])
            if whole and not any(a < end and start < b for (a, b), _ in found):
                found.append(((start, end), tuple(dict.fromkeys(known[name]))))
    return sorted(found, key=lambda one: one[0])


def _in_language(infos: tuple[DocumentInfo, ...], language: str) -> tuple[DocumentInfo, ...]:
    """Of translations, which have one name in several folders, those in the asker's language."""
    if len({info.name.rpartition("/")[2] for info in infos}) > 1:
        return infos
    return tuple(info for info in infos if info.language == language) or infos


def fold_question(text: str) -> str:
    """A question as the patterns expect it: NFKC, lower case, the offsets of its NFKC form."""
    plain = unicodedata.normalize("NFKC", text)
    return "".join(lower if len(lower := one.lower()) == 1 else one for one in plain)


def _read_list(
    folded: str,
    language: str,
    spans: list[tuple[int, int]],
    found: tuple[DocumentInfo, ...],
    *,
    here: bool,
) -> Wish | None:
    for kind in _KINDS:
        places = [match.span() for match in _kind(kind).finditer(folded) if match.group()]
        if places and not _left(folded, language, [*spans, *places]):
            return Wish("listing", found, kind, here=here)
    left = _left(folded, language, spans)
    if not left or not (found or here):
        return None
    wanted = folded[left[0][0] : left[-1][1]].strip()
    return Wish("listing", found, None, wanted, here)


def _left(folded: str, language: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The words outside the spans that tell something."""
    return [
        (start, end)
        for start, end in words(folded, language)
        if not any(min(end, b) - max(start, a) > (end - start) / 2 for a, b in spans)
        and not says_nothing(folded[start:end], analyse(folded[start:end], language))
    ]


def _names(info: DocumentInfo) -> list[str]:
    """What people call a document: its file's name with and without the ending, its title, its folders."""
    file = info.uri.rsplit("/", 1)[-1].partition("#")[0]
    last = info.name.rsplit("/", 1)[-1]
    names = {_SEPARATORS.sub(" ", fold_question(one)).strip() for one in (last, file, info.title, info.name)}
    names |= {_SEPARATORS.sub(" ", fold_question(one)).strip() for one in info.name.split("/")[:-1]}
    return [name for name in names if len(name) >= (2 if _UNSPACED.search(name) else _MIN_NAME)]


def _same_length(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _parts(neighbour: str, edge: str) -> bool:
    return not neighbour.isalnum() or bool(_UNSPACED.match(neighbour)) or bool(_UNSPACED.match(edge))


def _bare(match: re.Match[str]) -> int:
    """How much of a match is its own words, without what they ask about."""
    return sum(end - start for start, end in _outside(match))


def _outside(match: re.Match[str]) -> list[tuple[int, int]]:
    start, end = match.span()
    inner = next(
        (match.span(name) for name, text in match.groupdict().items() if text is not None), (end, end)
    )
    return [(start, inner[0]), (inner[1], end)]


@cache
def _routes() -> dict[str, Any]:
    file = resources.files("everask.answer.whole") / "routes.json"
    return cast(dict[str, Any], json.loads(file.read_text("utf-8")))


@cache
def _patterns(task: str) -> list[re.Pattern[str]]:
    begin = r"(?:(?<![^\W_])|(?=[\u0e00-\u0e7f\u2e80-\u9fff\uac00-\ud7af]))"
    end = r"(?:(?<![a-zà-ɏа-я])|(?![a-zà-ɏа-я]))"
    return [re.compile(rf"{begin}(?:{line}){end}") for line in _routes()[task]]


@cache
def _pattern(part: str) -> re.Pattern[str]:
    return re.compile("|".join(_routes()[part]))


@cache
def _documents() -> re.Pattern[str]:
    return _whole_words("|".join(_routes()["document"]))


@cache
def _polite() -> re.Pattern[str]:
    return _whole_words("|".join(_routes()["polite"]))


@cache
def _kind(kind: Kind) -> re.Pattern[str]:
    return _whole_words(_routes()["kinds"][kind])


def _whole_words(lines: str) -> re.Pattern[str]:
    """Whole words in the scripts that part words by spaces; anything in the others."""
    letters = "a-zà-ɏ\u1e00-\u1effа-яёіїєґα-ωά-ώ"
    return re.compile(rf"(?<![{letters}])(?:{lines})(?![{letters}])")
