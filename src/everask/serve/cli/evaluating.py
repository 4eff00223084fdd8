"""`everask evaluate search`: how good search is, on suites, your own documents, or in the file of a run."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from everask.errors import UsageError
from everask.evaluate.metrics import measure_each
from everask.evaluate.plots import check_plot, draw
from everask.evaluate.report import Each, Row, adjust, format_rows, join_each, make_row, measure_suite
from everask.evaluate.suites import Suite
from everask.evaluate.trec import escape, read_judgements, read_queries, read_run, write_run
from everask.pipeline import evaluating
from everask.serve.cli.answers import answers
from everask.serve.cli.options import Data, Json, open_data
from everask.serve.cli.own import own
from everask.serve.cli.printing import print_json, progress_bar, say
from everask.settings import default_data_folder, load_settings

PLOTTED = "nDCG@10"
FEW = 10
"""Queries below which the figures come with a warning."""

evaluate = typer.Typer(
    help="Measure how good search is, and answers.", no_args_is_help=True, rich_markup_mode=None
)

Run = dict[str, dict[str, float]]
# Values by query, by row of the report.
Measured = Mapping[str, Each]

SuiteName = Annotated[
    str | None, typer.Option("--suite", metavar="NAME", help=f"all, {', '.join(evaluating.SUITES)}.")
]
Sets = Annotated[
    list[Path] | None,
    typer.Option(
        "--sets", metavar="DIR", envvar="EVERASK_SHARED_DATA", help="Where the suites' files are (repeat)."
    ),
]
Half = Annotated[
    Literal["report", "tune"], typer.Option("--half", help="Which half of a suite's articles to ask about.")
]
NumQueries = Annotated[int, typer.Option("--num", min=1, help="At most so many queries a suite.")]
Queries = Annotated[
    Path | None,
    typer.Option("--queries", metavar="FILE", help='Queries for your own store: a line {"id","text"} each.'),
]
Right = Annotated[
    Path | None, typer.Option("--judgements", metavar="FILE", help="What is right: a file of TREC qrels.")
]
RunFile = Annotated[Path | None, typer.Option("--run", metavar="FILE", help="Score this TREC run.")]
Against = Annotated[
    list[Path] | None,
    typer.Option("--against", metavar="FILE", help="Compare with this TREC run (repeat)."),
]
SaveRun = Annotated[Path | None, typer.Option("--save-run", metavar="FILE", help="Write the run.")]
Plot = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw nDCG@10 to this .svg or .png.")
]


@evaluate.callback()
def _evaluate() -> None:
    """Measure how good search is, and answers."""


evaluate.command("answers")(answers)
evaluate.command("own")(own)


@evaluate.command()
def search(
    suite: SuiteName = None,
    sets: Sets = None,
    half: Half = "report",
    num_queries: NumQueries = 100,
    queries: Queries = None,
    judgements: Right = None,
    run: RunFile = None,
    against: Against = None,
    save_run: SaveRun = None,
    plot: Plot = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Measure search on a suite or on your own documents, or measure a TREC run.

    \b
      everask evaluate search --suite xquad-mixed --sets DIR
      everask evaluate search --queries queries.jsonl --judgements qrels.txt
      everask evaluate search --run run.trec --judgements qrels.txt --against other.trec

    Figures stand with their 95% intervals; * marks a difference with p < 0.05 by the paired randomisation
    test, adjusted by Holm's method where several are compared.
    """
    if sum(map(bool, (suite, queries, run))) != 1:
        raise UsageError("Name one of --suite, --queries and --run.", "See `everask evaluate search --help`.")
    if plot:
        check_plot(plot)
    others = {str(path): read_run(path) for path in against or ()}
    if suite:
        suites = _cut(suite, sets or [], half, num_queries)
        found, measured, compared = _measure_suites(suites, others, data)
    else:
        grades = _read_grades(judgements)
        found = read_run(run) if run else _search_own(queries or Path(), grades, data)
        name = str(run or "your documents")
        measured = {name: measure_each(found, grades)}
        compared = {other: {name: measure_each(ranked, grades)} for other, ranked in others.items()}
    if save_run:
        write_run(found, save_run)
    if plot:
        _plot(measured, compared, plot)
    rows = _compare(measured, compared)
    _warn(measured)
    if as_json:
        print_json({"rows": [dataclasses.asdict(row) for row in rows]})
    else:
        typer.echo(format_rows(rows))


