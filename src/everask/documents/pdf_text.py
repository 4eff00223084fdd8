"""Characters of a PDF page with their boxes, gathered into lines. Knows pdfium; knows no paragraphs.

Boxes are in points as the page is shown: origin top left, rotation and crop box applied.
"""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pypdfium2
import pypdfium2.raw as pdfium

_HYPHEN = "\x02"  # pdfium's sign for a hyphen at a line's end
_MAX_PAGE_CHARS = 500_000
_SAMPLE_CHARS = 100
_WHITE = 250
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
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


@dataclass(frozen=True, slots=True)
class Placement:
    """How a point of the page's own space is shown. Rotations in quarter turns, clockwise.

    `shown` is the page's rotation, `upright` the one at which its text would stand upright.
    """

    box: tuple[float, float, float, float]  # crop box: left, bottom, right, top
    shown: int
    upright: int

    @property
    def is_turned(self) -> bool:
        """Does the text stand sideways or upside down on the page as it is shown?"""
        return self.shown != self.upright

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the upright frame."""
        left, bottom, right, top = self.box
        sides = (right - left, top - bottom)
        return sides if self.upright % 2 == 0 else (sides[1], sides[0])

    @property
    def place(self) -> Callable[[float, float], tuple[float, float]]:
        """The page's own space to the upright frame, y downwards."""
        return _turn(self.box, self.upright)

    def to_shown(self, left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
        """A box of the upright frame as a box of the page as shown."""
        width, height = self.size
        # The frame seen as a page of its own, y upwards, turned by the difference.
        turn = _turn((0.0, 0.0, width, height), (self.shown - self.upright) % 4)
        x1, y1 = turn(left, height - top)
        x2, y2 = turn(right, height - bottom)
        return (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))


def _turn(
    box: tuple[float, float, float, float], quarters: int
) -> Callable[[float, float], tuple[float, float]]:
    left, bottom, right, top = box
    if quarters == 1:
        return lambda x, y: (y - bottom, x - left)
    if quarters == 2:
        return lambda x, y: (right - x, y - bottom)
    if quarters == 3:
        return lambda x, y: (top - y, right - x)
    return lambda x, y: (x - left, top - y)


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
    placement: Placement | None = None

    def page_box(self, left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
        """A box of the lines as a box of the page as shown: they differ where text stands sideways."""
        if self.placement is None:
            return (left, top, right, bottom)
        return self.placement.to_shown(left, top, right, bottom)

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
        placement = _placement(page, text_page)
        result.placement = placement if placement.is_turned else None
        glyphs: list[Glyph] = []
        first = -1
        for index, character, glyph in _characters(text_page, placement, result):
            if character in "\r\n":
                _end_line(text_page, glyphs, first, False, result)
                glyphs, first = [], -1
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
        _end_line(text_page, glyphs, first, False, result)
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
    text_page: pypdfium2.PdfTextPage, placement: Placement, result: PageText
) -> Iterator[tuple[int, str, Glyph | None]]:
    """Each character with its glyph; None stands for a line's end. Runs for every character: kept lean."""
    raw, place = text_page.raw, placement.place
    width, height = placement.size
    numbers = [ctypes.c_double() for _ in range(6)]
    left, right, bottom, top, x, y = numbers
    links = [ctypes.byref(number) for number in numbers]
    characters = _decode(raw, min(text_page.count_chars(), _MAX_PAGE_CHARS))
    has_right_to_left = any(_RIGHT_TO_LEFT.match(character) for _, character in characters)
    for index, character in characters:
        if character in "\r\n":
            yield index, character, None
            continue
        blank = character.isspace()
        unmapped = False
        if not blank and character != _HYPHEN:
            unmapped = pdfium.FPDFText_HasUnicodeMapError(raw, index) == 1
            if unmapped:
                result.num_unmapped += 1
                result.num_chars += 1
            elif not _count(character, result):
                continue
        pdfium.FPDFText_GetCharBox(raw, index, *links[:4])
        x1, y1 = place(left.value, top.value)
        x2, y2 = place(right.value, bottom.value)
        if x1 > x2:
            x1, x2 = x2, x1
        if y1 > y2:
            y1, y2 = y2, y1
        if not blank and (x2 < 0 or x1 > width or y2 < 0 or y1 > height):
            result.num_outside += 1
            continue
        start = x1
        if has_right_to_left:
            pdfium.FPDFText_GetCharOrigin(raw, index, *links[4:])
            start = place(x.value, y.value)[0]
        yield index, character, Glyph(character, x1, y1, x2, y2, start, unmapped)


def _decode(raw: object, num_chars: int) -> list[tuple[int, str]]:
    """Each character with its index; surrogate pairs joined."""
    result: list[tuple[int, str]] = []
    lead = 0
    for index in range(num_chars):
        code = pdfium.FPDFText_GetUnicode(raw, index)
        if 0xD800 <= code < 0xDC00:
            lead = code
            continue
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((lead - 0xD800) << 10) + (code - 0xDC00) if lead else 0xFFFD
        lead = 0
        result.append((index, chr(code) if 0 < code < 0x110000 else "\ufffd"))
    return result


def _count(character: str, result: PageText) -> bool:
    """Count a character for the page's score; False when it has no meaning and is left out."""
    result.num_chars += 1
    if character.isalnum():
        result.num_letters += 1
        return True
    category = unicodedata.category(character)
    if category in ("Co", "Cn", "Cc") or character == "\ufffd":
        result.num_bad += 1
        return False
    result.num_letters += category[0] == "M"
    return True


def _placement(page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage) -> Placement:
    """Lines are read in the frame in which most of the text stands upright."""
    turns: Counter[int] = Counter()
    count = text_page.count_chars()
    for index in range(0, count, max(1, count // _SAMPLE_CHARS)):
        angle = pdfium.FPDFText_GetCharAngle(text_page.raw, index)
        if angle >= 0 and pdfium.FPDFText_GetUnicode(text_page.raw, index) > 32:
            turns[round(angle / (math.pi / 2)) % 4] += 1
    shown = page.get_rotation() // 90
    upright = turns.most_common(1)[0][0] if turns else shown
    return Placement(page.get_bbox(), shown, upright)


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
