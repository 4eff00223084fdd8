"""Held-out questions as a training keeps them, and how well two ways to weigh candidates answer them.

Those that people judged come from the store's events and saved questions; beside them stand questions made of
the documents by rule, which no voter can move. All are asked as people ask, of what everybody may read, and
without what is remembered: the query memory would know the judged ones by heart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from everask.errors import UsageError
from everask.feedback.labels import Labelled, is_held_out
from everask.index import Store
from everask.pipeline.asking import to_query
from everask.pipeline.own_questions import Budget, make_questions
from everask.retrieve import spell, understand
from everask.retrieve.candidates import QueryEncoder
from everask.retrieve.fuse import Fusion
from everask.retrieve.search import Weighing, score_by
from everask.training.gate import ASKED, Asked, gain
from everask.training.work import Work
from everask.types import Query

MADE = "made"
MOST_MADE = 120
_MAKING = 6.0
"""Seconds of each minute."""
NEIGHBOURS = 3
"""Passages before and after one that was judged right."""
MOST_ASKED = 1_500
"""More questions than that say no more."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A question with the passages that answer it. What stands `beside` these was not judged, and may answer
    as well: it counts neither for nor against anything."""

    text: str
    kind: str
    right: tuple[int, ...]
    beside: tuple[int, ...] = ()


def as_asked(store: Store, labelled: Sequence[Labelled]) -> list[HeldOut]:
    """Questions that people judged. They judge what they were shown, and of what stands together the passage
    that search put first: its neighbours must not count as wrong, else every other order would lose."""
    known: dict[str, list[int]] = {}
    made = []
    for one in labelled:
        beside: set[int] = set()
        for document in one.documents:
            if document not in known:
                known[document] = [passage.id for passage in store.passages(document, ())]
            ids = known[document]
            for at in (at for at, passage in enumerate(ids) if passage in one.right):
                beside |= set(ids[max(0, at - NEIGHBOURS) : at + NEIGHBOURS + 1])
        unknown = tuple(sorted(beside - set(one.right) - set(one.wrong)))
        made.append(HeldOut(one.question, ASKED, one.right, unknown))
    return made


def make(work: Work) -> tuple[list[HeldOut], list[HeldOut]]:
    """Questions made of documents that everybody may read: some to learn from beside people's, so that what
    search could do before is not forgotten, and of other documents some to measure with."""
    budget = Budget(2 * MOST_MADE, work.minutes * _MAKING)
    found: tuple[list[HeldOut], list[HeldOut]] = ([], [])
    uris = {one.id: one.uri.partition("#")[0] for one in work.store.documents(groups=())}
    try:
        for one in make_questions(work.store, None, budget, (), work.seed):
            unit = uris.get(one.passage.document_id, "")
            found[is_held_out(unit)].append(HeldOut(one.made.text, MADE, (one.passage.id,)))
    except UsageError:  # nothing that everybody may read
        pass
    return found[False][:MOST_MADE], found[True][:MOST_MADE]


def as_query(text: str, store: Store) -> Query:
    """What a search would look for; its text is empty where there is nothing."""
    understood = understand(text)
    query = to_query(understood, ())
    return spell(text, understood, query, store)[1] if query.text else query


def compare(
    work: Work, encoder: QueryEncoder, questions: Sequence[HeldOut], fusions: tuple[Fusion, Fusion]
) -> list[Asked]:
    """nDCG@10 of both weights on the same candidates; questions whose passages are gone are left out."""
    store, settings = work.store, work.settings.search
    weighings = [Weighing(one, with_memory=False) for one in fusions]
    asked = []
    for done, one in enumerate(questions, 1):
        work.tell_progress("measuring", done, len(questions), "asking")
        query = as_query(one.text, store)
        right = [passage for passage in one.right if passage in store.hits(one.right, ())]
        beside = set(one.beside)
        if not query.text or not right:
            continue
        with store.still():
            made = score_by(weighings, query, store, encoder, settings.num_candidates, settings.num_twins)
        ids = [[id for at in each.order() if (id := each.candidates.ids[at]) not in beside] for each in made]
        before, after = (gain(ranked, right) for ranked in ids)
        asked.append(Asked(one.kind, query.language, before, after))
    return asked
