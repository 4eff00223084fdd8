"""Searching and asking: from what somebody typed to hits, and to an answer as it is made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, Protocol

from everask.answer import AnswerSettings
from everask.encoder import Encoder
from everask.encoder.checker import Checker
from everask.encoder.question import Asker
from everask.errors import UsageError
from everask.feedback.interleaving import Team
from everask.generator import Generator
from everask.index import Store
from everask.index.impressions import ShownList
from everask.pipeline.choosing import best_of
from everask.pipeline.encoders import one_state
from everask.pipeline.following import complete
from everask.pipeline.gathering import Gathered, gather, with_way, writer_for
from everask.pipeline.shown import as_shown, draw_for
from everask.pipeline.thresholds import in_use
from everask.pipeline.whole import answer_whole
from everask.pipeline.whole_parts import WholeQuestion
from everask.rank import rank
from everask.retrieve import RetrieveSettings, explain_nothing, mark_by_meaning, search, spell, understand
from everask.retrieve.in_use import fusion_on_trial
from everask.retrieve.trial import search_two
from everask.settings import Settings
from everask.text import language_of
from everask.types import (
    Answered,
    AnswerEvent,
    Filters,
    Hit,
    Query,
    Rewritten,
    StageStarted,
    Turn,
    Understood,
)

Origin = Literal["", "search", "answer"]
NO_FILTERS = Filters()
Groups = tuple[str, ...] | None
NUM_READ = 10
"""Passages that an answer is looked for in."""


class Parts(Protocol):
    """What searching and asking need of an engine; its models are opened when they are first needed."""

    settings: Settings
    store: Store

    @property
    def encoder(self) -> Encoder | None:
        """None: search is by words."""

    @property
    def asker(self) -> Asker | None:
        """None: nothing is ranked again, and sentences are read without it."""

    @property
    def checker(self) -> Checker | None:
        """None: rules alone say whether a quote supports a sentence."""

    @property
    def generator(self) -> Generator | None:
        """None: answers are quotes."""

    def note_found(self, hits: Sequence[Hit]) -> None:
        """Hear which passages were found."""

    def note_shown(self, shown: ShownList) -> None:
        """Hear what a person was shown."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Two rankings that were drafted into one list: the challenger's name, the passages of each alone, best
    first, and who picked which passage, None where both agree."""

    name: str
    champion: tuple[int, ...]
    challenger: tuple[int, ...]
    teams: Mapping[int, Team | None]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, best first, how its text was understood, and what it was a trial of, if any."""

    hits: list[Hit]
    understood: Understood
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """How many hits are wanted, and what is shown with each. `by_meaning` marks a sentence, too, in the first
    hits that share no word with the question: that takes most of the time of a search. `fold` puts
    near-copies behind the best of them."""

    top: int = 10
    marks: bool = True
    reasons: bool = False
    by_meaning: bool = False
    fold: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody asks, with its limits, who may read what, what was said before (oldest first), and who
    asks: None is the owner. `origin` is the page that shows a person what comes of it; "" for programs."""

    text: str
    filters: Filters = NO_FILTERS
    groups: Groups = None
    history: Sequence[Turn] = ()
    user: int | None = None
    origin: Origin = ""

    def __post_init__(self) -> None:
        limit = self.filters.topics
        if limit is not None and limit.viewer != self.user:
            own = replace(limit, viewer=self.user)  # whatever was sent: whose topics count is who asks
            object.__setattr__(self, "filters", replace(self.filters, topics=own))


def to_query(understood: Understood, groups: Groups, user: int | None = None) -> Query:
    """A query with its language."""
    text, language = understood.text, language_of(understood.text)
    return Query(text, language, understood.filters, groups, preferred=understood.preferred, user=user)


def find(parts: Parts, question: Question, shown: Shown) -> Found:
    """The passages that fit best; none for a text with nothing to look for."""
    understood = understand(question.text, question.filters)
    if not understood.text:
        return Found([], understood)
    settings = parts.settings.search
    settings = replace(settings, num_candidates=max(settings.num_candidates, 2 * shown.top))
    query = to_query(understood, question.groups, question.user)
    understood, query = spell(question.text, understood, query, parts.store)
    hits, trial = None, None
    if question.origin == "search":
        hits, trial = _try_out(parts, question, query, settings, shown)
    if hits is None:
        hits = _search(parts, query, settings, shown)
    return Found(hits, understood if hits else explain_nothing(understood), trial)


def ask_stream(
    parts: Parts, question: Question, cancelled: Callable[[], bool] | None = None
) -> Iterator[AnswerEvent]:
    """The answer as it is made: quotes at once, then each sentence when it is checked, last Answered.

    Raises UsageError for a text without a question in it.
    """
    started = time.monotonic()
    understood = understand(question.text, question.filters, is_question=True)
    if not understood.text:
        raise UsageError("There is no question in this.", " ".join(understood.hints))
    asked = understood.text
    about = WholeQuestion(asked, language_of(asked), understood.filters, question.groups)
    if (stream := answer_whole(parts, about, cancelled)) is not None:
        yield from stream
        return
    with_model = parts.settings.dialogue.use_model
    find_model = (lambda: parts.generator) if with_model else (lambda: None)
    whole = complete(question.text, understood, question.history, find_model, cancelled)
    if cancelled and cancelled():
        return
    if whole.rewritten:
        yield Rewritten(whole.rewritten)
        about = replace(about, text=whole.understood.text, filters=whole.understood.filters)
        if (stream := answer_whole(parts, about, cancelled)) is not None:
            yield from (_as_asked(event, asked, whole.rewritten) for event in stream)
            return
    query = to_query(whole.understood, question.groups, question.user)
    _, query = spell(whole.rewritten or question.text, whole.understood, query, parts.store)
    yield StageStarted("searching")
    hits = find_for_answer(parts, query)
    if question.origin:
        parts.note_shown(as_shown(whole.rewritten or question.text, question.user, question.origin, hits))
    yield StageStarted("reading")
    model = parts.generator
    settings = in_use(parts.settings.answer, parts.store, model.name if model else None)
    typed = asked if whole.rewritten else ""
    found = gather(parts, query, hits, asked=typed, again=partial(find_for_answer, parts))
    for event in answer_gathered(parts, found, settings, model, cancelled):
        if isinstance(event, Answered):
            event = Answered(replace(event.answer, seconds=time.monotonic() - started))
        yield _as_asked(event, asked, whole.rewritten)


def _as_asked(event: AnswerEvent, asked: str, rewritten: str) -> AnswerEvent:
    """An event whose answer names the question as it was asked, and what was made of it."""
    if isinstance(event, Answered):
        return Answered(replace(event.answer, question=asked, rewritten=rewritten))
    return event


def find_for_answer(parts: Parts, query: Query, top: int = NUM_READ) -> list[Hit]:
    """The passages that an answer is looked for in."""
    return _search(parts, query, parts.settings.search, Shown(top, marks=False), for_answer=True)


def answer_from(
    parts: Parts,
    query: Query,
    hits: Sequence[Hit],
    settings: AnswerSettings,
    generator: Generator | None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[AnswerEvent]:
    """An answer from these passages: written by `generator`, in quotes where that is None."""
    return answer_gathered(parts, gather(parts, query, hits), settings, generator, cancelled)


def answer_gathered(
    parts: Parts,
    found: Gathered,
    settings: AnswerSettings,
    generator: Generator | None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[AnswerEvent]:
    """An answer from what was gathered, with the way to it."""
    generator = writer_for(parts, found, generator)
    made = best_of(parts, found.query, found.evidence, settings, generator, cancelled)
    return with_way(made, found)


def _try_out(
    parts: Parts, question: Question, query: Query, settings: RetrieveSettings, shown: Shown
) -> tuple[list[Hit] | None, Trial | None]:
    """The hits of what serves and of what is on trial, drafted into one list; None where nothing is."""
    challenger = fusion_on_trial(parts.store)
    if challenger is None or parts.settings.rank.use == "always":
        return None, None
    name, fusion = challenger
    draw = draw_for(question.text, question.user)
    with one_state(parts):
        drawn = search_two(fusion, query, parts.store, parts.encoder, draw, top=shown.top, settings=settings)
    parts.note_found(drawn.hits)
    return drawn.hits, Trial(name, drawn.champion, drawn.challenger, drawn.teams)


def _search(
    parts: Parts, query: Query, settings: RetrieveSettings, shown: Shown, for_answer: bool = False
) -> list[Hit]:
    """The fused list, ranked again where the settings say so, and marked by meaning where no word is."""
    ranks = parts.settings.rank
    asker = parts.asker if ranks.use == "always" or (for_answer and ranks.use == "answers") else None
    with one_state(parts):
        hits = search(
            query,
            parts.store,
            parts.encoder,
            top=max(shown.top, ranks.num_hits) if asker else shown.top,
            settings=settings,
            with_marks=shown.marks,
            with_reasons=shown.reasons,
        )
    parts.note_found(hits[: shown.top])
    hits = rank(query, hits, asker, ranks)[: shown.top] if asker else hits
    return mark_by_meaning(query, hits, parts.encoder) if shown.by_meaning else hits
