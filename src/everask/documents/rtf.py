"""RTF: text with code pages and Unicode, headings by style, tables, footnotes in place.

Written here since striprtf drops footnotes, keeps hidden text and knows no headings or tables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from everask.documents.draft import Draft
from everask.errors import UnreadableError

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)|\\"
)
_SKIPPED = frozenset(
    b"fonttbl colortbl stylesheet info pict object objdata themedata colorschememapping latentstyles "
    b"datastore generator listtable listoverridetable rsidtbl xmlnstbl filetbl fldinst bkmkstart "
    b"bkmkend revtbl userprops mmathPr nonshppict pgdsctbl pnseclvl listtext pntext atnid atnauthor "
    b"atndate atnref atnparent docvar sp sn sv factoidname formfield xe tc private".split()
)
# A destination marked \* that is not known is skipped; these hold text all the same.
_KEPT = frozenset(b"shptxt shpinst shprslt footnote annotation".split())
_SYMBOLS = {
    b"tab": "\t", b"emdash": "—", b"endash": "–", b"emspace": "\u2003", b"enspace": "\u2002",
    b"bullet": "•", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
    b"line": "\n", b"zwj": "\u200d", b"zwnj": "\u200c", b"qmspace": "\u2005",
}  # fmt: skip
_ESCAPES = {b"~": "\u00a0", b"-": "\u00ad", b"_": "\u2011", b"\\": "\\", b"{": "{", b"}": "}"}
_CHARSETS = {
    0: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030", 136: "big5",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257",
    204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
_ENCODINGS = {936: "gb18030", 949: "cp949", 950: "big5", 10000: "mac_roman", 65001: "utf-8", 708: "iso8859_6"}
_MAX_DEPTH = 2_000


@dataclass(frozen=True, slots=True)
class _State:
    """What a group inherits and restores."""

    skipped: bool = False
    hidden: bool = False
    destination: bytes = b""
    encoding: str = "cp1252"
    unicode_skip: int = 1


@dataclass(slots=True)
class _Reader:
    """The reader's place in the file, and the paragraph and table row being read."""

    draft: Draft
    state: _State = field(default_factory=_State)
    stack: list[_State] = field(default_factory=list)
    encoding: str = "cp1252"
    fonts: dict[int, str] = field(default_factory=dict)
    font: int = 0
    styles: dict[int, str] = field(default_factory=dict)
    style: int = 0
    style_name: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    skip: int = 0
    level: int = 0
    in_table: bool = False
    is_list: bool = False
    row: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    starred: bool = False
    title: list[str] = field(default_factory=list)


def parse_rtf(data: bytes, draft: Draft) -> None:
    """Read an RTF file.

    Raises:
        UnreadableError: it does not begin like RTF, or nests too deeply.
    """
    if not data.lstrip().startswith(b"{\\rtf"):
        raise UnreadableError("not an RTF file inside", "Check what kind of file it is.")
    reader = _Reader(draft)
    at = 0
    while found := _TOKEN.match(data, at):
        at = found.end()
        word, number, code, symbol, brace, text = found.groups()
        if word is not None:
            value = int(number) if number is not None else None
            if word == b"bin" and value:
                at += max(0, value)
            else:
                _control(reader, word, value)
        elif code is not None:
            _byte(reader, bytes([int(code, 16)]))
        elif brace == b"{":
            _push(reader)
        elif brace == b"}":
            _pop(reader)
        elif symbol is not None:
            _symbol(reader, symbol)
        elif text is not None:
            _plain(reader, text)
    if reader.stack:
        draft.warn("the file ends early; its end may be missing")
    _end_paragraph(reader)
    _end_table(reader)
    if title := " ".join("".join(reader.title).split()):
        draft.title = draft.title or title


def _push(reader: _Reader) -> None:
    _decode_raw(reader)
    if len(reader.stack) > _MAX_DEPTH:
        raise UnreadableError("RTF groups nested too deeply", "Save it again in its own program.")
    reader.stack.append(reader.state)
    reader.starred = False


def _pop(reader: _Reader) -> None:
    _decode_raw(reader)
    ended = reader.state
    if reader.stack:
        reader.state = reader.stack.pop()
    if ended.destination == b"stylesheet" and reader.style_name:
        reader.styles[reader.style] = "".join(reader.style_name).rstrip(";").strip().lower()
        reader.style_name.clear()
    if ended.destination in (b"footnote", b"annotation") and reader.state.destination != ended.destination:
        reader.parts.append(") ")
    if ended.destination in (b"header", b"shptxt") and reader.state.destination != ended.destination:
        _end_paragraph(reader)


