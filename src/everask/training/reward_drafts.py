"""Pairs for the reward, read: what the models say of their drafts, once, so that heads train in seconds.

`save_pairs` leaves a file of pairs and one of features, as models/reward/cached.py loads them: of made pairs
(dev/reward_features.py) and of people's votes (models/reward/votes.py) alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from everask.answer.check import Sentence
from everask.answer.draft_features import cut_reply, pool, read_question, see
from everask.answer.draft_readings import DraftReader
from everask.models.reward.model import Features
from everask.models.reward.pairs import Draft, Quote, RewardPair, write_pairs
from everask.text import sentences
from everask.types import DocumentInfo, Evidence, Hit, Passage, Query


def save_pairs(path: Path, pairs: Sequence[RewardPair], reader: DraftReader) -> None:
    """Read all drafts of the pairs and write both files; the .npz, which says that it is whole, last."""
    scalars, states, lengths, places = [], [], [], []
    start = 0
    grouped = itertools.groupby(pairs, key=lambda one: (one.question, one.quotes))
    for _, some in grouped:
        own = list(some)
        drafts = list(dict.fromkeys(draft for one in own for draft in (one.chosen, one.rejected)))
        features = read_drafts(own[0], drafts, reader)
        scalars.append(features.scalars_nf)
        states.append(features.states_ns.astype(np.float16))
        lengths.append(features.lengths_n2)
        number = {draft: start + at for at, draft in enumerate(drafts)}
        places += [(number[one.chosen], number[one.rejected]) for one in own]
        start += len(drafts)
    write_pairs(path.with_suffix(".jsonl"), pairs)
    beside = path.with_name(f".{path.name}")
    np.savez(
        beside,
        scalars=np.concatenate(scalars),
        states=np.concatenate(states),
        lengths=np.concatenate(lengths),
        pairs=np.array(places, np.int32),
    )
    beside.replace(path)


def read_drafts(pair: RewardPair, drafts: Sequence[Draft], reader: DraftReader) -> Features:
    """The features of drafts of one question; each sentence with what it cites is read once."""
    evidence = evidence_of(pair.quotes)
    asked = read_question(Query(pair.question, pair.language), evidence, reader)
    said = [_sentences(one, pair) for one in drafts]
    each = list(dict.fromkeys(one for draft in said for one in draft))
    seen = dict(zip(each, see(asked, each, reader), strict=True))
    return pool(asked, [[seen[one] for one in draft] for draft in said])


def _sentences(draft: Draft, pair: RewardPair) -> tuple[Sentence, ...]:
    if pair.quotes:
        return tuple(Sentence(one.text, one.cited) for one in draft)
    text = " ".join(one.text for one in draft)
    return cut_reply(text, sentences(text, pair.language))


def evidence_of(quotes: Sequence[Quote]) -> list[Evidence]:
    """Quotes as what was found."""
    return [_evidence(one, at) for at, one in enumerate(quotes)]


def _evidence(quote: Quote, number: int) -> Evidence:
    key = str(number)
    info = DocumentInfo(key, key, key, quote.title, "", quote.language, 0.0, len(quote.passage), 1)
    passage = Passage(number, key, 0, 0, len(quote.passage), quote.passage, quote.passage, quote.language)
    start = max(0, quote.passage.find(quote.text))
    end = start + len(quote.text)
    return Evidence(Hit(passage, info, 1.0, {}), start, end, quote.text, 1.0, quote.title)
