"""Figures of the own pile as the quality page shows them: the latest by group, and the history as a drawing.

The drawing is SVG made of attributes and classes alone: no style and no script stands in the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from everask.answer.wording import LANGUAGE_NAMES
from everask.documents.kind import LABELS
from everask.index.measurements import Figure
from everask.pipeline.quality import FEW, LEAST_OF_GROUP, METRICS
from everask.pipeline.upgrades import SUITE
from everask.serve.rendering import SHORT_LABELS

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 28
MAX_POINTS = 60


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group of the latest measuring: its name for people, and its figures by metric."""

    name: str
    figures: Mapping[str, Figure]


@dataclass(frozen=True, slots=True)
class Point:
    """A figure in the drawing: where it is, where its interval ends, and what it says."""

    x: float
    y: float
    low: float
    high: float
    figure: Figure


@dataclass(frozen=True, slots=True)
class Line:
    """One metric's points, and the line through them."""

    metric: str
    points: tuple[Point, ...]

    @property
    def path(self) -> str:
        """The points as SVG writes them."""
        return " ".join(f"{one.x:.1f},{one.y:.1f}" for one in self.points)


@dataclass(frozen=True, slots=True)
class QualityView:
    """The latest measuring, and all before it."""

    latest: Sequence[GroupRow]
    whole: Mapping[str, Figure]
    weakest: str
    is_few: bool
    lines: Sequence[Line]
    versions: Sequence[tuple[float, str]]


def quality_view(figures: Sequence[Figure]) -> QualityView | None:
    """What there is to show; None before anything was measured."""
    if not figures:
        return None
    at = figures[-1].at
    groups: dict[str, dict[str, Figure]] = {}
    for one in figures:
        if one.at == at:
            groups.setdefault(one.suite, {})[one.metric] = one
    whole = groups.get(SUITE, {})
    latest = [
        GroupRow(group_name(suite), found)
        for suite, found in groups.items()
        if suite != SUITE and (":" not in suite or max(one.count for one in found.values()) >= LEAST_OF_GROUP)
    ]
    number = max((one.count for one in whole.values()), default=0)
    lines, versions = _draw([one for one in figures if one.suite == SUITE])
    return QualityView(latest, whole, _weakest(groups), number < FEW, lines, versions)


def group_name(suite: str) -> str:
    """A group's name for people: "Thai, scan"."""
    parts = []
    for part in suite.removeprefix(SUITE).split():
        key, _, value = part.partition(":")
        if key == "language":
            parts.append(LANGUAGE_NAMES.get(value, value))
        elif key == "file":
            parts.append("scan" if value == "scan" else SHORT_LABELS.get(value, LABELS.get(value, value)))
        else:
            parts.append({"made": "made questions", "saved": "saved questions"}.get(key, part))
    return ", ".join(parts)


def _weakest(groups: Mapping[str, Mapping[str, Figure]]) -> str:
    """The group that is answered clearly worse than the whole: its interval ends below the whole's share."""
    whole = groups.get(SUITE, {}).get("answered")
    if whole is None:
        return ""
    worse = [
        (found["answered"].value, suite.count(" "), suite)
        for suite, found in groups.items()
        if suite != SUITE
        and "answered" in found
        and found["answered"].count >= LEAST_OF_GROUP
        and (found["answered"].high or 1.0) < whole.value
    ]
    return group_name(min(worse)[2]) if worse else ""


def _draw(figures: Sequence[Figure]) -> tuple[list[Line], list[tuple[float, str]]]:
    """Lines by metric over the last measurings, and where Everask's version changed."""
    times = sorted({one.at for one in figures})[-MAX_POINTS:]
    step = (WIDTH - LEFT - RIGHT) / max(1, len(times) - 1)
    across = {at: LEFT + number * step for number, at in enumerate(times)}

    def down(value: float) -> float:
        return TOP + (1 - value) * (HEIGHT - TOP - BOTTOM)

    lines = []
    for metric in METRICS:
        points = [
            Point(across[one.at], down(one.value), down(one.low or 0.0), down(one.high or 1.0), one)
            for one in figures
            if one.metric == metric and one.at in across
        ]
        if points:
            lines.append(Line(metric, tuple(points)))
    versions: list[tuple[float, str]] = []
    for one in figures:
        if one.at in across and (not versions or versions[-1][1] != one.version):
            versions.append((across[one.at], one.version))
    return lines, versions
