"""Late interaction over phrases, tokens and pooled tokens, and what to highlight, beside simpler ways.

Usage: python bench/phrases.py [--pairs 4] [--questions 60] [--claims 60] [--half report|tune]
Reads the shared data from EVERASK_SHARED_DATA or ../shared/data. Writes the tables to docs/benchmarks.md
between their markers.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from marked_page import write_between
from phrase_methods import CENTRED, Pool, highlight, rank_all, rank_claim, read_claims

from everask import packs
from everask.encoder import build_encoder, open_encoder
from everask.evaluate.spans import load_span_sets

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- phrases:begin -->", "<!-- phrases:end -->"
PAIRS = (
    ("en", "zh"), ("zh", "de"), ("de", "ar"), ("ar", "en"), ("th", "ru"), ("ru", "es"), ("es", "hi"),
    ("hi", "tr"), ("tr", "vi"), ("vi", "el"), ("el", "ro"), ("ro", "th"),
)  # fmt: skip
INTRODUCTION = """## Phrases

`python bench/phrases.py`: token vectors of encoder {encoder}, no training. {num} questions a pair of
languages, of articles that nothing was chosen on. The 20 passages nearest by their one vector are put in
the order of MaxSim: the mean over the question's tokens of the cosine with the nearest vector of the
passage. *phrases* are cut at pauses and function words; *clusters* are tokens pooled by hierarchical
clustering; bytes are of int8 vectors, 128-dimensional where it says so.
"""
HIGHLIGHTS = """
Highlight: the answer lies wholly inside what is marked. *share* is how much of the passage is marked.
WiCE: the sentence ranked first is one that supports the claim ({claims} claims)."""


def _mean(values: list[float]) -> str:
    return f"{np.mean(values):.3f}" if values else "–"


def _ranking(pools: dict[str, Pool], pairs: list[tuple[str, str]]) -> Iterator[str]:
    rows: dict[str, dict[bool, list[float]]] = {}
    sizes: dict[str, list[float]] = {}
    asked = [*pairs, *((one, one) for one, _ in pairs)]
    for question_language, language in asked:
        for name, (values, vectors) in rank_all(pools[question_language], pools[language]).items():
            across = question_language != language
            rows.setdefault(name, {True: [], False: []})[across].append(float(np.mean(values)))
            sizes.setdefault(name, []).append(vectors)
    yield "| nDCG@10 | across languages | own language | vectors a passage | bytes a passage |"
    yield "|---|---:|---:|---:|---:|"
    for name, found in rows.items():
        many = float(np.mean(sizes[name]))
        size = many * (128 if "128" in name else 384)
        yield f"| {name} | {_mean(found[True])} | {_mean(found[False])} | {many:.1f} | {size:,.0f} |"


def _highlights(pools: dict[str, Pool], pairs: list[tuple[str, str]], claims: list[str]) -> Iterator[str]:
    found: dict[str, dict[bool, list[float]]] = {}
    shares: dict[str, list[float]] = {}
    for question_language, language in [*pairs, *((one, one) for one, _ in pairs)]:
        marked = highlight(pools[question_language], pools[language])
        for name, values in marked.items():
            across = question_language != language
            found.setdefault(name, {True: [], False: []})[across] += [right for right, _ in values]
            shares.setdefault(name, []).extend(share for _, share in values)
    yield "| marked | across languages | own language | share |"
    yield "|---|---:|---:|---:|"
    for name, by_kind in found.items():
        yield f"| {name} | {_mean(by_kind[True])} | {_mean(by_kind[False])} | {np.mean(shares[name]):.2f} |"
    yield ""
    yield from claims


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--questions", type=int, default=60)
    parser.add_argument("--claims", type=int, default=60)
    parser.add_argument("--half", choices=("report", "tune"), default="report")
    given = parser.parse_args()
    folder = ROOT / ".bench" / "long_encoder"
    build_encoder(packs.pull("e5-small", packs.default_folder()), folder)
    encoder = open_encoder(folder, num_threads=1)
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    pairs = list(PAIRS[: given.pairs])
    pools: dict[str, Pool] = {}
    for language in dict.fromkeys(one for pair in pairs for one in pair):
        (one,) = load_span_sets(data, (f"xquad-{language}",))
        pools[language] = Pool(one, encoder, given.questions, given.half)
        print(f"{language}: encoded", flush=True)
    scores: dict[str, list[float]] = {}
    for claim in read_claims(data / "p03_wice" / "claim_dev.jsonl.gz", given.claims):
        for name, right in rank_claim(claim, encoder).items():
            scores.setdefault(name, []).append(right)
    claims = ["| WiCE, first sentence supports | |", "|---|---:|"]
    claims += [f"| {name} | {_mean(values)} |" for name, values in scores.items()]
    lines = [INTRODUCTION.format(encoder=encoder.id, num=given.questions)]
    lines += _ranking(pools, pairs)
    lines += [HIGHLIGHTS.format(claims=given.claims), "", CENTRED, ""]
    lines += _highlights(pools, pairs, claims)
    print("\n".join(lines))
    if given.half == "report":
        write_between(BEGIN, END, lines)


if __name__ == "__main__":
    main()
