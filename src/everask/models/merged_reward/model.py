"""Merges rewards so that what scores well is good, and not only what one of them likes.

First gates, which no score can buy: figures, citations, support, language, length, orders, stuffing, copying.
What passes is measured against the plain quotes, each head bounded and centred: the logistic of its reward
less that of the quotes (PAR, arXiv 2502.18770). A share of it may be that of the worst dimension alone; heads
of unlike kinds give their mean less a share of how much they differ (WARM and
ensembles, arXiv 2401.12187, 2312.09244: heads on one trunk share its errors, so the kinds must differ).
Beside them stands what no head sees: how well the draft's citations agree with what the reader believes of
every quote, having read its passage whole.

Shapes: H heads, D dimensions; P parts of the question, E quotes, B numbers of a quote.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from everask.errors import ModelError

Floats = NDArray[np.float32]
NAME = "merged-reward-1.json"


@dataclass(frozen=True, slots=True)
class Facts:
    """What gates look at, of one draft. `support` is that of its weakest sentence, 0..1; `length` its
    characters against the quotes'; `in_order` how far its worst sentence's words stand in an order that the
    quotes or the question know, 0 at best; `copied` the largest share of a longer passage that it repeats."""

    num_sentences: int
    uncited: int
    wrong_figures: int
    support: float
    in_language: bool
    length: float
    addressed: bool
    refused: bool
    in_order: float
    copied: float
    repeated: float


@dataclass(frozen=True, slots=True)
class MergeSettings:
    """Thresholds of the gates; `worst` is the share of the worst dimension beside the sum of all, `doubt`
    what the heads' disagreement costs, `believed` the share of the reader's beliefs in all, and
    `believed_scale` what differs much there."""

    support_above: float = 0.5
    longest: float = 2.5
    in_order_above: float = -0.55
    copied_below: float = 0.8
    repeated_below: float = 0.35
    worst: float = 0.0
    doubt: float = 0.25
    believed: float = 0.0
    believed_scale: float = 0.25


Gate = Callable[[Facts, MergeSettings], bool]

GATES: Mapping[str, Gate] = {
    "empty": lambda facts, _: facts.num_sentences == 0,
    "figure": lambda facts, _: facts.wrong_figures > 0,
    "uncited": lambda facts, _: facts.uncited > 0,
    "unsupported": lambda facts, settings: facts.support < settings.support_above,
    "language": lambda facts, _: not facts.in_language,
    "length": lambda facts, settings: facts.length > settings.longest,
    "addressed": lambda facts, _: facts.addressed,
    "unclean": lambda facts, _: facts.refused,
    "stuffed": lambda facts, settings: facts.in_order < settings.in_order_above,
    "copied": lambda facts, settings: facts.copied > settings.copied_below,
    "repeated": lambda facts, settings: facts.repeated > settings.repeated_below,
}
"""Each says whether it refuses."""


@dataclass(frozen=True, slots=True)
class Reward:
    """How good a draft is. `value` is 0..1, about 0.5 where it is as good as the plain quotes, 0 where a gate
    refuses; `refused` names those gates. `dimensions` are the heads' means, each 0.5 where it is as good as
    the quotes. `spread` is how much the heads differ."""

    value: float
    refused: tuple[str, ...] = ()
    dimensions: Mapping[str, float] = field(default_factory=dict)
    spread: float = 0.0

    @property
    def accepted(self) -> bool:
        """Whether every gate let it pass."""
        return not self.refused


def refusals(facts: Facts, settings: MergeSettings) -> tuple[str, ...]:
    """The gates that refuse."""
    return tuple(name for name, refuses in GATES.items() if refuses(facts, settings))


def merge(
    apart_hd: Floats,
    scales_hd: Floats,
    totals_h: Floats,
    seen_hd: NDArray[np.bool_],
    settings: MergeSettings,
    believed: float = 0.0,
) -> tuple[float, Floats, float]:
    """The merged value, (D,) of the dimensions, and the spread, of rewards less the quotes' (`apart_hd`).

    `scales_hd` and `totals_h` make the heads alike, by dimension and in all; what a head does not see
    (`seen_hd`) it does not judge. `believed` is the agreement with the beliefs, less the quotes'.
    """
    shaped_hd = _logistic(apart_hd / scales_hd)
    worst_h = np.where(seen_hd, shaped_hd, 1.0).min(1)
    each_h = settings.worst * worst_h + (1 - settings.worst) * _logistic(apart_hd.sum(1) / totals_h)
    spread = float(each_h.std())
    counts_d = np.maximum(seen_hd.sum(0), 1)
    dimensions_d = np.where(seen_hd, shaped_hd, 0.0).sum(0) / counts_d
    agreed = float(_logistic(np.float32(believed / settings.believed_scale)))
    of_heads = float(each_h.mean()) - settings.doubt * spread
    value = float(np.clip((1 - settings.believed) * of_heads + settings.believed * agreed, 0.0, 1.0))
    return value, np.asarray(dimensions_d, np.float32), spread


def _logistic(values: Floats | np.float32) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), np.float32)


BELIEFS = ("held", "span", "passage answers", "answers", "span alone", "covered", "covered around")
"""What is known of a quote (answer/beliefs.py): how much it holds an answer within its passage, and its best
span there; whether the passage answers; whether the quote alone does, and its best span; the share of the
part's words in the quote and in its passage."""


