"""The tables and the picture of search_quality: systems beside one another, and whether ours is better."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from marked_page import write_between

from everask.evaluate.metrics import OWN_FIRST
from everask.evaluate.plots import draw
from everask.evaluate.report import Each, make_row
from everask.evaluate.significance import holm, paired_test
from everask.evaluate.suites import Suite

BEGIN, END = "<!-- search_quality:begin -->", "<!-- search_quality:end -->"
OURS = "fused"
PEERS = ("bm25s", "txtai hybrid", "LlamaIndex hybrid")
PICTURED = (OURS, "LlamaIndex hybrid", "txtai hybrid", "bm25s", "e5 as it is")
METRICS = ("nDCG@10", "Success@1", "R@100", OWN_FIRST)
MAIN = METRICS[0]
TITLES = {OWN_FIRST: "first hit right and in the asker's language"}
INTRODUCTION = """## Search quality

`python bench/search_quality.py`: encoder {encoder}; the half of the articles that no weight was tuned on, at
most about {num_queries} queries a row, the language of each detected from its text.

- *bm25s*: that library with its own tokenizer, its stop words and Snowball's stemmers where it has them.
- *txtai hybrid*, *LlamaIndex hybrid*: `Embeddings(hybrid=True)`; rank fusion of a vector index and its BM25
  retriever, with the passages' stemmer where there is one and no queries made up by a model. Both are handed
  the vectors of multilingual-e5-small, prefixes and all, as their own encoder classes would compute them.
- *words*, *meaning*: Everask's lexical channel; its dense channel, each language's mean taken off.
- *e5 as it is*: multilingual-e5-small's cosines, no mean taken off.
- *RRF*: rank fusion (k = 60) of *words* and *meaning*.
- *fused*: what `everask search` returns. ▲ better, ▼ worse than the best of the peers (bm25s, txtai,
  LlamaIndex) in that row: p < 0.05 by the paired randomisation test, adjusted by Holm's method for all rows.
{ranked}
*Manual* is LibreOffice's help in ten languages, *Developers' reference* Debian's in six, which nothing was
trained or tuned on: headings are asked, the sections below them are to be found. *Exact* asks for names,
numbers, codes and quotes that stand in one passage only; *Typos* has one slip a query.

![nDCG@10 by suite and system](images/search_quality.svg)
"""


@dataclass
class Group:
    """The suites of one row: each system's values by query, and the sizes."""

    each: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    num_passages: int = 0
    num_queries: int = 0

    def add(self, suite: Suite, each: Mapping[str, Each]) -> None:
        """Take up one suite's values; queries are named with their suite."""
        self.num_passages = max(self.num_passages, len(suite.passages))
        self.num_queries += len(suite.queries)
        for system, metrics in each.items():
            kept = self.each.setdefault(system, {})
            for metric, values in metrics.items():
                named = {f"{suite.name}:{query}": value for query, value in values.items()}
                kept.setdefault(metric, {}).update(named)

    def mean(self, system: str, metric: str) -> float | None:
        """A system's mean over the row's queries; None where the metric says nothing."""
        values = self.each[system].get(metric)
        return sum(values.values()) / len(values) if values else None


def write_report(groups: Mapping[str, Group], num_queries: int, encoder: str, docs: Path | None) -> str:
    """The section; with `docs`, put in its place there, the picture beside it."""
    has_ranker = any("ranked" in group.each for group in groups.values())
    ranked = "- *ranked*: the same with the ranker on.\n" if has_ranker else ""
    lines = [INTRODUCTION.format(num_queries=num_queries, encoder=encoder, ranked=ranked)]
    for metric in METRICS:
        lines += [*_table(groups, metric), ""]
    if docs:
        _draw(groups, docs / "images" / "search_quality.svg")
        write_between(BEGIN, END, lines)
    return "\n".join(lines)


def _table(groups: Mapping[str, Group], metric: str) -> Iterator[str]:
    rows = {name: group for name, group in groups.items() if group.mean(OURS, metric) is not None}
    if not rows:
        return
    systems = list(next(iter(rows.values())).each)
    yield f"| {TITLES.get(metric, metric)} | passages | queries | " + " | ".join(systems) + " |"
    yield "|---|---:|---:|" + "---:|" * len(systems)
    marks = _marks(rows, metric)
    totals: dict[str, list[float]] = {system: [] for system in systems}
    for name, group in rows.items():
        means = {system: group.mean(system, metric) or 0.0 for system in systems}
        for system, value in means.items():
            totals[system].append(value)
        yield _row(name, f"{group.num_passages:,}", f"{group.num_queries:,}", means, marks[name])
    if len(rows) > 1:
        averages = {system: sum(values) / len(values) for system, values in totals.items()}
        yield _row("**average**", "", "", averages, "")


def _marks(rows: Mapping[str, Group], metric: str) -> dict[str, str]:
    """▲, ▼ or nothing, by row: ours against the best peer's values of the same queries."""
    values: dict[str, float] = {}
    signs: dict[str, str] = {}
    for name, group in rows.items():
        peer = max(PEERS, key=lambda system: group.mean(system, metric) or 0.0)
        ours, theirs = group.each[OURS][metric], group.each[peer][metric]
        values[name] = paired_test([ours[key] for key in ours], [theirs[key] for key in ours])
        signs[name] = " ▲" if sum(ours.values()) > sum(theirs.values()) else " ▼"
    adjusted = holm(values)
    return {name: signs[name] if adjusted[name] < 0.05 else "" for name in rows}


def _row(name: str, num_passages: str, num_queries: str, means: Mapping[str, float], mark: str) -> str:
    best = max(round(value, 3) for value in means.values())
    cells = []
    for system, value in means.items():
        cell = f"**{value:.3f}**" if round(value, 3) == best else f"{value:.3f}"
        cells.append(cell + (mark if system == OURS else ""))
    return f"| {name} | {num_passages} | {num_queries} | " + " | ".join(cells) + " |"


def _draw(groups: Mapping[str, Group], file: Path) -> None:
    file.parent.mkdir(exist_ok=True)
    series = {
        system: {name: make_row(name, group.each[system]).figures[MAIN] for name, group in groups.items()}
        for system in PICTURED
    }
    draw(series, MAIN, file)
