"""`everask train` and `everask rollback`: what is taught, how far it is, and the way back.

Training is a program of its own (everask.training), which this starts: serving never imports it, and works
without the extra that it needs.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.text import Text

from everask.errors import UsageError
from everask.pipeline import promotion
from everask.pipeline.background import encode_in_background, start_in_background
from everask.pipeline.jobs import JobState, list_jobs, stop_job
from everask.pipeline.learning import CHECK, PROGRAM, look_at_learning
from everask.pipeline.promotion import LearnedKind, list_changes
from everask.pipeline.taught import read_taught
from everask.pipeline.trials import Trial, look_at_trial, settle_trial, tell_outcome
from everask.serve.cli.answers import forget_answers
from everask.serve.cli.learning import changes_record, learning_lines, learning_record, trial_record
from everask.serve.cli.options import Data, Json, open_data
from everask.serve.cli.printing import out, print_json, printable
from everask.settings import default_data_folder

On = Literal["documents", "feedback"]

train = typer.Typer(
    help="Teach it your documents and votes; what it learned is kept only if it measures better.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
rollback = typer.Typer(help="Take back what was taught.", no_args_is_help=True, rich_markup_mode=None)


Minutes = Annotated[float, typer.Option("--minutes", min=0.1, help="How long the training itself may take.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Of all that is drawn. Default: 0.")]
Background = Annotated[bool, typer.Option("--background", help="Return at once; see `everask train status`.")]
OnFeedback = Annotated[On, typer.Option("--on", help="What to learn from: what people did.")]


@train.command("search")
def train_search(
    minutes: Minutes = 30.0,
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="At most so many steps. Default: 300.")
    ] = None,
    seed: Seed = None,
    on: Annotated[
        On | None, typer.Option("--on", help="Documents alone, or with what people did. Default: documents.")
    ] = None,
    background: Background = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Teach search your documents, and keep it only if it answers held-out questions better.

    Ctrl-C, a kill or a full disk lose nothing: the same command goes on. Needs the extra `train`.
    """
    asked = {"--minutes": minutes, "--steps": steps, "--seed": seed, "--on": on}
    _train("search", asked, data, background=background, as_json=as_json)


