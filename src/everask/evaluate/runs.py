"""Run files in TREC's format: one line a result, `query Q0 document rank score name`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from everask.errors import UsageError

_NUM_FIELDS = 6


def run_lines(query: str, ranked: Sequence[tuple[str, float]], name: str) -> Iterator[str]:
    """The lines of one query's results, best first. White space in ids would break the format."""
    for rank, (document, score) in enumerate(ranked, start=1):
        yield f"{'_'.join(query.split())} Q0 {'_'.join(document.split())} {rank} {score:.6f} {name}"


def read_run(path: Path) -> Mapping[str, Mapping[str, float]]:
    """Scores by query and document. Raises UsageError for a line that is not of the format."""
    run: dict[str, dict[str, float]] = {}
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            parts = line.split()
            if len(parts) != _NUM_FIELDS:
                raise UsageError(f"{path}, line {number}: not a line of a TREC run.")
            try:
                run.setdefault(parts[0], {})[parts[2]] = float(parts[4])
            except ValueError as error:
                raise UsageError(f"{path}, line {number}: {parts[4]!r} is not a score.") from error
    return run
