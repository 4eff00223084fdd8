"""Why an expected place is not in an answer: it is followed through search, reading and writing.

What is followed is what asking does, with the same settings and the same models; nothing is said of a stage
that was not looked at. A document that the asker may not read is missing, as everywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

from everask.answer.decide import decide
from everask.answer.orders import set_back
from everask.answer.quotes import choose_quotes, repeats
from everask.answer.versions import prefer_newer
from everask.answer.write import choose_prompt
from everask.errors import UsageError
from everask.index.reach import within
from everask.pipeline.asking import NUM_READ, Question, find_for_answer, to_query
from everask.pipeline.engine import Engine
from everask.pipeline.expecting import Expected, Target, find_target
from everask.pipeline.gathering import gather
from everask.pipeline.thresholds import in_use
from everask.pipeline.trail import Lost, Trail, Why
from everask.pipeline.whole import answer_whole
from everask.pipeline.whole_parts import WholeQuestion
from everask.pipeline.written import follow_writing
from everask.read import find_evidence
from everask.read.evidence import choose_candidates
from everask.retrieve import spell, understand
from everask.retrieve.places import Place, find_places
from everask.text import language_of
from everask.trajectory import NO_STEPS, Trajectory
from everask.types import Answer, Answered, Claim, Evidence, Filters, Hit, Query

MAX_PASSAGES = 500
"""Of an expected document; those of a longer one beyond it are not followed."""
_TYPED = {
    "languages": "lang", "folder": "folder", "folders": "folder", "media_types": "type", "titles": "title",
    "after": "after", "before": "before", "phrases": "“…”", "without": "-", "topics": "topic",
}  # fmt: skip
_ALL = 10_000

Groups = tuple[str, ...] | None
Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class _Writing:
    """What is followed at the end: an answer that was given, a model that writes `again`, or quotes."""

    given: Answer | None
    again: bool
    cancelled: Cancelled | None

    @property
    def has_model(self) -> bool:
        """Whether a model wrote, or is to write."""
        return self.again or (self.given is not None and self.given.model is not None)


def explain_missing(
    engine: Engine,
    question: Question,
    expected: Expected,
    *,
    answer: Answer | None = None,
    write: bool = True,
    cancelled: Cancelled | None = None,
) -> Why:
    """The way of an expected place, up to the stage that lost it.

    Of an `answer` that was given it is told what became of the place there. Else, with `write`, the model
    writes again, and each of its sentences is looked at; without, answers are taken to be quotes.
    Raises UsageError for a text without a question, or where nothing is expected.
    """
    started = time.monotonic()
    trail = Trail()
    target, best, way = None, None, NO_STEPS
    understood = understand(question.text, question.filters, is_question=True)
    if not understood.text:
        raise UsageError("There is no question in this.", " ".join(understood.hints))
    query = to_query(understood, question.groups, question.user)
    _, query = spell(question.text, understood, query, engine.store)
    try:
        target = find_target(engine, expected, question.groups, trail)
        _check_limits(engine, query, target, trail)
        known = answer is not None and _note_answer(answer.claims, target, trail)
        if not known and not _follow_whole(engine, query, target, trail, cancelled):
            hits = find_for_answer(engine, query)
            way = Trajectory(gather(engine, query, hits).steps)
            best = _follow_search(engine, query, target, hits, trail)
            writing = _Writing(answer, write, cancelled)
            _follow_reading(engine, query, hits, target, trail, writing)
    except Lost:
        pass
    start, end = target.spans[0] if target and target.spans else (None, None)
    return Why(
        question.text,
        trail.lost_at(),
        tuple(trail.steps),
        target.info if target else None,
        start,
        end,
        best or (target.passages[0].id if target and target.spans else None),
        time.monotonic() - started,
        way,
    )


def _check_limits(engine: Engine, query: Query, target: Target, trail: Trail) -> None:
    """Whether the question's limits let the place in; which do not."""
    if query.filters == Filters():
        return
    ids = [one.id for one in target.passages[:MAX_PASSAGES]]
    database = engine.store.database
    if within(database, ids, query.filters, query.groups):
        trail.passed("limits", "within")
        return
    nothing = Filters()
    guilty = []
    for item in fields(Filters):
        value = getattr(query.filters, item.name)
        if value == getattr(nothing, item.name):
            continue
        alone = replace(nothing, **{item.name: value})
        if not within(database, ids, alone, query.groups):
            guilty.append(_TYPED[item.name])
    every = [_TYPED[one.name] for one in fields(Filters) if getattr(query.filters, one.name)]
    raise trail.lost("limits", "limits", {"limits": ", ".join(dict.fromkeys(guilty or every))})


def _follow_whole(
    engine: Engine, query: Query, target: Target, trail: Trail, cancelled: Cancelled | None
) -> bool:
    """Whether the question is one about whole documents, and what its answer rests on."""
    asked = WholeQuestion(query.text, language_of(query.text), query.filters, query.groups)
    stream = answer_whole(engine, asked, cancelled)
    if stream is None:
        return False
    claims = [claim for event in stream if isinstance(event, Answered) for claim in event.answer.claims]
    if not _note_answer(claims, target, trail):
        raise trail.lost("whole", "whole")
    return True


