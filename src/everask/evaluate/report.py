"""Figures of runs with their intervals, and whether one run is better than another, as rows of a report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from everask.evaluate.metrics import NAMES, OWN_FIRST, Run, mean, measure_each, own_language_first
from everask.evaluate.significance import bootstrap_interval, holm, paired_test
from everask.evaluate.suite import Suite

Each = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric's mean over queries, with its 95% interval."""

    mean: float
    low: float
    high: float
    num_queries: int


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better this run is than the other; `p` by the paired test, adjusted for all rows by Holm."""

    value: float
    other: float
    p: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a report: what was searched, the figures by metric, and what it was compared with."""

    name: str
    figures: Mapping[str, Figure]
    differences: Mapping[str, Difference]


def measure_suite(suite: Suite, run: Run) -> dict[str, dict[str, float]]:
    """Each metric by query, that of the asker's language among them where it says something."""
    judged = suite.judged(run)
    each = measure_each(judged, suite.judgements)
    if len({item.language for item in suite.passages.values()}) > 1 and (
        own := own_language_first(suite, judged)
    ):
        each[OWN_FIRST] = own
    return each


def join_each(parts: Iterable[tuple[str, Each]]) -> dict[str, dict[str, float]]:
    """Several suites' values as one, queries named `suite:query`."""
    joined: dict[str, dict[str, float]] = {}
    for suite, each in parts:
        for metric, values in each.items():
            rows = joined.setdefault(metric, {})
            rows.update({f"{suite}:{query}": value for query, value in values.items()})
    return joined


def make_row(name: str, each: Each, other: Each | None = None) -> Row:
    """A line of a report; compared with another run's values of the same queries."""
    figures = {}
    differences = {}
    for metric, values in each.items():
        low, high = bootstrap_interval(list(values.values()))
        figures[metric] = Figure(mean(values), low, high, len(values))
        if other is not None and metric in other:
            mine, theirs = _paired(values, other[metric])
            p = paired_test(mine, theirs)
            value = sum(mine) / max(1, len(mine)) - sum(theirs) / max(1, len(theirs))
            differences[metric] = Difference(value, sum(theirs) / max(1, len(theirs)), p)
    return Row(name, figures, differences)


def adjust(rows: Sequence[Row]) -> list[Row]:
    """The rows with each metric's p values adjusted for their number."""
    metrics = dict.fromkeys(metric for row in rows for metric in row.differences)
    adjusted = {
        metric: holm(
            {str(at): row.differences[metric].p for at, row in enumerate(rows) if metric in row.differences}
        )
        for metric in metrics
    }
    return [
        replace(
            row,
            differences={
                metric: replace(one, p=adjusted[metric][str(at)]) for metric, one in row.differences.items()
            },
        )
        for at, row in enumerate(rows)
    ]


def format_rows(rows: Sequence[Row], names: Sequence[str] = (*NAMES, OWN_FIRST)) -> str:
    """The rows as a table in plain text, of the metrics `names`; `*` marks a difference with p < 0.05."""
    metrics = [name for name in names if any(name in row.figures for row in rows)]
    lines = [["", "queries", *metrics]]
    for row in rows:
        num_queries = max((figure.num_queries for figure in row.figures.values()), default=0)
        lines.append([row.name, str(num_queries), *(_cell(row, metric) for metric in metrics)])
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cell(row: Row, metric: str) -> str:
    if metric not in row.figures:
        return "–"
    figure = row.figures[metric]
    text = f"{figure.mean:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
    if metric in row.differences:
        difference = row.differences[metric]
        text += f" {difference.value:+.3f}{'*' if difference.p < 0.05 else ' '}"
    return text


def _paired(first: Mapping[str, float], second: Mapping[str, float]) -> tuple[list[float], list[float]]:
    both = [key for key in first if key in second]
    return [first[key] for key in both], [second[key] for key in both]
