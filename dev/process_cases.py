"""What the product does with the questions that process rewards are fitted and measured on, step by step.

    python dev/process_cases.py [--work .bench/process] [--minutes 20] [--write]

One pile in twelve languages: each article of XQuAD in one of them, DRCD, CMRC, and HotpotQA's paragraphs.
Each question is searched and read, every `--again` th searched again in every way and read once more; every
second one the same without what answers it. Keeps hits, evidence and what was found again in
WORK/cases.pickle, a pickle a question, as it goes: started again it goes on. With `--write` the language
model then answers from the first evidence, in WORK/written.pickle: of the half that is reported first, and
there first what would be left to the quotes (answer/saving.py), for only these differ. Halves are drawn in
turn, so that a part is useful.
"""

from __future__ import annotations

import argparse
import itertools
import os
import pickle
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pickles import read_pickles

from everask.answer import answer
from everask.answer.decide import chance_of_answer
from everask.answer.prompts import AnswerSettings
from everask.answer.saving import needs_draft
from everask.encoder import load_means
from everask.evaluate.answer_suites import AnswerSuite, load_answer_suites
from everask.evaluate.answers import Wanted
from everask.evaluate.halves import half_of
from everask.evaluate.suite import Item, Suite
from everask.evaluate.suites import XQUAD_LANGUAGES
from everask.models.process_reward.model import load_heads
from everask.pipeline import Engine
from everask.pipeline.again import Way, merge, search_again
from everask.pipeline.answer_runs import search_case, suite_case
from everask.pipeline.asking import find_for_answer
from everask.pipeline.evaluating import fill_store
from everask.pipeline.models import find_generator
from everask.pipeline.tracing import choose_step, retrieve_step
from everask.pipeline.written import Overheard
from everask.read import ReadSettings, find_evidence
from everask.settings import ModelSettings, load_settings
from everask.types import Answer, Answered, Evidence, Hit, Query

ROOT = Path(__file__).parents[1]
NUM_READ = 8
NUM_AGAIN = 8
AGAIN = ReadSettings(num_hits=NUM_READ + NUM_AGAIN, num_sentences=40)
SIZES = {"xquad": 700, "across": 170, "drcd": 150, "cmrc": 150, "hotpot": 130}
NUM_PARAGRAPHS = {"drcd": 350, "hotpot": 160}
MODEL = "qwen2.5-0.5b"


@dataclass(frozen=True, slots=True)
class Case:
    """A question with what was found and read, once and again; `article` says whose half it is of. Where it
    was not searched again, `again` is empty and the evidence the same."""

    group: str
    article: str
    wanted: Wanted
    query: Query
    hits: list[Hit]
    evidence: list[Evidence]
    again: dict[Way, list[Hit]]
    evidence_again: list[Evidence]
    seconds: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Written:
    """What the model made of a case's evidence: its last reply, and the answer, none if not asked."""

    key: str
    reply: str
    answer: Answer | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "process")
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--limit", type=int, default=100_000)
    parser.add_argument("--again", type=int, default=3, help="of so many questions one is searched again")
    parser.add_argument("--write", action="store_true", help="let the model write of what was found")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    until = time.monotonic() + 60 * given.minutes
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    pool, asked = lay_out(data)
    with Engine(load_settings(given.work / "data")) as engine:
        encoder = engine.encoder
        assert encoder is not None, "the encoder is needed: everask models pull e5-small"
        if not any(True for _ in engine.store.documents()):
            fill_store(pool, engine.store, encoder, load_means(encoder.id))
        if given.write:
            _write_all(engine, given.work, until)
        else:
            _find_all(engine, asked[: given.limit], given.work, until, given.again)


def lay_out(data: Path) -> tuple[Suite, list[tuple[str, str, Wanted]]]:
    """The pile, and (group, article, question) in an order that mixes groups and halves."""
    passages: dict[str, Item] = {}
    asked: dict[str, list[tuple[str, str, Wanted]]] = {group: [] for group in SIZES}
    for name, group in (("xquad", "xquad"), ("xquad-across", "across")):
        for suite in load_answer_suites(name, [data]):
            for one in _in_language(suite, passages):
                asked[group].append((group, *one))
    for name in ("drcd", "cmrc", "hotpot"):
        (suite,) = load_answer_suites(name, [data])
        kept = _some(suite, NUM_PARAGRAPHS.get(name))
        passages |= {f"{name} {key}": suite.pool.passages[key] for key in kept}
        for article, wanted in suite.asked:
            if wanted.gold <= kept:
                gold = frozenset(f"{name} {key}" for key in wanted.gold)
                asked[name].append((name, article, replace(wanted, gold=gold)))
    draw = random.Random(11)
    drawn = [one for group, each in asked.items() for one in draw.sample(each, min(SIZES[group], len(each)))]
    draw.shuffle(drawn)
    halves = [[one for one in drawn if half_of(one[1]) == half] for half in ("tune", "report")]
    mixed = [one for pair in zip(*halves, strict=False) for one in pair]
    return Suite("process", "process", passages, {}, {}), mixed


def _in_language(suite: AnswerSuite, passages: dict[str, Item]) -> Iterator[tuple[str, Wanted]]:
    """The questions of the articles that stand in this suite's language, and nowhere else in the pile."""
    language = next(iter(suite.pool.passages.values())).language
    articles = sorted({one.article for one in suite.pool.passages.values()})
    own = set(articles[XQUAD_LANGUAGES.index(language) :: len(XQUAD_LANGUAGES)])
    for key, item in suite.pool.passages.items():
        if item.article in own:
            passages[f"xquad {key}"] = item
    for article, wanted in suite.asked:
        if article in own:
            yield article, replace(wanted, gold=frozenset(f"xquad {key}" for key in wanted.gold))


