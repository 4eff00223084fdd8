"""`everask evaluate answers`: how good answers are, and when to abstain: a threshold with a promise."""

from __future__ import annotations

import contextlib
import dataclasses
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from everask.errors import NotFoundError, UsageError
from everask.evaluate.abstention import risk_curve
from everask.evaluate.answer_report import AnswerReport, is_wrong, report_answers
from everask.evaluate.answer_suites import ANSWER_LOADERS, load_answer_suites
from everask.evaluate.answers import MEASURES, Outcome
from everask.evaluate.plots import check_plot, draw_risk
from everask.evaluate.promise import CONFIDENCE, RISK, Promise
from everask.evaluate.report import format_rows
from everask.evaluate.trec import read_judgements, read_queries
from everask.generator import Generator
from everask.pipeline import Engine, answer_runs, thresholds
from everask.pipeline.evaluating import find_target
from everask.pipeline.models import find_generator
from everask.pipeline.own_questions import Budget, make_questions
from everask.serve.cli.options import Data, Json
from everask.serve.cli.printing import print_json, progress_bar, say
from everask.settings import Settings, default_data_folder, load_settings

Suites = Annotated[
    str | None, typer.Option("--suite", metavar="NAME", help=f"all, {', '.join(ANSWER_LOADERS)}.")
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
Queries = Annotated[
    Path | None,
    typer.Option("--queries", metavar="FILE", help='Your own questions: a line {"id","text"} each.'),
]
Right = Annotated[
    Path | None, typer.Option("--judgements", metavar="FILE", help="What answers them: a file of TREC qrels.")
]
Num = Annotated[int, typer.Option("--num", min=1, help="At most so many questions, or so many a suite.")]
Minutes = Annotated[float, typer.Option("--minutes", min=0.1, help="Stop asking after so long.")]
Writer = Annotated[
    str | None, typer.Option("--generator", help="none, or a language model, in place of the settings'.")
]
Allowed = Annotated[
    float,
    typer.Option(
        "--risk", min=0.005, max=0.5, help="The share of shown sentences on no right passage to allow."
    ),
]
Confidence = Annotated[
    float, typer.Option("--confidence", min=0.5, max=0.999, help="How sure the promise must be.")
]
Fit = Annotated[
    bool, typer.Option("--fit", help="Answer by the threshold that keeps the promise from now on.")
]
Plot = Annotated[
    Path | None, typer.Option("--plot", metavar="FILE", help="Draw risk and coverage to this .svg or .png.")
]


def answers(
    suite: Suites = None,
    sets: Sets = None,
    half: Half = "report",
    queries: Queries = None,
    judgements: Right = None,
    num: Num = 100,
    minutes: Minutes = 10.0,
    generator: Writer = None,
    risk: Allowed = RISK,
    confidence: Confidence = CONFIDENCE,
    fit: Fit = False,
    plot: Plot = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Measure answers on your own documents or on a suite, and fit when Everask says that it does not know.

    \b
      everask evaluate answers
      everask evaluate answers --num 400 --minutes 60 --fit
      everask evaluate answers --queries queries.jsonl --judgements qrels.txt
      everask evaluate answers --suite xquad --sets DIR

    Questions are made of your documents, by the language model where there is one; each is asked twice, the
    second time without the passage that answers. Ctrl-C stops asking and reports what was measured.
    """
    _refuse_contradictions(suite, queries, fit=fit)
    if plot:
        check_plot(plot)
    settings = _settings(data, generator)
    with _stopping() as stopped:
        budget = Budget(num, 60 * minutes, stopped)
        if suite:
            writer = find_generator(settings.models)
            asked = _ask_suites(settings, suite, sets or [], half, writer, budget)
            used = settings.answer
        else:
            with Engine(settings, say) as engine:
                writer = engine.generator
                asked = _ask_own(engine, queries, judgements, budget)
                used = thresholds.in_use(settings.answer, engine.store, writer.name if writer else None)
    if not asked:
        raise UsageError("No question was asked.", "Give more documents, or more --minutes.")
    report = report_answers(
        asked,
        used.ask_above if writer else used.answer_above,
        risk=risk,
        confidence=confidence,
        group=_suite_of if suite else _language_of,
    )
    if fit:
        _keep(settings, writer, report)
    if plot:
        _plot(asked, risk, plot)
    if as_json:
        print_json(_record(report, writer, fitted=fit and isinstance(report.promise, Promise)))
    else:
        typer.echo(_tell(report, writer))


def _refuse_contradictions(suite: str | None, queries: Path | None, *, fit: bool) -> None:
    if suite and queries:
        raise UsageError("Name one of --suite and --queries.", "See `everask evaluate answers --help`.")
    if suite and fit:
        raise UsageError("A threshold is fitted to your own documents.", "Leave out --suite or --fit.")


def forget_answers(data: Data = None, as_json: Json = False) -> None:
    """Answer by the thresholds of the settings again, not by fitted ones."""
    with Engine(_settings(data, "none"), say) as engine:
        before = thresholds.forget_fitted(engine.store)
    if as_json:
        print_json({"forgotten": {name: one.threshold for name, one in before.promises.items()}})
    else:
        typer.echo("Answers go by the settings again." if before.promises else "No threshold was fitted.")


def _settings(data: Path | None, generator: str | None) -> Settings:
    settings = load_settings((data or default_data_folder()).expanduser())
    if generator is None:
        return settings
    models = dataclasses.replace(settings.models, generator=generator, remote_url="")
    return dataclasses.replace(settings, models=models)


def _ask_own(engine: Engine, queries: Path | None, judgements: Path | None, budget: Budget) -> list[Outcome]:
    if queries:
        cases = _judged(engine, queries, judgements)[: budget.num]
    else:
        with progress_bar("Making questions") as advance:
            made = []
            for one in make_questions(engine.store, engine.generator, budget.part(0.4)):
                made.append(one)
                advance(len(made), budget.num, one.made.text)
        cases = [answer_runs.own_case(one) for one in made]
    with progress_bar("Asking") as advance:
        return answer_runs.run_cases(engine, cases, engine.generator, budget, advance)


def _judged(engine: Engine, queries: Path, judgements: Path | None) -> list[answer_runs.Case]:
    if judgements is None:
        raise UsageError("There are no judgements.", "Name a file of TREC qrels with --judgements.")
    texts, cases = read_queries(queries), []
    for key, grades in read_judgements(judgements).items():
        targets = [find_target(engine, name) for name, grade in grades.items() if grade > 0]
        known = [one for one in targets if one]
        if known and key in texts:
            cases.append(answer_runs.judged_case(key, texts[key], known))
    if not cases:
        raise NotFoundError(
            "No judgement names a query of the file and a document of the store.",
            "Name documents as `everask list` does, and use the same ids in both files.",
        )
    return cases


def _ask_suites(
    settings: Settings,
    name: str,
    sets: Sequence[Path],
    half: Literal["report", "tune"],
    writer: Generator | None,
    budget: Budget,
) -> list[Outcome]:
    suites, missing = [], []
    for one in ANSWER_LOADERS if name == "all" else (name,):
        try:
            suites += load_answer_suites(one, sets)
        except NotFoundError as error:
            missing.append(error)
    if not suites:
        raise missing[0]
    for lost in missing:
        say(f"Left out: {lost}")
    outcomes: list[Outcome] = []
    with progress_bar("Asking") as advance:
        for suite in suites:
            wanted = suite.half(half, budget.num)
            if wanted and not budget.is_spent():
                outcomes += answer_runs.run_suite(settings, suite, wanted, writer, budget, advance)
    return outcomes


def _keep(settings: Settings, writer: Generator | None, report: AnswerReport) -> None:
    """Write the threshold into the store, if there is one."""
    if not isinstance(report.promise, Promise):
        return
    with Engine(settings, say) as engine:
        name = writer.name if writer else thresholds.QUOTES
        thresholds.write_fitted(engine.store, name, report.promise)
    say("`everask rollback answers` takes the threshold back.")


def _tell(report: AnswerReport, writer: Generator | None) -> str:
    """The report for people."""
    risk, area = report.risk, report.auroc
    lines = [format_rows(report.rows, MEASURES), ""]
    lines.append(
        f"{risk.num_questions} questions, half without what answers them; answers"
        f" {'written by ' + writer.name if writer else 'in quotes'}."
    )
    lines.append(f"Answerable from not: AUROC {area.mean:.3f} [{area.low:.3f}, {area.high:.3f}].")
    for point in report.points:
        if point.coverage and round(point.coverage, 2) in (0.5, 0.75, 0.9):
            lines.append(
                f"  Answering {point.coverage:.0%} of the answerable (from chance {point.threshold:.2f}):"
                f" {point.precision:.0%} of what is answered is answerable."
            )
    lines.append(
        f"In use, from chance {risk.threshold:.2f}: {risk.num_shown} of {risk.num_questions} answered"
        f" ({risk.coverage:.0%}); of one sentence of each, {risk.num_wrong} on no right passage:"
        f" {risk.share:.1%} [{risk.low:.1%}, {risk.high:.1%}]; {risk.num_needless} of them answer what"
        " nothing answers."
    )
    return "\n".join([*lines, _promise_in_words(report)])


def _promise_in_words(report: AnswerReport) -> str:
    made = report.promise
    if isinstance(made, Promise):
        return (
            f"Promise: from chance {made.threshold:.2f} on at most {made.risk:.0%} of the shown sentences"
            f" rest on no right passage, with {made.confidence:.0%} confidence ({made.num_wrong} of"
            f" {made.num_shown} did;"
            f" {made.num_shown / max(1, report.risk.num_questions):.0%} answered)."
        )
    if made.num_more is None:
        return "No promise: too much is wrong even among the likeliest answers. Allow more with --risk."
    return (
        f"No promise: too few questions. About {made.num_more} more are needed (--num), at the least"
        f" {made.num_least} answers without a fault."
    )


def _record(report: AnswerReport, writer: Generator | None, *, fitted: bool) -> dict[str, Any]:
    kind = "promise" if isinstance(report.promise, Promise) else "missing"
    return {
        "model": writer.name if writer else None,
        "rows": [dataclasses.asdict(row) for row in report.rows],
        "auroc": dataclasses.asdict(report.auroc),
        "coverages": [dataclasses.asdict(point) for point in report.points],
        "risk": {**dataclasses.asdict(report.risk), "coverage": report.risk.coverage},
        kind: dataclasses.asdict(report.promise),
        "fitted": fitted,
    }


def _plot(outcomes: Sequence[Outcome], allowed: float, path: Path) -> None:
    could = [one for one in outcomes if one.said]
    _, coverage, risk = risk_curve(
        [one.chance or 0.0 for one in could], [float(is_wrong(one)) for one in could]
    )
    share = len(could) / max(1, len(outcomes))
    draw_risk({"answers": ((coverage * share).tolist(), risk.tolist())}, allowed, path)


def _language_of(outcome: Outcome) -> str:
    return outcome.wanted.language


def _suite_of(outcome: Outcome) -> str:
    return outcome.wanted.key.partition(" ")[0]


@contextlib.contextmanager
def _stopping() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C was pressed: the first time it stops asking, the second time it ends the program."""
    pressed: list[int] = []

    def stop(number: int, frame: object) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)
        say("Stopping; what was measured is reported.")

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield lambda: bool(pressed)
    finally:
        signal.signal(signal.SIGINT, before)
