"""What search learns from clicks: simulated people on graded lists, measured on questions that nobody asked.

Usage: python bench/clicks.py [--sets dbpedia,arcd,cranfield,xquad-scatter] [--sessions 2000] [--seeds 3]
Reads the sets from EVERASK_SHARED_DATA or ../shared/data. Questions are split in three by article; people ask
those of two parts, in so many sessions, and what was learned is measured on the third, each in turn. What is
learned goes the product's way (click_people.py). Writes docs/benchmarks.md and docs/images/clicks.svg; a run
that was stopped goes on (remove .bench/clicks-results-*.json to begin anew).
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from click_lists import load_lists
from click_people import (
    Board,
    Log,
    People,
    Remembering,
    counted,
    flood,
    preferences,
    shipped_orders,
    to_pairs,
    use,
)
from click_report import Results, draw_curves, make_report
from marked_page import dated, write_between
from numpy.typing import NDArray
from search_channels import VectorCache

from everask.encoder import open_encoder
from everask.evaluate.suites import LOADERS
from everask.feedback.preferences import join, prefer
from everask.feedback.simulation import Behaviour
from everask.packs import default_folder
from everask.training.pairs import SHIPPED, fit_parts

ROOT = Path(__file__).parents[1]
SETS = ("dbpedia", "arcd", "cranfield", "xquad-scatter")
QUERIES = 480
PARTS = 3
NIGHTS = 4
FLOOD = 10_000
MOMENTS = (50, 200, 800)
BEHAVIOURS: Mapping[str, Behaviour] = {
    "η = 1": Behaviour("position", 1.0),
    "η = 0": Behaviour("position", 0.0),
    "η = 2": Behaviour("position", 2.0),
    "cascade": Behaviour("cascade"),
    "trust, η = 1": Behaviour("trust", 1.0),
}
BAD: Mapping[str, Sequence[float]] = {
    "words alone": (1.0, 0.0, 1.0, 0.0),
    "meaning alone": (0.0, 1.0, 1.0, 0.0),
}

Floats = NDArray[np.float64]


def main() -> None:
    """Simulate, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=ROOT / ".bench")
    parser.add_argument("--dry", action="store_true", help="print only")
    options = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    vectors = VectorCache(open_encoder(default_folder() / "e5-small-built"), options.cache)
    kept = options.cache / f"clicks-results-{options.sessions}.json"
    results = Results.read(kept)
    started = time.monotonic()
    for name in options.sets.split(","):
        board = Board(load_lists(LOADERS[name](data)[0].sample(QUERIES), vectors, None, options.cache))
        for seed in range(options.seeds):
            if results.has(name, seed):
                continue  # by a run that was stopped
            for cell in _cells(board, seed, options.sessions):
                _measure(cell, name, results)
            results.write(kept)
            print(f"{name}, seed {seed}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
    report = make_report(results, options.sessions)
    print(report)
    if not options.dry:
        draw_curves(results, options.sessions, ROOT / "docs" / "images" / "clicks.svg")
        lines = dated(f"python bench/clicks.py --sessions {options.sessions} --seeds {options.seeds}", report)
        write_between(
            "<!-- clicks:begin -->", "<!-- clicks:end -->", lines, heading="## Learning from clicks"
        )


@dataclass(frozen=True)
class Cell:
    """One part of the questions that nobody asks, and those that are asked."""

    board: Board
    asked: list[int]
    unseen: list[int]
    seed: int
    part: int
    sessions: int
    shipped: dict[int, NDArray[np.int64]] = field(default_factory=dict)

    def people(self, behaviour: Behaviour, hostile: float = 0.0, votes: float = 0.0) -> People:
        """Those of this cell."""
        return People(behaviour, hostile, votes, self.seed * PARTS + self.part)

    def gains(self, counts: Sequence[float] | Floats) -> dict[str, float]:
        """nDCG@10 of each unseen question by these parts."""
        board, shown = self.board, np.asarray(counts)
        return {board.name(one): board.gain(one, board.scores(one, shown.tolist())) for one in self.unseen}


def _cells(board: Board, seed: int, sessions: int) -> Iterator[Cell]:
    articles = sorted(set(board.lists.articles.tolist()))
    random.Random(seed).shuffle(articles)
    part_of = {article: number % PARTS for number, article in enumerate(articles)}
    parts = [part_of[article] for article in board.lists.articles.tolist()]
    orders = shipped_orders(board)
    for part in range(PARTS):
        asked = [one for one, own in enumerate(parts) if own != part]
        unseen = [one for one, own in enumerate(parts) if own == part]
        yield Cell(board, asked, unseen, seed, part, sessions, orders)


def _measure(cell: Cell, name: str, results: Results) -> None:
    results.add(name, "shipped", cell.seed, cell.gains(SHIPPED))
    first = _log(cell, BEHAVIOURS["η = 1"])
    for kind, behaviour in BEHAVIOURS.items():
        if cell.seed and kind not in ("η = 1", "η = 0"):
            continue  # one seed is enough to see where the models differ
        log = first if kind == "η = 1" else _log(cell, behaviour)
        for way in ("naive", "IPS"):
            results.add(name, f"{way}, {kind}", cell.seed, cell.gains(_learn(cell, log, way)))
    if not cell.seed:
        results.add(name, "skip-above", cell.seed, cell.gains(_learn(cell, first, "skip-above")))
    for moment in MOMENTS:
        if moment < cell.sessions:
            early = Log(
                first.shown[:moment],
                [one for one in first.acts if one.at < moment],
                first.seen[: 10 * moment],
            )
            for way in ("naive", "IPS"):
                results.add(name, f"{way}, {moment}", cell.seed, cell.gains(_learn(cell, early, way)))
    _measure_nights(cell, name, results)
    _measure_hostile(cell, name, results)
    _measure_bad_start(cell, name, results)


def _measure_nights(cell: Cell, name: str, results: Results) -> None:
    """Learned anew every night; then with the memory, and questions that are asked again."""
    board = cell.board
    for votes, label in ((0.0, "clicks"), (0.1, "clicks and votes")):
        log, counts = Log(), np.asarray(SHIPPED, float)
        for _ in range(NIGHTS):
            orders = {one: board.order(one, board.scores(one, counts.tolist())) for one in cell.asked}
            use(
                board,
                log,
                cell.asked,
                orders,
                cell.people(BEHAVIOURS["η = 1"], votes=votes),
                cell.sessions // NIGHTS,
            )
            counts = _learn(cell, log, "IPS")
        results.add(name, f"nights, {label}", cell.seed, cell.gains(counts))
        memory = Remembering(board, log.acts)
        clicked = {board.name(one) for one in board.clicked_right(log.acts)}
        for way, parts in (("memory", SHIPPED), ("both", tuple(counts.tolist()))):
            found = {one: board.scores(one, parts, memory.recall(one)) for one in (*cell.unseen, *cell.asked)}
            unseen = {board.name(one): board.gain(one, found[one]) for one in cell.unseen}
            results.add(name, f"{way}, {label}", cell.seed, unseen)
            again = {board.name(one): float(board.is_right(one, found[one])) for one in cell.asked}
            results.add(name, f"again: {way}, {label}", cell.seed, again)
            seen = {key: right for key, right in again.items() if key in clicked}
            results.add(name, f"clicked: {way}, {label}", cell.seed, seen)
    plain = {one: board.scores(one, SHIPPED) for one in cell.asked}
    by_count = {one: board.scores(one, SHIPPED, counted(log.acts, one)) for one in cell.asked}
    for way, scores in (("shipped", plain), ("counted", by_count)):
        right = {board.name(one): float(board.is_right(one, scores[one])) for one in cell.asked}
        results.add(name, f"again: {way}", cell.seed, right)
        seen = {key: value for key, value in right.items() if key in clicked}
        results.add(name, f"clicked: {way}", cell.seed, seen)


def _measure_hostile(cell: Cell, name: str, results: Results) -> None:
    log = _log(cell, BEHAVIOURS["η = 1"], hostile=0.1)
    results.add(name, "10% hostile", cell.seed, cell.gains(_learn(cell, log, "IPS")))
    if not cell.seed:
        unguarded = _learn(cell, log, "IPS", guarded=False)
        results.add(name, "10% hostile, unguarded", cell.seed, cell.gains(unguarded))
    log = _log(cell, BEHAVIOURS["η = 1"])
    flood(cell.board, log, cell.asked, FLOOD, cell.seed)
    results.add(name, "flood", cell.seed, cell.gains(_learn(cell, log, "IPS")))
    if not cell.seed:
        results.add(name, "flood, unguarded", cell.seed, cell.gains(_learn(cell, log, "IPS", guarded=False)))


def _measure_bad_start(cell: Cell, name: str, results: Results) -> None:
    """From the worse of the two channels alone, shown and held to."""
    found = {start: cell.gains(counts) for start, counts in BAD.items()}
    worse = min(found, key=lambda one: float(np.mean(list(found[one].values()))))
    results.add(name, "bad start", cell.seed, found[worse])
    for kind in ("η = 1", "η = 0"):
        log = _log(cell, BEHAVIOURS[kind], start=BAD[worse])
        for way in ("naive", "IPS"):
            learned = _learn(cell, log, way, start=BAD[worse])
            results.add(name, f"bad start, {way}, {kind}", cell.seed, cell.gains(learned))


def _log(cell: Cell, behaviour: Behaviour, hostile: float = 0.0, start: Sequence[float] = SHIPPED) -> Log:
    log = Log()
    orders = cell.shipped if start == SHIPPED else shipped_orders(cell.board, start)
    use(cell.board, log, cell.asked, orders, cell.people(behaviour, hostile), cell.sessions)
    return log


def _learn(
    cell: Cell, log: Log, way: str, *, start: Sequence[float] = SHIPPED, guarded: bool = True
) -> Floats:
    """What each part counts after a log."""
    if way == "skip-above":
        made = [
            one
            for shown, acts in join(log.shown, log.acts)
            for one in prefer([(shown, acts)])
            if shown.passages.index(one.worse) < shown.passages.index(one.better)
        ]
    else:
        made, _ = preferences(log, inverse=way == "IPS")
    return fit_parts(to_pairs(cell.board, made, capped=guarded), start, guarded=guarded)


if __name__ == "__main__":
    main()
