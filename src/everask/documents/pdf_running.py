"""Running headers and footers of a PDF: said once, so that they do not cut sentences on every page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from everask.documents.pdf_text import Line, PageText

_MARGIN = 0.1  # of the page's height, above and below
_MIN_PAGES = 3
_NUMBER = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)


@dataclass(slots=True)
class RunningLines:
    """Lines in the margins by their text without numbers, counted over a sample of pages."""

    counts: Counter[str] = field(default_factory=Counter)
    num_pages: int = 0
    said: set[str] = field(default_factory=set)

    def learn(self, page: PageText) -> None:
        """Count the margin lines of a sampled page."""
        self.num_pages += 1
        self.counts.update({_key(line) for line in _margin_lines(page)})

    def without_repeats(self, page: PageText) -> list[Line]:
        """The page's lines, without running ones that an earlier page already gave."""
        dropped: set[int] = set()
        for line in _margin_lines(page):
            key = _key(line)
            if self.counts[key] < max(_MIN_PAGES, 0.25 * self.num_pages):
                continue
            if key in self.said or not any(character.isalpha() for character in key):
                dropped.add(id(line))
            self.said.add(key)
        return [line for line in page.lines if id(line) not in dropped]


def _margin_lines(page: PageText) -> Iterator[Line]:
    """At most three lines from either edge; none of a page whose text stands sideways."""
    if page.placement is not None:
        return
    lines = sorted(page.lines, key=lambda line: line.top)
    yield from (line for line in lines[:3] if line.bottom < _MARGIN * page.height)
    yield from (line for line in lines[3:][-3:] if line.top > (1 - _MARGIN) * page.height)


def _key(line: Line) -> str:
    return _NUMBER.sub("", line.text).strip()
