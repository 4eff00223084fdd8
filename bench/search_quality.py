"""How well search finds, beside other systems on the same passages in the same run.

Usage: python bench/search_quality.py [--encoder FOLDER] [--queries 300] [--half report|tune] [--only REGEX]
Reads the shared data from EVERASK_SHARED_DATA or ../shared/data; keeps vectors, peers' runs and the manuals'
packages in .bench/. Writes the tables to docs/benchmarks.md between their markers, and the picture. Figures
are of the half of the articles that no weight was tuned on. To add a column, add a line to `_systems`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from manual_suite import fetch_manual, load_manual
from quality_report import Group, write_report
from search_channels import (
    Pool,
    Run,
    VectorCache,
    bm25s_run,
    dense_run,
    fill,
    fused_run,
    lexical_run,
    rank_fused,
    ranked_run,
    raw_run,
)
from search_peers import PEERS, PeerSystem

from everask.encoder import build_encoder, load_means, open_encoder
from everask.encoder.build import PLAIN, Variant
from everask.evaluate.report import Each, measure_suite
from everask.evaluate.suites import Suite, load_more, load_suites
from everask.packs import default_folder, pull
from everask.pipeline.manuals import MANUALS
from everask.pipeline.models import find_asker
from everask.retrieve import RetrieveSettings
from everask.settings import ModelSettings

ROOT = Path(__file__).parents[1]
LEAST_QUERIES = 30

# A system ranks a pool, and may use the runs that were made before it.
System = Callable[[Pool, Mapping[str, Run]], Run]


def _systems(
    plain: VectorCache, cache: Path, stack: ExitStack, *, with_ranker: bool = False
) -> dict[str, System]:
    """The columns, from left to right. `plain` are the vectors of e5 as it was published."""
    peers = {name: stack.enter_context(PeerSystem(system, plain, cache)) for name, system in PEERS.items()}
    systems: dict[str, System] = {
        "bm25s": lambda pool, _: bm25s_run(pool),
        "words": lambda pool, _: lexical_run(pool),
        "e5 as it is": lambda pool, _: raw_run(pool, plain),
        "meaning": lambda pool, _: dense_run(pool),
        "RRF": lambda _, runs: rank_fused(runs["words"], runs["meaning"]),
        **{name: _ask(peer) for name, peer in peers.items()},
        "fused": lambda pool, _: fused_run(pool, RetrieveSettings()),
    }
    if with_ranker:
        systems["ranked"] = _ranker()
    return systems


def _ranker() -> System:
    asker = find_asker(ModelSettings(), print)
    if asker is None:
        raise SystemExit("There is no question form to rank with.")
    return lambda pool, _: ranked_run(pool, RetrieveSettings(), asker)


def _ask(peer: PeerSystem) -> System:
    return lambda pool, _: peer.run(pool)


def _suites(arguments: argparse.Namespace) -> Iterator[Suite]:
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    found = [*load_suites(data), *load_more(data)]
    if not arguments.no_manual:
        fetch_manual(arguments.cache / "manual")
        for name in MANUALS:
            found += load_manual(arguments.cache / "manual", name)
    sizes = Counter(suite.group for suite in found)
    for suite in found:
        if re.search(arguments.only, suite.name):
            size = max(LEAST_QUERIES, arguments.queries // sizes[suite.group])
            cut = suite.half(arguments.half).sample(size)
            if cut.queries:
                yield cut


def _measure_all(arguments: argparse.Namespace) -> dict[str, Group]:
    """Every system's values by query, by group of suites."""
    vectors = VectorCache(open_encoder(arguments.encoder), arguments.cache)
    plain = VectorCache(open_encoder(_plain_encoder(arguments.cache)), arguments.cache)
    plain = vectors if plain.id == vectors.id else plain
    groups: dict[str, Group] = {}
    with ExitStack() as stack:
        systems = _systems(plain, arguments.cache, stack, with_ranker=arguments.ranker)
        for suite in _suites(arguments):
            started = time.monotonic()
            with tempfile.TemporaryDirectory() as folder:
                pool = fill(suite, Path(folder), vectors, load_means(vectors.id))
                each = _measure(pool, systems)
                pool.store.close()
            groups.setdefault(suite.group, Group()).add(suite, each)
            shown = " ".join(f"{name} {_mean(values):.3f}" for name, values in each.items())
            print(f"{suite.name}: {shown} ({time.monotonic() - started:.0f} s)", flush=True)
            for cache in {id(one): one for one in (vectors, plain)}.values():
                cache.save()
    return groups


def _measure(pool: Pool, systems: Mapping[str, System]) -> dict[str, Each]:
    runs: dict[str, Run] = {}
    for name, system in systems.items():
        runs[name] = system(pool, runs)
    return {name: measure_suite(pool.suite, run) for name, run in runs.items()}


def _mean(each: Each) -> float:
    values = each["nDCG@10"].values()
    return sum(values) / max(1, len(values))


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("report", "tune"), default="report")
    parser.add_argument("--queries", type=int, default=300, help="at most this many a row")
    parser.add_argument("--only", default="", help="measure suites whose name matches; writes no document")
    parser.add_argument("--encoder", type=Path, help="a built encoder's folder; the shipped one unless named")
    parser.add_argument("--cache", type=Path, default=ROOT / ".bench")
    parser.add_argument("--no-manual", action="store_true", help="without Debian's packages")
    parser.add_argument("--ranker", action="store_true", help="a column with the ranker on")
    parser.add_argument("--save", type=Path, help="write all values by query to this JSON file")
    arguments = parser.parse_args()
    if arguments.encoder is None:
        arguments.encoder = arguments.cache / "shipped"
        build_encoder(pull("e5-small", default_folder()), arguments.encoder)
    groups = _measure_all(arguments)
    if arguments.save:
        arguments.save.write_text(json.dumps({name: group.each for name, group in groups.items()}), "utf-8")
    is_whole = not arguments.only and not arguments.no_manual and arguments.half == "report"
    encoder_id = open_encoder(arguments.encoder).id
    print(write_report(groups, arguments.queries, encoder_id, ROOT / "docs" if is_whole else None))


def _plain_encoder(cache: Path) -> Path:
    """multilingual-e5-small as it was published: what the peers are given."""
    folder = cache / "e5-small"
    build_encoder(pull("e5-small", default_folder()), folder, variant=Variant(PLAIN))
    return folder


if __name__ == "__main__":
    main()
