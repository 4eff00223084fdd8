"""Speed, memory and disk of search over 100,000 real passages, beside bm25s on the same tokens; or over more.

`python bench/search_speed.py [--num 1000000] [--queries 200] [--encoder FOLDER]` builds .bench/search_speed
once (texts of `debian_texts.py`), measures each channel in a process of its own, and writes the table into
docs/benchmarks.md between its markers. More passages than there are real ones are put together
(`recombined.py`). The passages' vectors are made, with the shape of e5's (a cone for each language,
topics, noise): looking them up costs what real ones cost. Queries are encoded for real.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from debian_texts import BENCH, NUM_PASSAGES, load_passages
from marked_page import write_between
from numpy.typing import NDArray
from recombined import recombine

from everask.encoder import open_encoder
from everask.index import Store
from everask.index.blobs import unpack_tokens
from everask.index.means import centre_one
from everask.index.spool import Prepared
from everask.packs import default_folder
from everask.retrieve import search
from everask.text import analyse_query
from everask.types import Document, Filters, Passage, Query, Source

TOGETHER = 32
"""Files that are written in one transaction."""
ENCODER, DIMENSION, LIMIT = "made-for-speed", 384, 100
UNSPACED = {"ja", "zh"}
Parts = list[tuple[str, str]]
MADE = (
    ": 100,000 real passages, the others put together from their sentences, with a word in each that has "
    "another ending, so that the vocabulary grows"
)
PEER = ("bm25s holds everything in memory, keeps no texts, takes no changes, and is given the same tokens.",)
ROWS = ("words", "words in one language", "meaning", "meaning in one language", "whole search", "bm25s")


def folder_of(number: int) -> Path:
    """Where a pile of that size is kept."""
    return BENCH / ("search_speed" if number == NUM_PASSAGES else f"search_speed-{number}")


def build(number: int) -> None:
    """Put the passages in, files together as `everask add` does, and give them made vectors."""
    started = time.monotonic()
    with Store.open(folder_of(number)) as store:
        if store.counts().passages < number:
            files = itertools.groupby(read_rows(number), key=lambda one: one["file"])
            while some := list(itertools.islice(_prepare(store, files), TOGETHER)):
                store.put_prepared(some)
                for one in some:
                    one.spool.close()
            print(f"words: {time.monotonic() - started:.0f} s", flush=True)
        while waiting := store.pending(ENCODER, 5_000):
            ids = [one for one, _, _ in waiting]
            store.put_vectors(ENCODER, ids, made_vectors(ids, [language for _, _, language in waiting]))
        print(f"vectors: {time.monotonic() - started:.0f} s", flush=True)
        store.maintain(ENCODER, {}, num_threads=2)
    print(f"graph: {time.monotonic() - started:.0f} s", flush=True)


def read_rows(number: int) -> Iterator[dict[str, str]]:
    """The real passages, and made ones after them."""
    real = load_passages()
    yield from real[:number]
    if number > len(real):
        yield from recombine(real, number - len(real))


def _prepare(store: Store, files: Iterator[tuple[str, Iterator[dict[str, str]]]]) -> Iterator[Prepared]:
    for file, group in files:
        rows = list(group)
        document, passages = _document(file, [row["text"] for row in rows], rows[0]["language"])
        source = Source(document.uri, "file:///deb", (1, 2, 3), document.content, "ok", "", 1, 1.0)
        yield store.prepare(source, [(document, passages)])


def _document(file: str, texts: list[str], language: str) -> tuple[Document, list[Passage]]:
    whole, uri = "\n\n".join(texts), f"file:///deb/{file}"
    content = hashlib.sha256(whole.encode()).hexdigest()
    key = hashlib.sha256(f"{uri}\0{content}".encode()).hexdigest()[:32]
    name = file.rsplit(".", 1)[0]
    document = Document(key, name, uri, "", "text/html", content, language, 1.0, len(whole), whole)
    passages, at = [], 0
    for ordinal, text in enumerate(texts):
        passages.append(Passage(0, key, ordinal, at, at + len(text), text, text, language))
        at += len(text) + 2
    return document, passages


def made_vectors(ids: list[int], languages: list[str]) -> NDArray[np.float32]:
    """Unit vectors: 0.88 of the language's direction; the rest half topic, half noise."""
    topics = np.random.default_rng(5).standard_normal((2_000, DIMENSION))
    cones = {
        one: np.random.default_rng(list(one.encode())).standard_normal(DIMENSION) for one in set(languages)
    }
    cone = np.stack([cones[language] for language in languages])
    own = np.random.default_rng(ids[0])
    rest = topics[own.integers(len(topics), size=len(ids))] + own.standard_normal((len(ids), DIMENSION))
    vectors = 0.88 * _unit(cone) + 0.47 * _unit(rest)
    return _unit(vectors).astype(np.float32)


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    unit: NDArray[np.float64] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def make_queries(number: int) -> Parts:
    """Seven words (or fourteen characters) in a row from passages chosen at random, and their language."""
    source = random.Random(3)
    queries = []
    for passage in source.sample(load_passages(), number):
        text, language = passage["text"], passage["language"]
        if language in UNSPACED:
            start = source.randrange(max(1, len(text) - 14))
            queries.append((text[start : start + 14], language))
        else:
            words = text.split()
            start = source.randrange(max(1, len(words) - 7))
            queries.append((" ".join(words[start : start + 7]), language))
    return queries


