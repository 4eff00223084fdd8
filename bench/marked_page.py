"""Puts a report between its markers in docs/benchmarks.md; everything else on the page stays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def write_between(begin: str, end: str, lines: Sequence[str]) -> None:
    """Replace what stands between two markers, which are put at the end where they are missing."""
    text = PAGE.read_text("utf-8") if PAGE.exists() else "# Benchmarks\n"
    if begin not in text:
        text = f"{text.rstrip()}\n\n{begin}\n{end}\n"
    before, rest = text.split(begin, 1)
    after = rest.split(end, 1)[1]
    PAGE.write_text(before + "\n".join([begin, *lines, end]) + after, "utf-8")
