"""Bytes to text, whatever the encoding: marks, UTF-8, UTF-16 without a mark, then the likeliest reading.

The libraries that guess encodings lose UTF-16 without a mark, EUC-JP and short texts; here each
candidate is decoded and the text that costs the fewest bits in any language wins (see letters).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from everask.documents.letters import cost

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_ESCAPED = (
    (re.compile(rb"\x1b\$[@B]|\x1b\([IJ]|\x1b\$\(D"), "iso2022_jp_2"),
    (re.compile(rb"\x1b\$\)C"), "iso2022_kr"),
    (re.compile(rb"~\{(?:[!-w][!-~])+~\}"), "hz"),
)
# Each candidate with the bits that it costs to believe in it: rare ones must be clearly better.
_CANDIDATES = (
    ("cp1252", 0.0),
    ("gb18030", 0.0),
    ("cp932", 0.0),
    ("big5hkscs", 1.0),
    ("cp949", 0.0),
    ("euc_jp", 1.0),
    ("cp1251", 0.0),
    ("cp1250", 2.0),
    ("cp1253", 2.0),
    ("cp1254", 3.0),
    ("cp1255", 2.0),
    ("cp1256", 2.0),
    ("cp1257", 3.0),
    ("cp1258", 4.0),
    ("cp874", 2.0),
    ("koi8_r", 1.0),
    ("koi8_u", 3.0),
    ("iso8859_2", 4.0),
    ("iso8859_5", 4.0),
    ("iso8859_6", 5.0),
    ("iso8859_7", 4.0),
    ("iso8859_8", 5.0),
    ("iso8859_15", 4.0),
    ("cp866", 4.0),
    ("cp850", 8.0),
    ("cp852", 8.0),
    ("mac_roman", 9.0),
    ("mac_cyrillic", 9.0),
)
# Names that pages and mails declare, and the wider encoding that is meant.
_WIDER = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "tis-620": "cp874",
}
_FIRST_BYTES = 400
_SAMPLE_BYTES = 3_000
_NUM_FINALISTS = 5
# Han at random costs 7.5 bits a byte, Chinese that means something 4.5 to 5.
_MAX_UTF16_BITS = 6.5
_LOOK_BYTES = 65_536
_MAX_ASCII_CONTROL = re.compile(rb"[\x00-\x06\x0e-\x1a\x1c-\x1f]")
_DECLARED_BITS = 2.0


def decode(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Return the text and the name of the encoding, which is Python's.

    `declared` is what a page or a mail says of itself; it is believed unless another reading is much
    likelier. Bytes that are wrong in the encoding become U+FFFD; nothing is raised.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), encoding
    if certain := _escaped(data) or looks_like_utf16(data):
        return data.decode(certain, "replace"), certain
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        encoding = _likeliest(data, _codec(declared))
    return data.decode(encoding, "replace"), encoding


def looks_like_utf16(data: bytes) -> str | None:
    """`utf-16-le`, `utf-16-be` or their UTF-32 kin when that is what the bytes are, without a mark."""
    sample = data[: _SAMPLE_BYTES // 4 * 4]
    if len(sample) < 4 or not (_MAX_ASCII_CONTROL.search(sample) or not _is_utf8(sample)):
        return None
    if len(data) % 4 == 0 and sample.count(0) * 2 >= len(sample):
        for encoding in ("utf-32-le", "utf-32-be"):
            if not {"\0", "\ufffd"} & set(sample.decode(encoding, "replace")):
                return encoding
    sample = sample[:400]
    readings = [(_utf16_cost(sample, encoding), encoding) for encoding in ("utf-16-le", "utf-16-be")]
    best, encoding = min(readings)
    if best > _MAX_UTF16_BITS * len(sample) or _num_controls(sample, encoding) * 100 > len(sample):
        # Tables of small numbers have a zero in every other place too.
        return None
    plain = cost(sample.decode("utf-8", "replace"), any_script=True)
    if _MAX_ASCII_CONTROL.search(sample) is None:
        plain = min(plain, *(prior + cost(sample.decode(name, "replace")) for name, prior in _CANDIDATES))
    return encoding if best < plain else None


def _utf16_cost(sample: bytes, encoding: str) -> float:
    return cost(sample[: len(sample) // 2 * 2].decode(encoding, "replace"), any_script=True)


def _num_controls(sample: bytes, encoding: str) -> int:
    text = sample.decode(encoding, "replace")
    return sum(1 for character in text if character < " " and character not in "\t\n\r\f")


def _is_utf8(sample: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _escaped(data: bytes) -> str | None:
    """The seven-bit encodings of East Asian mail, which are told by their escapes."""
    look = data[:_LOOK_BYTES]
    if not look.isascii():
        return None
    for pattern, encoding in _ESCAPED:
        if pattern.search(look) and "\ufffd" not in look.decode(encoding, "replace")[:-1]:
            return encoding
    return None


def _likeliest(data: bytes, declared: str | None) -> str:
    """All candidates on a little text, then the best few on more."""
    first = _rank(_sample(data, _FIRST_BYTES), [("utf-8", 0.0), *_CANDIDATES], declared)
    return _rank(_sample(data, _SAMPLE_BYTES), first[:_NUM_FINALISTS], declared)[0][0]


def _rank(
    sample: bytes, candidates: Sequence[tuple[str, float]], declared: str | None
) -> list[tuple[str, float]]:
    num_beyond = sum(1 for byte in sample if byte > 127)
    ranked: list[tuple[float, tuple[str, float]]] = []
    for name, prior in candidates:
        bits = prior + cost(sample.decode(name, "replace"), any_script=name == "utf-8")
        if name == declared:
            bits -= _DECLARED_BITS * num_beyond + 10
        ranked.append((bits, (name, prior)))
    return [candidate for _, candidate in sorted(ranked)]


def _sample(data: bytes, most: int) -> bytes:
    """Lines that hold something beyond ASCII, whole, as many as tell enough."""
    lines: list[bytes] = []
    size = 0
    for line in data.splitlines(keepends=True):
        if not line.isascii():
            lines.append(line[: most - size])
            size += len(lines[-1])
            if size >= most:
                break
    return b"".join(lines)


def _codec(name: str | None) -> str | None:
    """Python's name for a declared encoding, of text and not of something else; None if unknown."""
    try:
        found = codecs.lookup(name.strip().strip("\"'")).name if name else None
    except (LookupError, ValueError):
        return None
    if found is None:
        return None
    wide = _WIDER.get(found, found)
    return wide.replace("iso8859-", "iso8859_").replace("koi8-", "koi8_").replace("mac-", "mac_")
