"""Where in a long document the answer stands, found before it is indexed: quality against time, by method.

Usage: python bench/long_documents.py [--documents 4] [--questions 20] [--funnel FILE] [--half report|tune]
Reads the shared data from EVERASK_SHARED_DATA or ../shared/data. Writes the table to docs/benchmarks.md
between its markers, and docs/images/long_documents.svg. `--funnel` is what models/funnel_reader/train.py
wrote; without it the funnel is measured as surgery left it.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from long_methods import PLAIN, Document, Encoders
from long_sets import LongDocument, load_long
from marked_page import write_between

from everask import packs
from everask.encoder import build_encoder, open_encoder

ROOT = Path(__file__).parents[1]
IMAGE = ROOT / "docs" / "images" / "long_documents.svg"
BEGIN, END = "<!-- long_documents:begin -->", "<!-- long_documents:end -->"
INTRODUCTION = """## Long documents

`python bench/long_documents.py`: a question asked of a document that is not indexed. Windows are whole
sentences, up to 150 words; a method is right at 1 or 3 when one of its best windows holds the answer.
{counts}. *time* is the processor's, of one question on one document from its text on, by that of plain e5.
Encoder {encoder}, int8. Of XQuAD and DRCD, articles that nothing was tuned on.

- *words*: BM25 over Everask's tokens. *rough*: the static encoder. *+*: their fused score.
- *e5 on the best N*: only the N best windows by words and rough vectors are encoded in full.
  `everask ask --file` does this.
- *first N layers*, *funnel* ({funnel}), *late chunking* (512 tokens at once): in place of e5's twelve layers.

![Quality against time](images/long_documents.svg)
"""


@dataclass(slots=True)
class Tally:
    """Of one method on one group: how often right at 1 and at 3, and how long it took by plain e5."""

    at_1: list[bool] = field(default_factory=list)
    at_3: list[bool] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)


Tallies = dict[str, dict[str, Tally]]
"""By group, then by method."""


def measure(document: LongDocument, encoders: Encoders, tallies: Tallies) -> None:
    """Ask a document its questions by every method."""
    ready = Document(document, encoders)
    group = tallies.setdefault(document.group, {})
    for question in document.questions:
        ranked = ready.rank(question)
        plain = ranked[PLAIN].seconds
        for name, one in ranked.items():
            order = np.argsort(-one.scores, kind="stable")[:3]
            right = [question.is_held_by(ready.windows[place]) for place in order]
            tally = group.setdefault(name, Tally())
            tally.at_1.append(right[0])
            tally.at_3.append(any(right))
            tally.ratios.append(one.seconds / plain)


def _table(tallies: Tallies) -> Iterator[str]:
    yield "| evidence @1 · @3 | " + " | ".join(tallies) + " | average | time |"
    yield "|---|" + "---:|" * (len(tallies) + 2)
    for name, (at_1, at_3, ratio) in _averages(tallies).items():
        cells = [
            f"{np.mean(group[name].at_1):.2f} · {np.mean(group[name].at_3):.2f}" for group in tallies.values()
        ]
        yield f"| {name} | " + " | ".join(cells) + f" | {at_1:.3f} · {at_3:.3f} | {ratio:.2f} |"


def _averages(tallies: Tallies) -> dict[str, tuple[float, float, float]]:
    """Each method's means over the groups, the quickest first."""
    groups = list(tallies.values())
    found = {
        name: (
            float(np.mean([np.mean(group[name].at_1) for group in groups])),
            float(np.mean([np.mean(group[name].at_3) for group in groups])),
            float(np.mean([np.mean(group[name].ratios) for group in groups])),
        )
        for name in groups[0]
    }
    return dict(sorted(found.items(), key=lambda item: item[1][2]))


def draw(averages: Mapping[str, tuple[float, float, float]], path: Path) -> None:
    """Each method a point: time along, quality up. The same figures give the same bytes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with pyplot.rc_context({"svg.fonttype": "none", "svg.hashsalt": "everask", "font.size": 9}):
        figure, axes = pyplot.subplots(figsize=(8, 4.6), layout="constrained")
        for name, (at_1, _, ratio) in averages.items():
            is_ours = "on the best" in name
            axes.plot(ratio, at_1, "s" if is_ours else "o", color="#0072B2" if is_ours else "#D55E00")
            axes.annotate(name, (ratio, at_1), xytext=(5, 3), textcoords="offset points")
        axes.set_xscale("log")
        axes.margins(x=0.25, y=0.08)
        axes.set_xlabel("processor time, plain e5 = 1")
        axes.set_ylabel("the best window holds the answer")
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, metadata={"Date": None})
        pyplot.close(figure)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=4, help="at most this many a group")
    parser.add_argument("--questions", type=int, default=20, help="at most this many a document")
    parser.add_argument("--half", choices=("report", "tune"), default="report")
    parser.add_argument("--funnel", type=Path, help="distilled pairs of the funnel")
    parser.add_argument("--only", default="", help="groups whose name begins so; writes nothing")
    given = parser.parse_args()
    folder = ROOT / ".bench" / "long_encoder"
    build_encoder(packs.pull("e5-small", packs.default_folder()), folder)
    encoder = open_encoder(folder, num_threads=1)
    encoders = Encoders(folder, encoder, given.funnel)
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    tallies: Tallies = {}
    counts: dict[str, list[int]] = {}
    for document in load_long(data, given.documents, given.questions, given.half):
        if not document.group.startswith(given.only):
            continue
        began = time.monotonic()
        measure(document, encoders, tallies)
        counts.setdefault(document.group, []).append(len(document.questions))
        print(
            f"{document.name}: {len(document.text):,} characters, {time.monotonic() - began:.0f} s",
            flush=True,
        )
    told = "; ".join(f"{name}: {len(one)} documents, {sum(one)} questions" for name, one in counts.items())
    funnel = "distilled" if given.funnel else "as surgery left it, untrained"
    text = INTRODUCTION.format(counts=told, encoder=encoder.id, funnel=funnel)
    lines = [text, *_table(tallies)]
    print("\n".join(lines))
    if not given.only and given.half == "report":
        draw(_averages(tallies), IMAGE)
        write_between(BEGIN, END, lines)


if __name__ == "__main__":
    main()
