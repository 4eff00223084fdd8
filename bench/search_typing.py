"""What people type: slips, the other Chinese script, phrases and exclusions. Words alone, no models.

    python bench/search_typing.py [--num 150]

Reads the shared data from EVERASK_SHARED_DATA or ../shared/data. nDCG@10 on the half of the articles that
nothing was tuned on, and how much longer a search takes than the same one without a condition, over the store
that bench/search_speed.py builds (left out where it is not there). Writes its table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from debian_texts import BENCH
from marked_page import write_between

from everask.evaluate.metrics import measure
from everask.evaluate.suite import Suite
from everask.evaluate.suites import load_suites
from everask.evaluate.typos import with_typos
from everask.index import Store
from everask.pipeline.evaluating import fill_store
from everask.retrieve import spell
from everask.retrieve.candidates import by_words
from everask.text import language_of
from everask.types import Filters, Query, Understood

BEGIN, END = "<!-- search_typing:begin -->", "<!-- search_typing:end -->"
LANGUAGES = ("de", "en", "es", "ru", "tr")
ASKED = "how do I change the page margins"
CONDITIONS = (
    Filters(phrases=("page margins",)),
    Filters(phrases=("of the",)),
    Filters(without=("style",)),
    Filters(without=("the",)),
)
TIMES = 5
SPEED = BENCH / "search_speed"


def score(suite: Suite, store: Store, names: Mapping[int, str], *, corrected: bool) -> float:
    """nDCG@10 of words alone, with or without the documents' spelling."""
    run = {}
    for key, item in suite.queries.items():
        query = Query(item.text, language_of(item.text))
        if corrected:
            _, query = spell(item.text, Understood(item.text), query, store)
        run[key] = {names[match.passage]: match.score for match in by_words(query, store, 20)[1]}
    return measure(run, suite.judgements, ("nDCG@10",))["nDCG@10"]


def slips(suites: Mapping[str, Suite], num: int) -> Iterator[str]:
    """A row for each language: questions with one slip each, and the same without."""
    yield "| questions with one slip each | as typed | with the documents' spelling | without a slip |"
    yield "|---|---|---|---|"
    for language in LANGUAGES:
        clean = suites[f"xquad-own-{language}"].half("report")
        slipped = with_typos(clean, "typos").sample(num)
        same = replace(clean, queries={key: clean.queries[key] for key in slipped.queries})
        same = replace(same, judgements=slipped.judgements)
        with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
            names = fill_store(clean, store, None, {})
            cells = [score(slipped, store, names, corrected=one) for one in (False, True)]
            cells.append(score(same, store, names, corrected=True))
        yield f"| {language} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |"


def scripts(suite: Suite, num: int) -> Iterator[str]:
    """Questions in the passages' script, and in the other one, by OpenCC."""
    import opencc

    convert = opencc.OpenCC("t2s").convert
    own = suite.half("report").sample(num)
    other = {key: replace(item, text=convert(item.text)) for key, item in own.queries.items()}
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
        names = fill_store(own, store, None, {})
        cells = [score(one, store, names, corrected=False) for one in (own, replace(own, queries=other))]
    yield "| DRCD: passages in traditional Chinese | asked in traditional | asked in simplified |"
    yield "|---|---|---|"
    yield "| nDCG@10 | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |"


def conditions() -> Iterator[str]:
    """How many times as long a search by words takes under a condition."""
    with Store.open(SPEED, create=False) as store:
        plain = _seconds(store, Filters())
        yield f"| “{ASKED}”, over {store.counts().passages:,} passages | times as long |"
        yield "|---|---|"
        for one in CONDITIONS:
            kind = "with" if one.phrases else "without"
            words = (one.phrases or one.without)[0]
            yield f"| {kind} “{words}” | {_seconds(store, one) / plain:.1f} |"


def _seconds(store: Store, filters: Filters) -> float:
    """The processor's time for one search, at best."""
    query, best = Query(ASKED, "en", filters), float("inf")
    for _ in range(TIMES):
        started = time.process_time()
        by_words(query, store, 100)
        best = min(best, time.process_time() - started)
    return best


def main() -> None:
    """Measure all, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num", type=int, default=150, help="questions of each kind")
    arguments = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or BENCH.parent.parent / "shared" / "data")
    suites = {suite.name: suite for suite in load_suites(data)}
    lines = ["## What people type", "", "nDCG@10 of words alone, without models.", ""]
    lines += [*slips(suites, arguments.num), "", *scripts(suites["drcd"], arguments.num), ""]
    if (SPEED / "store.sqlite").exists():
        lines += [*conditions(), ""]
    lines += ["Made by `python bench/search_typing.py`."]
    write_between(BEGIN, END, lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
