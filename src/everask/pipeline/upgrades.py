"""Whether a new Everask, encoder or ranker does worse on the own pile than what was measured before it, and
what was learned under an older one and must be compared anew.

`everask evaluate own` keeps its figures with what they were measured with. The same questions are made of the
same documents each time, so two measurings can be compared: once before an upgrade and once after it tell.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Sequence

from everask.encoder.question_build import CHECKER_NAME, question_id, shipped_question
from everask.index import Store
from everask.index.learned import Learned, find_learned, serving_name
from everask.index.measurements import Figure, list_figures
from everask.retrieve.fuse import load_fusion, write_fusion

SUITE, RANKER = "own", "ranker"
METRICS = {"found": "what answers is found", "answered": "questions are answered rightly"}


def shipped_ranker() -> str:
    """A name for the weights that ship, which changes when they do."""
    weights = json.dumps(write_fusion(load_fusion()), sort_keys=True)
    return hashlib.sha256(weights.encode()).hexdigest()[:12]


@functools.cache
def shipped_checker() -> str:
    """The name of the checker that ships, which changes when it does; "" where none does."""
    file = shipped_question(CHECKER_NAME)
    return question_id(file) if file else ""


def to_check(store: Store) -> Learned | None:
    """The learned ranker that serves, where other weights ship by now than those that it was compared with,
    and it was not yet compared with these; None where there is nothing to compare."""
    with store.database.reading() as connection:
        name = serving_name(connection, RANKER)
        made = None if name is None else find_learned(connection, name)
    if made is None or made.card.get("shipped") in (None, shipped_ranker()):
        return None
    return None if checked(made) is not None else made


def checked(made: Learned) -> bool | None:
    """Whether it measured no worse than the weights that ship now; None: it was not compared with these."""
    found = made.card.get("checked")
    if not isinstance(found, dict) or found.get("shipped") != shipped_ranker():
        return None
    return bool(found.get("is_kept"))


def worse_than_before(store: Store) -> str:
    """What is surely worse in the last measuring than in the last one with another Everask, encoder or
    ranker, and the way back; "" where nothing is, or nothing was measured before."""
    by_time: dict[float, list[Figure]] = {}
    for one in list_figures(store.database, SUITE):
        by_time.setdefault(one.at, []).append(one)
    if not by_time:
        return ""
    last = by_time[max(by_time)]
    others = [at for at, some in by_time.items() if _with(some) != _with(last)]
    if not others:
        return ""
    before = by_time[max(others)]
    for metric, meaning in METRICS.items():
        now, then = _figure(last, metric), _figure(before, metric)
        if now is not None and then is not None and _surely_less(now, then):
            return (
                f"Worse than with {' '.join(_with(before))}: {meaning} {now.value:.0%} instead of "
                f"{then.value:.0%} of the time. {_way_back(_with(before), _with(last))}"
            )
    return ""


def _with(figures: Sequence[Figure]) -> tuple[str, str, str]:
    """The version, the encoder and the ranker that figures were measured with."""
    one = figures[0]
    return one.version, str(one.detail.get("encoder", "")), str(one.detail.get("ranker", ""))


def _way_back(before: tuple[str, str, str], now: tuple[str, str, str]) -> str:
    if before[0] != now[0]:
        return f"Install everask=={before[0]} again, and say so to its makers."
    kind = "search" if before[1] != now[1] else "ranker"
    return f"everask rollback {kind}"


def _figure(figures: Sequence[Figure], metric: str) -> Figure | None:
    return next((one for one in figures if one.metric == metric), None)


def _surely_less(now: Figure, then: Figure) -> bool:
    """Whether the difference of two shares is below zero, with 97.5%: Newcombe's interval (1998)."""
    if now.high is None or then.low is None:
        return False
    above = math.hypot(now.high - now.value, then.value - then.low)
    return now.value - then.value + above < 0
