"""Answers as they are measured: each question asked as users ask, and again without what answers it.

What answers is left out of what was found, and stays where it is. Everything that would be said is kept, with
the chance that there is an answer: which of it is shown is a matter of the threshold. Knows no measure.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from everask.encoder import load_means
from everask.evaluate.answer_suites import AnswerSuite
from everask.evaluate.answers import Cited, Outcome, Said, Wanted
from everask.generator import Generator
from everask.pipeline.asking import NUM_READ, Groups, Parts, answer_from, find_for_answer, to_query
from everask.pipeline.engine import Engine
from everask.pipeline.evaluating import Progress, Target, fill_store
from everask.pipeline.own_questions import Budget, OwnQuestion
from everask.retrieve import spell, understand
from everask.settings import Settings
from everask.text import language_of
from everask.types import Answer, Answered, Citation, Hit, Query

LOWEST = 0.05
"""The lowest threshold that is measured: below it not even a language model is asked."""
_SPARE = 8
"""Hits found beside those that are read, to take the place of what is left out."""


@dataclass(frozen=True, slots=True)
class Case:
    """A question with its answer in the pile: what is right, which hits answer it, and the name under which
    what a citation cites is judged."""

    wanted: Wanted
    answers: Callable[[Hit], bool]
    name: Callable[[Citation], str] = lambda one: one.document
    groups: Groups = None


def ask_case(
    parts: Parts, case: Case, generator: Generator | None, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[Outcome]:
    """The outcome with what answers it, where it is in the pile, then without. Ends early when cancelled."""
    query, hits = search_case(parts, case)
    if not query.text:
        return
    without = replace(case.wanted, key=f"{case.wanted.key} removed", strings=(), gold=frozenset())
    left = [one for one in hits if not case.answers(one)]
    for wanted, read in ((case.wanted, hits), (without, left)):
        made = _answer(parts, query, read[:NUM_READ], generator, cancelled)
        if made is None:
            return
        yield Outcome(wanted, not made.abstained, _said(made, case, read), made.chance, made.seconds)


def own_case(question: OwnQuestion, groups: Groups = None) -> Case:
    """A question made of a passage: what cites the passage is right, or what holds the same answer."""
    made, passage = question.made, question.passage
    key = question.key
    sentence = passage.text[made.start : made.end]

    def answers(hit: Hit) -> bool:
        same = hit.passage.id == passage.id or sentence in hit.passage.text
        return same or bool(made.answer and made.answer in hit.passage.text)

    def name(one: Citation) -> str:
        inside = (
            one.document_id == passage.document_id and one.start < passage.end and one.end > passage.start
        )
        return key if inside or (made.answer and made.answer in one.quote) else one.document

    strings = (made.answer,) if made.answer else ()
    return Case(Wanted(key, made.text, made.language, strings, frozenset({key})), answers, name, groups)


def judged_case(key: str, text: str, targets: Sequence[Target], groups: Groups = None) -> Case:
    """A question of the user's, with the documents, or the spans of them, that they judged right."""

    def answers(hit: Hit) -> bool:
        return any(one.holds(hit) for one in targets)

    def name(one: Citation) -> str:
        return next((each.name for each in targets if each.holds_place(one)), one.document)

    gold = frozenset(one.name for one in targets)
    return Case(Wanted(key, text, language_of(text), (), gold), answers, name, groups)


def suite_case(wanted: Wanted) -> Case:
    """A question of a suite, whose passages are documents by the names that are judged."""
    return Case(wanted, lambda hit: hit.document.name in wanted.gold)


def run_cases(
    parts: Parts,
    cases: Sequence[Case],
    generator: Generator | None,
    budget: Budget,
    progress: Progress | None,
) -> list[Outcome]:
    """The outcomes of all cases, or of those there was time for; `progress` gets (done, of, question)."""
    outcomes: list[Outcome] = []
    for done, case in enumerate(cases, 1):
        if budget.is_spent():
            break
        both = list(ask_case(parts, case, generator, budget.cancelled))
        # One without the other would shift the balance.
        outcomes += both if len(both) == 2 else []
        if progress:
            progress(done, len(cases), case.wanted.text)
    return outcomes


def run_suite(
    settings: Settings,
    suite: AnswerSuite,
    wanted: Sequence[Wanted],
    generator: Generator | None,
    budget: Budget,
    progress: Progress | None = None,
) -> list[Outcome]:
    """The outcomes of a suite's questions, over its passages in a temporary store."""
    with (
        tempfile.TemporaryDirectory(prefix="everask-suite-") as folder,
        Engine(replace(settings, data=Path(folder))) as engine,
    ):
        encoder = engine.encoder
        fill_store(suite.pool, engine.store, encoder, load_means(encoder.id) if encoder else {})
        return run_cases(engine, [suite_case(one) for one in wanted], generator, budget, progress)


def search_case(parts: Parts, case: Case) -> tuple[Query, list[Hit]]:
    """The query of a case, and what is found for it: what is read, and some more."""
    understood = understand(case.wanted.text, is_question=True)
    query = to_query(understood, case.groups)
    if not query.text:
        return query, []
    _, query = spell(case.wanted.text, understood, query, parts.store)
    return query, find_for_answer(parts, query, NUM_READ + _SPARE)


def _answer(
    parts: Parts,
    query: Query,
    hits: Sequence[Hit],
    generator: Generator | None,
    cancelled: Callable[[], bool],
) -> Answer | None:
    settings = replace(parts.settings.answer, answer_above=LOWEST, ask_above=LOWEST)
    events = answer_from(parts, query, hits, settings, generator, cancelled)
    made = None
    for event in events:
        if isinstance(event, Answered):
            made = event.answer
    return made


def _said(made: Answer, case: Case, hits: Sequence[Hit]) -> tuple[Said, ...]:
    def around(one: Citation) -> str:
        return " ".join(
            hit.passage.text
            for hit in hits
            if hit.document.id == one.document_id and hit.passage.start <= one.start < hit.passage.end
        )

    return tuple(
        Said(claim.text, tuple(Cited(case.name(one), one.quote, around(one)) for one in claim.citations))
        for claim in made.claims
    )
