"""Distils the static encoder (src/everask/weights/static-ID.npz) and prints the table of its card.

    python dev/fit_static.py [--encoder FOLDER] [--passages 8000] [--check]

For the encoder that is built in the models' folder, or in FOLDER. It learns from Debian's documentation
in 12 languages (bench/debian_texts.py writes .bench/passages.jsonl; the part of LibreOffice's help that
the suite "manual" is made of is left out) and from the passages of the tuning half of XQuAD, DRCD, CMRC,
JSQuAD and HotpotQA (CC BY-SA). Figures are of the tuning half, so they flatter rows that it learnt from;
`--report` looks at the other half, and `--check` measures without fitting.
Vectors that a search bench left in .bench/vectors-ID.npz are used. Minutes on two cores.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask import packs
from everask.encoder import Encoder, load_means, open_encoder
from everask.encoder.distil import distil
from everask.encoder.open import PIECES, TABLE
from everask.encoder.static import StaticEncoder, read_static, write_static
from everask.encoder.table import EmbeddingTable
from everask.encoder.tokens import open_pieces
from everask.evaluate.halves import Half
from everask.evaluate.metrics import mean, measure_each
from everask.evaluate.suites import Suite, load_suites
from everask.index import Store
from everask.pipeline.evaluating import fill_store
from everask.retrieve import search
from everask.text import language_of
from everask.types import Query

ROOT = Path(__file__).parents[1]
BENCH = ROOT / ".bench"
LEARNT = ("xquad-own", "drcd", "cmrc", "jsquad", "hotpot")
HELD_OUT = "/swriter/"
TIERS = ("words", "rough", "rough alone", "half of each", "full", "full alone")

Vectors = NDArray[np.float32]
Run = dict[str, dict[str, float]]


class Remembered:
    """An encoder that knows the vectors which an earlier bench made."""

    def __init__(self, encoder: Encoder) -> None:
        self.id = encoder.id
        self._encoder = encoder
        self._known: dict[str, Vectors] = {}
        file = BENCH / f"vectors-{encoder.id}.npz"
        if file.exists():
            with np.load(file) as table:
                self._known = dict(zip(table["keys"].tolist(), table["vectors"], strict=True))

    def encode_passages(self, texts: Sequence[str], /) -> Vectors:
        """(N, D)."""
        new = [text for text in dict.fromkeys(texts) if _key("p", text) not in self._known]
        if new:
            made = self._encoder.encode_passages(new)
            self._known.update(zip([_key("p", text) for text in new], made, strict=True))
        return np.stack([self._known[_key("p", text)] for text in texts])

    def encode_query(self, text: str, /) -> Vectors:
        """(D,)."""
        key = _key("q", text)
        if key not in self._known:
            self._known[key] = self._encoder.encode_query(text)
        return self._known[key]


def _key(kind: str, text: str) -> str:
    return kind + hashlib.sha256(text.encode()).hexdigest()[:30]


def read_texts(suites: Sequence[Suite], number: int) -> list[str]:
    """What is learnt from."""
    by_language = defaultdict(list)
    for line in (BENCH / "passages.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if HELD_OUT not in row["file"]:
            by_language[row["language"]].append(row["text"])
    draw = random.Random(1)
    share = number // len(by_language)
    texts = [text for some in by_language.values() for text in draw.sample(some, min(share, len(some)))]
    for suite in suites:
        if suite.name.startswith(LEARNT):
            tuned = {item.article for item in suite.half("tune").queries.values()}
            texts += [_text(suite, key) for key, item in suite.passages.items() if item.article in tuned]
    return list(dict.fromkeys(texts))


def _text(suite: Suite, key: str) -> str:
    item = suite.passages[key]
    return f"{item.title}: {item.text}" if item.title else item.text


def measure_tiers(suite: Suite, known: Remembered, static: StaticEncoder) -> dict[str, Run]:
    """The suite searched with rough vectors, with full ones in place of every second, and with full ones."""
    means = load_means(known.id)
    runs: dict[str, Run] = {}
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        keys = fill_store(suite, store, static, means)
        store.put_vectors(known.id, [], np.zeros((0, static.dimension), np.float32))
        store.maintain(known.id, means)
        runs["words"] = _search(suite, store, None)
        runs["rough"] = _search(suite, store, known)
        runs["rough alone"] = _search_alone(suite, store, known, keys)
        texts = {number: text for number, text, _ in store.pending(known.id, len(keys) + 1)}
        order = sorted(texts)
        for name, some in (("half of each", order[::2]), ("full", order[1::2])):
            for start in range(0, len(some), 1_000):
                part = some[start : start + 1_000]
                store.put_vectors(known.id, part, known.encode_passages([texts[one] for one in part]))
            store.maintain(known.id, means)
            runs[name] = _search(suite, store, known)
        runs["full alone"] = _search_alone(suite, store, known, keys)
    return {name: suite.judged(run) for name, run in runs.items()}


def _search(suite: Suite, store: Store, known: Remembered | None) -> Run:
    return {
        key: {
            hit.document.name: hit.score
            for hit in search(
                Query(item.text, language_of(item.text)), store, known, top=20, with_marks=False
            )
        }
        for key, item in suite.queries.items()
    }


def _search_alone(suite: Suite, store: Store, known: Remembered, keys: dict[int, str]) -> Run:
    means = store.dense_means(known.id)
    run: Run = {}
    for key, item in suite.queries.items():
        moved = known.encode_query(item.text) - means.get(language_of(item.text), means["und"])
        query = moved / np.linalg.norm(moved)
        run[key] = {keys[number]: score for number, score in store.dense(known.id, query, means, 20)}
    return run


def slope(suite: Suite, known: Remembered, static: StaticEncoder) -> Iterator[tuple[Vectors, Vectors]]:
    """Cosines of queries to their nearest passages, by rough and by full vectors, both centred."""
    texts = [_text(suite, key) for key in suite.passages]
    rough, full = (_centred(one.encode_passages(texts)) for one in (static, known))
    asked = _centred(np.stack([known.encode_query(item.text) for item in suite.queries.values()]))
    for query in asked:
        by_rough, by_full = rough @ query, full @ query
        near = np.argsort(-by_rough)[:20]
        yield by_rough[near], by_full[near]


def _centred(vectors: Vectors) -> Vectors:
    moved = vectors - vectors.mean(axis=0)
    unit: Vectors = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return unit


def print_table(suites: Sequence[Suite], known: Remembered, static: StaticEncoder) -> None:
    """nDCG@10 by group, and how rough cosines compare with full ones."""
    figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    pairs: list[tuple[Vectors, Vectors]] = []
    for suite in suites:
        for name, run in measure_tiers(suite, known, static).items():
            each = measure_each(run, suite.judgements)
            figures[suite.group][name].append(mean(each["nDCG@10"]))
        if len({item.language for item in suite.passages.values()}) == 1:
            pairs += slope(suite, known, static)
        shown = " ".join(f"{name} {rows[-1]:.3f}" for name, rows in figures[suite.group].items())
        print(f"{suite.name}: {shown}", flush=True)
    print("\n| nDCG@10 | " + " | ".join(TIERS) + " |\n|---|" + "---:|" * len(TIERS))
    for group, by_name in figures.items():
        print(f"| {group} | " + " | ".join(f"{np.mean(by_name[name]):.3f}" for name in TIERS) + " |")
    averages = (np.mean([np.mean(by_name[name]) for by_name in figures.values()]) for name in TIERS)
    print("| **average** | " + " | ".join(f"{one:.3f}" for one in averages) + " |")
    rough, full = (np.concatenate([pair[side] for pair in pairs]) for side in (0, 1))
    share = (rough @ full) / (rough @ rough)
    print(f"\nA full cosine is {share:.2f} of a rough one.")


def time_passages(encode: Callable[[Sequence[str]], object], texts: Sequence[str]) -> float:
    """Passages a second."""
    start = time.perf_counter()
    encode(texts)
    return len(texts) / (time.perf_counter() - start)


def main() -> None:
    """Fit, write, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", type=Path, default=packs.default_folder() / "e5-small-built")
    parser.add_argument("--passages", type=int, default=8_000)
    parser.add_argument("--queries", type=int, default=60, help="at most this many a suite")
    parser.add_argument("--only", default="", help="measure suites whose name matches")
    parser.add_argument("--check", action="store_true", help="measure the weights that are there")
    parser.add_argument("--report", action="store_true", help="measure on the other half")
    given = parser.parse_args()
    suites = load_suites(Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data")))
    encoder = open_encoder(given.encoder)
    known = Remembered(encoder)
    file = ROOT / "src" / "everask" / "weights" / f"static-{encoder.id}.npz"
    texts = read_texts(suites, given.passages)
    if not given.check:
        start = time.monotonic()
        vectors = known.encode_passages(texts)
        write_static(file, distil(encoder, given.encoder, texts, vectors))
        print(f"{file.name}: {file.stat().st_size / 1e6:.1f} MB from {len(texts)} passages", end=", ")
        print(f"{time.monotonic() - start:.0f} s")
    table = EmbeddingTable(given.encoder / TABLE, encoder.dimension)
    static = StaticEncoder(encoder.id, open_pieces(given.encoder / PIECES), table, read_static(file))
    print(f"{time_passages(static.encode_passages, texts[:4_000]):,.0f} passages/s in one thread")
    half: Half = "report" if given.report else "tune"
    chosen = [suite for suite in suites if re.search(given.only, suite.name)]
    print_table([suite.half(half).sample(given.queries) for suite in chosen], known, static)


if __name__ == "__main__":
    main()
