"""Topics moved by a few labels, each by itself or all together: python bench/topics_together.py [SET …]

Reads the sets of bench/topics.py. What is measured last was chosen on CLINC150 and Banking77 alone; the other
three are reported on. Writes its tables to docs/benchmarks.md
once all sets were measured (remove .bench/topics-together.json to begin anew).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from marked_page import dated, write_between
from numpy.typing import NDArray
from topic_sets import open_bench_encoder, read_vectored
from topics import SHOTS, TestedSet, draw_labels

from everask.models.description_tagger.data import REPORTED
from everask.models.description_tagger.model import (
    Vectors,
    compete,
    find_rivals,
    move,
    settle,
    share_out,
    spread,
)
from everask.models.description_tagger.together import move_together

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- topics-together:begin -->", "<!-- topics-together:end -->"
CHOSEN_ON = ("clinc150", "banking77")
SEEDS, FEW_SEEDS = 5, 2
"""Draws; fewer of the large sets."""
METHODS = ("the user's wording", "moved by its own labels", "moved together by all labels (ships)")
SETTLED = tuple(f"{one}, settled" for one in METHODS)

Figures = Mapping[str, list[float]]


def main() -> None:
    """Measure and write."""
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    encoder = open_bench_encoder()
    kept = ROOT / ".bench/topics-together.json"
    kept.parent.mkdir(exist_ok=True)
    found: dict[str, list[Figures]] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    for name in sys.argv[1:] or REPORTED:
        if name in found:
            continue  # by a run that was stopped
        known = TestedSet(read_vectored(data, name, encoder, with_candidates=False))
        found[name] = [_accuracy(known), _tags(known, 1), _tags(known, 2)]
        kept.write_text(json.dumps(found), "utf-8")
        print(name, {one: _cell(values) for one, values in found[name][0].items()}, flush=True)
    if not set(REPORTED) <= set(found):
        return
    found = {name: found[name] for name in REPORTED}
    heads = (
        f"Accuracy with {SHOTS} labels of each class, mean of {SEEDS} draws ({FEW_SEEDS}) ± deviation.",
        "Tags, macro-F1 at the pile's threshold, with the same labels.",
        "The same where every other topic was not described: half of the pile has none of those that were.",
    )
    lines: list[str] = []
    for at, heading in enumerate(heads):
        lines += [heading, "", *_table({name: one[at] for name, one in found.items()}), ""]
    print("\n".join(lines))
    page = dated("python bench/topics_together.py", "\n".join(lines))
    write_between(BEGIN, END, page, heading="## Topics moved together")


def _num_seeds(known: TestedSet) -> int:
    return FEW_SEEDS if known.raw.labelled.name in CHOSEN_ON else SEEDS


def _ways(topics: Vectors, rows: Vectors, targets: NDArray[np.int64]) -> list[Vectors]:
    none = np.zeros((0, rows.shape[1]), np.float32)
    own = np.stack([move(topic, rows[targets == at], none) for at, topic in enumerate(topics)])
    return [topics, own, move_together(topics, rows, targets)]


def _accuracy(known: TestedSet) -> Figures:
    figures: dict[str, list[float]] = {}
    for seed in range(_num_seeds(known)):
        drawn = draw_labels(known, SHOTS, seed)
        ways = _ways(known.topics, known.pool[drawn], known.pool_targets[drawn])
        for name, settled, topics in zip(METHODS, SETTLED, ways, strict=True):
            figures.setdefault(name, []).append(float(known.right(topics).mean()))
            shared = settle(topics, known.texts)
            figures.setdefault(settled, []).append(float(known.right(shared).mean()))
    return figures


def _tags(known: TestedSet, one_in: int) -> Figures:
    """Macro-F1 where one topic in so many was described, each text tagged with what is near enough."""
    described = np.arange(0, len(known.topics), one_in)
    figures: dict[str, list[float]] = {}
    for seed in range(_num_seeds(known)):
        drawn = draw_labels(known, SHOTS, seed)
        drawn = drawn[np.isin(known.pool_targets[drawn], described)]
        places = np.searchsorted(described, known.pool_targets[drawn])
        ways = _ways(known.topics[described], known.pool[drawn], places)
        for name, topics in zip(METHODS, ways, strict=True):
            shown = compete(spread(known.texts @ topics.T), find_rivals(topics))
            tagged = np.stack([share_out(column) for column in shown.T], axis=1) >= 0.5
            truth = known.targets[:, None] == described
            both = (tagged & truth).sum(axis=0)
            total = tagged.sum(axis=0) + truth.sum(axis=0)
            figures.setdefault(name, []).append(float(np.mean(2 * both / np.maximum(total, 1))))
    return figures


def _table(found: Mapping[str, Figures]) -> Iterator[str]:
    others = [name for name in found if name not in CHOSEN_ON]
    yield f"| method | {' | '.join(found)} | mean of {', '.join(others)} |"
    yield "|---" * (len(found) + 2) + "|"
    methods = next(iter(found.values()))
    plain = {name: np.mean(one[METHODS[0]]) for name, one in found.items()}
    for method in (*METHODS, *(one for one in SETTLED if one in methods)):
        cells = [_cell(one[method]) for one in found.values()]
        mean = np.mean([np.mean(found[name][method]) for name in others])
        gain = 100 * np.mean([np.mean(found[name][method]) - plain[name] for name in others])
        yield f"| {method} | {' | '.join(cells)} | {mean:.3f} ({gain:+.1f}) |"


def _cell(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ± {np.std(values):.3f}"


if __name__ == "__main__":
    main()
