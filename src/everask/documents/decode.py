"""Bytes to text, whatever the encoding: marks, UTF-8, UTF-16 without a mark, then the best guess."""

from __future__ import annotations

import codecs

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)


def decode(data: bytes, declared: str | None = None) -> tuple[str, str]:
    """Return the text and the name of the encoding."""
    encoding: str | None
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace"), encoding
    if encoding := looks_like_utf16(data[:65_536]):
        return data.decode(encoding, "replace"), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    from charset_normalizer import from_bytes

    best = from_bytes(data[:65_536]).best()
    encoding = best.encoding if best else "cp1252"
    return data.decode(encoding, "replace"), encoding


def looks_like_utf16(data: bytes) -> str | None:
    """`utf-16-le` or `utf-16-be` when the bytes are UTF-16 without a mark."""
    if len(data) < 4 or b"\0" not in data:
        return None
    even, odd = data[::2].count(0), data[1::2].count(0)
    half = len(data) // 2
    if odd > half * 0.1 and even < odd * 0.05:
        return "utf-16-le"
    if even > half * 0.1 and odd < even * 0.05:
        return "utf-16-be"
    return None
