"""The program that trains: python -m everask.training KIND --data DIR. `everask train KIND` starts it."""

from __future__ import annotations

import argparse
import dataclasses
import errno
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from everask.errors import EveraskError, MissingExtraError, TrainingError
from everask.index import Store
from everask.pipeline.background import encode_in_background
from everask.pipeline.jobs import work_on
from everask.pipeline.learning import CHECK
from everask.pipeline.upgrades import to_check
from everask.settings import load_settings
from everask.training.answers import ANSWERS
from everask.training.checker import CHECKER
from everask.training.checking import check_ranker
from everask.training.feedback import Course, train_on_feedback
from everask.training.gate import Verdict
from everask.training.ranker import RANKER
from everask.training.search import KIND as SEARCH
from everask.training.search import clean_up, train_search
from everask.training.work import DEFAULT, Recipe, TooLittleError, Work

COURSES: Mapping[str, Course] = {"ranker": RANKER, "checker": CHECKER, "answers": ANSWERS}
NEED_TORCH = {SEARCH, "answers"}
_NICE = 10
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS}


def main(arguments: list[str] | None = None, recipe: Recipe = DEFAULT) -> int:
    """Train; the exit code is that of the error, 0 when it was done or told to stop."""
    given = _parse(arguments)
    os.nice(_NICE)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        record = _run(given, recipe)
    except KeyboardInterrupt:
        record = {"status": "stopped", "message": "Stopped. The same command goes on."}
    except EveraskError as error:
        return _fail(given, error)
    if given.json:
        print(json.dumps(record, ensure_ascii=False, indent=2))  # noqa: T201 - a program's output
    else:
        print(record["message"])  # noqa: T201
    return 0


def _run(given: argparse.Namespace, recipe: Recipe) -> dict[str, object]:
    if given.what == CHECK:
        return _check(given, recipe)
    if given.what in NEED_TORCH and importlib.util.find_spec("torch") is None:
        raise MissingExtraError("Training", "train")
    settings = load_settings(given.data)
    asked = {"steps": given.steps, "seed": given.seed, "on": given.on, "trial": given.trial or None}
    with Store.open(given.data, create=False) as store, work_on(given.data, given.what, asked) as job:
        work = Work(settings, store, job, recipe, given.minutes, _tell, _Line(given.json).show)
        try:
            verdict = _train(work, given)
        except TooLittleError:
            clean_up(work)
            raise
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            raise TrainingError(
                f"The training could not write to {error.filename or given.data}: {error.strerror}.",
                "Make room and run the same command again: it goes on. Search is as it was.",
            ) from error
        figures = dataclasses.asdict(verdict)
        return {"job": job.state.name, "status": job.state.status, "message": job.state.message, **figures}


def _check(given: argparse.Namespace, recipe: Recipe) -> dict[str, object]:
    settings = load_settings(given.data)
    with Store.open(given.data, create=False) as store:
        if to_check(store) is None:
            return {"status": "kept", "message": "Nothing that was learned needs a check."}
        with work_on(given.data, CHECK, {"seed": given.seed}) as job:
            work = Work(settings, store, job, recipe, given.minutes, _tell, _Line(given.json).show)
            verdict = check_ranker(work)
            state = job.state
            return {
                "job": state.name,
                "status": state.status,
                "message": state.message,
                **dataclasses.asdict(verdict),
            }


def _train(work: Work, given: argparse.Namespace) -> Verdict:
    course = COURSES.get(given.what)
    if course is not None:
        return train_on_feedback(work, course, trial=bool(work.job.settings.get("trial")))
    verdict = train_search(work)
    if verdict.is_kept:
        encode_in_background(given.data)
    return verdict


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="everask train", description=__doc__)
    parser.add_argument("what", choices=[SEARCH, *COURSES, CHECK])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--on", choices=["documents", "feedback"])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--trial", action="store_true")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(arguments)


class _Line:
    """Progress on one line of stderr where that is a terminal, else a line for every tenth of a stage."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._shown = ("", 0)

    def show(self, stage: str, done: int, total: int, message: str) -> None:
        """Say how far it is."""
        line = f"{stage}: {message}" + (f" ({done} of {total})" if total else "")
        if self._quiet:
            return
        reached = (stage, 10 * done // total if total else 0)
        if sys.stderr.isatty():
            end = "\n" if total and done >= total else ""
            sys.stderr.write(f"\r\033[K{line}{end}")
        elif reached != self._shown:
            sys.stderr.write(f"{line}\n")
        self._shown = reached
        sys.stderr.flush()


def _tell(message: str) -> None:
    sys.stderr.write(f"{message}\n")


def _fail(given: argparse.Namespace, error: EveraskError) -> int:
    if given.json:
        record = {"error": {"message": error.message, "hint": error.hint}}
        sys.stderr.write(json.dumps(record, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"everask: {error}\n")
    return error.exit_code


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
