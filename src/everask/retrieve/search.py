"""From a query to hits: candidates from the index's two channels, fused, with the words marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from everask.index import Store
from everask.retrieve.candidates import Asked, Candidates, Column, QueryEncoder, gather
from everask.retrieve.explain import explain
from everask.retrieve.fuse import Fusion, fuse, load_fusion
from everask.retrieve.in_use import fusion_in_use
from everask.retrieve.settings import RetrieveSettings
from everask.retrieve.twins import meet
from everask.text import mark
from everask.types import Channel, DocumentInfo, Hit, Passage, Query

DEFAULTS = RetrieveSettings()
PREFERRED = 0.05
"""What having the words in quotation marks of a question is worth, in the unit of a cosine. nDCG@10 of such
questions of the tuning half, demanded, ignored, at 0.02, 0.05, 0.1: DRCD 0.983, 0.971, 0.988, 0.993, 0.993;
XQuAD's pool of all languages 0.219, 0.911, 0.910, 0.913, 0.907."""
REMEMBERED = 1.0
"""What it is worth to have answered the same question before, in the unit of a cosine: more than what
anything else can bring, so that it comes first."""
ALIKE = 5
"""Passages that others are to be like."""
DISLIKED = 0.1
"""What is taken from a passage that did not answer it: people vote against wordings, too."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """What candidates are weighed by: the weights, None for those in use in the store; and whether what was
    judged for questions like this one counts."""

    fusion: Fusion | None = None
    with_memory: bool = True


IN_USE = Weighing()


@dataclass(frozen=True, slots=True)
class Scored:
    """Candidates with the parts of their scores (n,) each, what each was moved by
    when it was brought together with its like, and the sums."""

    asked: Asked
    candidates: Candidates
    parts: Mapping[str, Column]
    moved: Column
    scores: Column

    def order(self) -> list[int]:
        """The candidates' numbers, the best first."""
        return [int(one) for one in np.lexsort((np.asarray(self.candidates.ids), -self.scores))]


def search(
    query: Query,
    store: Store,
    encoder: QueryEncoder | None,
    *,
    top: int = 10,
    settings: RetrieveSettings = DEFAULTS,
    with_marks: bool = True,
    with_reasons: bool = False,
) -> list[Hit]:
    """The `top` passages, best first. By words alone without an encoder, or before there are vectors.

    `with_marks` finds the query's words in each passage: most of the time of a search that nobody reads.
    `with_reasons` says what each hit's score is made of, and finds the words for it.
    """
    with store.still():
        made = score(query, store, encoder, max(settings.num_candidates, top), settings.num_twins)
        places = made.order()[:top]
        found = store.hits([made.candidates.ids[place] for place in places], query.groups)
    hits = []
    for place in places:
        if made.candidates.ids[place] not in found:  # removed since
            continue
        hit = to_hit(made, place, found[made.candidates.ids[place]], with_marks or with_reasons)
        if with_reasons:
            shares = {part: float(column[place]) for part, column in made.parts.items()}
            shares["moved"] = float(made.moved[place])
            cosine = float(made.candidates.cosine[place])
            hit = replace(hit, reasons=explain(query, hit.passage, shares, cosine, hit.marks))
        hits.append(hit)
    return hits


def search_by(
    weighing: Weighing,
    query: Query,
    store: Store,
    encoder: QueryEncoder | None,
    *,
    top: int = 10,
    settings: RetrieveSettings = DEFAULTS,
) -> list[Hit]:
    """The same by other weights, or without what is remembered, and without marks: to compare with."""
    with store.still():
        limit = max(settings.num_candidates, top)
        made = score(query, store, encoder, limit, settings.num_twins, weighing)
        ids = [(place, made.candidates.ids[place]) for place in made.order()[:top]]
        found = store.hits([one for _, one in ids], query.groups)
    return [to_hit(made, place, found[one], with_marks=False) for place, one in ids if one in found]


def to_hit(made: Scored, place: int, found: tuple[Passage, DocumentInfo], with_marks: bool) -> Hit:
    """A candidate as it is handed on."""
    passage, document = found
    cosine, share = float(made.candidates.cosine[place]), float(made.candidates.share[place])
    near: dict[Channel, float] = {} if np.isnan(cosine) else {"dense": cosine}
    channels: dict[Channel, float] = {**({"lexical": share} if share > 0 else {}), **near}
    if recalled := float(made.candidates.recalled[place]):
        channels["memory"] = recalled
    marks = mark(passage.text, list(made.asked.tokens), passage.language) if with_marks else ()
    return Hit(passage, document, float(made.scores[place]), channels, marks)


