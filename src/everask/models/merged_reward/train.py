"""Fits the merger: python -m everask.models.merged_reward.train --beliefs FILE --to FILE, then
python -m everask.models.merged_reward.train --candidates FILE… --to FILE

The first is of python dev/belief_rows.py: what the reader says of quotes, and which of them answers; the
beliefs' weights are a softmax over the quotes, by Newton's method. The second is of
python bench/over_optimisation.py --half tune --keep FILE, made with those beliefs: what every head says of
constructed candidates, with their gold scores. All are of articles that training held out. Scales make the
dimensions of all heads alike; the share of the worst dimension, the price of doubt and the share of beliefs
are chosen from a grid by the gold score to expect of the best of 1, 4 … 1,024, of those where it does not
fall. The gates' thresholds are set, not fitted: they must hold where no gold score is known.

Shapes: C cases, N candidates, H heads, D dimensions; Q parts of questions, E quotes, B numbers of a quote.
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

from everask.evaluate.expected import expected_best, largest_fall
from everask.models.merged_reward.model import (
    Beliefs,
    Facts,
    Merger,
    MergeSettings,
    read_merger,
    refusals,
    write_merger,
)

WORST = (0.0, 0.25, 0.5, 0.75, 1.0)
DOUBT = (0.0, 0.25, 0.5, 1.0)
BELIEVED = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
COUNTS = (1, 4, 16, 64, 256, 1024)
_MOST_FALL = 0.001
_NEWTON_STEPS = 30

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the bench kept."""

    rewards_cnhd: Floats
    reference_chd: Floats
    refused_cn: NDArray[np.bool_]
    agreed_cn: Floats
    reference_agreed_c: Floats
    gold_cn: Floats
    quoted_c: Floats


def load_candidates(paths: Sequence[Path], settings: MergeSettings) -> Candidates:
    """Read the files, which have as many candidates a case, and let the gates decide."""
    names = ("rewards", "reference", "facts", "agreed", "reference_agreed", "gold", "quoted")
    parts: dict[str, list[Floats]] = {name: [] for name in names}
    for path in paths:
        with np.load(path) as table:
            for name in names:
                parts[name].append(table[name])
    rewards, reference, facts_cnx, *known = (np.concatenate(parts[name]) for name in names)
    refused = [[bool(refusals(_facts(row), settings)) for row in case] for case in facts_cnx]
    return Candidates(rewards, reference, np.array(refused), *known)


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
    heads_cn = each_cnh.mean(2) - settings.doubt * each_cnh.std(2)
    apart_cn = (candidates.agreed_cn - candidates.reference_agreed_c[:, None]) / settings.believed_scale
    agreed_cn = 1 / (1 + np.exp(-np.clip(apart_cn, -30, 30)))
    value_cn = np.clip((1 - settings.believed) * heads_cn + settings.believed * agreed_cn, 0, 1)
    return np.where(candidates.refused_cn, 0.0, value_cn).astype(np.float32)


def gold_of_best(
    value_cn: Floats, candidates: Candidates, counts: Sequence[int] = COUNTS
) -> NDArray[np.float64]:
    """(K,) the mean gold score to expect of the best of so many; where none is better than the quotes alone,
    which are worth a half, of these."""
    is_chosen_cn = value_cn > 0.5 + 1e-6
    gold_cn = np.where(is_chosen_cn, candidates.gold_cn, candidates.quoted_c[:, None])
    scores_cn = np.where(is_chosen_cn, value_cn, -np.inf)
    curves = [expected_best(*one, counts) for one in zip(scores_cn, gold_cn, strict=True)]
    return np.asarray(np.mean(curves, axis=0), np.float64)


def fit(paths: Sequence[Path], heads: Sequence[str], beliefs: Beliefs | None) -> Merger:
    """The merger for heads by name, in the order of the files."""
    settings = MergeSettings()
    candidates = load_candidates(paths, settings)
    scales = scales_of(candidates)
    apart_cn = candidates.agreed_cn - candidates.reference_agreed_c[:, None]
    scale = float(_deviation(apart_cn[~candidates.refused_cn][:, None])[0])
    best: tuple[bool, float, MergeSettings] = (False, -1.0, settings)
    for worst, doubt, believed in itertools.product(WORST, DOUBT, BELIEVED if beliefs else (0.0,)):
        tried = replace(settings, worst=worst, doubt=doubt, believed=believed, believed_scale=scale)
        gold_k = gold_of_best(merged(candidates, scales, tried), candidates)
        gold, fall = float(gold_k.mean()), largest_fall(gold_k)
        print(
            f"worst {worst}, doubt {doubt}, believed {believed}: {gold:.4f}, falls {fall:.4f}",
            file=sys.stderr,
        )
        if (fall <= _MOST_FALL, gold) > best[:2]:
            best = (fall <= _MOST_FALL, gold, tried)
    by_head = {name: row.tolist() for name, row in zip(heads, scales[0], strict=True)}
    return Merger(best[2], by_head, dict(zip(heads, map(float, scales[1]), strict=True)), beliefs)


def fit_beliefs(rows: Sequence[Floats], gold: Sequence[NDArray[np.bool_]], ridge: float = 1.0) -> Beliefs:
    """Weights of a softmax over the quotes of each part, of rows (E, B) and which of them (E,) are gold, by
    Newton's method. A part without a gold quote says nothing."""
    every = np.concatenate(list(rows)).astype(np.float64)
    mean_b, deviation_b = every.mean(0), np.maximum(every.std(0), 1e-3)
    parts = [((row - mean_b) / deviation_b, is_gold) for row, is_gold in zip(rows, gold, strict=True)]
    weights_b = np.zeros(every.shape[1])
    for _ in range(_NEWTON_STEPS):
        slope_b, bend_bb = -ridge * weights_b, ridge * np.eye(len(weights_b))
        for scaled_eb, is_gold in parts:
            if not is_gold.any():
                continue
            scores_e = scaled_eb @ weights_b
            chances_e = np.exp(scores_e - scores_e.max())
            chances_e /= chances_e.sum()
            middle_b = chances_e @ scaled_eb
            slope_b += scaled_eb[is_gold].mean(0) - middle_b
            bend_bb += (scaled_eb.T * chances_e) @ scaled_eb - np.outer(middle_b, middle_b)
        weights_b += np.linalg.solve(bend_bb, slope_b)
    return Beliefs(mean_b.tolist(), deviation_b.tolist(), weights_b.tolist())


def load_beliefs(path: Path) -> tuple[list[Floats], list[NDArray[np.bool_]]]:
    """What dev/belief_rows.py left: rows by part, and which quotes are gold."""
    with np.load(path) as table:
        ends = np.cumsum(table["sizes"])[:-1]
        return np.split(table["rows"], ends), np.split(table["gold"], ends)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--beliefs", type=Path)
    parser.add_argument("--candidates", type=Path, nargs="+")
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--heads", nargs="+", default=["joint", "trunk", "readings", "words"])
    given = parser.parse_args()
    known = read_merger(given.to)
    if given.beliefs:
        rows, gold = load_beliefs(given.beliefs)
        known = replace(known, beliefs=fit_beliefs(rows, gold))
    write_merger(given.to, fit(given.candidates, given.heads, known.beliefs) if given.candidates else known)
    print(given.to)


if __name__ == "__main__":
    main()
