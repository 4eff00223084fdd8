"""Does choosing among drafts by the merged reward make answers better? The small model, with and without.

Usage: python bench/best_of_drafts.py [--cases 24] [--minutes 8]
Cases of models/reward/data.py, articles of the reporting half, with their quotes as evidence (the reader's
probabilities). The model writes as it does in the product; then the same answer with the quotes alone beside
it (choose.use = "quotes"), and with two more drafts at a temperature ("drafts"). Judged by the gold string in
a cited sentence times the share of citations to a gold quote. Writes its table to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from marked_page import dated, write_between
from over_optimisation import draw_cases

import everask
from everask.answer import answer
from everask.answer.choosing import ChooseSettings
from everask.evaluate.answers import has_any
from everask.evaluate.significance import bootstrap_interval
from everask.models.reward.spoil import Case
from everask.pipeline import Engine
from everask.pipeline.choosing import best_of
from everask.training.reward_drafts import evidence_of
from everask.types import Answer, Answered, AnswerEvent, Evidence, Query

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- best-of-drafts:begin -->", "<!-- best-of-drafts:end -->"
WAYS = {"first draft": "off", "or the quotes": "quotes", "or two more drafts": "drafts"}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=24)
    parser.add_argument("--minutes", type=float, default=8.0, help="no question is begun after these")
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    os.environ["EVERASK_MODELS_GENERATOR"] = "qwen2.5-0.5b"
    rows: dict[str, list[tuple[float, float, float]]] = {name: [] for name in WAYS}
    until = time.monotonic() + 60 * given.minutes
    with tempfile.TemporaryDirectory() as folder, everask.open(Path(folder)) as engine:
        for case in draw_cases(data, "report", given.cases):
            if time.monotonic() > until:
                break
            evidence = weighed(engine, case)
            for name, use in WAYS.items():
                began = time.monotonic()
                made = ask(engine, case, evidence, use)
                rows[name].append((*judge(case, made), time.monotonic() - began))
                print(name, rows[name][-1], case.language, made.text[:80], flush=True)
    table = "\n".join(make_table(rows))
    print(table)
    command = f"python bench/best_of_drafts.py --cases {given.cases} --minutes {given.minutes:g}"
    write_between(BEGIN, END, dated(command, table), heading="## The best of several drafts")


def weighed(engine: Engine, case: Case) -> list[Evidence]:
    """The quotes with the reader's probabilities, which exclude each other, likeliest first."""
    evidence = evidence_of(case.quotes)
    assert engine.asker is not None, "the pack e5-small is pulled before"
    read = engine.asker.ask(case.question, [one.text for one in evidence])
    logits = np.array([one.logit if one else -20.0 for one in read])
    shares = np.exp(logits - logits.max())
    best = max(one.probability for one in read if one)
    chances = shares / shares.sum() * best
    weighted = [replace(one, probability=float(p)) for one, p in zip(evidence, chances, strict=True)]
    return sorted(weighted, key=lambda one: -one.probability)


def ask(engine: Engine, case: Case, evidence: Sequence[Evidence], use: str) -> Answer:
    """The answer, with what there is to choose from."""
    query = Query(case.question, case.language)
    settings = engine.settings.answer
    if use == "off":
        events: Iterator[AnswerEvent] = answer(
            query, evidence, engine.generator, settings, encoder=engine.encoder, checker=engine.checker
        )
    else:
        engine.settings = replace(engine.settings, choose=ChooseSettings(use))  # type: ignore[arg-type]
        events = best_of(engine, query, evidence, settings, engine.generator, None)
    return next(event.answer for event in events if isinstance(event, Answered))


def judge(case: Case, made: Answer) -> tuple[float, float]:
    """Whether a gold string stands in a cited sentence; the share of citations to a gold quote."""
    gold = {case.quotes[one - 1].text for one in case.gold}
    cited = [one.quote for claim in made.claims for one in claim.citations]
    strings = (case.answer, *(one.text for one in case.good))
    answered = any(claim.citations and has_any(claim.text, strings) for claim in made.claims)
    return float(answered), float(np.mean([one in gold for one in cited])) if cited else 0.0


def make_table(rows: dict[str, list[tuple[float, float, float]]]) -> Iterator[str]:
    """A row a way."""
    yield "| | n | gold in a cited sentence | citations to a gold quote | answer × citation | seconds |"
    yield "|---|---|---|---|---|---|"
    for name, some in rows.items():
        array = np.array(some)
        both = array[:, 0] * array[:, 1]
        low, high = bootstrap_interval(both.tolist())
        yield (
            f"| {name} | {len(some)} | {array[:, 0].mean():.2f} | {array[:, 1].mean():.2f}"
            f" | {both.mean():.2f} ({low:.2f}–{high:.2f}) | {np.median(array[:, 2]):.1f} |"
        )


if __name__ == "__main__":
    main()