def _control(reader: _Reader, word: bytes, value: int | None) -> None:
    _decode_raw(reader)
    starred, reader.starred = reader.starred, False
    if _destination(reader, word, starred):
        return
    if word == b"u" and value is not None:
        _emit(reader, chr(value & 0xFFFF))
        reader.skip = reader.state.unicode_skip
    elif word == b"uc":
        reader.state = replace(reader.state, unicode_skip=max(0, value or 0))
    elif word == b"ansicpg" and value:
        reader.encoding = _ENCODINGS.get(value, f"cp{value}")
        reader.state = replace(reader.state, encoding=_known(reader.encoding))
    elif word == b"mac":
        reader.encoding = "mac_roman"
    elif word == b"f":
        reader.font = value or 0
        reader.state = replace(reader.state, encoding=_known(reader.fonts.get(reader.font, reader.encoding)))
    elif word == b"fcharset" and value is not None and reader.state.destination == b"fonttbl":
        reader.fonts[reader.font] = _CHARSETS.get(value, reader.encoding) if value else reader.encoding
    elif word in (b"v", b"deleted"):
        reader.state = replace(reader.state, hidden=value != 0)
    elif word == b"plain":
        reader.state = replace(reader.state, hidden=False)
    elif word in (b"s", b"outlinelevel", b"pard", b"intbl", b"ls"):
        _paragraph_property(reader, word, value)
    elif not reader.state.skipped:
        _text_control(reader, word)


def _destination(reader: _Reader, word: bytes, starred: bool) -> bool:
    if word in _SKIPPED or (starred and word not in _KEPT):
        reader.state = replace(reader.state, skipped=True, destination=word)
        return True
    if word in (b"footnote", b"annotation"):
        if not reader.state.skipped:
            reader.parts.append(" (")
        reader.state = replace(reader.state, destination=word)
        return True
    if word in (b"header", b"headerl", b"headerr", b"headerf", b"footer", b"footerl", b"footerr", b"footerf"):
        reader.state = replace(reader.state, destination=b"header")
        return True
    if word == b"title":
        reader.state = replace(reader.state, destination=b"title")
        return True
    return False


def _paragraph_property(reader: _Reader, word: bytes, value: int | None) -> None:
    if word == b"s":
        reader.style = value or 0
        name = reader.styles.get(reader.style, "")
        found = re.search(r"heading (\d)", name)
        reader.level = int(found.group(1)) if found else (1 if name == "title" else 0)
    elif word == b"outlinelevel":
        reader.level = (value or 0) + 1 if (value or 0) < 9 else 0
    elif word == b"pard":
        reader.level, reader.in_table, reader.is_list = 0, False, False
    elif word == b"intbl":
        reader.in_table = True
    else:
        reader.is_list = True


def _text_control(reader: _Reader, word: bytes) -> None:
    if word in (b"par", b"sect", b"page", b"column"):
        if reader.state.destination in (b"footnote", b"annotation") or reader.in_table:
            reader.parts.append(" ")
        else:
            _end_paragraph(reader)
    elif word in (b"cell", b"nestcell"):
        reader.row.append("".join(reader.parts))
        reader.parts.clear()
    elif word in (b"row", b"nestrow"):
        if reader.row:
            reader.rows.append(list(reader.row))
        reader.row.clear()
        reader.parts.clear()
    elif word in _SYMBOLS:
        _emit(reader, _SYMBOLS[word])


def _symbol(reader: _Reader, symbol: bytes) -> None:
    _decode_raw(reader)
    if symbol == b"*":
        reader.starred = True
    elif symbol in _ESCAPES:
        _emit(reader, _ESCAPES[symbol])
    elif symbol in (b"\n", b"\r") and not reader.state.skipped:
        _end_paragraph(reader)


def _plain(reader: _Reader, text: bytes) -> None:
    drop = min(reader.skip, len(text))
    reader.skip -= drop
    reader.raw += text[drop:]


def _byte(reader: _Reader, byte: bytes) -> None:
    if reader.skip:
        reader.skip -= 1
        return
    reader.raw += byte


def _decode_raw(reader: _Reader) -> None:
    """Bytes gather until something else comes: a character may take two of them."""
    reader.skip = 0 if reader.raw else reader.skip
    if reader.raw:
        text = bytes(reader.raw).decode(reader.state.encoding, "replace")
        reader.raw.clear()
        _emit(reader, text)


def _emit(reader: _Reader, text: str) -> None:
    state = reader.state
    if state.destination == b"title":
        reader.title.append(text)
    elif state.destination == b"stylesheet":
        reader.style_name.append(text)
    elif state.hidden and not state.skipped:
        if text.strip():
            reader.draft.warn("hidden or deleted text was left out")
    elif not state.skipped:
        reader.parts.append(text)


def _end_paragraph(reader: _Reader) -> None:
    _decode_raw(reader)
    text = _joined("".join(reader.parts))
    reader.parts.clear()
    if not text.strip():
        return
    _end_table(reader)
    text = text.strip(" \t")
    if reader.level:
        reader.draft.heading(text, reader.level)
    else:
        reader.draft.add("list" if reader.is_list else "text", text)


def _end_table(reader: _Reader) -> None:
    if reader.rows:
        rows = [[_joined(cell) for cell in row] for row in reader.rows]
        reader.draft.table(rows, has_header=len(rows) > 1)
    reader.rows.clear()


def _joined(text: str) -> str:
    """\\uN gives UTF-16 units: surrogate pairs become characters."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _known(encoding: str) -> str:
    try:
        b"".decode(encoding)
    except LookupError:
        return "cp1252"
    return encoding
