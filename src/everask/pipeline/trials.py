"""A challenger on trial: how it fares on the searches of people, and what comes of that.

It passed the gate on held-out questions; on trial its results take turns with those of what serves, in one
list (feedback/interleaving.py). It is promoted only where people surely chose its results more often.
"""

from __future__ import annotations

from dataclasses import dataclass

from everask.errors import UsageError
from everask.feedback.interleaving import Outcome
from everask.index import Store
from everask.index.learned import trial_name
from everask.pipeline import promotion
from everask.pipeline.preferring import trial_outcome
from everask.pipeline.promotion import LearnedKind

ON_LISTS: LearnedKind = "ranker"
"""Only what orders results can be compared result by result."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What is on trial, and how it fares so far."""

    name: str
    outcome: Outcome


def look_at_trial(store: Store) -> Trial | None:
    """None: nothing is on trial."""
    with store.database.reading() as connection:
        name = trial_name(connection, ON_LISTS)
    return None if name is None else Trial(name, trial_outcome(store, name))


def settle_trial(store: Store) -> Trial:
    """Promote the challenger where people chose it more often, or end the trial where they did not.

    Raises UsageError when nothing is on trial, or nothing is sure yet.
    """
    trial = look_at_trial(store)
    if trial is None:
        raise UsageError("Nothing is on trial.", "`everask train ranker --trial` puts a challenger on trial.")
    if trial.outcome.verdict == "open":
        raise UsageError(
            f"{trial.name} is not decided yet: {tell_outcome(trial.outcome)}", "Search on, or end it: --stop"
        )
    if trial.outcome.verdict == "challenger":
        promotion.promote(store, trial.name)
    else:
        promotion.end_trial(store, ON_LISTS)
    return trial


def tell_outcome(outcome: Outcome) -> str:
    """The figures in a line."""
    return (
        f"{outcome.num_lists} lists, its results were chosen more often in {outcome.challenger}, those of "
        f"what serves in {outcome.champion} (difference {outcome.delta:+.2f}, {outcome.low:+.2f} to "
        f"{outcome.high:+.2f}, p = {outcome.p:.3f})."
    )
