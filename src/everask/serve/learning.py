"""Learning over the API: what there is to learn from, what was trained and how it measured, and what serves.

Only numbers of people and documents are said, never who or which.
"""

from __future__ import annotations

import functools
import importlib.util
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from everask.errors import NotFoundError, TrainingError, UsageError
from everask.pipeline import promotion
from everask.pipeline.jobs import JobState, list_jobs, stop_job
from everask.pipeline.learning import (
    Compared,
    Learning,
    Made,
    Supply,
    look_at_learning,
    promote,
    roll_back,
    start_training,
)
from everask.pipeline.promotion import Change, LearnedKind, list_changes
from everask.serve.api import ERRORS, Door
from everask.serve.doors import Doors

NEED_TORCH: frozenset[LearnedKind] = frozenset({"search", "answers"})
STOP_SECONDS = 20.0
NEEDS_EXTRA = "Training this needs the extra `train`: pip install 'everask[train]'."

Kind = Annotated[LearnedKind, Path(description="What is learned.")]


class SupplyReply(BaseModel):
    """What there is to learn from, and how much is missing."""

    votes: int = Field(description="Sentences called right or wrong.")
    corrections: int = Field(description="Right words that people named.")
    opened: int = Field(description="Sources opened and sentences copied.")
    people: int = Field(description="How many people these are of.")
    left_out: dict[str, int] = Field(description="Why other events teach nothing, and how many.")
    examples: int = Field(description="Judged questions to learn from.")
    examples_needed: int = Field(description="The least for a training.")
    missing_examples: int = Field(description="How many more are needed.")
    questions: int = Field(description="Questions that are held out, to measure with.")
    questions_needed: int = Field(description="The least for a measurement.")
    missing_questions: int = Field(description="How many more are needed.")


class ComparedReply(BaseModel):
    """A figure before and after, on some of the held-out questions."""

    label: str = Field(description="all, asked, made, or a language's code.")
    questions: int = Field(description="Of how many questions.")
    before: float = Field(description="Of what served when it was measured.")
    after: float = Field(description="Of what was trained.")
    low: float = Field(description="The 95% interval of the difference: its lower end.")
    high: float = Field(description="Its upper end.")


class MadeReply(BaseModel):
    """Something that was trained."""

    name: str = Field(description="Its name.")
    made_at: float = Field(description="When, seconds since 1970, UTC.")
    state: str = Field(description="kept, trial, refused, before, or undone.")
    in_use: bool = Field(description="Whether it serves now.")
    stale: str = Field(description="Why it must be trained again; mostly empty.")
    verdict: str = Field(description="What the comparison said.")
    p: float | None = Field(description="How probable such a difference is by chance.")
    compared: list[ComparedReply] = Field(description="Figures before and after.")
    events: int = Field(description="From how many votes and other acts it learned.")
    documents: int = Field(description="From how many documents.")
    people: int = Field(description="From how many people.")


class KindReply(BaseModel):
    """One of the things that are learned."""

    kind: str = Field(description="search, ranker, checker, or answers.")
    trainable: bool = Field(description="Whether it can be trained here on what people did.")
    supply: SupplyReply = Field(description="What there is to learn from.")
    serves: str | None = Field(description="The name of what serves; null: what ships with Everask.")
    history: list[MadeReply] = Field(description="All that was trained, the newest first.")
    can_promote: list[str] = Field(description="What passed the comparison and does not serve.")
    can_roll_back: bool = Field(description="Whether something trained serves, or was set aside.")


class ChangeReply(BaseModel):
    """A change of what serves."""

    at: float = Field(description="When, seconds since 1970, UTC.")
    kind: str = Field(description="search, ranker, checker, or answers.")
    what: str = Field(description="promoted, rolled back, on trial, trial ended, or set aside.")
    name: str | None = Field(description="What serves, or is on trial, since; null: what ships.")


class LearningReply(BaseModel):
    """What was learned, and what could be."""

    running: bool = Field(description="Whether a training goes on.")
    job: str = Field(description="Its name; empty where none goes on.")
    stage: str = Field(description="What it is at.")
    done: int = Field(description="How much of the stage is done.")
    total: int = Field(description="Of so much; 0: nobody knows.")
    kinds: list[KindReply] = Field(description="All that can be learned.")
    changes: list[ChangeReply] = Field(description="What was promoted and taken back, the newest first.")


