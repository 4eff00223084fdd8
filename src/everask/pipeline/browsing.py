"""Looking around: what a search finds with its facets, and what is like a passage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from everask.errors import NotFoundError
from everask.index.facets import Facets, count_facets
from everask.pipeline.asking import Parts, Question, Shown, Trial, find, to_query
from everask.pipeline.encoders import one_state
from everask.retrieve import explain_nothing, mark_by_meaning, understand
from everask.retrieve.candidates import guessed
from everask.retrieve.folding import Folded, fold
from everask.retrieve.like import find_like
from everask.text import analyse_query
from everask.types import Hit, Passage, Understood


@dataclass(frozen=True, slots=True)
class Like:
    """The passage that others are to be like: the one with the character `start` of a document's text."""

    document_id: str
    start: int


@dataclass(frozen=True, slots=True)
class Browsed:
    """Hits, best first, how the text was understood, the facets of all that was found, where wanted, what
    it was a trial of, if any, and the hits with their near-copies, where wanted."""

    hits: list[Hit]
    understood: Understood
    facets: Facets | None = None
    like: Passage | None = None
    trial: Trial | None = None
    folded: Sequence[Folded] = ()


def browse(
    parts: Parts, question: Question, shown: Shown, like: Like | None = None, with_facets: bool = False
) -> Browsed:
    """A search; or, with `like`, the passages like one, within the question's limits.

    Raises NotFoundError for a passage that is not there, or not the asker's to read.
    """
    with one_state(parts):
        return _browse(parts, question, shown, like, with_facets)


def _browse(parts: Parts, question: Question, shown: Shown, like: Like | None, with_facets: bool) -> Browsed:
    if like is not None:
        passage = _passage(parts, like, question)
        understood = Understood(question.text, question.filters)
        query = to_query(understood, question.groups, question.user)
        hits = find_like(passage, query, parts.store, parts.encoder, shown.top)
        parts.note_found(hits)
        explained = understood if hits else explain_nothing(understood)
        return Browsed(hits, explained, None, passage, folded=_folded(hits, shown))
    found = find(parts, question, shown)
    facets = _facets(parts, question, found.understood, found.hits) if with_facets else None
    folded = _folded(found.hits, shown)
    return Browsed(found.hits, found.understood, facets, trial=found.trial, folded=folded)


def _folded(hits: Sequence[Hit], shown: Shown) -> list[Folded]:
    return fold(hits) if shown.fold else []


def mark_found(parts: Parts, question: Question, ids: Sequence[int]) -> list[Hit]:
    """Passages that a search found, those without its words marked by meaning: for whoever shows them first
    and marks them afterwards. What the asker may not read is left out."""
    understood = understand(question.text, question.filters)
    query = to_query(understood, question.groups, question.user)
    found = parts.store.hits(ids, question.groups)
    hits = [Hit(*found[one], 0.0, {"dense": 0.0}) for one in ids if one in found]
    return mark_by_meaning(query, hits, parts.encoder, num_threads=1)


def _facets(parts: Parts, question: Question, understood: Understood, hits: list[Hit]) -> Facets:
    if not understood.text:
        return Facets()
    query = to_query(understood, question.groups, question.user)
    tokens = analyse_query(query.text, query.language, guessed(query.language, parts.store))
    ids = [hit.passage.id for hit in hits]
    return count_facets(parts.store.database, tokens, ids, query.filters, query.groups, query.user)


def _passage(parts: Parts, like: Like, question: Question) -> Passage:
    for passage in parts.store.passages(like.document_id, question.groups):
        if passage.start <= like.start < passage.end:
            return passage
    raise NotFoundError("There is no such passage.", "Search again: the document may have changed.")
