"""What the ranker adds to the fused list, group by group: python bench/ranker.py [--queries 60]

The first 20 of the fused list are asked one by one. The weight of the search's score is chosen on questions
of the tuning half that the ranker never saw; the table is of the other half. Reads the shared data from
EVERASK_SHARED_DATA or ../shared/data, and the manuals, whose vectors it shares with search_quality.py. Writes
the table to docs/benchmarks.md between its markers.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from marked_page import dated, write_between
from numpy.typing import NDArray
from search_channels import Pool, VectorCache, fill

from everask.encoder import load_means, open_encoder
from everask.encoder.question import Asker, open_question
from everask.errors import EveraskError
from everask.evaluate.halves import Half, is_held_out
from everask.evaluate.metrics import measure_each
from everask.evaluate.suites import Suite, load_suites
from everask.packs import default_folder
from everask.pipeline.evaluating import find_suites
from everask.rank.rank import mix
from everask.retrieve import search
from everask.text import language_of
from everask.types import Query

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- ranker:begin -->", "<!-- ranker:end -->"
DEPTH = 20
WEIGHTS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 1e6)
METRIC = "nDCG@10"
HALVES: tuple[Half, Half] = ("tune", "report")


@dataclass(frozen=True, slots=True)
class Listed:
    """A query's fused list with what the ranker says of it."""

    suite: Suite
    half: Half
    keys: list[str]
    fused: list[float]
    logits: NDArray[np.float64]
    judged: Mapping[str, int]
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=60, help="at most this many a group and half")
    parser.add_argument("--folder", type=Path, default=default_folder() / "e5-small-question-built")
    parser.add_argument("--encoder", type=Path, default=default_folder() / "e5-small-built")
    parser.add_argument("--cache", type=Path, default=ROOT / ".bench")
    parser.add_argument("--only", default="", help="groups whose name matches; writes nothing")
    given = parser.parse_args()
    encoder = open_encoder(given.encoder)
    vectors, asker = VectorCache(encoder, given.cache), open_question(given.folder)
    lists: list[Listed] = []
    suites = list(_suites(given))
    sizes = Counter(suite.group for suite in suites)
    for suite in suites:
        # Suites of one group share the count.
        count = max(2, given.queries // sizes[suite.group])
        with tempfile.TemporaryDirectory() as folder:
            pool = fill(suite, Path(folder), vectors, load_means(encoder.id))
            found = [one for half in HALVES for one in _lists(pool, half, asker, count)]
            pool.store.close()
        lists += found
        print(suite.name, len(found), flush=True)
    vectors.save()
    weight = _choose(lists)
    table = _table(lists, weight)
    print(table)
    if not given.only:
        write_between(BEGIN, END, dated("python bench/ranker.py", table), heading="## The ranker")


def _suites(given: argparse.Namespace) -> Iterator[Suite]:
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    found = load_suites(data)
    for name in ("manual", "reference", "tables"):
        try:
            found += find_suites(name, [data, given.cache / "manual", given.cache])[0]
        except EveraskError as error:
            print(f"without {name}: {error}", flush=True)
    for suite in found:
        if re.search(given.only, suite.group):
            yield suite


def _lists(pool: Pool, half: Half, asker: Asker, count: int) -> Iterator[Listed]:
    if half == "tune" and pool.suite.name.startswith("manual"):
        return  # LibreOffice's Writer is for reporting alone
    suite = pool.suite.half(half)
    keys = sorted(key for key, item in suite.queries.items() if half == "report" or is_held_out(item.article))
    for key in random.Random(3).sample(keys, min(count, len(keys))):
        text = suite.queries[key].text
        query = Query(text, language_of(text))
        hits = search(query, pool.store, pool.vectors, top=DEPTH, with_marks=False)
        if len(hits) < 2:
            continue
        began = time.perf_counter()
        readings = asker.ask(text, [hit.passage.asked for hit in hits])
        seconds = time.perf_counter() - began
        logits = np.array([one.logit for one in readings if one is not None])
        names = [pool.keys[hit.passage.id] for hit in hits]
        fused = [hit.score for hit in hits]
        yield Listed(suite, half, names, fused, logits, suite.judgements[key], seconds)


def _figures(lists: Sequence[Listed], weight: float | None) -> list[float]:
    """nDCG@10 of each list: as it was, or ranked again with a weight."""
    run: dict[str, dict[str, float]] = {}
    for number, one in enumerate(lists):
        scores = one.fused if weight is None else mix(one.fused, one.logits, weight).tolist()
        ranking = {"": dict(zip(one.keys, scores, strict=True))}
        run[str(number)] = one.suite.judged(ranking)[""]
    judged = {str(number): one.judged for number, one in enumerate(lists)}
    each = measure_each(run, judged, (METRIC,))[METRIC]
    return [each[str(number)] for number in range(len(lists))]


def _choose(lists: Sequence[Listed]) -> float:
    """The weight with the best mean over groups, of the tuning half."""
    groups = _by_group([one for one in lists if one.half == "tune"])
    means = {
        weight: statistics.fmean(statistics.fmean(_figures(some, weight)) for some in groups.values())
        for weight in WEIGHTS
    }
    print({weight: round(mean, 4) for weight, mean in means.items()}, flush=True)
    return max(means, key=lambda weight: means[weight])


def _by_group(lists: Sequence[Listed]) -> dict[str, list[Listed]]:
    groups: dict[str, list[Listed]] = defaultdict(list)
    for one in lists:
        groups[one.suite.group].append(one)
    return groups


def _table(lists: Sequence[Listed], weight: float) -> str:
    groups = _by_group([one for one in lists if one.half == "report"])
    lines = [
        f"| {METRIC} | queries | fused | ranker alone | ranked again | added |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    sums: list[tuple[float, float, float]] = []
    for group, some in groups.items():
        fused, alone, mixed = (statistics.fmean(_figures(some, one)) for one in (None, 0.0, weight))
        sums.append((fused, alone, mixed))
        lines.append(
            f"| {group} | {len(some)} | {fused:.3f} | {alone:.3f} | {mixed:.3f} | {mixed - fused:+.3f} |"
        )
    fused, alone, mixed = (statistics.fmean(column) for column in zip(*sums, strict=True))
    lines.append(f"| **average** | | {fused:.3f} | {alone:.3f} | {mixed:.3f} | {mixed - fused:+.3f} |")
    seconds = statistics.median(one.seconds for one in lists)
    lines.append(
        f"\nWeight of the search's score: {weight:g}. Asking {DEPTH} passages took {seconds * 1000:.0f} ms"
        " (median, two threads)."
    )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
