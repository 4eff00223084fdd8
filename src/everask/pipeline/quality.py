"""How good Everask is on the user's own pile: on questions made of it, and on those that people saved.

Each question is asked as it is, and again without what answers it. Answers are quotes: whether a place is
found, and whether it is enough for an answer, is decided before any model writes. Questions made of a text
flatter whoever searches it; saved ones do not, and are told apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from everask import __version__
from everask.documents.kind import MEDIA_TYPES
from everask.errors import NotFoundError
from everask.evaluate.answers import Outcome, is_carried
from everask.evaluate.shares import Share
from everask.index.measurements import Figure, put_figures
from everask.index.saved import Saved, list_saved
from everask.pipeline import answer_runs, promotion
from everask.pipeline.answer_runs import Case
from everask.pipeline.asking import NUM_READ
from everask.pipeline.engine import Engine
from everask.pipeline.evaluating import Progress, Target
from everask.pipeline.own_questions import Budget, OwnQuestion, make_questions
from everask.pipeline.thresholds import in_use
from everask.pipeline.upgrades import SUITE, shipped_ranker
from everask.text import language_of
from everask.types import Answered

Kind = Literal["made", "saved"]
Metric = Literal["found", "answered", "refused", "without"]
METRICS: tuple[Metric, ...] = ("found", "answered", "refused", "without")
"""Found: what answers is among the passages that are read. Answered: rightly, by quoting it. Refused: said
that the documents don't say, though they do. Without: answered, though what answers had been left out; then
another document may say the same."""
FEW = 30
"""Questions below which a figure says little."""
LEAST_OF_GROUP = 5
_MAKING = 0.4


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one question; `without` is None where nothing could be left out, and `found` and
    `answered` where the documents should not say."""

    kind: Kind
    language: str
    file: str
    found: bool | None
    answered: bool | None
    refused: bool | None
    without: bool | None


@dataclass(frozen=True, slots=True)
class PileReport:
    """What was measured: the questions, the shares by group ("" is all), and saved questions whose document
    has changed or gone."""

    at: float
    tried: tuple[Tried, ...]
    groups: Mapping[str, Mapping[Metric, Share]]
    num_lost: int
    seconds: float

    @property
    def weakest(self) -> str:
        """The group that is surely answered worse than the whole: its interval ends below; "" for none."""
        whole = self.groups[""]["answered"].value
        weaker = {
            name: shares["answered"].value
            for name, shares in self.told.items()
            if shares["answered"].of >= LEAST_OF_GROUP and shares["answered"].bounds[1] < whole
        }
        return min(weaker, key=lambda name: (weaker[name], name.count(" ")), default="")

    @property
    def told(self) -> Mapping[str, Mapping[Metric, Share]]:
        """The groups that are large enough to be spoken of."""
        large = {name for name, one in self.groups.items() if one["found"].of >= LEAST_OF_GROUP}
        return {name: one for name, one in self.groups.items() if name in {"", "made", "saved"} | large}


def measure_pile(engine: Engine, budget: Budget, progress: Progress | None = None) -> PileReport:
    """Ask the saved questions and questions made of the documents, and keep the figures in the store.

    Raises UsageError for a pile without documents, ModelError of the model that makes the questions.
    """
    started = time.monotonic()
    saved = list_saved(engine.store.database, everybody=True)
    making = budget.part(_MAKING)
    made: list[OwnQuestion] = []
    for one in make_questions(engine.store, engine.generator, making):
        made.append(one)
        if progress:
            progress(len(made), budget.num, one.made.text)
    tried: list[Tried] = []
    todo = [one for one in saved if not one.is_lost]
    number = len(todo) + len(made)
    for trial in _try_all(engine, todo, made, budget):
        tried.append(trial)
        if progress:
            progress(len(tried), number, "")
    groups = _share_out(tried)
    report = PileReport(time.time(), tuple(tried), groups, len(saved) - len(todo), time.monotonic() - started)
    if tried:
        _keep(engine, report)
    return report


