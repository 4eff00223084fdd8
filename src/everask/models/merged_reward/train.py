"""Fits the merger: python -m everask.models.merged_reward.train --candidates FILE --to FILE

The file is of python bench/over_optimisation.py --half tune --keep FILE: what every head says of constructed
candidates of articles that training held out, with their gold scores. Scales make the dimensions of all
heads alike; the share of the worst dimension and the price of doubt are chosen from a grid by the gold score
of what is best of 16, 256 and all. The gates' thresholds are set, not fitted: they must hold where no gold
score is known.

Shapes: C cases, N candidates, H heads, D dimensions.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.models.merged_reward.model import Facts, Merger, MergeSettings, refusals, write_merger

WORST = (0.0, 0.25, 0.5, 0.75, 1.0)
DOUBT = (0.0, 0.25, 0.5, 1.0)
COUNTS = (16, 256, 2048)
_NUM_ORDERS = 4

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the bench kept."""

    rewards_cnhd: Floats
    reference_chd: Floats
    refused_cn: NDArray[np.bool_]
    gold_cn: Floats


def load_candidates(path: Path, settings: MergeSettings) -> Candidates:
    """Read the file, and let the gates decide."""
    with np.load(path) as table:
        facts_cnx = table["facts"]
        refused = [[bool(refusals(_facts(row), settings)) for row in case] for case in facts_cnx]
        return Candidates(table["rewards"], table["reference"], np.array(refused), table["gold"])


def _facts(row: NDArray[np.float32]) -> Facts:
    num, uncited, wrong, support, language, length, addressed, refused, *rest = (float(one) for one in row)
    return Facts(
        int(num),
        int(uncited),
        int(wrong),
        support,
        bool(language),
        length,
        bool(addressed),
        bool(refused),
        *rest,
    )


def scales_of(candidates: Candidates) -> tuple[Floats, Floats]:
    """(H, D) and (H,) the deviation of what no gate refuses from the quotes, by dimension and in all; 1 where
    nothing ever differs."""
    apart_cnhd = candidates.rewards_cnhd - candidates.reference_chd[:, None]
    kept = apart_cnhd[~candidates.refused_cn]
    return _deviation(kept), _deviation(kept.sum(2))


def _deviation(apart: Floats) -> Floats:
    deviation = np.sqrt((apart**2).mean(0))
    return np.where(deviation > 1e-4, deviation, 1.0).astype(np.float32)


def merged(candidates: Candidates, scales: tuple[Floats, Floats], settings: MergeSettings) -> Floats:
    """(C, N) as `merge` of model.py, all at once; 0 where a gate refuses."""
    scales_hd, totals_h = scales
    apart_cnhd = candidates.rewards_cnhd - candidates.reference_chd[:, None]
    shaped_cnhd = 1 / (1 + np.exp(-np.clip(apart_cnhd / scales_hd, -30, 30)))
    seen_hd = np.abs(candidates.rewards_cnhd - candidates.rewards_cnhd[:1, :1]).max((0, 1)) > 1e-6
    worst_cnh = np.where(seen_hd, shaped_cnhd, 1.0).min(3)
    total_cnh = 1 / (1 + np.exp(-np.clip(apart_cnhd.sum(3) / totals_h, -30, 30)))
    each_cnh = settings.worst * worst_cnh + (1 - settings.worst) * total_cnh
    value_cn = np.clip(each_cnh.mean(2) - settings.doubt * each_cnh.std(2), 0, 1)
    return np.where(candidates.refused_cn, 0.0, value_cn).astype(np.float32)


def gold_of_best(value_cn: Floats, gold_cn: Floats, counts: Sequence[int] = COUNTS) -> float:
    """The mean gold score of the best of so many, over some orders."""
    found: list[float] = []
    for case, (value_n, gold_n) in enumerate(zip(value_cn, gold_cn, strict=True)):
        draw = np.random.default_rng(case)
        for _ in range(_NUM_ORDERS):
            order = draw.permutation(len(value_n))
            found += [float(gold_n[order[:count][value_n[order[:count]].argmax()]]) for count in counts]
    return float(np.mean(found))


def fit(path: Path, heads: Sequence[str]) -> Merger:
    """The merger for heads by name, in the order of the file."""
    settings = MergeSettings()
    candidates = load_candidates(path, settings)
    scales = scales_of(candidates)
    best: tuple[float, MergeSettings] = (-1.0, settings)
    for worst, doubt in itertools.product(WORST, DOUBT):
        tried = replace(settings, worst=worst, doubt=doubt)
        gold = gold_of_best(merged(candidates, scales, tried), candidates.gold_cn)
        print(f"worst {worst}, doubt {doubt}: {gold:.4f}", file=sys.stderr)
        if gold > best[0]:
            best = (gold, tried)
    by_head = {name: row.tolist() for name, row in zip(heads, scales[0], strict=True)}
    return Merger(best[1], by_head, dict(zip(heads, map(float, scales[1]), strict=True)))


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=Path, required=True)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--heads", nargs="+", default=["joint", "trunk", "readings", "words"])
    given = parser.parse_args()
    write_merger(given.to, fit(given.candidates, given.heads))
    print(given.to)


if __name__ == "__main__":
    main()