class PromoteBody(BaseModel):
    """What shall serve."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200, description="Its name, from `can_promote`.")


async def get_learning(doors: Door) -> LearningReply:
    """What was learned and what could be, and how far a training is."""
    return await anyio.to_thread.run_sync(_look, doors)


async def post_training(doors: Door, kind: Kind) -> LearningReply:
    """Train on what people did, in a process of its own; nothing changes unless it measures better."""
    await anyio.to_thread.run_sync(begin_training, doors, kind)
    return await get_learning(doors)


async def post_stop(doors: Door) -> LearningReply:
    """End the training that goes on, after a checkpoint: the next one of its kind goes on with it."""
    await anyio.to_thread.run_sync(end_training, doors)
    return await get_learning(doors)


async def post_promotion(doors: Door, body: PromoteBody) -> LearningReply:
    """Let something serve that passed the comparison."""
    await anyio.to_thread.run_sync(promote, doors.engine.store, body.name)
    return await get_learning(doors)


async def post_rollback(doors: Door, kind: Kind) -> LearningReply:
    """Let what served before serve again, or end what is on trial."""
    await anyio.to_thread.run_sync(take_back, doors, kind)
    return await get_learning(doors)


def running_job(doors: Doors) -> JobState | None:
    """The training that goes on. Blocking."""
    jobs = list_jobs(doors.engine.settings.data)
    return next((one for one in jobs if one.status == "running"), None)


def begin_training(doors: Doors, kind: LearnedKind) -> None:
    """Start it. Raises UsageError where it cannot be, TrainingError where one goes on. Blocking."""
    if why := cannot_train(kind):
        raise UsageError(why, "The other kinds are trained without it.")
    if job := running_job(doors):
        raise UsageError(f"Another training goes on: {job.name}.", "Wait for it, or stop it.")
    looked = next(one for one in look_at_learning(doors.engine.store) if one.kind == kind)
    if not looked.supply.is_enough:
        missing = f"{looked.supply.missing_examples} and {looked.supply.missing_questions}"
        raise UsageError(
            f"There is too little to learn from: {missing} more are needed to learn from and to measure.",
            "Votes and corrections of answers make examples.",
        )
    start_training(doors.engine.settings.data, kind)


def cannot_train(kind: LearnedKind) -> str:
    """Why a kind cannot be trained on this machine; empty where it can."""
    if kind in NEED_TORCH and importlib.util.find_spec("torch") is None:
        return NEEDS_EXTRA
    return ""


def end_training(doors: Doors) -> None:
    """Stop what goes on. Blocking, until its step has ended. Raises NotFoundError, UsageError."""
    try:
        stop_job(doors.engine.settings.data, STOP_SECONDS)
    except NotFoundError as error:
        raise NotFoundError("No training goes on.", "It may have ended just now.") from error
    except TrainingError as error:
        raise UsageError(error.message, error.hint) from error


def take_back(doors: Doors, kind: LearnedKind) -> None:
    """End a trial, or else let serve what served before. Blocking. Raises UsageError."""
    store = doors.engine.store
    if promotion.end_trial(store, kind) is None:
        roll_back(store, kind)


def _look(doors: Doors) -> LearningReply:
    job = running_job(doors)
    return LearningReply(
        running=job is not None,
        job=job.name if job else "",
        stage=job.stage if job else "",
        done=job.done if job else 0,
        total=job.total if job else 0,
        kinds=[_kind(one) for one in look_at_learning(doors.engine.store)],
        changes=[_change(one) for one in list_changes(doors.engine.store)],
    )


def _kind(one: Learning) -> KindReply:
    return KindReply(
        kind=one.kind,
        trainable=not cannot_train(one.kind),
        supply=_supply(one.supply),
        serves=one.champion.name if one.champion else None,
        history=[_made(made) for made in one.history],
        can_promote=list(one.can_promote),
        can_roll_back=one.can_roll_back,
    )


def _supply(one: Supply) -> SupplyReply:
    return SupplyReply(
        votes=one.votes,
        corrections=one.corrections,
        opened=one.opened,
        people=one.people,
        left_out=dict(one.left_out),
        examples=one.examples,
        examples_needed=one.examples_needed,
        missing_examples=one.missing_examples,
        questions=one.questions,
        questions_needed=one.questions_needed,
        missing_questions=one.missing_questions,
    )


def _made(one: Made) -> MadeReply:
    return MadeReply(
        name=one.name,
        made_at=one.made_at,
        state=one.state,
        in_use=one.is_in_use,
        stale=one.stale,
        verdict=one.why,
        p=one.p,
        compared=[_compared(row) for row in one.rows],
        events=one.num_events,
        documents=one.num_documents,
        people=one.num_users,
    )


def _compared(row: Compared) -> ComparedReply:
    return ComparedReply(
        label=row.label,
        questions=row.num_questions,
        before=row.before,
        after=row.after,
        low=row.low,
        high=row.high,
    )


def _change(one: Change) -> ChangeReply:
    return ChangeReply(at=one.at, kind=one.kind, what=one.what, name=one.name)


def learning_router() -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/api/learning", responses=ERRORS)
    add = functools.partial(router.add_api_route, methods=["POST"])
    router.add_api_route("", get_learning, methods=["GET"])
    add("/stop", post_stop)
    add("/promote", post_promotion)
    add("/{kind}/train", post_training, status_code=202)
    add("/{kind}/rollback", post_rollback)
    return router