def _try_all(
    engine: Engine, saved: Sequence[Saved], made: Sequence[OwnQuestion], budget: Budget
) -> Iterator[Tried]:
    """Saved questions first: they are real, and made ones are easily had again."""
    for one in saved:
        if budget.is_spent():
            return
        if one.document_id is None:
            yield _try_silence(engine, one)
        elif (trial := _try(engine, _saved_case(one), "saved", one.document_id, one.start)) is not None:
            yield trial
    for own in made:
        if budget.is_spent():
            return
        place = (own.passage.document_id, own.passage.start)
        if (trial := _try(engine, answer_runs.own_case(own), "made", *place)) is not None:
            yield trial


def _try(engine: Engine, case: Case, kind: Kind, document: str, start: int | None) -> Tried | None:
    query, hits = answer_runs.search_case(engine, case)
    if not query.text:
        return None
    read = hits[: min(NUM_READ, engine.settings.evidence.num_hits)]
    outcomes = list(answer_runs.ask_case(engine, case, None))
    if len(outcomes) < 2:
        return None
    threshold = in_use(engine.settings.answer, engine.store, None).answer_above
    asked, without = outcomes
    said = _is_said(asked, threshold)
    right = said and any(is_carried(one, asked.wanted) for one in asked.said)
    found = any(case.answers(hit) for hit in read)
    try:
        file = _file_kind(engine, document, start)
    except NotFoundError:  # removed meanwhile
        return None
    return Tried(kind, asked.wanted.language, file, found, right, not said, _is_said(without, threshold))


def _try_silence(engine: Engine, saved: Saved) -> Tried:
    """A question that the documents should not answer."""
    answered = False
    for event in engine.ask_stream(saved.question):
        if isinstance(event, Answered):
            answered = not event.answer.abstained
    return Tried("saved", language_of(saved.question), "", None, None, None, answered)


def _saved_case(saved: Saved) -> Case:
    span = (saved.start, saved.end) if saved.start is not None and saved.end is not None else None
    name = f"saved {saved.id}"
    target = Target(name, saved.document_id or "", span)
    return answer_runs.judged_case(name, saved.question, [target])


def _is_said(outcome: Outcome, threshold: float) -> bool:
    return bool(outcome.said) and (outcome.chance or 0.0) >= threshold


def _file_kind(engine: Engine, document_id: str, start: int | None) -> str:
    """The kind of file that a place is in; "scan" for a page that was read from a picture."""
    document = engine.store.document(document_id)
    pages = [page for page in document.pages if start is None or page.start <= start < page.end]
    if pages and all(page.source == "ocr" for page in pages):
        return "scan"
    known = {media_type: name for name, media_type in MEDIA_TYPES.items()}
    return known.get(document.media_type, document.media_type.partition("/")[0])


def _share_out(tried: Sequence[Tried]) -> dict[str, dict[Metric, Share]]:
    """Shares of all, and by kind of question, language, kind of file, and language and file together."""
    keys: list[Callable[[Tried], str]] = [
        lambda one: "",
        lambda one: one.kind,
        lambda one: f"language:{one.language}",
        lambda one: f"file:{one.file}" if one.file else "",
        lambda one: f"language:{one.language} file:{one.file}" if one.file else "",
    ]
    members: dict[str, dict[int, Tried]] = {}
    for number, one in enumerate(tried):
        for key in keys:
            members.setdefault(key(one), {})[number] = one
    groups = {name: _shares(list(some.values())) for name, some in sorted(members.items())}
    return groups or {"": _shares([])}


def _shares(tried: Sequence[Tried]) -> dict[Metric, Share]:
    shares: dict[Metric, Share] = {}
    for metric in METRICS:
        known = [value for one in tried if (value := getattr(one, metric)) is not None]
        shares[metric] = Share(sum(known), len(known))
    return shares


def _keep(engine: Engine, report: PileReport) -> None:
    encoder = engine.encoder
    ranker = promotion.in_use(engine.store, "ranker") or shipped_ranker()
    detail = {
        "encoder": encoder.id if encoder else "",
        "ranker": ranker,
        "seconds": round(report.seconds, 1),
    }
    figures = []
    for name, shares in report.groups.items():
        suite = f"{SUITE} {name}".strip()
        for metric, share in shares.items():
            if share.of:
                values = (share.value, *share.bounds, share.of)
                figures.append(Figure(report.at, __version__, suite, metric, *values, detail))
    put_figures(engine.store.database, figures)
