"""Characters of a PDF page with their boxes, gathered into lines. Knows pdfium; knows no paragraphs.

Boxes are in points as the page is shown: origin top left, rotation and crop box applied.
"""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pypdfium2
import pypdfium2.raw as pdfium

_HYPHEN = "\x02"  # pdfium's sign for a hyphen at a line's end
_MAX_PAGE_CHARS = 500_000
_WHITE = 250
_WORD = re.compile(r"[^\W\d_]{4,}")
# Codes of TeX's Cyrillic fonts outside the alphabet, and the small yo of Windows-1251.
_TEX_SIGNS = {
    0x10: "“",
    0x11: "”",
    0x12: "„",
    0x13: "«",
    0x14: "»",
    0x15: "–",
    0x16: "—",
    0xBC: "ё",
    0xB8: "ё",
}


@dataclass(slots=True)
class Glyph:
    """One character (or base with marks) and its box. `x` is where its pen started.

    `unmapped`: the font does not say which character it is, so `text` is a guess.
    """

    text: str
    left: float
    top: float
    right: float
    bottom: float
    x: float
    unmapped: bool = False

    @property
    def is_space(self) -> bool:
        """Is it blank?"""
        return self.text.isspace()


@dataclass(slots=True)
class Line:
    """Glyphs on one line, in reading order, spaces among them. `size` is the font's, in points."""

    glyphs: list[Glyph]
    size: float = 0.0
    bold: bool = False
    hyphenated: bool = False
    white: bool = False
    right_to_left: bool = False
    left: float = field(init=False)
    right: float = field(init=False)
    top: float = field(init=False)
    bottom: float = field(init=False)

    def __post_init__(self) -> None:
        inked = [glyph for glyph in self.glyphs if not glyph.is_space] or self.glyphs
        self.left = min(glyph.left for glyph in inked)
        self.right = max(glyph.right for glyph in inked)
        self.top = min(glyph.top for glyph in inked)
        self.bottom = max(glyph.bottom for glyph in inked)

    @property
    def text(self) -> str:
        """The line as it reads."""
        return "".join(glyph.text for glyph in self.glyphs)


@dataclass(slots=True)
class PageText:
    """What a page's text layer holds. `num_bad` counts characters without a meaning of their own."""

    width: float
    height: float
    lines: list[Line] = field(default_factory=list)
    num_chars: int = 0
    num_bad: int = 0
    num_unmapped: int = 0
    num_letters: int = 0
    num_outside: int = 0

    @property
    def is_garbled(self) -> bool:
        """Does the text layer say nothing that can be read?"""
        if self.num_chars == 0:
            return False
        return self.num_bad + self.num_unmapped > 0.3 * self.num_chars or (
            self.num_chars > 100 and self.num_letters < 0.15 * self.num_chars
        )


def read_page_text(page: pypdfium2.PdfPage) -> PageText:
    """Read the text layer of a page; characters outside the page are left out."""
    width, height = page.get_size()
    result = PageText(width, height)
    text_page = page.get_textpage()
    try:
        place = _placement(page)
        glyphs: list[Glyph] = []
        first = -1
        hyphenated = False
        for index, character, glyph in _characters(text_page, place, result):
            if character in "\r\n":
                _end_line(text_page, glyphs, first, hyphenated, result)
                glyphs, first, hyphenated = [], -1, False
                continue
            if glyph is None:
                continue
            if character == _HYPHEN:
                # pdfium joins a hyphenated word's lines; they stay apart here.
                glyph.text = "-"
                glyphs.append(glyph)
                _end_line(text_page, glyphs, first if first >= 0 else index, True, result)
                glyphs, first = [], -1
                continue
            if first < 0 and not glyph.is_space:
                first = index
            glyphs.append(glyph)
        _end_line(text_page, glyphs, first, hyphenated, result)
    finally:
        text_page.close()
    if result.num_unmapped:
        _settle_unmapped(result)
    return result


def _settle_unmapped(page: PageText) -> None:
    """Decode unmapped characters where they make Cyrillic, keep them where they make words.

    Old TeX and office programs wrote Cyrillic fonts without a map; their codes are those of
    Windows-1251 and come out as words of nothing but accented Latin letters. Where unmapped
    characters say nothing but are few, they are left out; where they are many, the page is garbled.
    """
    unmapped = [glyph for line in page.lines for glyph in line.glyphs if glyph.unmapped]
    words = [word for line in page.lines for word in _WORD.findall(line.text)]
    accented = [word for word in words if all("\u00c0" <= letter <= "\u00ff" for letter in word)]
    letters = [glyph.text for glyph in unmapped if glyph.text.isalpha()]
    vowels = sum(1 for letter in letters if letter in "aeiouyAEIOUYäöüéèàáíóúê")
    if len(accented) >= 3 or (accented and len(accented) >= 0.2 * len(words)):
        joined = "".join(accented)
        lower = sum(1 for letter in joined if letter >= "\u00e0")
        encoding = "cp1251" if lower * 2 > len(joined) else "koi8-r"
        for glyph in unmapped:
            if "\u00c0" <= glyph.text <= "\u00ff":
                glyph.text = glyph.text.encode("latin-1").decode(encoding)
            glyph.text = glyph.text.translate(_TEX_SIGNS)
    elif not 0.25 < vowels / max(1, len(letters)) < 0.55 or len(letters) < 0.5 * len(unmapped):
        if not page.is_garbled:
            _leave_out(page, lambda glyph: glyph.unmapped)
        return
    page.num_letters += len(letters)
    page.num_unmapped = 0
    _leave_out(page, lambda glyph: glyph.unmapped and unicodedata.category(glyph.text[0]) == "Cc")