@train.command("ranker")
def train_ranker(
    minutes: Minutes = 30.0,
    seed: Seed = None,
    on: OnFeedback = "feedback",
    trial: Annotated[
        bool, typer.Option("--trial", help="Where it measures better, compare it on live searches first.")
    ] = False,
    background: Background = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Learn from votes how much words and meaning count, and keep it only if held-out questions gain.

    Minutes, on the processor, without further extras. What only some may read teaches nothing.
    """
    _only_feedback("ranker", on)
    asked = {"--minutes": minutes, "--seed": seed, "--on": on}
    _train("ranker", asked, data, background=background, as_json=as_json, flags=["--trial"] if trial else [])


@train.command("checker")
def train_checker(
    minutes: Minutes = 30.0,
    seed: Seed = None,
    on: OnFeedback = "feedback",
    background: Background = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Learn from votes when a sentence counts as supported, and keep it only if held-out sentences gain.

    Minutes, on the processor, without further extras. What only some may read teaches nothing.
    """
    _only_feedback("checker", on)
    asked = {"--minutes": minutes, "--seed": seed, "--on": on}
    _train("checker", asked, data, background=background, as_json=as_json)


@train.command("answers")
def train_answers(
    minutes: Minutes = 60.0,
    seed: Seed = None,
    on: OnFeedback = "feedback",
    background: Background = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Tune the small language model on judged drafts of its own; keep it only if held-out answers gain.

    Three fifths of the minutes are for drafts. Needs the extras `train` and `llm`, and the model
    qwen2.5-0.5b in use.
    """
    _only_feedback("answers", on)
    asked = {"--minutes": minutes, "--seed": seed, "--on": on}
    _train("answers", asked, data, background=background, as_json=as_json)


@train.command("check")
def train_check(background: Background = False, data: Data = None, as_json: Json = False) -> None:
    """After an upgrade: compare what was learned before it with what ships now; the better one serves.

    `everask serve` does it by itself. Takes a minute or two; `everask rollback ranker` undoes it.
    """
    _train(CHECK, {}, data, background=background, as_json=as_json)


def _only_feedback(kind: str, on: On) -> None:
    if on != "feedback":
        raise UsageError(
            f"The {kind} learns from what people did alone.", f"everask train {kind} --on feedback"
        )


def _train(
    kind: str,
    asked: Mapping[str, object],
    data: Path | None,
    *,
    background: bool,
    as_json: bool,
    flags: Sequence[str] = (),
) -> None:
    folder = _folder(data)
    options = [part for name, value in asked.items() if value is not None for part in (name, str(value))]
    options += [*flags, *(["--json"] if as_json else [])]
    module = [PROGRAM, kind, "--data", str(folder), *options]
    with open_data(folder):
        pass  # a store that cannot be opened is said here, not in a log
    if background:
        start_in_background(folder, module, folder / "train.log")
        out.print("Started. `everask train status` shows how far it is.")
        return
    os.execv(sys.executable, [sys.executable, "-m", *module])


@train.command("status")
def train_status(data: Data = None, as_json: Json = False) -> None:
    """Show trainings, the last one first; what serves, and what there is to learn from."""
    jobs = list_jobs(_folder(data))
    with open_data(data) as engine:
        kinds = look_at_learning(engine.store)
        changes = list_changes(engine.store)
    if as_json:
        learned = [learning_record(one) for one in kinds]
        print_json(
            {"jobs": [_record(one) for one in jobs], "kinds": learned, "changes": changes_record(changes)}
        )
        return
    for job in jobs:
        out.print(Text(printable(_line(job))))
    if not jobs:
        out.print("Nothing was taught yet: everask train search")
    for one in kinds:
        for line in learning_lines(one):
            out.print(Text(printable(line)))


@train.command("stop")
def train_stop(data: Data = None, as_json: Json = False) -> None:
    """End the training that runs, after a checkpoint; `everask train search` goes on with it."""
    state = stop_job(_folder(data))
    if as_json:
        print_json(_record(state))
    else:
        out.print(Text(printable(_line(state))))


@rollback.command("search")
def rollback_search(data: Data = None, as_json: Json = False) -> None:
    """Search with the encoder from before the last training that was kept."""
    with open_data(data) as engine:
        promotion.roll_back(engine.store, "search")
        now = read_taught(engine.store)
        encode_in_background(engine.settings.data)
    if as_json:
        print_json({"search": now.name, "encoder": now.name or now.base})
        return
    out.print(Text(f"Search is with {now.name or now.base} again, as soon as its vectors are there."))


@rollback.command("ranker")
def rollback_ranker(data: Data = None, as_json: Json = False) -> None:
    """Rank with the weights from before the last training that was kept, in every process at once."""
    _roll_back("ranker", data, as_json=as_json)


@rollback.command("checker")
def rollback_checker(data: Data = None, as_json: Json = False) -> None:
    """Check sentences as before the last training that was kept, in every process at once."""
    _roll_back("checker", data, as_json=as_json)


def _roll_back(kind: LearnedKind, data: Path | None, *, as_json: bool) -> None:
    with open_data(data) as engine:
        name = promotion.roll_back(engine.store, kind)
    if as_json:
        print_json({kind: name})
        return
    what = "The writing of answers" if kind == "answers" else f"The {kind}"
    out.print(Text(f"{what} is {name} again." if name else f"{what} is as it ships again."))


def trial(
    settle: Annotated[
        bool, typer.Option("--settle", help="Promote it, or end the trial, where that is decided.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the trial; what serves stays.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show how the ranker on trial fares on people's searches, against what serves."""
    with open_data(data) as engine:
        if settle:
            now: Trial | None = settle_trial(engine.store)
        else:
            now = look_at_trial(engine.store)
            if stop:
                promotion.end_trial(engine.store, "ranker")
        serving = promotion.in_use(engine.store, "ranker")
    if as_json:
        print_json({"trial": trial_record(now), "serves": serving})
        return
    if now is None:
        out.print("Nothing is on trial: everask train ranker --trial")
        return
    out.print(Text(f"{now.name}: {tell_outcome(now.outcome)}"))
    if settle or stop:
        out.print(Text(f"The trial is over. The ranker is {serving or 'as it ships'}."))


@rollback.command("answers")
def rollback_answers(data: Data = None, as_json: Json = False) -> None:
    """Write answers as before the last training that was kept; where none serves, forget fitted thresholds.

    Then answers go by the thresholds of the settings again.
    """
    with open_data(data) as engine:
        serving = promotion.in_use(engine.store, "answers")
    if serving is None:
        forget_answers(data, as_json)
    else:
        _roll_back("answers", data, as_json=as_json)


def _folder(data: Path | None) -> Path:
    return (data or default_data_folder()).expanduser().absolute()


def _line(one: JobState) -> str:
    line = f"{one.name}: {one.status}"
    if one.status == "running":
        line += f", {one.stage} {one.done} of {one.total}" if one.total else f", {one.stage}"
    return f"{line}. {one.message}" if one.message else line


def _record(one: JobState) -> dict[str, object]:
    return {
        "name": one.name,
        "kind": one.kind,
        "status": one.status,
        "stage": one.stage,
        "done": one.done,
        "total": one.total,
        "message": one.message,
        "settings": dict(one.settings),
        "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.began)),
        "updated": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(one.updated)),
    }
