"""Markdown, as written: headings, lists, tables, code fences and front matter become blocks.

Inline marks (emphasis, links) stay in the text, so that a quote is what the author typed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from everask.documents.decode import decode
from everask.documents.draft import Draft
from everask.documents.plain import lines_as_newlines

_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*")
_RULE = re.compile(r" {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*")
_SETEXT = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})(.*)")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\S")
_DIVIDER = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
_ANCHOR = re.compile(r"[ \t]*\{#[^}]*\}$")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_TITLE = re.compile(r"title[ \t]*[:=][ \t]*(.+)", re.IGNORECASE)
_CELL_BORDER = re.compile(r"(?<!\\)\|")


def parse_markdown(data: bytes, draft: Draft) -> None:
    """Read Markdown (CommonMark with tables and front matter)."""
    text, _ = decode(data)
    lines = _COMMENT.sub("", lines_as_newlines(text)).split("\n")
    _Reader(draft, lines).read()


@dataclass(slots=True)
class _Reader:
    """Goes down the lines once; a paragraph gathers in `paragraph` until something ends it."""

    draft: Draft
    lines: list[str]
    at: int = 0
    paragraph: list[str] = field(default_factory=list)

    def read(self) -> None:
        self._front_matter()
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            if not line.strip():
                self._flush()
            elif fence := _FENCE.fullmatch(line):
                self._code(fence.group(2))
            elif heading := _HEADING.fullmatch(line):
                self._flush()
                self._heading(heading.group(2) or "", len(heading.group(1)))
            elif self.paragraph and (below := _SETEXT.fullmatch(line)) and not self._is_table(below.group(1)):
                self._setext(below.group(1))
            elif _RULE.fullmatch(line):
                self._flush()
            elif self._starts_table(line):
                self._flush()
                self._table(line)
            elif _ITEM.match(line):
                self._flush()
                self._item(line)
            elif not self.paragraph and line.startswith(("    ", "\t")):
                self._indented(line)
            else:
                self.paragraph.append(line)
        self._flush()
        self.draft.gap()

    def _flush(self) -> None:
        self.draft.gap() if self.paragraph else None
        self.draft.add("text", "\n".join(self.paragraph))
        self.paragraph.clear()

    def _heading(self, text: str, level: int) -> None:
        title = _ANCHOR.sub("", text).strip()
        self.draft.gap()
        self.draft.heading(title, level)
        if not self.draft.title and level == 1:
            self.draft.title = " ".join(title.split())

    def _setext(self, rule: str) -> None:
        title = self.paragraph.pop()
        self._flush()
        self._heading(title, 1 if rule.startswith("=") else 2)

    def _is_table(self, rule: str) -> bool:
        return "|" in self.paragraph[-1] and not rule.startswith("=")

    def _starts_table(self, line: str) -> bool:
        if "|" not in line or self.at >= len(self.lines):
            return False
        below = self.lines[self.at]
        return "-" in below and "|" in below and bool(_DIVIDER.fullmatch(below))

    def _table(self, first: str) -> None:
        rows = [_cells(first)]
        self.at += 1
        while self.at < len(self.lines) and "|" in self.lines[self.at] and self.lines[self.at].strip():
            rows.append(_cells(self.lines[self.at]))
            self.at += 1
        self.draft.gap()
        self.draft.table(rows, has_header=any(rows[0]))

    def _code(self, fence: str) -> None:
        self._flush()
        body: list[str] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            if line.strip().startswith(fence) and not line.strip().strip(fence[0]):
                break
            body.append(line)
        self.draft.gap()
        self.draft.add("code", "\n".join(body))

    def _indented(self, line: str) -> None:
        body = [line]
        while self.at < len(self.lines) and (
            self.lines[self.at].startswith(("    ", "\t")) or not self.lines[self.at].strip()
        ):
            body.append(self.lines[self.at])
            self.at += 1
        self.draft.gap()
        self.draft.add("code", "\n".join(body))

    def _item(self, line: str) -> None:
        """One list item with the lines that continue it."""
        item = [line]
        while self.at < len(self.lines):
            after = self.lines[self.at]
            if (
                not after.strip()
                or _ITEM.match(after)
                or _HEADING.fullmatch(after)
                or _FENCE.fullmatch(after)
            ):
                break
            item.append(after)
            self.at += 1
        self.draft.add("list", "\n".join(item), separator="\n")

    def _front_matter(self) -> None:
        if not self.lines:
            return
        fence = self.lines[0].lstrip("\ufeff").strip()
        if fence not in ("---", "+++"):
            return
        closing = ("---", "...") if fence == "---" else ("+++",)
        for end in range(1, min(len(self.lines), 200)):
            if self.lines[end].strip() in closing:
                body = self.lines[1:end]
                for line in body:
                    if not self.draft.title and (found := _TITLE.fullmatch(line.strip())):
                        self.draft.title = found.group(1).strip().strip("\"'")
                self.draft.add("text", "\n".join(body))
                self.at = end + 1
                return


def _cells(line: str) -> list[str]:
    body = line.strip()
    body = body.removeprefix("|")
    if body.endswith("|") and not body.endswith("\\|"):
        body = body[:-1]
    return [cell.strip() for cell in _CELL_BORDER.split(body)]
