"""Sentence boundaries in every script, so that a quote is a whole sentence and never half a number.

Rules, not a model: an ender, its closing brackets and quotes, and what follows. Lines that stand alone
(lists, headings, table rows) are sentences of their own.
"""

from __future__ import annotations

import re

_CLOSERS = "\"'”’»)\\]}」』】〉》）］｝﹂﹄”’›"
_WIDE = "。！？｡︒．"
_OTHER = "।॥؟۔።፧።։។៕၊။᠃᙮‼⁇⁈⁉"
_END = re.compile(
    f"(?P<wide>[{_WIDE}！？]+[{_CLOSERS}…]*)"
    f"|(?P<other>[{_OTHER}]+[{_CLOSERS}]*)"
    f"|(?P<latin>[.!?…;]+(?:[{_CLOSERS}]*)(?=\\s|$|[\u2e80-\u9fff]))"
    r"|(?P<line>\s*\n\s*)"
)
_SHORTENED = """
    mr mrs ms dr prof st sr jr vs etc e.g i.e cf al approx no nos vol fig figs eq sec ch pp p ed eds inc ltd
    co corp dept est gen gov hon jan feb mar apr jun jul aug sep sept oct nov dec mt rev sgt capt lt col u.s
    a.m p.m a.d b.c ph.d z.b d.h u.a usw bzw ca nr str abs art bd evtl ggf inkl max min mio mrd s.o s.u vgl
    zzgl bspw o.ä u.ä geb gest jh hr fr hrsg i.d.r z.t т.д т.п т.е т.к т.н и.о г гг в вв им ул стр рис тыс
    млн млрд руб см др проф акад ст п пп p.ex par.ex m mm mme mlle éd env tél n° sra srta dra ud uds ej pág
    núm av avda sig sigg dott ing pag es ecc tel dhr mevr bijv enz blz dvs bl.a osv kap sid ok tj tzv např
    atd str č r.o.o np itp tzn ul zob ok godz nr vb örn bkz yy dr prof doç ör tr op.cit ibid viz
"""
_ABBREVIATIONS = frozenset(_SHORTENED.split())
_WORD_BEFORE = re.compile(r"(?:[^\W_]|[.°])+$")
_THAI = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_LIMIT_THAI = 90


def _is_abbreviation(before: str, after: str) -> bool:
    """Whether the full stop between two stretches of text belongs to a shortened word or a number."""
    found = _WORD_BEFORE.search(before)
    if found is None:
        return False
    word = found.group().lower().rstrip(".")
    following = after.lstrip()[:1]
    if following.islower():
        return True
    if word in _ABBREVIATIONS:
        return True
    if len(word) == 1 and word.isalpha():  # initials: J. Smith, z. B.
        return True
    if word.isdigit() and len(word) <= 2 and following.isalpha() and before[: -len(word)].strip() == "":
        return True  # "1. First" at the head of a line
    return bool(re.fullmatch(r"(?:\w\.)+\w", word)) and following != ""


def _thai_cuts(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Thai, Lao, Khmer and Burmese write clauses with spaces between: cut long stretches there."""
    if end - start <= _LIMIT_THAI or not _THAI.search(text, start, end):
        return [(start, end)]
    spans, begin = [], start
    for match in re.compile(r"\s+").finditer(text, start, end):
        if match.start() - begin >= _LIMIT_THAI // 2 and end - match.end() >= _LIMIT_THAI // 3:
            spans.append((begin, match.start()))
            begin = match.end()
    return [*spans, (begin, end)]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def sentences(text: str, language: str) -> list[tuple[int, int]]:
    """Spans of the sentences of `text`, in code points, without the white space around them."""
    spans: list[tuple[int, int]] = []
    begin = 0
    for match in _END.finditer(text):
        if match.lastgroup == "latin":
            enders = match.group()
            if enders[0] == ";":
                if language != "el":
                    continue
            elif enders[0] == "." and len(enders.strip(_CLOSERS)) == 1:
                line_start = max(text.rfind("\n", begin, match.start()) + 1, begin)
                if _is_abbreviation(
                    text[max(line_start, match.start() - 24) : match.start()],
                    text[match.end() : match.end() + 24],
                ):
                    continue
            elif text[match.end() :].lstrip(" ")[:1].islower():
                continue
        start, end = _trimmed(text, begin, match.end())
        begin = match.end()
        if start < end:
            spans.extend(_thai_cuts(text, start, end))
    start, end = _trimmed(text, begin, len(text))
    if start < end:
        spans.extend(_thai_cuts(text, start, end))
    return spans
