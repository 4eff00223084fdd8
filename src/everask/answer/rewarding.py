"""Scores drafts with the merged reward: reads them, asks the heads, lets the gates and the merger decide.

    rewarder.score_all(query, evidence, [draft_of(claims, evidence), …])

What is scored is a draft: sentences with the numbers of the evidence that they cite. An abstention has no
sentences, and no score. The quotes alone, which every draft is measured against, are the piece of evidence
that is likeliest to answer. Knows nothing of who wrote a draft.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from everask.answer.beliefs import read_beliefs
from everask.answer.check import Sentence
from everask.answer.draft_features import Asked, Draft, Seen, pool, read_question, see
from everask.answer.draft_readings import DraftReader
from everask.answer.support import blend_logit
from everask.models.merged_reward.model import Facts, Merger, Reward, agreement, merge, refusals
from everask.models.reward.model import HEADS, Head
from everask.models.reward.pairs import DIMENSIONS
from everask.text import sentences
from everask.types import Claim, Evidence, Query

Floats = NDArray[np.float32]

# A passage of fewer sentences cannot be copied as a whole: it is a quote.
_MIN_COPIED = 3
# Below this a draft is never too long, however short the quotes are.
_SHORT = 240


@dataclass(frozen=True, slots=True)
class Scored:
    """A draft, its facts, what every head says of it, (H, D), and how far its citations agree with what is
    believed of the quotes, 0..1."""

    draft: Draft
    facts: Facts
    rewards_hd: Floats
    agreed: float = 0.0


class Rewarder:
    """The merged reward, open. Thread-safe as its reader is."""

    def __init__(self, reader: DraftReader, heads: Mapping[str, Head], merger: Merger) -> None:
        self._reader = reader
        self._heads = [heads[name] for name in HEADS]
        self._merger = merger
        self._scales_hd = np.array([merger.scales[name] for name in HEADS], np.float32)
        self._totals_h = np.array([merger.totals[name] for name in HEADS], np.float32)
        self._seen_hd = np.array([_sees(one) for one in self._heads])

    def score(self, query: Query, evidence: Sequence[Evidence], draft: Draft) -> Reward:
        """How good one draft is; whoever has several asks for them together."""
        return self.score_all(query, evidence, [draft])[0]

    def score_all(self, query: Query, evidence: Sequence[Evidence], drafts: Sequence[Draft]) -> list[Reward]:
        """How good each draft is, in their order. Without evidence nothing is: all are refused."""
        scored = self.look(query, evidence, drafts)
        if scored is None:
            return [Reward(0.0, ("empty",)) for _ in drafts]
        reference, each = scored
        return [self.decide(one, reference) for one in each]

    def look(
        self, query: Query, evidence: Sequence[Evidence], drafts: Sequence[Draft]
    ) -> tuple[Scored, list[Scored | None]] | None:
        """What is known of the quotes alone and of every draft, before anything is decided; None for a draft
        without sentences, and for all where there is no evidence."""
        if not evidence:
            return None
        asked = read_question(query, evidence, self._reader)
        chances_pe = self._believe(query, evidence)
        best = int(np.argmax(asked.logits if chances_pe is None else chances_pe.sum(0)))
        reference = (Sentence(evidence[best].text, (best + 1,)),)
        every = [reference, *(tuple(one) for one in drafts)]
        said = list(dict.fromkeys(one for draft in every for one in draft))
        seen = dict(zip(said, see(asked, said, self._reader), strict=True))
        filled = [draft for draft in every if draft]
        features = pool(asked, [[seen[one] for one in draft] for draft in filled])
        rewards_nhd = np.stack([head.score(features) for head in self._heads], axis=1)
        known = {
            draft: Scored(
                draft,
                read_facts(asked, [seen[one] for one in draft], reference),
                rewards_hd,
                0.0 if chances_pe is None else agreement([one.cited for one in draft], chances_pe),
            )
            for draft, rewards_hd in zip(filled, rewards_nhd, strict=True)
        }
        return known[reference], [known.get(tuple(one)) for one in drafts]

    def _believe(self, query: Query, evidence: Sequence[Evidence]) -> Floats | None:
        """(P, E) which quote answers each part of the question; None where beliefs do not count."""
        beliefs = self._merger.beliefs
        if beliefs is None:
            return None
        return beliefs.chances(read_beliefs(query, evidence, self._reader))

    def decide(self, scored: Scored | None, reference: Scored) -> Reward:
        """What `look` saw, judged."""
        if scored is None:
            return Reward(0.0, ("empty",))
        settings = self._merger.settings
        apart_hd = scored.rewards_hd - reference.rewards_hd
        value, dimensions_d, spread = merge(
            apart_hd,
            self._scales_hd,
            self._totals_h,
            self._seen_hd,
            settings,
            scored.agreed - reference.agreed,
        )
        refused = refusals(scored.facts, settings)
        dimensions: dict[str, float] = {
            name: round(float(one), 4) for name, one in zip(DIMENSIONS, dimensions_d, strict=True)
        }
        return Reward(0.0 if refused else value, refused, dimensions, spread)


def _sees(head: Head) -> NDArray[np.bool_]:
    """(D,) which dimensions a head says anything of."""
    return np.asarray((head.scalars_fd > 0).any(0) | (head.states_kd != 0).any(0))


def draft_of(claims: Sequence[Claim], evidence: Sequence[Evidence]) -> tuple[Sentence, ...]:
    """Sentences of an answer as a draft over the evidence that it was made of; a citation of anything else is
    lost."""
    number = {
        (one.hit.document.id, one.start, one.end): at
        for at, one in reversed(list(enumerate(evidence, start=1)))
    }
    return tuple(
        Sentence(
            claim.text,
            tuple(
                number[one.document_id, one.start, one.end]
                for one in claim.citations
                if (one.document_id, one.start, one.end) in number
            ),
        )
        for claim in claims
    )


def read_facts(asked: Asked, seen: Sequence[Seen], reference: Draft) -> Facts:
    """What the gates look at."""
    length = sum(len(one.text) for one in seen)
    allowed = max(_SHORT, sum(len(one.text) for one in reference))
    return Facts(
        num_sentences=len(seen),
        uncited=sum(not _is_cited(one, asked) for one in seen),
        wrong_figures=sum(one.figure for one in seen),
        support=min(_support(asked, one) for one in seen),
        in_language=all(one.language == 1.0 or _is_verbatim(asked, one) for one in seen),
        length=length / allowed,
        addressed=any(one.judged or one.signs > 1 for one in seen),
        refused=any(one.refused for one in seen),
        in_order=min(0.0 if _is_verbatim(asked, one) else one.in_order for one in seen),
        copied=_copied(asked, seen),
        repeated=1 - len({one.text for one in seen}) / len(seen),
    )


def _is_cited(seen: Seen, asked: Asked) -> bool:
    return bool(seen.cited) and all(0 < one <= len(asked.evidence) for one in seen.cited)


def _support(asked: Asked, seen: Seen) -> float:
    """The calibrated chance that the quotes carry it; its own words are carried."""
    if seen.carried is None or not seen.cited:
        return 0.0
    if _is_verbatim(asked, seen):
        return 1.0
    there = asked.evidence[seen.cited[0] - 1].hit.passage.language if _is_cited(seen, asked) else "und"
    same = there == asked.query.language or "und" in (there, asked.query.language)
    if not same:
        return seen.carried.chance
    return blend_logit(seen.carried.logit, seen.overlap, same=True, in_doubt=seen.name or seen.denied)


def _is_verbatim(asked: Asked, seen: Seen) -> bool:
    quotes = [asked.evidence[one - 1].text for one in seen.cited if 0 < one <= len(asked.evidence)]
    return any(seen.text.strip() == quote.strip() for quote in quotes)


def _copied(asked: Asked, seen: Sequence[Seen]) -> float:
    """The largest share of a passage of several sentences that the draft repeats."""
    said = list(dict.fromkeys(one.text.strip() for one in seen))
    shares = [0.0]
    for passage in {one.hit.passage.text: one.hit.passage.language for one in asked.evidence}.items():
        if _num_sentences(*passage) >= _MIN_COPIED:
            text = passage[0].strip()
            shares.append(sum(len(one) for one in said if one in text) / max(1, len(text)))
    return max(shares)


@functools.lru_cache(maxsize=512)
def _num_sentences(text: str, language: str) -> int:
    return len(sentences(text, language))
