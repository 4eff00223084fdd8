"""What the query memory does: a question asked again, asked otherwise, and questions that nobody asked yet.

Usage: python bench/query_memory.py [--half report|tune] [--queries 60] [--grid]
Reads XQuAD from EVERASK_SHARED_DATA or ../shared/data: the paragraphs of twelve languages in one pool. Of
some questions the passage that answers is voted for, by three of twenty people. Then these are asked again,
as they were and otherwise, and questions that nobody ever asked. Of the hostile, one person in ten, every
vote is for another passage. Writes the table to docs/benchmarks.md; --grid prints figures for other settings
of the memory instead, for tuning.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from marked_page import dated, write_between
from sqlalchemy import insert

from everask.encoder import load_means
from everask.evaluate.report import measure_suite
from everask.evaluate.suites import XQUAD_LANGUAGES, Suite, load_suites
from everask.evaluate.typos import add_typo
from everask.feedback import memory
from everask.index.people_schema import users
from everask.pipeline import Engine
from everask.pipeline.evaluating import RememberingEncoder, fill_store
from everask.settings import load_settings
from everask.types import Event

ROOT = Path(__file__).parents[1]
DEPTH = 10
BEGIN, END = "<!-- query-memory:begin -->", "<!-- query-memory:end -->"
NUM_VOTERS = 20
HOSTILE = 10
"""One voter in so many."""
KINDS = ("asked again", "without marks and case", "with a typo", "in another language", "never asked")
GRID = ((0.6, 0.97), (0.7, 0.97), (0.8, 0.97), (0.85, 0.97), (0.75, 0.9), (0.9, 1.0))

Queries = Mapping[str, str]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("report", "tune"), default="report")
    parser.add_argument("--queries", type=int, default=60, help="taught, of each language; as many are not")
    parser.add_argument("--grid", action="store_true", help="other settings of the memory, nothing written")
    options = parser.parse_args()
    shared = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    suite = next(one for one in load_suites(shared) if one.name == "xquad-mixed").half(options.half)
    with tempfile.TemporaryDirectory() as folder, Engine(load_settings(Path(folder))) as engine:
        encoder = engine.encoder
        assert encoder is not None, "the encoder is pulled before"
        fill_store(suite, engine.store, RememberingEncoder(encoder), load_means(encoder.id))
        taught = sorted(_taught(suite, options.queries))
        rows = list(_measure(engine, suite, taught, grid=options.grid))
    table = "\n".join(rows)
    print(table)
    if not options.grid:
        lines = dated(f"python bench/query_memory.py --half {options.half}", table)
        write_between(
            "<!-- query-memory:begin -->", "<!-- query-memory:end -->", lines, heading="## Query memory"
        )


def _taught(suite: Suite, size: int) -> Iterator[str]:
    """Questions that are voted for: others in each language, and none that is kept back."""
    for language in XQUAD_LANGUAGES:
        own = (key for key, item in suite.queries.items() if item.language == language)
        keys = sorted(key for key in own if _is_even(key))
        yield from random.Random(language).sample(keys, min(size, len(keys)))


def _is_even(key: str) -> bool:
    """By the question's number alone: the same question is taught in no language if not in this one."""
    return zlib.crc32(key.split("-", 1)[1].encode()) % 2 == 0


def _measure(engine: Engine, suite: Suite, taught: list[str], *, grid: bool) -> Iterator[str]:
    kinds = _ask_for(suite, taught)
    _enrol(engine)
    yield "| votes | " + " | ".join(f"{kind}: first / nDCG@10" for kind in kinds) + " |"
    yield "|---" * (len(kinds) + 1) + "|"
    yield _row("none", engine, suite, kinds)
    _vote(engine, suite, taught, hostile=False)
    if grid:
        for near, same in (
            (0.6, 0.97),
            (0.7, 0.97),
            (0.75, 0.97),
            (0.8, 0.97),
            (0.85, 0.97),
            (0.75, 0.9),
            (0.9, 1.0),
        ):
            memory.NEAR, memory.SAME = near, same
            yield _row(f"{near}, {same}", engine, suite, kinds)
        return
    yield _row("honest", engine, suite, kinds)
    _vote(engine, suite, taught, hostile=True)
    yield _row("one in ten hostile", engine, suite, kinds)


def _ask_for(suite: Suite, taught: list[str]) -> dict[str, dict[str, str]]:
    """What is asked, by kind: the text by the key of the question that has its judgements."""
    queries = suite.queries
    after = dict(zip(XQUAD_LANGUAGES, (*XQUAD_LANGUAGES[5:], *XQUAD_LANGUAGES[:5]), strict=True))
    elsewhere = [f"{after[queries[key].language]}-{key.split('-', 1)[1]}" for key in taught]
    elsewhere = [key for key in elsewhere if key in queries and key not in set(taught)]
    unseen = [key for key in sorted(queries) if not _is_even(key)]
    unseen = random.Random(4).sample(unseen, min(len(taught), len(unseen)))
    return dict(
        zip(
            KINDS,
            (
                {key: queries[key].text for key in taught},
                {key: queries[key].text.lower().rstrip("?؟？;") for key in taught},
                {key: add_typo(queries[key], zlib.crc32(key.encode())) for key in taught},
                {key: queries[key].text for key in elsewhere},
                {key: queries[key].text for key in unseen},
            ),
            strict=True,
        )
    )


def _vote(engine: Engine, suite: Suite, taught: list[str], *, hostile: bool) -> None:
    """Three of the voters vote for each question's passage in its own language; the hostile for any other."""
    draw = random.Random(5)
    documents = {info.name: info for info in engine.documents()}
    names = sorted(documents)
    events = []
    for number, key in enumerate(taught):
        gold = _in_own_language(suite, key)
        for voter in draw.sample(range(1, NUM_VOTERS + 1), 3):
            wrong = hostile and voter % HOSTILE == 0
            target = documents[draw.choice(names) if wrong else gold]
            text = suite.queries[key].text
            place = (target.id, 0, target.size)
            events.append(Event("voted", float(number), voter, key, text, 0, *place, value=1.0))
    engine.remember(events)


def _in_own_language(suite: Suite, key: str) -> str:
    return next(name for name in suite.judgements[key] if name.startswith(f"{suite.queries[key].language}-"))


def _enrol(engine: Engine) -> None:
    """The voters, as users: a judgement belongs to somebody."""
    rows = [
        {"id": id, "name": str(id), "password": "", "role": "member", "active": 1, "created": 0.0}
        for id in range(1, NUM_VOTERS + 1)
    ]
    with engine.store.database.writing() as connection:
        connection.execute(insert(users), rows)


def _row(name: str, engine: Engine, suite: Suite, kinds: Mapping[str, Queries]) -> str:
    cells = []
    for queries in kinds.values():
        run = {}
        for key, text in queries.items():
            hits = engine.search(text, DEPTH, with_marks=False)
            run[key] = {hit.document.name: hit.score for hit in hits}
        each = measure_suite(suite, run)
        best = {key: max(found, key=found.__getitem__, default="") for key, found in run.items()}
        first = sum(best[key] in suite.judgements[key] for key in run)
        ndcg = [each["nDCG@10"][key] for key in queries]
        cells.append(f"{first / len(queries):.3f} / {sum(ndcg) / len(ndcg):.3f}")
    return f"| {name} | " + " | ".join(cells) + " |"


if __name__ == "__main__":
    main()
