"""Challenger against champion: kept only where it measures better on questions that neither learned from.

Knows numbers only: not what was trained, nor how the questions were asked.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from everask.evaluate.significance import paired_test

MARGIN = 0.005
"""Less than half a point is not worth new vectors for the whole pile."""
P_MOST = 0.05
MOST_LOST = 0.01
LANGUAGE_QUESTIONS = 30
"""A language with fewer questions says too little by itself."""
DEPTH = 10


@dataclass(frozen=True, slots=True)
class Comparison:
    """Mean nDCG@10 of both over some questions."""

    num_questions: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the challenger is kept, and why; figures for all questions, by kind and by language."""

    is_kept: bool
    why: str
    p: float
    all: Comparison
    kinds: dict[str, Comparison]
    languages: dict[str, Comparison]


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


def decide(asked: Sequence[Asked], seed: int = 0) -> Verdict:
    """Judge by all questions, and by each language that has enough of them."""
    everything = _compare(asked)
    p = paired_test([one.after for one in asked], [one.before for one in asked], seed=seed)
    kinds = {kind: _compare([one for one in asked if one.kind == kind]) for kind in _names(asked, "kind")}
    languages = {
        language: _compare([one for one in asked if one.language == language])
        for language in _names(asked, "language")
    }
    why = _objection(everything, p, languages)
    return Verdict(not why, why or "It is better.", p, everything, kinds, languages)


def gain(ranked: Sequence[object], right: Sequence[object]) -> float:
    """nDCG@10 of a ranking where the right ones are equally good; 0 where there is nothing right."""
    wanted = set(right)
    found = sum(1 / math.log2(rank + 2) for rank, one in enumerate(ranked[:DEPTH]) if one in wanted)
    most = sum(1 / math.log2(rank + 2) for rank in range(min(DEPTH, len(wanted))))
    return found / most if most else 0.0


def _objection(everything: Comparison, p: float, languages: dict[str, Comparison]) -> str:
    """Why not; "" where there is nothing against it."""
    difference = everything.after - everything.before
    if difference < MARGIN:
        return (
            f"It is not better by {MARGIN:.3f}: {everything.before:.3f} before, {everything.after:.3f} now."
        )
    if p >= P_MOST:
        return f"The difference of {difference:.3f} may be chance (p = {p:.2f})."
    for language, one in sorted(languages.items()):
        if one.num_questions >= LANGUAGE_QUESTIONS and one.before - one.after > MOST_LOST:
            return f"It is worse in {language}: {one.before:.3f} before, {one.after:.3f} now."
    return ""


def _compare(asked: Sequence[Asked]) -> Comparison:
    count = max(1, len(asked))
    before, after = sum(one.before for one in asked) / count, sum(one.after for one in asked) / count
    return Comparison(len(asked), before, after)


def _names(asked: Sequence[Asked], field: str) -> list[str]:
    return sorted({str(getattr(one, field)) for one in asked})
