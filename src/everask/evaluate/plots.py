"""Figures as a picture: one line a row, one mark a system, with intervals; curves.

Needs matplotlib.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from everask.errors import MissingExtraError, UsageError
from everask.evaluate.report import Figure

ENDINGS = (".svg", ".png")
_MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "h")
# Okabe and Ito's colours, told apart by most people.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")

Series = Mapping[str, Mapping[str, Figure]]
Curves = Mapping[str, tuple[Sequence[float], Sequence[float]]]
"""By name: what is varied (shares of questions answered, numbers of candidates), and the measure at each."""


def check_plot(path: Path) -> None:
    """Raises UsageError or MissingExtraError before hours of measuring, not after."""
    if path.suffix.lower() not in ENDINGS:
        raise UsageError(f"{path}: no picture that can be drawn.", f"End it in {' or '.join(ENDINGS)}.")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"There is no folder {path.absolute().parent}.", "Make it first.")
    _pyplot()


def draw(series: Series, metric: str, path: Path) -> None:
    """Draw systems by name, each with figures by row; the first system stands out.

    The same figures give the same bytes. Raises MissingExtraError.
    """
    pyplot = _pyplot()
    rows = list(dict.fromkeys(row for figures in series.values() for row in figures))
    style = {"svg.fonttype": "none", "svg.hashsalt": "everask", "font.size": 9}
    with pyplot.rc_context(style):
        figure, axes = pyplot.subplots(figsize=(8, 1.2 + 0.36 * len(rows)), layout="constrained")
        for number, (name, figures) in enumerate(series.items()):
            _draw_system(axes, number, name, [figures.get(row) for row in rows])
        axes.set_yticks(range(len(rows)), rows)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(0, 1)
        axes.set_xlabel(metric)
        axes.grid(axis="x", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        if len(series) > 1:
            figure.legend(loc="outside lower center", ncols=min(5, len(series)), frameon=False)
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
        figure.savefig(path, metadata=metadata, dpi=150)
        pyplot.close(figure)


def draw_risk(curves: Curves, allowed: float, path: Path) -> None:
    """Draw the share of sentences on no right passage against the share of questions answered, a line a
    curve, with the share that is allowed. Raises MissingExtraError."""
    pyplot = _pyplot()
    with pyplot.rc_context({"svg.fonttype": "none", "svg.hashsalt": "everask", "font.size": 9}):
        figure, axes = pyplot.subplots(figsize=(6.4, 4), layout="constrained")
        for number, (name, (coverage, risk)) in enumerate(curves.items()):
            axes.plot(
                coverage, risk, color=_COLOURS[number % len(_COLOURS)], lw=2 if number == 0 else 1, label=name
            )
        axes.axhline(allowed, color="#999999", lw=1, ls="--")
        axes.annotate(
            f"{allowed:.0%} allowed", (1, allowed), xytext=(0, 3), textcoords="offset points", ha="right"
        )
        axes.set_xlim(0, 1)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("share of the questions that is answered (half of them have no answer)")
        axes.set_ylabel("share of the shown sentences on no right passage")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        if len(curves) > 1:
            axes.legend(frameon=False)
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
        figure.savefig(path, metadata=metadata, dpi=150)
        pyplot.close(figure)


def draw_choices(curves: Curves, measure: str, path: Path) -> None:
    """Draw a measure of what is chosen against how many there are to choose from, a power of two, a line a
    curve; the first stands out. Raises MissingExtraError."""
    pyplot = _pyplot()
    with pyplot.rc_context({"svg.fonttype": "none", "svg.hashsalt": "everask", "font.size": 9}):
        figure, axes = pyplot.subplots(figsize=(7.6, 4), layout="constrained")
        for number, (name, (counts, values)) in enumerate(curves.items()):
            colour, mark = _COLOURS[number % len(_COLOURS)], _MARKS[number % len(_MARKS)]
            axes.plot(
                counts, values, color=colour, marker=mark, ms=4, lw=2.2 if number == 0 else 1, label=name
            )
        axes.set_xscale("log", base=2)
        axes.set_ylim(0, 1)
        axes.set_xlabel("candidates to choose from")
        axes.set_ylabel(measure)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1.0, 0.5))
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else {"Software": None}
        figure.savefig(path, metadata=metadata, dpi=150)
        pyplot.close(figure)


def _draw_system(axes: Any, number: int, name: str, figures: list[Figure | None]) -> None:
    is_first = number == 0
    nothing = Figure(math.nan, math.nan, math.nan, 0)
    shown = [figure or nothing for figure in figures]
    means = [figure.mean for figure in shown]
    rows = list(range(len(shown)))
    colour = _COLOURS[number % len(_COLOURS)]
    if is_first:
        axes.hlines(
            rows, [one.low for one in shown], [one.high for one in shown], color=colour, lw=2, alpha=0.5
        )
    axes.plot(
        means,
        rows,
        linestyle="",
        marker=_MARKS[number % len(_MARKS)],
        markersize=8 if is_first else 5.5,
        color=colour,
        alpha=1.0 if is_first else 0.75,
        label=name,
        zorder=3 if is_first else 2,
    )


def _pyplot() -> Any:
    try:
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError as error:
        raise MissingExtraError("Drawing a plot", "evaluate") from error
    return pyplot