def score(
    query: Query,
    store: Store,
    encoder: QueryEncoder | None,
    limit: int,
    num_twins: int = 30,
    weighing: Weighing = IN_USE,
) -> Scored:
    """The candidates, `limit` of each channel, with what each part of its score gives each of them."""
    (made,) = score_by((weighing,), query, store, encoder, limit, num_twins)
    return made


def score_by(
    weighings: Sequence[Weighing],
    query: Query,
    store: Store,
    encoder: QueryEncoder | None,
    limit: int,
    num_twins: int = 30,
) -> list[Scored]:
    """The same candidates, weighed in several ways."""
    with_memory = any(one.with_memory for one in weighings)
    asked, candidates = gather(query, store, encoder, limit, with_memory)
    preferred = _preferred(query, store, candidates) if query.preferred else np.float32(0)
    scored = []
    for one in weighings:
        fusion = one.fusion or fusion_in_use(store)
        parts = {str(part): column for part, column in fuse(asked, candidates, fusion).items()}
        parts["words"] = parts["words"] + preferred
        if fusion.alike and encoder is not None:
            near = like_the_first(store, encoder, asked, candidates)
            parts["meaning"] = parts["meaning"] + np.float32(fusion.alike) * near
        parts["memory"] = _remembered(candidates) * np.float32(one.with_memory)
        sums = np.sum(list(parts.values()), axis=0)
        moved = _bring_together(store, encoder, candidates, sums, num_twins, fusion.twin)
        scored.append(Scored(asked, candidates, parts, moved, sums + moved))
    return scored


def like_the_first(store: Store, encoder: QueryEncoder, asked: Asked, candidates: Candidates) -> Column:
    """How near each candidate is to the middle of the others that the shipped weights put first: what is
    right is often said in several places (Rocchio, 1971), and to be like itself says nothing of a passage. 0
    without a vector; learned weights alone count it."""
    near = np.zeros(len(candidates.ids), np.float32)
    sums = np.sum(list(fuse(asked, candidates, load_fusion()).values()), axis=0)
    known = store.directions(encoder.id, store.dense_means(encoder.id), candidates.ids)
    places = [place for place, one in enumerate(candidates.ids) if one in known]
    first = [place for place in np.argsort(-sums, kind="stable").tolist() if candidates.ids[place] in known]
    if not places:
        return near
    vectors = np.stack([known[candidates.ids[place]] for place in places])
    of = {place: row for row, place in enumerate(places)}
    near[places] = like_others(vectors, [of[place] for place in first[: ALIKE + 1]])
    return near


def like_others(vectors_nd: Column, first: Sequence[int]) -> Column:
    """How near each (n,) is to the middle of `ALIKE` of these, best first, without itself."""
    total_d, whole_d = vectors_nd[first[:ALIKE]].sum(axis=0), vectors_nd[first].sum(axis=0)
    near_n = vectors_nd @ (total_d / max(float(np.linalg.norm(total_d)), 1e-9))
    for row in first[:ALIKE]:
        others_d = whole_d - vectors_nd[row]
        near_n[row] = vectors_nd[row] @ (others_d / max(float(np.linalg.norm(others_d)), 1e-9))
    return np.asarray(near_n, np.float32)


def _preferred(query: Query, store: Store, candidates: Candidates) -> Column:
    """What candidates gain that have what stands in quotation marks in a question."""
    counts = store.count_held(candidates.ids, query.preferred)
    held = np.array([counts.get(one, 0) for one in candidates.ids], np.float32)
    return np.asarray(PREFERRED * held / len(query.preferred), np.float32)


def _remembered(candidates: Candidates) -> Column:
    """What candidates gain or lose by what was judged for questions like this one."""
    recalled = candidates.recalled
    return np.asarray(np.where(recalled > 0, REMEMBERED * recalled, DISLIKED * recalled), np.float32)


def _bring_together(
    store: Store,
    encoder: QueryEncoder | None,
    candidates: Candidates,
    scores: Column,
    limit: int,
    least: float,
) -> Column:
    """What the first hits gain or lose by what says the same in the asker's language, or in another."""
    gains = np.zeros_like(scores)
    own = candidates.is_own > 0
    best = np.argsort(-scores, kind="stable")
    foreign = best[:limit][~own[best[:limit]]]
    # A translation is about as near to the query: no need to look far down.
    near = [place for place in best[: 3 * limit].tolist() if own[place]]
    if encoder is None or not len(foreign) or not near:
        return gains
    chosen = [*foreign.tolist(), *near]
    ids = [candidates.ids[place] for place in chosen]
    known = store.directions(encoder.id, store.dense_means(encoder.id), ids)
    places = [place for place, one in zip(chosen, ids, strict=True) if one in known]
    if not places:
        return gains
    vectors = np.stack([known[candidates.ids[place]] for place in places])
    likeness = vectors @ vectors.T
    gains[places] = meet(scores[places], candidates.is_own[places], likeness, least)
    return gains