def _warn(measured: Measured) -> None:
    """That figures of a few queries say little."""
    for name, each in measured.items():
        number = len(next(iter(each.values()), {}))
        if number < FEW:
            say(f"{name}: {number} queries are few. A figure of so few says little: see its interval.")


def _read_grades(judgements: Path | None) -> dict[str, dict[str, int]]:
    if judgements is None:
        raise UsageError("There are no judgements.", "Name a file of TREC qrels with --judgements.")
    return read_judgements(judgements)


def _cut(name: str, sets: Sequence[Path], half: Literal["report", "tune"], num_queries: int) -> list[Suite]:
    """The suites that were asked for, with so many queries of that half."""
    suites, missing = evaluating.find_suites(name, sets)
    for one in missing:
        say(f"Left out: {one}")
    cut = [suite.half(half).sample(num_queries) for suite in suites]
    if not any(suite.queries for suite in cut):
        raise UsageError(f"Suite {name} has nothing to tune on: it is held out.", "Ask --half report.")
    return [suite for suite in cut if suite.queries]


def _measure_suites(
    suites: Sequence[Suite], others: Mapping[str, Run], data: Path | None
) -> tuple[Run, Measured, dict[str, Measured]]:
    """One run over all suites, its queries named `suite:query`; each group's figures, and other runs'."""
    search = evaluating.SuiteSearch(load_settings(data or default_data_folder()))
    found: Run = {}
    each: dict[str, list[tuple[Suite, Run]]] = {}
    with progress_bar("Searching") as advance:
        for suite in suites:
            run = search.run(suite, advance)
            found.update({_full(suite, key): scores for key, scores in run.items()})
            each.setdefault(suite.group, []).append((suite, run))
    compared: dict[str, Measured] = {
        name: {
            group: join_each((suite.name, measure_suite(suite, _part(suite, other))) for suite, _ in members)
            for group, members in each.items()
        }
        for name, other in others.items()
    }
    measured = {
        group: join_each((suite.name, measure_suite(suite, run)) for suite, run in members)
        for group, members in each.items()
    }
    return found, measured, compared


def _full(suite: Suite, query: str) -> str:
    return f"{suite.name}:{query}"


def _part(suite: Suite, run: Run) -> Run:
    """What a run that was saved before says of one suite, with the suite's own names."""
    written = {escape(name): name for name in {*suite.passages, *suite.parts.values()}}
    return {
        key: {written.get(name, name): score for name, score in run[full].items()}
        for key in suite.queries
        if (full := escape(_full(suite, key))) in run
    }


def _search_own(file: Path, grades: Mapping[str, Mapping[str, int]], data: Path | None) -> Run:
    queries = read_queries(file)
    with open_data(data) as engine, progress_bar("Searching") as advance:
        done = evaluating.search_judged(engine, queries, grades, advance)
    if done.unknown:
        say(f"{len(done.unknown)} judged documents are not in the store, such as {done.unknown[0]}.")
    return done.run


def _compare(measured: Measured, compared: Mapping[str, Measured]) -> list[Row]:
    """A row for each of the run's own, or for each of them against each other run."""
    if not compared:
        return [make_row(name, each) for name, each in measured.items()]
    rows = []
    for other, rival in compared.items():
        for name, each in measured.items():
            row = make_row(name, each, rival[name])
            rows.append(row if len(compared) == 1 else dataclasses.replace(row, name=f"{name} | {other}"))
    return adjust(rows)


def _plot(measured: Measured, compared: Mapping[str, Measured], file: Path) -> None:
    series: dict[str, Any] = {"this run": measured, **compared}
    figures = {
        system: {name: make_row(name, each).figures[PLOTTED] for name, each in rows.items()}
        for system, rows in series.items()
    }
    draw(figures, PLOTTED, file)
