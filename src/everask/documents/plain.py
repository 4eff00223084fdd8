"""Plain text and source code: paragraphs as they stand, line breaks kept."""

from __future__ import annotations

import re

from everask.documents.decode import decode
from everask.documents.draft import Draft

_UNDERLINE = re.compile(r"([=\-~^*#+\"'`])\1{2,}")
_LEVELS = {"=": 1, "*": 1, "-": 2, "~": 3, "^": 4, "#": 1, "+": 3, '"': 4, "'": 4, "`": 4}
_BULLET = re.compile(r"[^\S\n]*(?:[-*+•‣◦▪–]|\(?[0-9]{1,3}[.)]|\(?[a-zA-Z][.)])[^\S\n]+\S")
_MAX_HEADING_CHARS = 160


def parse_text(data: bytes, draft: Draft) -> None:
    """Paragraphs between blank lines; a line underlined with ==== or ---- is a heading."""
    text, _ = decode(data)
    for paragraph in paragraphs(lines_as_newlines(text)):
        _add_paragraph(paragraph, draft)
    draft.gap()


def parse_code(data: bytes, draft: Draft) -> None:
    """Source code: one block between blank lines, indentation kept."""
    text, _ = decode(data)
    for paragraph in paragraphs(lines_as_newlines(text)):
        draft.add("code", paragraph)


def lines_as_newlines(text: str) -> str:
    """All kinds of line ends become one newline; form feeds end a paragraph."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return text.replace("\f", "\n\n").replace("\u2028", "\n").replace("\u2029", "\n\n").replace("\x85", "\n")


def paragraphs(text: str) -> list[str]:
    """Runs of lines with something on them, without the blank lines between."""
    found: list[str] = []
    lines: list[str] = []
    for line in text.split("\n"):
        if line.strip():
            lines.append(line)
        elif lines:
            found.append("\n".join(lines))
            lines = []
    if lines:
        found.append("\n".join(lines))
    return found


def _add_paragraph(paragraph: str, draft: Draft) -> None:
    lines = paragraph.split("\n")
    if len(lines) >= 2 and _is_heading(lines[0], lines[1]):
        draft.heading(lines[0], _LEVELS[lines[1].strip()[0]])
        if rest := "\n".join(lines[2:]):
            draft.add("text", rest)
        return
    is_list = sum(1 for line in lines if _BULLET.match(line)) * 2 > len(lines)
    draft.add("list" if is_list else "text", paragraph)


def _is_heading(line: str, below: str) -> bool:
    title, rule = line.strip(), below.strip()
    return (
        0 < len(title) <= _MAX_HEADING_CHARS
        and bool(_UNDERLINE.fullmatch(rule))
        and len(rule) * 2 >= len(title)
        and any(character.isalnum() for character in title)
    )
