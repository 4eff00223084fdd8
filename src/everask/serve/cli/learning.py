"""What was learned and what could be: lines for people and records for programs of `everask train status`."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence
from typing import Any

from everask.pipeline.learning import SENTENCES, Learning, Made
from everask.pipeline.promotion import Change
from everask.pipeline.trials import Trial


def learning_lines(one: Learning) -> list[str]:
    """What serves, what must be trained again, what there is to learn from, and how much is missing."""
    serving = one.champion.name if one.champion else "as it ships"
    lines = [f"{one.kind}: {serving}. {_supply(one)}"]
    lines += [f"  {made.name} must be trained again: {made.stale}" for made in one.history if _is_stale(made)]
    on_trial = [made.name for made in one.history if made.state == "trial"]
    lines += [f"  {name} is on trial: everask trial" for name in on_trial]
    return lines


def learning_record(one: Learning) -> dict[str, Any]:
    """One kind for programs."""
    supply = dataclasses.asdict(one.supply)
    supply["missing_examples"] = one.supply.missing_examples
    supply["missing_questions"] = one.supply.missing_questions
    return {
        "kind": one.kind,
        "serves": one.champion.name if one.champion else None,
        "supply": supply,
        "history": [dataclasses.asdict(made) for made in one.history],
        "can_promote": list(one.can_promote),
    }


def trial_record(trial: Trial | None) -> dict[str, Any] | None:
    """What is on trial, for programs."""
    if trial is None:
        return None
    return {"name": trial.name, "verdict": trial.outcome.verdict, **dataclasses.asdict(trial.outcome)}


def changes_record(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """What was promoted and taken back, for programs."""
    return [{**dataclasses.asdict(one), "at": _stamp(one.at)} for one in changes]


def _is_stale(made: Made) -> bool:
    return bool(made.stale) and made.state in ("kept", "trial", "before")


def _supply(one: Learning) -> str:
    supply, what = one.supply, "sentences" if one.kind == SENTENCES else "questions"
    said = f"{supply.examples} judged {what} to learn from, {supply.questions} to measure with"
    missing = [
        f"{number} more {what}"
        for number, what in (
            (supply.missing_examples, "to learn from"),
            (supply.missing_questions, "to measure with"),
        )
        if number
    ]
    return f"{said}; too few: {' and '.join(missing)} are missing." if missing else f"{said}."


def _stamp(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