def _follow_search(
    engine: Engine, query: Query, target: Target, hits: Sequence[Hit], trail: Trail
) -> int | None:
    """Whether the place is among the passages that are read; the passage that came first."""
    taken = min(NUM_READ, engine.settings.evidence.num_hits)
    ids = [one.id for one in target.passages[:MAX_PASSAGES]]
    places = find_places(query, engine.store, engine.encoder, ids, engine.settings.search, taken)
    best = min(places.values(), key=lambda one: one.fused or _ALL * _ALL)
    figures = _figures(best, taken)
    read = [hit.passage.id for hit in hits[:taken] if hit.passage.id in set(ids)]
    if read:
        if target.parts > 1:
            trail.note("cut", "pieces", {"parts": target.parts})
        trail.passed("ranked", "found", _figures(places[read[0]], taken))
        return read[0]
    if target.parts > 1:
        raise trail.lost("cut", "cut", {"parts": target.parts})
    if engine.encoder is not None and best.cosine is None and not _has_vector(engine, ids):
        raise trail.lost("vector", "waiting")
    if best.fused is None:
        raise trail.lost("found", "not found", {"seen": best.num_seen})
    if not best.is_candidate:
        raise trail.lost("found", "far", {**figures, "candidates": engine.settings.search.num_candidates})
    if best.fused <= taken:
        raise trail.lost("ranked", "ranked again", figures)
    raise trail.lost("ranked", "ranked low", figures)


def _has_vector(engine: Engine, ids: Sequence[int]) -> bool:
    encoder = engine.encoder
    return encoder is not None and bool(
        engine.store.directions(encoder.id, engine.store.dense_means(encoder.id), ids)
    )


def _figures(place: Place, taken: int) -> dict[str, str | int | float]:
    return {
        "by_words": place.by_words or "–",
        "by_meaning": place.by_meaning or "–",
        "fused": place.fused or "–",
        "seen": place.num_seen,
        "taken": taken,
        "score": place.score or 0.0,
        "best": place.best,
        "last": place.last,
    }


def _follow_reading(
    engine: Engine,
    query: Query,
    hits: Sequence[Hit],
    target: Target,
    trail: Trail,
    writing: _Writing,
) -> None:
    """Whether the place is evidence, whether that is enough, and what is made of it."""
    evidence = _follow_evidence(engine, query, hits, target, trail)
    generator = engine.generator if writing.has_model else None
    name = generator.name if generator else None
    settings = in_use(engine.settings.answer, engine.store, name)
    decision = decide(evidence, settings, has_model=generator is not None)
    figures = {"chance": decision.chance, "threshold": decision.threshold}
    if decision.kind == "abstain":
        raise trail.lost("chance", "chance", figures)
    trail.passed("chance", "sure", figures)
    if generator is None:
        quotes: Sequence[Evidence] = choose_quotes(evidence, settings.max_quotes)
    else:
        quotes = choose_prompt(evidence, settings.prompt_tokens)
    taken = [one for one in quotes if _is_of(one, target)]
    if not taken:
        raise _not_quoted(evidence, quotes, target, trail)
    trail.passed("quoted", "quoted")
    if generator is None:
        trail.passed("answer", "answered", {"sentence": taken[0].text})
        return
    if not writing.again:
        raise trail.lost("written", "not used")
    follow_writing(engine, query, hits, quotes, target, trail, writing.cancelled)


def _follow_evidence(
    engine: Engine, query: Query, hits: Sequence[Hit], target: Target, trail: Trail
) -> Sequence[Evidence]:
    """The evidence that an answer is made of, with the place among it."""
    limits = engine.settings.evidence
    every = replace(limits, num_evidence=_ALL)
    scored = find_evidence(query, hits, engine.encoder, every, asker=engine.asker)
    found = find_evidence(query, hits, engine.encoder, limits, asker=engine.asker)
    rank = next((at for at, one in enumerate(scored, 1) if _is_of(one, target)), None)
    if rank is None:
        read = choose_candidates(query, hits[: limits.num_hits], _ALL)
        figures = {"sentences": len(read), "limit": limits.num_sentences}
        raise trail.lost("read", "not read", figures)
    chosen = {"rank": rank, "probability": scored[rank - 1].probability, "best": scored[0].probability}
    if not any(_is_of(one, target) for one in found):
        raise trail.lost("chosen", "not chosen", {**chosen, "kept": limits.num_evidence})
    evidence, _ = prefer_newer(set_back(query, found))
    if not any(_is_of(one, target) for one in evidence):
        raise trail.lost("chosen", "older")
    trail.passed("chosen", "chosen", chosen)
    return evidence


def _not_quoted(
    evidence: Sequence[Evidence], quotes: Sequence[Evidence], target: Target, trail: Trail
) -> Lost:
    mine = next(one for one in evidence if _is_of(one, target))
    for other in quotes:
        if repeats(mine, other):
            return trail.lost("quoted", "repeats", {"other": other.text})
    figures = {"probability": mine.probability, "best": evidence[0].probability}
    return trail.lost("quoted", "not quoted", figures)


def _is_of(evidence: Evidence, target: Target) -> bool:
    return target.holds(evidence.hit.document.id, evidence.start, evidence.end)


def _note_answer(claims: Sequence[Claim], target: Target, trail: Trail) -> bool:
    """Say which sentence of an answer rests on the place, if one does."""
    for claim in claims:
        if any(target.holds(one.document_id, one.start, one.end) for one in claim.citations):
            trail.passed("answer", "answered", {"sentence": claim.text})
            return True
    return False
