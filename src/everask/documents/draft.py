"""A document while it is being read: text grows, and blocks and pages remember where they stand.

Every format's parser fills a `Draft`; nothing else may make offsets. Knows nothing of any format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from everask.errors import LimitError
from everask.types import Block, BlockKind, Page, PageSource, Word


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost. Bytes, characters, seconds; each can be raised in the settings."""

    file_bytes: int = 200_000_000
    unpacked_bytes: int = 500_000_000
    text_chars: int = 20_000_000
    seconds: float = 120.0
    memory_bytes: int = 2_000_000_000
    members: int = 10_000
    depth: int = 4
    pages: int = 5_000


@dataclass(slots=True)
class Draft:
    """What one parser has read so far of one document.

    `path` is the place inside a container (`"inbox/3"`, `"report.docx"`), empty for a plain file.
    """

    limits: Limits
    media_type: str
    title: str = ""
    path: str = ""
    modified: float | None = None
    blocks: list[Block] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    _parts: list[str] = field(default_factory=list)
    _length: int = 0
    _page_start: int = 0
    _page_number: int | None = None

    @property
    def length(self) -> int:
        """Characters so far: the offset at which the next block begins."""
        return self._length

    @property
    def text(self) -> str:
        """The extracted text so far."""
        return "".join(self._parts)

    def add(
        self,
        kind: BlockKind,
        text: str,
        *,
        level: int = 0,
        header: tuple[int, int] | None = None,
        separator: str = "\n\n",
    ) -> tuple[int, int]:
        """Append one block and its separator; return its span. Blank text adds nothing."""
        body = text.strip("\n").rstrip()
        start = self._length
        if not body.strip():
            return (start, start)
        end = start + len(body)
        self._append(body + separator)
        self.blocks.append(Block(kind, start, end, level, self._page_number, header))
        return (start, end)

    def heading(self, text: str, level: int) -> tuple[int, int]:
        """Append a heading, on one line, of depth `level` from 1."""
        return self.add("heading", " ".join(text.split()), level=max(1, level))

    def table(self, rows: Sequence[Sequence[str]], *, has_header: bool) -> None:
        """Append a table, one block a row, cells joined by " | "; rows point at their header row."""
        header: tuple[int, int] | None = None
        for index, row in enumerate(rows):
            cells = [" ".join(cell.split()) for cell in row]
            if not any(cells):
                continue
            span = self.add("table", " | ".join(cells), header=header, separator="\n")
            if index == 0 and has_header:
                header = span
        self.gap()

    def gap(self) -> None:
        """End a run of lines (a table, a list) with a blank line."""
        if self._parts and not self._parts[-1].endswith("\n\n"):
            self._append("\n")

    def begin_page(self, number: int) -> None:
        """Blocks that follow stand on this page."""
        if len(self.pages) >= self.limits.pages:
            raise LimitError(f"more than {self.limits.pages} pages", "Raise limits.pages to read it.")
        self._page_number, self._page_start = number, self._length

    def end_page(
        self,
        width: float = 0.0,
        height: float = 0.0,
        source: PageSource = "text",
        words: Sequence[Word] = (),
    ) -> None:
        """Close the page; `words` carry spans in the document's text, boxes in points."""
        if self._page_number is None:
            return
        self.pages.append(
            Page(self._page_number, self._page_start, self._length, width, height, source, tuple(words))
        )
        self._page_number = None

    def warn(self, message: str) -> None:
        """Note something that was not read, for the user; said once."""
        if message not in self.warnings:
            self.warnings.append(message)

    def _append(self, text: str) -> None:
        self._length += len(text)
        if self._length > self.limits.text_chars:
            raise LimitError(
                f"more than {self.limits.text_chars:,} characters of text",
                "Raise limits.text_chars to read it.",
            )
        self._parts.append(text)
