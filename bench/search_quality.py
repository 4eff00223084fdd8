"""How well search finds: words alone, meaning alone, fused, beside rank fusion and bm25s, in one run.

Usage: python bench/search_quality.py [--half report|tune] [--queries 300] [--encoder FOLDER] [--no-manual]
Reads the shared data from EVERASK_SHARED_DATA or ../shared/data, and keeps vectors and the manual's
packages in .bench/. Writes the table to docs/benchmarks.md between its markers. Figures are of the half
of the articles that no weight was tuned on.
"""

from __future__ import annotations

import argparse
import os
import re
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from manual_suite import fetch_manual, load_manual
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
    raw_run,
)

from everask.encoder import load_means, open_encoder
from everask.evaluate.metrics import NAMES, measure
from everask.evaluate.suites import Suite, load_suites
from everask.packs import default_folder, pull
from everask.retrieve import RetrieveSettings

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- search_quality:begin -->", "<!-- search_quality:end -->"
SYSTEMS = ("bm25s", "words", "e5 as it is", "meaning", "RRF", "fused")
INTRODUCTION = """## Search quality

`python bench/search_quality.py`: the half of the articles that no weight was tuned on, at most {num_queries}
queries a row, the language of each detected from its text.

- *bm25s*: that library with its own tokenizer, its stop words and Snowball's stemmers where it has them.
- *words*, *meaning*: Everask's lexical channel; its dense channel (e5-small without each language's mean).
- *e5 as it is*: the encoder's cosines, no mean taken off.
- *RRF*: rank fusion (k = 60) of *words* and *meaning*, as most products fuse.
- *fused*: what `everask search` returns. A match of all words is worth {settings.lexical_weight} of a cosine
  ({settings.unspaced_weight} in Chinese, Japanese, Korean and Thai), half of that where the words could reach
  a BM25 of only {settings.doubt}; a passage in another language is credited {settings.foreign_credit} of the
  words, one in the asker's own gets {settings.own_language_bonus} more.

Half of the articles of each set were used to choose these weights, the other half is shown. The means that
ship with Everask were taken from XQuAD's development paragraphs and from LibreOffice's and GNOME's help,
which are not independent of the rows *XQuAD* and *Manual*; they hold no queries and no judgements.
"""
Figures = dict[str, dict[str, float]]


def _runs(pool: Pool, settings: RetrieveSettings) -> dict[str, Run]:
    words, meaning = lexical_run(pool), dense_run(pool)
    return {
        "bm25s": bm25s_run(pool),
        "words": words,
        "e5 as it is": raw_run(pool),
        "meaning": meaning,
        "RRF": rank_fused(words, meaning),
        "fused": fused_run(pool, settings),
    }


def _suites(arguments: argparse.Namespace) -> Iterator[Suite]:
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    found = load_suites(data)
    if not arguments.no_manual:
        fetch_manual(arguments.cache / "manual")
        found += load_manual(arguments.cache / "manual")
    sizes = Counter(suite.group for suite in found)
    for suite in found:
        if re.search(arguments.only, suite.name):
            yield suite.half(arguments.half).sample(max(30, arguments.queries // sizes[suite.group]))


def _measure_all(arguments: argparse.Namespace) -> dict[str, list[tuple[Suite, Figures]]]:
    """Figures of every suite, by group."""
    encoder = open_encoder(arguments.encoder)
    vectors = VectorCache(encoder, arguments.cache)
    groups: dict[str, list[tuple[Suite, Figures]]] = {}
    for suite in _suites(arguments):
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            pool = fill(suite, Path(folder), vectors, load_means(encoder.id))
            runs = _runs(pool, RetrieveSettings())
            pool.store.close()
        figures = {name: measure(run, suite.judgements) for name, run in runs.items()}
        groups.setdefault(suite.group, []).append((suite, figures))
        shown = " ".join(f"{name} {figures[name]['nDCG@10']:.3f}" for name in SYSTEMS)
        print(f"{suite.name}: {shown} ({time.monotonic() - started:.0f} s)", flush=True)
    vectors.save()
    return groups


def _table(groups: dict[str, list[tuple[Suite, Figures]]], metric: str) -> Iterator[str]:
    yield f"| {metric} | passages | queries | " + " | ".join(SYSTEMS) + " |"
    yield "|---|---:|---:|" + "---:|" * len(SYSTEMS)
    totals: dict[str, list[float]] = {name: [] for name in SYSTEMS}
    for group, measured in groups.items():
        num_passages = max(len(suite.passages) for suite, _ in measured)
        num_queries = sum(len(suite.queries) for suite, _ in measured)
        means = {
            name: sum(figures[name][metric] for _, figures in measured) / len(measured) for name in SYSTEMS
        }
        for name in SYSTEMS:
            totals[name].append(means[name])
        yield _row(group, f"{num_passages:,}", f"{num_queries:,}", means)
    averages = {name: sum(values) / max(1, len(values)) for name, values in totals.items()}
    yield _row("**average**", "", "", averages)


def _row(name: str, num_passages: str, num_queries: str, means: dict[str, float]) -> str:
    best = max(round(value, 3) for value in means.values())
    cells = [
        f"**{value:.3f}**" if round(value, 3) == best else f"{value:.3f}"
        for value in (means[system] for system in SYSTEMS)
    ]
    return f"| {name} | {num_passages} | {num_queries} | " + " | ".join(cells) + " |"


def _write(lines: list[str]) -> None:
    """Put the report between its markers; everything else in the file stays."""
    file = ROOT / "docs" / "benchmarks.md"
    text = file.read_text("utf-8") if file.exists() else "# Benchmarks\n"
    if BEGIN not in text:
        text = f"{text.rstrip()}\n\n{BEGIN}\n{END}\n"
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    file.write_text(before + "\n".join([BEGIN, *lines, END]) + after, "utf-8")


def _report(groups: dict[str, list[tuple[Suite, Figures]]], num_queries: int) -> list[str]:
    lines = [INTRODUCTION.format(settings=RetrieveSettings(), num_queries=num_queries)]
    for metric in NAMES:
        lines += [*_table(groups, metric), ""]
    return lines


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("report", "tune"), default="report")
    parser.add_argument("--queries", type=int, default=300, help="at most this many a row")
    parser.add_argument("--only", default="", help="measure suites whose name matches; writes nothing")
    parser.add_argument("--encoder", type=Path, help="a built encoder's folder")
    parser.add_argument("--cache", type=Path, default=ROOT / ".bench")
    parser.add_argument("--no-manual", action="store_true", help="without Debian's packages")
    arguments = parser.parse_args()
    if arguments.encoder is None:
        arguments.encoder = _own_encoder(arguments.cache)
    groups = _measure_all(arguments)
    lines = _report(groups, arguments.queries)
    print("\n".join(lines))
    if not arguments.only and arguments.half == "report":
        _write(lines)


def _own_encoder(cache: Path) -> Path:
    from everask.encoder import build_encoder

    folder = cache / "e5-small"
    if not folder.is_dir():
        build_encoder(pull("e5-small", default_folder()), folder)
    return folder


if __name__ == "__main__":
    main()
