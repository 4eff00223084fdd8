"""What the reader says of quotes, and which of them answers: python dev/belief_rows.py --to FILE

Cases of models/reward/data.py of the tuning half, articles that training held out; no draft is read. For
python -m everask.models.merged_reward.train --beliefs FILE. Needs the shared data (EVERASK_SHARED_DATA or
../shared/data) and the pack e5-small.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from reward_features import SPLITS, open_reader

from everask.answer.beliefs import read_beliefs
from everask.answer.draft_readings import DraftReader
from everask.models.reward.data import SETS, make_cases
from everask.models.reward.spoil import Case
from everask.training.reward_drafts import evidence_of
from everask.types import Query

ROOT = Path(__file__).parents[1]
SEED = 3
"""Other questions than those of bench/over_optimisation.py."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=14, help="of each set")
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    reader = open_reader()
    parts: list[tuple[NDArray[np.float32], NDArray[np.bool_]]] = []
    for name in SETS:
        for case in make_cases(data, name, given.cases, SPLITS["dev"], SEED):
            parts += read_case(case, reader)
        print(f"{name}: {len(parts)} parts", file=sys.stderr, flush=True)
        save(given.to, parts)


def read_case(case: Case, reader: DraftReader) -> Iterator[tuple[NDArray[np.float32], NDArray[np.bool_]]]:
    """Of each part the rows (E, B) and which quotes are gold: its own, where there are as many as parts."""
    rows_peb = read_beliefs(Query(case.question, case.language), evidence_of(case.quotes), reader)
    numbers = np.arange(1, len(case.quotes) + 1)
    for at, rows_eb in enumerate(rows_peb):
        own = case.gold[at : at + 1] if len(rows_peb) == len(case.gold) else case.gold
        yield rows_eb, np.isin(numbers, own)


def save(path: Path, parts: list[tuple[NDArray[np.float32], NDArray[np.bool_]]]) -> None:
    """All parts below one another, and how many quotes each has."""
    np.savez_compressed(
        path,
        rows=np.concatenate([rows for rows, _ in parts]),
        gold=np.concatenate([gold for _, gold in parts]),
        sizes=np.array([len(gold) for _, gold in parts]),
    )


if __name__ == "__main__":
    main()