def _some(suite: AnswerSuite, num: int | None) -> set[str]:
    """Paragraphs of some questions: all that two hops need and their distractors, or a number of them."""
    keys = list(suite.pool.passages)
    if num is None:
        return set(keys)
    if suite.name != "hotpot":
        return set(random.Random(5).sample(keys, num))
    gold = {key for _, wanted in suite.asked[:num] for key in wanted.gold}
    return gold | set(random.Random(5).sample(keys, 600))


def _find_all(
    engine: Engine, asked: Sequence[tuple[str, str, Wanted]], work: Path, until: float, again: int
) -> None:
    target = work / "cases.pickle"
    done = {one.wanted.key for one in read_pickles(target)}
    with target.open("ab") as stream:
        for number, (group, article, wanted) in enumerate(asked):
            if time.monotonic() > until:
                break
            if wanted.key in done:
                continue
            # Halves come in turn, so pairs of numbers are of both.
            pair = number // 2
            for one in _find(
                engine, (group, article, wanted), is_removed=pair % 2 == 0, is_again=pair % again == 0
            ):
                pickle.dump(one, stream)
            stream.flush()
            if number % 20 == 0:
                print(number, len(asked), f"{until - time.monotonic():.0f} s left", flush=True)


def _find(
    engine: Engine, asked: tuple[str, str, Wanted], *, is_removed: bool, is_again: bool
) -> Iterator[Case]:
    group, article, wanted = asked
    case = suite_case(wanted)
    query, found = search_case(engine, case)
    if not query.text:
        return
    first = (group, article, wanted, query)
    yield _read(engine, first, found[:NUM_READ], frozenset(), is_again=is_again)
    if is_removed:
        without = replace(wanted, key=f"{wanted.key} removed", strings=(), gold=frozenset())
        left = [one for one in found if not case.answers(one)][:NUM_READ]
        yield _read(engine, (group, article, without, query), left, wanted.gold, is_again=is_again)


def _read(
    engine: Engine,
    asked: tuple[str, str, Wanted, Query],
    hits: list[Hit],
    gone: frozenset[str],
    *,
    is_again: bool,
) -> Case:
    """What is found and read; `gone` are documents that are not there."""
    query, clock = asked[3], [time.monotonic()]
    evidence = find_evidence(query, hits, engine.encoder, asker=engine.asker)
    clock.append(time.monotonic())
    if not is_again:
        return Case(*asked, hits, evidence, {}, evidence, (round(clock[1] - clock[0], 3), 0.0, 0.0))
    again = search_again(partial(find_for_answer, engine), query, hits, evidence, NUM_AGAIN + len(gone))
    again = {way: [one for one in each if one.document.name not in gone] for way, each in again.items()}
    clock.append(time.monotonic())
    more = [*hits, *merge(again, NUM_AGAIN)]
    evidence_again = find_evidence(query, more, engine.encoder, AGAIN, asker=engine.asker)
    clock.append(time.monotonic())
    seconds = tuple(round(end - start, 3) for start, end in itertools.pairwise(clock))
    return Case(*asked, hits, evidence, again, evidence_again, seconds)  # type: ignore[arg-type]


def _write_all(engine: Engine, work: Path, until: float) -> None:
    """The model's answers from what was found, where anything was found at all likely to answer."""
    model = find_generator(ModelSettings(generator=MODEL))
    assert model is not None, "a pack that is not there is an error already"
    generator = Overheard(model)
    target = work / "written.pickle"
    done = {one.key for one in read_pickles(target)}
    settings = engine.settings.answer
    cases = [
        one
        for one in read_pickles(work / "cases.pickle")
        if chance_of_answer(one.evidence) >= settings.ask_above
    ]
    cases.sort(key=lambda one: (half_of(one.article), needs_draft_of(one, settings)))  # report first
    with target.open("ab") as stream:
        for number, case in enumerate(cases):
            if time.monotonic() > until:
                break
            if case.wanted.key not in done:
                pickle.dump(_write(engine, case, generator), stream)
                stream.flush()
            if number % 10 == 0:
                print(number, len(cases), f"{until - time.monotonic():.0f} s left", flush=True)


def needs_draft_of(case: Case, settings: AnswerSettings) -> bool:
    """Whether the model would be asked, by the scores of the search and of the chosen quotes."""
    heads = load_heads()
    assert heads is not None, "the weights are in the repository"
    made = (retrieve_step(case.query, case.hits, "first"), choose_step(case.query, case.hits, case.evidence))
    return needs_draft(case.query, case.evidence, [heads.score(one) for one in made], settings)


def _write(engine: Engine, case: Case, generator: Overheard) -> Written:
    """What the model makes of the first evidence; nothing where it would not be asked."""
    settings = engine.settings.answer
    if chance_of_answer(case.evidence) < settings.ask_above:
        return Written(case.wanted.key, "", None)
    generator.reply, made = "", None
    query = Query(case.query.text, case.query.language)  # as it is now, whatever was kept
    parts = {"encoder": engine.encoder, "checker": engine.checker}
    for event in answer(query, case.evidence, generator, settings, **parts):  # type: ignore[arg-type]
        if isinstance(event, Answered):
            made = event.answer
    return Written(case.wanted.key, generator.reply, made)


if __name__ == "__main__":
    main()
