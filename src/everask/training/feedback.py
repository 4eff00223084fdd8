"""A training on what people did, from votes to a verdict: collect, teach, measure, keep only what is better.

The same for every kind whose weights stand in the store: a `Course` says how each stage is done. What serves
is not touched before the last step, one transaction in which rights are looked at once more: what was learned
from a document or a person that is gone by then is thrown away. Killed anywhere, the same command goes on.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, select

from everask.errors import TrainingError
from everask.index.learned import Learned, LearnedState, Lineage, list_learned, put_learned
from everask.index.people_schema import users
from everask.index.schema import documents
from everask.pipeline.jobs import UNFINISHED, job_folder, list_jobs
from everask.pipeline.labelling import Labels, read_labels
from everask.pipeline.learning import NEEDED, SENTENCES, Supply, find_supply
from everask.pipeline.promotion import LearnedKind, promote_within, start_trial
from everask.pipeline.taught import taught_folder
from everask.pipeline.upgrades import shipped_ranker
from everask.training.card import make_judged_card
from everask.training.gate import ASKED, Asked, Comparison, Verdict, decide, load_verdict, save_verdict
from everask.training.work import TooLittleError, Work

CARD = "card.md"
LINEAGE = "lineage.json"
_COLLECTED, _WEIGHTS, _VERDICT = "collected", "weights.json", "verdict.json"
_NEEDED_ROOM = 50 << 20
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Course:
    """How one kind is trained. `collect` keeps what is needed in the work's folder and returns what it learns
    from, `teach` makes weights of it, `measure` asks held-out questions of what serves and of the new."""

    kind: LearnedKind
    collect: Callable[[Work, Labels], Lineage]
    teach: Callable[[Work], Mapping[str, Any]]
    measure: Callable[[Work, Mapping[str, Any]], Sequence[Asked]]


def train_on_feedback(work: Work, course: Course, *, trial: bool = False) -> Verdict:
    """Do what is left of the job, and say whether the new weights serve from now on; with `trial` they are
    first compared on live searches.

    Raises TooLittleError when there is too little to learn from or to measure with, TrainingError when there
    is no room or rights have changed, KeyboardInterrupt when it was told to stop.
    """
    _require_room(work)
    _remove_abandoned(work, course.kind)
    _collect(work, course)
    weights = _teach(work, course)
    decided = work.folder / _VERDICT
    if not decided.exists():
        asked = course.measure(work, weights)
        save_verdict(decided, decide(asked, work.seed, tried=count_tried(work, course.kind)))
    verdict = load_verdict(decided)
    _end(work, course.kind, weights, verdict, trial=trial)
    return verdict


def write_whole(path: Path, value: object) -> None:
    """Write JSON, whole or not at all: what is there is believed."""
    beside = path.with_name(f".{path.name}")
    beside.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")
    beside.replace(path)


def read_lineage(path: Path) -> Lineage:
    """What was written of it."""
    kept = json.loads(path.read_text("utf-8"))
    return Lineage(frozenset(kept["events"]), frozenset(kept["documents"]), frozenset(kept["users"]))


def write_lineage(path: Path, lineage: Lineage) -> None:
    """Keep what is learned from."""
    write_whole(path, {name: sorted(value) for name, value in asdict(lineage).items()})


def missing_rights(connection: Connection, lineage: Lineage) -> str:
    """Why what was learned may not be kept: a document that it learned from is for some only by now, or a
    person is gone; "" where neither is so. A document that was removed meanwhile marks it instead.
    """
    named = sorted(lineage.documents)
    limited = 0
    for start in range(0, len(named), _AT_ONCE):
        some = documents.c.id.in_(named[start : start + _AT_ONCE])
        limited += int(connection.scalar(select(func.count()).where(some, documents.c.num_groups > 0)) or 0)
    if limited:
        return f"{limited} of the documents that it learned from were restricted"
    people = sorted(lineage.users)
    known = set(connection.scalars(select(users.c.id).where(users.c.id.in_(people)))) if people else set()
    return "somebody whose votes it learned from was removed" if len(known) < len(people) else ""


def card_of(verdict: Verdict) -> dict[str, Any]:
    """The verdict as the learning screen reads it."""
    shown = {"all": verdict.all, **verdict.kinds, **verdict.languages}
    rows = [{"label": label, **asdict(one)} for label, one in shown.items()]
    return {"why": verdict.why, "p": verdict.p, "missing": verdict.missing, "rows": rows}


def _require_room(work: Work) -> None:
    free = shutil.disk_usage(work.store.folder).free
    if free < _NEEDED_ROOM:
        raise TrainingError(
            f"Only {free >> 20} MB are free in {work.store.folder}; training needs {_NEEDED_ROOM >> 20} MB.",
            "Make room and run the same command again. What serves is as it was.",
        )


def _remove_abandoned(work: Work, kind: str) -> None:
    for one in list_jobs(work.store.folder):
        if one.kind == kind and one.status not in UNFINISHED:
            shutil.rmtree(job_folder(work.store.folder, one.name) / "work", ignore_errors=True)
            if one.status == "abandoned":
                shutil.rmtree(taught_folder(work.store.folder, one.name), ignore_errors=True)


def _collect(work: Work, course: Course) -> None:
    if (work.folder / _COLLECTED).exists():
        return
    work.tell_progress("collecting", 0, 0, "reading what people did")
    shutil.rmtree(work.folder, ignore_errors=True)
    work.folder.mkdir(parents=True)
    labels = read_labels(work.store)
    supply = require_judged(work, course.kind, labels)
    lineage = course.collect(work, labels)
    write_lineage(work.folder / LINEAGE, lineage)
    counted = {"examples": supply.examples, "questions": supply.questions, "people": supply.people}
    work.job.choose({**counted, "left_out": sum(supply.left_out.values())})
    (work.folder / _COLLECTED).touch()


def require_judged(work: Work, kind: LearnedKind, labels: Labels) -> Supply:
    """What there is to learn from and to measure with. Raises TooLittleError, with how many are missing."""
    supply = find_supply(work.store, kind, labels)
    learn, measure = work.recipe.judged or NEEDED[kind]
    what = _what(kind)
    _require_enough(supply.examples, learn, ("to learn from", what), supply.left_out)
    _require_enough(supply.questions, measure, ("to measure with", what), supply.left_out)
    return supply


def with_documents(lineage: Lineage, documents: Iterable[str]) -> Lineage:
    """The same, learned from these documents as well."""
    return replace(lineage, documents=lineage.documents | frozenset(documents))


def join(one: Lineage, other: Lineage) -> Lineage:
    """What both learned from."""
    return Lineage(one.events | other.events, one.documents | other.documents, one.users | other.users)


def _what(kind: LearnedKind) -> str:
    return "sentences" if kind == SENTENCES else "questions"


def _require_enough(number: int, least: int, words: tuple[str, str], left_out: Mapping[str, int]) -> None:
    if number >= least:
        return
    purpose, what = words
    left = ", ".join(f"{count} of them because {why}" for why, count in left_out.items())
    hint = "Vote on sentences of answers." if what == "sentences" else "Vote on answers, and save questions."
    raise TooLittleError(
        f"There is too little {purpose}: {number} {what} that people judged, {least} are needed, "
        f"{least - number} are missing." + (f" Events that teach nothing: {left}." if left else ""),
        f"{hint} What serves is as it was.",
    )


def _teach(work: Work, course: Course) -> Mapping[str, Any]:
    file = work.folder / _WEIGHTS
    if not file.exists():
        write_whole(file, dict(course.teach(work)))
    found: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def count_tried(work: Work, kind: str) -> int:
    """How many challengers what serves has refused."""
    with work.store.database.reading() as connection:
        rows = list_learned(connection, kind)
    tried = 0
    for one in rows:
        if one.state != "refused":
            break
        tried += 1
    return tried


def keep_learned(
    work: Work, kind: LearnedKind, verdict: Verdict, more: Mapping[str, Any], *, trial: bool = False
) -> None:
    """Write down what was trained, from what, and the verdict, and let it serve if it is kept: in one
    transaction with a last look at rights. `more` belongs to its card.

    Raises TrainingError, and keeps nothing, where something that it learned from is gone or restricted.
    """
    lineage = read_lineage(work.folder / LINEAGE)
    state: LearnedState = "refused" if not verdict.is_kept else "trial" if trial else "kept"
    card = {**card_of(verdict), "settings": dict(work.job.settings), **more}
    made = Learned(work.job.state.name, kind, time.time(), state, card=card)
    with work.store.database.writing() as connection:
        lost = missing_rights(connection, lineage)
        if not lost:
            put_learned(connection, made, lineage)
            if state == "kept":
                promote_within(connection, made)
            elif state == "trial":
                start_trial(connection, made)
    if lost:
        shutil.rmtree(work.folder, ignore_errors=True)
        shutil.rmtree(work.taught, ignore_errors=True)
        raise TrainingError(
            f"Since this training began {lost}.",
            "What was learnt is thrown away, and what serves is as it was. Run the same command again.",
        )


def _end(work: Work, kind: LearnedKind, weights: Mapping[str, Any], verdict: Verdict, *, trial: bool) -> None:
    """Promote or throw away; the card stays either way."""
    more: dict[str, Any] = {"weights": dict(weights)} if verdict.is_kept else {}
    if kind == "ranker":
        more["shipped"] = shipped_ranker()
    keep_learned(work, kind, verdict, more, trial=trial)
    (work.job.folder / CARD).write_text(make_judged_card(work.job.state, verdict), encoding="utf-8")
    if not verdict.is_kept:
        shutil.rmtree(work.taught, ignore_errors=True)  # where the weights are a file
    told = _sentence(kind, verdict, trial=trial)
    work.job.end("kept" if verdict.is_kept else "refused", told)
    shutil.rmtree(work.folder, ignore_errors=True)


def _sentence(kind: LearnedKind, verdict: Verdict, *, trial: bool) -> str:
    one = verdict.kinds.get(ASKED, verdict.all)
    what = _what(kind)
    figures = tell_figures(one, what)
    if verdict.is_kept:
        if trial:
            return f"On trial: {figures}, p = {verdict.p:.4f}. See: everask trial"
        return f"Kept: {figures}, p = {verdict.p:.4f}. Undo: everask rollback {kind}"
    more = f" About {verdict.missing} more judged {what} would tell." if verdict.missing else ""
    return f"Not kept: {verdict.why} ({figures}.){more} What serves is as it was."


def tell_figures(one: Comparison, what: str = "questions") -> str:
    """A comparison in words."""
    return (
        f"{one.before:.3f} before, {one.after:.3f} now (difference {one.low:+.3f} to {one.high:+.3f}), on "
        f"{one.num_questions} {what} held out"
    )