def _leave_out(page: PageText, unwanted: Callable[[Glyph], bool]) -> None:
    for line in page.lines:
        line.glyphs = [glyph for glyph in line.glyphs if not unwanted(glyph)]
    page.lines = [line for line in page.lines if any(not glyph.is_space for glyph in line.glyphs)]


def _characters(
    text_page: pypdfium2.PdfTextPage, place: Callable[[float, float], tuple[float, float]], result: PageText
) -> Iterator[tuple[int, str, Glyph | None]]:
    """Each character with its glyph; None stands for one that is left out."""
    raw = text_page.raw
    left, right, bottom, top, x, y = (ctypes.c_double() for _ in range(6))
    lead = 0
    for index in range(min(text_page.count_chars(), _MAX_PAGE_CHARS)):
        code = pdfium.FPDFText_GetUnicode(raw, index)
        if 0xD800 <= code < 0xDC00:
            lead = code
            continue
        if 0xDC00 <= code < 0xE000 and lead:
            code = 0x10000 + ((lead - 0xD800) << 10) + (code - 0xDC00)
        lead = 0
        if code in (10, 13):
            yield index, chr(code), None
            continue
        character = chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
        unmapped = pdfium.FPDFText_HasUnicodeMapError(raw, index) == 1 and character != _HYPHEN
        result.num_unmapped += unmapped
        if not (character.isspace() or unmapped) and not _count(character, result):
            continue
        result.num_chars += unmapped
        pdfium.FPDFText_GetCharBox(raw, index, left, right, bottom, top)
        pdfium.FPDFText_GetCharOrigin(raw, index, x, y)
        x1, y1 = place(left.value, top.value)
        x2, y2 = place(right.value, bottom.value)
        box = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        outside = box[2] < 0 or box[0] > result.width or box[3] < 0 or box[1] > result.height
        if outside and not character.isspace():
            result.num_outside += 1
            continue
        yield index, character, Glyph(character, *box, place(x.value, y.value)[0], unmapped)


def _count(character: str, result: PageText) -> bool:
    """Count a character for the page's score; False when it has no meaning and is left out."""
    result.num_chars += 1
    category = unicodedata.category(character)
    bad = category in ("Co", "Cn") or character == "\ufffd"
    bad = bad or (category == "Cc" and character != _HYPHEN)
    if bad:
        result.num_bad += 1
        return False
    if category[0] in "LMN":
        result.num_letters += 1
    return True


def _placement(page: pypdfium2.PdfPage) -> Callable[[float, float], tuple[float, float]]:
    """How a point of the page's own space is shown: crop box, rotation, y downwards."""
    left, bottom, right, top = page.get_bbox()
    rotation = page.get_rotation()
    if rotation == 90:
        return lambda x, y: (y - bottom, x - left)
    if rotation == 180:
        return lambda x, y: (right - x, y - bottom)
    if rotation == 270:
        return lambda x, y: (top - y, right - x)
    return lambda x, y: (x - left, top - y)


def _end_line(
    text_page: pypdfium2.PdfTextPage, glyphs: list[Glyph], first: int, hyphenated: bool, result: PageText
) -> None:
    while glyphs and glyphs[-1].is_space:
        glyphs.pop()
    start = next((at for at, glyph in enumerate(glyphs) if not glyph.is_space), None)
    if start is None or first < 0:
        return
    line = Line(glyphs[start:], hyphenated=hyphenated)
    _describe(text_page.raw, first, line)
    result.lines.append(line)


def _describe(raw: object, index: int, line: Line) -> None:
    """Size, weight and colour, by the line's first character."""
    matrix = pdfium.FS_MATRIX()
    scale = 1.0
    if pdfium.FPDFText_GetMatrix(raw, index, matrix):
        scale = max((matrix.b**2 + matrix.d**2) ** 0.5, 1e-6)
    line.size = round(pdfium.FPDFText_GetFontSize(raw, index) * scale, 1)
    name = ctypes.create_string_buffer(128)
    length = pdfium.FPDFText_GetFontInfo(raw, index, name, 128, None)
    font = name.value.decode("utf-8", "replace").lower() if 0 < length <= 128 else ""
    line.bold = "bold" in font or "black" in font or "heavy" in font
    line.bold = line.bold or pdfium.FPDFText_GetFontWeight(raw, index) >= 600
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if pdfium.FPDFText_GetFillColor(raw, index, red, green, blue, alpha):
        line.white = min(red.value, green.value, blue.value) >= _WHITE or alpha.value == 0
