"""Challenger against champion: kept only where it measures better on questions that neither learned from.

Where people's own questions are among them, those must have become better, and the others (made of the
documents, which no voter can move) must not have become worse. Whoever tries often enough gets lucky once:
the chance that is allowed is shared among all tries against one champion. Knows numbers only: not what was
trained, nor how the questions were asked.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from everask.evaluate.significance import bootstrap_interval, paired_test

MARGIN = 0.005
"""Less than half a point is not worth a change: of an encoder, new vectors for the whole pile."""
P_MOST = 0.02
"""What all tries against one champion may reach by chance: half of it the first, a sixth the second, ..."""
MOST_LOST = 0.01
GUARD_LOST = 0.03
"""Of questions made of the documents, where the loss may be chance; where it is none, `MOST_LOST`."""
LANGUAGE_QUESTIONS = 30
"""A language with fewer questions says too little by itself."""
DEPTH = 10
LEAST_ASKED = 15
ASKED = "asked"
"""The kind of questions that people asked and judged."""
_SURE = 2.8
"""Standard errors that a true difference should have, for four of five tries to show it."""
_MOST_NEEDED = 5_000


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean nDCG@10 of both over some questions, and between which bounds the difference truly lies (95%)."""

    num_questions: int
    before: float
    after: float
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the challenger is kept, and why; figures for all questions, by kind and by language. `missing`
    is about how many more questions would tell, where these cannot; 0 where more would not help."""

    is_kept: bool
    why: str
    p: float
    all: Comparison
    kinds: dict[str, Comparison]
    languages: dict[str, Comparison]
    missing: int = 0


def save_verdict(path: Path, verdict: Verdict) -> None:
    """Write it as JSON, whole or not at all: what is there is believed."""
    beside = path.with_name(f".{path.name}")
    beside.write_text(json.dumps(asdict(verdict)), encoding="utf-8")
    beside.replace(path)


def load_verdict(path: Path) -> Verdict:
    """Read what `save_verdict` wrote."""
    row = json.loads(path.read_text("utf-8"))
    row["all"] = Comparison(**row["all"])
    for name in ("kinds", "languages"):
        row[name] = {key: Comparison(**one) for key, one in row[name].items()}
    return Verdict(**row)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question's outcome: its nDCG@10 with either."""

    kind: str
    language: str
    before: float
    after: float


def decide(asked: Sequence[Asked], seed: int = 0, *, tried: int = 0) -> Verdict:
    """Judge by all questions, or by those that people asked where these are enough; and by each language, and
    each other kind, that has enough of them. `tried` challengers were refused by this champion before."""
    judged = _judged(asked)
    everything, p = _compare(judged), _chance(judged, seed)
    kinds, languages, lost = _guards(asked)
    allowed = P_MOST / ((tried + 1) * (tried + 2))
    why = _objection(everything, p, allowed) or lost
    missing = _missing(judged) if why and everything.after > everything.before and p >= allowed else 0
    return Verdict(not why, why or "It is better.", p, everything, kinds, languages, missing)


def confirm(asked: Sequence[Asked], seed: int = 0) -> Verdict:
    """Judge whether what serves (`after`) is no worse than what ships by now (`before`): by the same
    questions and guards, but it need not be better, for it was when it was let in."""
    judged = _judged(asked)
    everything = _compare(judged)
    kinds, languages, lost = _guards(asked)
    worse = f"It is worse: {everything.before:.3f} with what ships now, {everything.after:.3f} with this."
    why = worse if everything.after < everything.before else lost
    p = _chance(judged, seed)
    return Verdict(not why, why or "It is no worse than what ships now.", p, everything, kinds, languages)


def gain(ranked: Sequence[object], right: Sequence[object]) -> float:
    """nDCG@10 of a ranking where the right ones are equally good; 0 where there is nothing right."""
    wanted = set(right)
    found = sum(1 / math.log2(rank + 2) for rank, one in enumerate(ranked[:DEPTH]) if one in wanted)
    most = sum(1 / math.log2(rank + 2) for rank in range(min(DEPTH, len(wanted))))
    return found / most if most else 0.0


def _judged(asked: Sequence[Asked]) -> list[Asked]:
    """The questions that decide: those that people asked, where these are enough."""
    judged = [one for one in asked if one.kind == ASKED]
    return judged if len(judged) >= LEAST_ASKED else list(asked)


def _chance(judged: Sequence[Asked], seed: int) -> float:
    return paired_test([one.after for one in judged], [one.before for one in judged], seed=seed)


def _guards(asked: Sequence[Asked]) -> tuple[dict[str, Comparison], dict[str, Comparison], str]:
    """All kinds and languages of questions, and which of them has become worse; "" for none."""
    kinds = {kind: _compare([one for one in asked if one.kind == kind]) for kind in _names(asked, "kind")}
    languages = {
        language: _compare([one for one in asked if one.language == language])
        for language in _names(asked, "language")
    }
    guards = {kind: one for kind, one in kinds.items() if ASKED in kinds and kind != ASKED and _is_lost(one)}
    return kinds, languages, _loss(guards, "for questions of the kind") or _loss(languages, "in")


def _objection(everything: Comparison, p: float, allowed: float) -> str:
    """Why not; "" where there is nothing against it."""
    difference = everything.after - everything.before
    if difference < MARGIN:
        return (
            f"It is not better by {MARGIN:.3f}: {everything.before:.3f} before, {everything.after:.3f} now."
        )
    if p >= allowed:
        return f"The difference of {difference:.3f} may be chance (p = {p:.2f})."
    return ""


def _is_lost(guard: Comparison) -> bool:
    """Whether it is worse, surely or by a lot: what is made by rule is further from what people ask."""
    return guard.high < 0 or guard.before - guard.after > GUARD_LOST


def _loss(groups: dict[str, Comparison], where: str) -> str:
    """Which group with enough questions has become worse; "" for none."""
    for name, one in sorted(groups.items()):
        if one.num_questions >= LANGUAGE_QUESTIONS and one.before - one.after > MOST_LOST:
            return f"It is worse {where} {name}: {one.before:.3f} before, {one.after:.3f} now."
    return ""


def _missing(asked: Sequence[Asked]) -> int:
    """About how many more questions like these would show the difference, if it is a true one."""
    differences = np.array([one.after - one.before for one in asked], float)
    if len(differences) < 2 or differences.mean() <= 0:
        return 0
    needed = (_SURE * differences.std(ddof=1) / differences.mean()) ** 2
    return max(1, math.ceil(min(_MOST_NEEDED, float(needed))) - len(differences))


def _compare(asked: Sequence[Asked]) -> Comparison:
    count = max(1, len(asked))
    before, after = sum(one.before for one in asked) / count, sum(one.after for one in asked) / count
    low, high = bootstrap_interval([one.after - one.before for one in asked])
    return Comparison(len(asked), before, after, low, high)


def _names(asked: Sequence[Asked], field: str) -> list[str]:
    return sorted({str(getattr(one, field)) for one in asked})
