"""`everask evaluate own`: how good Everask is on the user's own pile, kept as history."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from everask.pipeline.own_questions import Budget
from everask.pipeline.quality import FEW, METRICS, PileReport, measure_pile
from everask.pipeline.upgrades import worse_than_before
from everask.serve.cli.options import Data, Json, open_data
from everask.serve.cli.printing import print_json, progress_bar

Num = Annotated[int, typer.Option("--num", min=1, help="At most so many made questions.")]
Minutes = Annotated[float, typer.Option("--minutes", min=0.1, help="Stop asking after so long.")]


def own(num: Num = 60, minutes: Minutes = 5.0, data: Data = None, as_json: Json = False) -> None:
    """Measure Everask on questions made of your documents, and on those that you saved; keep the figures.

    Answers are quotes, so that minutes are enough. `everask serve` draws the history on the quality page.
    Measure before and after an upgrade: what is surely worse than before is said, with the way back.
    """
    with open_data(data) as engine, progress_bar("Measuring") as advance:
        report = measure_pile(engine, Budget(num, 60 * minutes), advance)
        worse = worse_than_before(engine.store)
    if as_json:
        print_json({**report_record(report), "worse": worse})
    else:
        typer.echo(tell(report) + (f"\n{worse}" if worse else ""))


def report_record(report: PileReport) -> dict[str, Any]:
    """The figures for programs."""
    return {
        "questions": len(report.tried),
        "lost": report.num_lost,
        "weakest": report.weakest,
        "seconds": round(report.seconds, 1),
        "groups": {
            name or "all": {
                metric: {
                    "value": round(share.value, 4),
                    "low": round(share.bounds[0], 4),
                    "high": round(share.bounds[1], 4),
                    "of": share.of,
                }
                for metric, share in shares.items()
            }
            for name, shares in report.groups.items()
        },
    }


def tell(report: PileReport) -> str:
    """The figures for people."""
    width = max(12, *(len(name) for name in report.told))
    lines = [" ".join([f"{'':{width}}", *(f"{one:>22}" for one in METRICS)])]
    for name, shares in report.told.items():
        cells = []
        for metric in METRICS:
            share = shares[metric]
            low, high = share.bounds
            shown = f"{share.value:.0%} [{low:.0%}, {high:.0%}] of {share.of}" if share.of else "–"
            cells.append(f"{shown:>22}")
        lines.append(" ".join([f"{name or 'all':{width}}", *cells]))
    if len(report.tried) < FEW:
        lines.append(f"{len(report.tried)} questions are too few to tell much: see the intervals.")
    if report.weakest:
        lines.append(f"Weak: {report.weakest}.")
    if report.num_lost:
        lines.append(f"Of {report.num_lost} saved questions the document changed or went: save them again.")
    return "\n".join(lines)