@dataclass(frozen=True, slots=True)
class Beliefs:
    """By BELIEFS the mean, the deviation and the weight of a number, in a softmax over the quotes."""

    mean: Sequence[float]
    deviation: Sequence[float]
    weights: Sequence[float]

    def chances(self, rows_peb: Floats) -> Floats:
        """(P, E) how likely each quote is the one that answers a part; every part's sum to 1."""
        scaled_peb = (rows_peb - np.asarray(self.mean)) / np.asarray(self.deviation)
        scores_pe = scaled_peb @ np.asarray(self.weights)
        chances_pe = np.exp(scores_pe - scores_pe.max(1, keepdims=True))
        return np.asarray(chances_pe / chances_pe.sum(1, keepdims=True), np.float32)


def agreement(cited: Sequence[Sequence[int]], chances_pe: Floats) -> float:
    """0..1, about the F1 to expect of a draft's citations where one quote answers each part: `cited` has for
    each of its sentences the numbers from 1 of the quotes that it cites."""
    chances_e = np.minimum(chances_pe.sum(0), 1.0)
    used = {one - 1 for each in cited for one in each if 0 < one <= len(chances_e)}
    return float(2 * sum(chances_e[one] for one in used) / (len(cited) + len(chances_pe)))


@dataclass(frozen=True, slots=True)
class Merger:
    """Settings, and by head the scale of every dimension and of their sum; what beliefs are made of, where
    they count."""

    settings: MergeSettings
    scales: Mapping[str, Sequence[float]]
    totals: Mapping[str, float]
    beliefs: Beliefs | None = None


def write_merger(path: Path, merger: Merger) -> None:
    """As JSON."""
    settings = {name: getattr(merger.settings, name) for name in MergeSettings.__slots__}
    scales = {name: [round(float(one), 4) for one in values] for name, values in merger.scales.items()}
    totals = {name: round(float(one), 4) for name, one in merger.totals.items()}
    table: dict[str, Any] = {"settings": settings, "scales": scales, "totals": totals}
    if merger.beliefs is not None:
        parts = {name: getattr(merger.beliefs, name) for name in Beliefs.__slots__}
        table["beliefs"] = {name: [round(float(one), 4) for one in values] for name, values in parts.items()}
    path.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


def read_merger(path: Path) -> Merger:
    """Raises ModelError, naming the file."""
    try:
        table = json.loads(path.read_text("utf-8"))
        beliefs = Beliefs(**table["beliefs"]) if "beliefs" in table else None
        return Merger(MergeSettings(**table["settings"]), table["scales"], table["totals"], beliefs)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"{path} is no merged reward: {error}", "Train it again, or install Everask again."
        ) from error


@functools.cache
def shipped_merger() -> Merger | None:
    """What ships with Everask; None where it does not."""
    path = Path(str(files("everask") / "weights" / NAME))
    return read_merger(path) if path.is_file() else None
