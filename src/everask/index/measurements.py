"""Figures of the own pile as they were measured, one row a figure: what the history is drawn from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, insert, select

from everask.index.blobs import storable
from everask.index.database import Database
from everask.index.people_schema import measurements

MAX_TIMES = 500
"""Measurings that are kept; the oldest go."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what was measured (`suite`), by which `metric`, how much, between which bounds, of how
    many questions. `detail` is what else belongs to it. Those measured together share `at`."""

    at: float
    version: str
    suite: str
    metric: str
    value: float
    low: float | None
    high: float | None
    count: int
    detail: Mapping[str, Any] = field(default_factory=dict)


def put_figures(database: Database, figures: Sequence[Figure]) -> None:
    """Keep figures that were measured together."""
    if not figures:
        return
    rows = [
        {
            "at": one.at,
            "version": one.version,
            "suite": storable(one.suite),
            "metric": one.metric,
            "value": one.value,
            "low": one.low,
            "high": one.high,
            "count": one.count,
            "detail": json.dumps(dict(one.detail), ensure_ascii=False),
        }
        for one in figures
    ]
    with database.writing() as connection:
        connection.execute(insert(measurements), rows)
        times = select(measurements.c.at).distinct().order_by(measurements.c.at.desc())
        oldest = connection.scalar(times.offset(MAX_TIMES).limit(1))
        if oldest is not None:
            connection.execute(delete(measurements).where(measurements.c.at <= oldest))


def list_figures(database: Database, suite: str | None = None) -> list[Figure]:
    """All figures, or those of one suite, the oldest first."""
    query = select(measurements).order_by(measurements.c.at, measurements.c.id)
    if suite is not None:
        query = query.where(measurements.c.suite == suite)
    with database.reading() as connection:
        return [_figure(dict(row._mapping)) for row in connection.execute(query)]


def _figure(row: Mapping[str, Any]) -> Figure:
    kept = {name: row[name] for name in ("at", "version", "suite", "metric", "value", "low", "high", "count")}
    return Figure(**kept, detail=json.loads(row["detail"]))
