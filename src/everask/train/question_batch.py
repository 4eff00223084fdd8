"""Questions with texts that answer them and texts that do not, as tensors to train on.

A `Group` is one question with its texts: what ranks is compared within it. Knows tokens and spans, not
where questions come from, nor networks.

Shapes: B texts, S tokens, J sentences of all texts of the batch.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from everask.encoder.pairs import MAX_QUESTION_TOKENS, Pair, Place, PlacingTokenizer, join, room_beside
from everask.text import sentences
from everask.train.trunk import pad_ids

NO_SENTENCE = -1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text, and what is known of it: does it answer, by which words, in which sentences.

    `spans` are the answer's words; `held` lies in the sentences that hold it. `is_marked` is False
    where a text answers but nobody has said by which words: it then teaches ranking alone.
    """

    text: str
    language: str
    answers: bool
    spans: tuple[Place, ...] = ()
    held: tuple[Place, ...] = ()
    is_marked: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """One question and its candidates; `name` says where it is from."""

    name: str
    question: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of several groups. `starts_bs` and `ends_bs` are True where a right span begins and ends
    (at the first token where there is none), `spanned_b` where that is known; `sentence_bs` numbers the
    sentences of all texts; `asked_j` is the group of a sentence, `known_j` whether its group has marks."""

    ids_bs: Tensor
    mask_bs: Tensor
    parts_b2s: Tensor
    text_bs: Tensor
    group_b: Tensor
    answers_b: Tensor
    starts_bs: Tensor
    ends_bs: Tensor
    spanned_b: Tensor
    sentence_bs: Tensor
    right_j: Tensor
    asked_j: Tensor
    known_j: Tensor


@dataclass(slots=True)
class _Row:
    pair: Pair
    group: int
    candidate: Candidate
    sentence_of: list[int]
    right: list[bool]


def make_batch(
    tokenizer: PlacingTokenizer, groups: Sequence[Group], max_tokens: int, draw: random.Random
) -> Batch:
    """The groups' texts beside their questions, each cut to a stretch of `max_tokens` in all."""
    rows: list[_Row] = []
    for number, group in enumerate(groups):
        question = tokenizer.encode_places(group.question)[0][:MAX_QUESTION_TOKENS]
        room = room_beside(question, max_tokens)
        for candidate in group.candidates:
            rows.append(_make_row(tokenizer, question, room, candidate, number, draw))
    return _stack(rows, len(groups))


def _make_row(
    tokenizer: PlacingTokenizer,
    question: Sequence[int],
    room: int,
    candidate: Candidate,
    group: int,
    draw: random.Random,
) -> _Row:
    ids, places = tokenizer.encode_places(candidate.text)
    bounds = sentences(candidate.text, candidate.language)
    start = _choose_start(places, bounds, candidate, room, draw)
    kept = places[start : start + room]
    pair = join(question, ids[start : start + room], kept)
    sentence_of = [_sentence_at(bounds, place) for place in kept]
    right = [any(_overlap(bound, one) for one in candidate.held) for bound in bounds]
    return _Row(pair, group, candidate, sentence_of, right)


def _choose_start(
    places: Sequence[Place],
    bounds: Sequence[Place],
    candidate: Candidate,
    room: int,
    draw: random.Random,
) -> int:
    """Where a stretch begins that has the answer in it: at a sentence, where that can be."""
    last = len(places) - room
    if last <= 0:
        return 0
    begins = [0] + [
        at
        for at in range(1, len(places))
        if _sentence_at(bounds, places[at]) != _sentence_at(bounds, places[at - 1])
    ]
    low, high = 0, last
    inside = candidate.spans or candidate.held
    if inside:
        first, final = inside[0]
        tokens = [at for at, place in enumerate(places) if _overlap(place, (first, final))]
        if tokens:
            low, high = max(0, tokens[-1] + 1 - room), min(tokens[0], last)
    fitting = [at for at in begins if low <= at <= high]
    return draw.choice(fitting) if fitting else max(0, min(low, last))


def _sentence_at(bounds: Sequence[Place], place: Place) -> int:
    middle = (place[0] + place[1] - 1) / 2
    for number, (start, end) in enumerate(bounds):
        if middle < end:
            return number if middle >= start - 1 else NO_SENTENCE
    return NO_SENTENCE


def _overlap(left: Place, right: Place) -> bool:
    return left[0] < right[1] and right[0] < left[1]


def _stack(rows: Sequence[_Row], num_groups: int) -> Batch:
    ids_bs, mask_bs = pad_ids([row.pair.ids for row in rows])
    shape = ids_bs.shape
    parts_b2s = torch.zeros(shape[0], 2, shape[1])
    text_bs, starts_bs, ends_bs = (torch.zeros(shape, dtype=torch.bool) for _ in range(3))
    sentence_bs = torch.full(shape, NO_SENTENCE, dtype=torch.int64)
    right_j: list[bool] = []
    asked_j: list[int] = []
    known = [True] * num_groups
    spanned_b = [True] * len(rows)
    for at, row in enumerate(rows):
        pair = row.pair
        parts_b2s[at, :, : len(pair.ids)] = torch.from_numpy(pair.parts())
        text_bs[at, pair.first : pair.end] = True
        if row.candidate.answers:
            spanned_b[at] = _mark_spans(row, starts_bs[at], ends_bs[at])
            known[row.group] &= row.candidate.is_marked
        else:
            starts_bs[at, 0] = ends_bs[at, 0] = True
        present = sorted({one for one in row.sentence_of if one != NO_SENTENCE})
        numbers = {one: len(right_j) + place for place, one in enumerate(present)}
        numbers[NO_SENTENCE] = NO_SENTENCE
        sentence_bs[at, pair.first : pair.end] = torch.tensor([numbers[one] for one in row.sentence_of])
        right_j += [row.right[one] for one in present]
        asked_j += [row.group] * len(present)
    return Batch(
        ids_bs,
        mask_bs,
        parts_b2s,
        text_bs,
        torch.tensor([row.group for row in rows]),
        torch.tensor([float(row.candidate.answers) for row in rows]),
        starts_bs,
        ends_bs,
        torch.tensor(spanned_b),
        sentence_bs,
        torch.tensor(right_j),
        torch.tensor(asked_j),
        torch.tensor([known[one] for one in asked_j]),
    )


def _mark_spans(row: _Row, starts_s: Tensor, ends_s: Tensor) -> bool:
    """Mark where the answer's words begin and end; False where they are not in the stretch."""
    found = False
    for span in row.candidate.spans:
        inside = [at for at, place in enumerate(row.pair.places) if _overlap(place, span)]
        whole = (
            inside and row.pair.places[inside[0]][0] <= span[0] and row.pair.places[inside[-1]][1] >= span[1]
        )
        if whole:
            starts_s[row.pair.first + inside[0]] = True
            ends_s[row.pair.first + inside[-1]] = True
            found = True
    return found


def make_batches(groups: Sequence[Group], size: int, seed: int) -> list[list[Group]]:
    """All groups once, `size` at a time, texts of like lengths together, in an order that the seed draws."""
    draw = random.Random(seed)
    order = list(groups)
    draw.shuffle(order)
    slab = 16 * size
    batches: list[list[Group]] = []
    for start in range(0, len(order), slab):
        near = sorted(order[start : start + slab], key=_length)
        batches += [near[at : at + size] for at in range(0, len(near), size)]
    draw.shuffle(batches)
    return batches


def _length(group: Group) -> int:
    return int(np.max([len(one.text.encode()) for one in group.candidates]))
