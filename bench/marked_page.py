"""Puts a report between its markers in docs/benchmarks.md; everything else on the page stays."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def write_between(begin: str, end: str, lines: Sequence[str], *, heading: str = "") -> None:
    """Replace what stands between two markers; where they are missing they are put at the end, below a
    `heading` if there is one."""
    text = PAGE.read_text("utf-8") if PAGE.exists() else "# Benchmarks\n"
    if begin not in text:
        above = f"{heading}\n\n" if heading else ""
        text = f"{text.rstrip()}\n\n{above}{begin}\n{end}\n"
    before, rest = text.split(begin, 1)
    after = rest.split(end, 1)[1]
    PAGE.write_text(before + "\n".join([begin, *lines, end]) + after, "utf-8")


def dated(command: str, table: str) -> list[str]:
    """A table's lines below the command that made it, the day and the number of cores."""
    return [f"`{command}`, {time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores.", "", *table.splitlines()]
