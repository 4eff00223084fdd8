"""Sentence boundaries in every script, so that a quote is a whole sentence and never half a number.

Rules, not a model: an ender, its closing quotes and brackets, and what follows. A line that stands alone
(list item, table row, heading) is a sentence of its own; a line that the page's width broke is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from everask.text.abbreviations import MAY_END, ORDINAL_STOP, abbreviations

_CLOSE = "\"'”’»)\\]}」』】〉》）］｝﹂﹄›"
_CLOSERS = f"(?:[{_CLOSE}]|[ \u00a0\u202f]»)*"
_UNSPACED = "\u2e80-\u9fff\uac00-\ud7a3\uff00-\uffef"
_END = re.compile(
    f"(?P<wide>[。！？｡︒．]+[{_CLOSE}…]*)"
    # Khmer's "and so on" (។ល។) ends nothing, nor do the ornaments that a Tibetan page begins with.
    f"|(?P<other>(?:[।॥؟۔።፧։៕။᠃᙮‼⁇⁈⁉]|(?<!ល)។(?!ល។)|(?<![༄༅།])།(?:[ ]?།)*)+{_CLOSERS})"
    f"|(?P<stop>(?<![.!?…;])[.!?…;]++{_CLOSERS}+)(?=\\s|$|[{_UNSPACED}])"
    r"|(?P<line>\n\s*)"
)
_WORD_BEFORE = re.compile(r"(?:[^\W_]|[./°ª-])+$")
_INITIALS_BEFORE = re.compile(r"(?:\b\w\.[ \u00a0]?)+\w$")
_ROMAN = re.compile(r"[IVX]{1,5}")
_DANDA = re.compile("[\u0900-\u0dff]")
_LIST_MARK = re.compile(r"[-*+•·–—▪◦‣●○■□➢✓]\s|\(?(?:\d{1,3}|[a-zA-Z])[.)]\s|#|\|")
_NO_END = re.compile(r"[^.!?…。！？:：;；।؟|]$")
_SPACED_CLAUSES = re.compile("[\u0e01-\u0eff\u1780-\u17ff]")
_CLAUSE_SPACE = re.compile("(?<=[\u0e01-\u0eff\u1780-\u17ff])\\s+(?=[\u0e01-\u0eff\u1780-\u17ff])")
_LONG_CLAUSE = 160
_WIDE_LINE = 45
_WIDE_UNSPACED_LINE = 20
_CONTEXT = 24


def _is_shortened(before: str, after: str, language: str) -> bool:
    """Whether the full stop between two stretches of one line belongs to a word or number."""
    found = _WORD_BEFORE.search(before)
    following = after.lstrip()[:1]
    if found is None or not following:
        return False
    if following.islower():
        return True
    word = found.group().lower().rstrip(".")
    initials = _INITIALS_BEFORE.search(before)
    together = "".join(initials.group().split()).lower() if initials else word
    if word.isdigit() or (language in ORDINAL_STOP and _ROMAN.fullmatch(found.group())):
        earlier = before[: -len(found.group())].rstrip()
        is_short = not word.isdigit() or len(word) <= 2
        is_ordinal = is_short and language in ORDINAL_STOP and following.isalpha()
        return not earlier or (is_ordinal and not earlier.endswith("."))
    if word in MAY_END or together in MAY_END:
        return not following.isupper()
    return word in abbreviations(language) or len(word) == 1 or "." in together


def _is_wrapped(text: str, begin: int, start: int, end: int) -> bool:
    """Whether a line break between `start` and `end` only wraps a line of running text."""
    if text.count("\n", start, end) > 1:
        return False
    line = text[max(text.rfind("\n", 0, start) + 1, begin - _WIDE_LINE, 0) : start]
    following = text[end : end + _CONTEXT]
    if not following or not _NO_END.search(line) or _LIST_MARK.match(following) or " | " in line:
        return False
    if following[0].islower():
        return True
    is_unspaced = re.match(f"[{_UNSPACED}]", line[-1:]) is not None
    return len(line) >= (_WIDE_UNSPACED_LINE if is_unspaced else _WIDE_LINE)


def _ends_here(text: str, begin: int, match: re.Match[str], language: str) -> bool:
    """Whether this candidate ends the sentence that began at `begin`."""
    start, end, kind = match.start(), match.end(), match.lastgroup
    if kind == "line":
        return not _is_wrapped(text, begin, start, end)
    if kind == "wide":
        quoted = match.group()[-1] in "」』"
        return not (quoted and re.match("[\u3041-\u309f、]", text[end : end + 1]))
    if kind == "other":
        return True
    enders = match.group()
    if enders[0] == ";":
        return language == "el"
    after = text[end : end + _CONTEXT]
    if enders.startswith(".") and not enders.startswith(".."):
        line_start = max(text.rfind("\n", begin, start) + 1, begin)
        before = text[max(line_start, start - _CONTEXT) : start]
        if _DANDA.search(before[-1:]) and "।" in text[begin : end + _LONG_CLAUSE]:
            return False  # initials: Indic scripts end sentences with a danda
        return not _is_shortened(before, after.split("\n", 1)[0], language)
    return not after.lstrip(" \u00a0\u202f")[:1].islower()


def _clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Thai, Lao and Khmer set clauses off by spaces alone: long stretches are cut there."""
    begin = start
    if end - start > _LONG_CLAUSE and _SPACED_CLAUSES.search(text, start, end):
        for match in _CLAUSE_SPACE.finditer(text, start, end):
            if match.start() - begin >= _LONG_CLAUSE // 2 and end - match.end() >= _LONG_CLAUSE // 3:
                yield (begin, match.start())
                begin = match.end()
    yield (begin, end)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """Spans of the sentences of `text`, in code points, without the white space around them."""
    borders = [0]
    for match in _END.finditer(text):
        if _ends_here(text, borders[-1], match, language):
            borders.append(match.end())
    spans: list[tuple[int, int]] = []
    for begin, finish in zip(borders, [*borders[1:], len(text)], strict=True):
        start, end = _trimmed(text, begin, finish)
        if start < end:
            spans.extend(_clauses(text, start, end))
    return spans