class MadeEncoder:
    """Encodes a query for real, and looks among the made vectors."""

    id = ENCODER

    def __init__(self, folder: Path) -> None:
        self._encoder = open_encoder(folder)

    def encode_query(self, text: str, /) -> NDArray[np.float32]:
        """(384,)."""
        return self._encoder.encode_query(text)


def prepare(name: str, store: Store, queries: Parts, encoder: Path) -> Callable[[str, str], object]:
    """What is timed for a query and its language."""
    filters = Filters(languages=("de",)) if "one language" in name else Filters()
    if name.startswith("words"):
        return lambda text, language: store.lexical(analyse_query(text, language), LIMIT, filters)
    if name.startswith("meaning"):
        means = store.dense_means(ENCODER)
        raw = made_vectors(list(range(len(queries))), [language for _, language in queries])
        vectors = {
            text: centre_one(row, language, means) for (text, language), row in zip(queries, raw, strict=True)
        }
        return lambda text, _: store.dense(ENCODER, vectors[text], means, LIMIT, filters)
    if name == "whole search":
        found = MadeEncoder(encoder)
        return lambda text, language: search(Query(text, language), store, found)
    return _prepare_bm25s(store)


def _prepare_bm25s(store: Store) -> Callable[[str, str], object]:
    import sqlite3

    import bm25s

    with sqlite3.connect(store.folder / "store.sqlite") as connection:
        rows = connection.execute("SELECT data FROM passages")
        tokens = [unpack_tokens(data)[0].decode().split() for (data,) in rows]
    retriever = bm25s.BM25()
    retriever.index(tokens, show_progress=False)
    del tokens

    def words(text: str, language: str) -> object:
        return retriever.retrieve([analyse_query(text, language)], k=LIMIT, show_progress=False, n_threads=1)

    return words


def measure(name: str, queries: Parts, encoder: Path, number: int) -> dict[str, float]:
    """Milliseconds at the median and at 95%, of the clock and of the processor; memory in MB."""
    with Store.open(folder_of(number), create=False) as store:
        run = prepare(name, store, queries, encoder)
        for text, language in queries[:20]:
            run(text, language)
        wall, processor = [], []
        for text, language in queries:
            start, used = time.perf_counter(), time.process_time()
            run(text, language)
            wall.append(1e3 * (time.perf_counter() - start))
            processor.append(1e3 * (time.process_time() - used))
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    memory = {key: int(status[key].split()[0]) / 1024 for key in ("VmRSS", "RssAnon")}
    return {
        "p50": float(np.percentile(wall, 50)),
        "p95": float(np.percentile(wall, 95)),
        "cpu50": float(np.percentile(processor, 50)),
        "cpu95": float(np.percentile(processor, 95)),
        **memory,
    }


def write_table(figures: dict[str, dict[str, float]], arguments: argparse.Namespace) -> None:
    """Put the table in the place of the last one, touching nothing else."""
    number, folder = arguments.num, folder_of(arguments.num)
    mark = "search_speed" if number == NUM_PASSAGES else f"search_speed_{number}"
    begin, end = f"<!-- {mark}:begin -->", f"<!-- {mark}:end -->"
    size = (folder / "store.sqlite").stat().st_size / 1e6
    derived = sum(path.stat().st_size for path in folder.glob("derived/**/*") if path.is_file()) / 1e6
    lines = [
        f"## Speed of search over {number:,} passages",
        "",
        f"Debian documentation in 12 languages{MADE if number > NUM_PASSAGES else ''}, "
        f"{arguments.queries} queries of seven words in a row from "
        f"it, 100 candidates from each channel, one query at a time, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[1]:.1f} meanwhile (so the processor's time says more than the clock's), "
        f"{time.strftime('%Y-%m-%d', time.gmtime())}. `python bench/search_speed.py --num {number}`",
        "",
        "| search | p50 ms | p95 ms | processor p50 ms | processor p95 ms | memory MB | of it private MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in figures.items():
        cells = [f"{row[key]:.1f}" for key in ("p50", "p95", "cpu50", "cpu95")]
        lines.append(f"| {name} | {' | '.join(cells)} | {row['VmRSS']:.0f} | {row['RssAnon']:.0f} |")
    lines += [
        "",
        f"On disk: {size:.0f} MB of texts, words and int8 vectors, {derived:.0f} MB of derived graph. "
        "The passages' vectors are made, with the shape of e5's. The whole search looks by words and by "
        "meaning side by side, so it uses more of the processor than of the clock.",
        *(PEER if "bm25s" in figures else ()),
    ]
    write_between(begin, end, lines)


def main() -> None:
    """Build, measure each in its own process, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num", type=int, default=NUM_PASSAGES, help="passages")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--encoder", type=Path, default=default_folder() / "e5-small-built")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        queries = [(text, language) for text, language in json.load(sys.stdin)]
        row = measure(arguments.only, queries, arguments.encoder, arguments.num)
        print(json.dumps(row))
        return
    build(arguments.num)
    asked = json.dumps(make_queries(arguments.queries))
    figures: dict[str, dict[str, Any]] = {}
    for name in ROWS:
        if name == "bm25s" and arguments.num > NUM_PASSAGES:  # it would need more memory than there is
            continue
        command = [sys.executable, __file__, "--only", name, "--encoder", str(arguments.encoder)]
        command += ["--num", str(arguments.num)]
        done = subprocess.run(command, check=True, input=asked, stdout=subprocess.PIPE, text=True)
        figures[name] = json.loads(done.stdout.splitlines()[-1])
        print(name, figures[name], flush=True)
    write_table(figures, arguments)


if __name__ == "__main__":
    main()
