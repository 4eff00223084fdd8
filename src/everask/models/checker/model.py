"""The checker's network: the question form's, with heads read anew; batches for it, and its loss.

Score 0 of a sentence's token: the text does not carry it. Score 1 of the first token: the text says the
opposite, where it does not support. Shapes: B examples, S tokens.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from everask.encoder.checker import MAX_SENTENCE_TOKENS, OPPOSITE, UNSUPPORTED
from everask.encoder.pairs import Pair, Place, PlacingTokenizer, join, room_beside
from everask.models.checker.claimed import Claimed
from everask.train.question import QuestionModel
from everask.train.trunk import pad_ids

_UNKNOWN = -1.0


@dataclass(frozen=True, slots=True)
class LossWeights:
    """What each part of the loss counts."""

    support: float = 1.0
    twins: float = 0.5
    opposite: float = 0.2
    words: float = 0.5


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of some examples. `opposite_b` and `weak_bs` are 1, 0, or -1 where it is not known."""

    ids_bs: Tensor
    mask_bs: Tensor
    parts_b2s: Tensor
    supported_b: Tensor
    opposite_b: Tensor
    weak_bs: Tensor
    twins_b: Tensor


def fresh_words(model: QuestionModel) -> None:
    """Begin the heads of single tokens anew: what the question form read there meant something else."""
    nn.init.normal_(model.tokens.weight, std=0.02)
    nn.init.zeros_(model.tokens.bias)


def make_batch(tokenizer: PlacingTokenizer, examples: Sequence[Claimed], max_tokens: int) -> Batch:
    """The sentences beside their texts, which are cut at `max_tokens` in all."""
    pairs: list[Pair] = []
    weak: list[list[float]] = []
    for one in examples:
        said, places = tokenizer.encode_places(one.sentence)
        ids, text_places = tokenizer.encode_places(one.text)
        room = room_beside(said, max_tokens, MAX_SENTENCE_TOKENS)
        pairs.append(join(said, ids[:room], text_places[:room], MAX_SENTENCE_TOKENS))
        weak.append([_weakness(one, place) for place in places[:MAX_SENTENCE_TOKENS]])
    ids_bs, mask_bs = pad_ids([pair.ids for pair in pairs])
    parts_b2s = torch.zeros(len(pairs), 2, ids_bs.shape[1])
    weak_bs = torch.full(ids_bs.shape, _UNKNOWN)
    for at, pair in enumerate(pairs):
        parts_b2s[at, :, : len(pair.ids)] = torch.from_numpy(pair.parts())
        weak_bs[at, 1 : 1 + len(weak[at])] = torch.tensor(weak[at])
    numbers: dict[str, int] = {}
    twins = [numbers.setdefault(one.twins or f"alone {at}", at) for at, one in enumerate(examples)]
    return Batch(
        ids_bs,
        mask_bs,
        parts_b2s,
        torch.tensor([float(one.supported) for one in examples]),
        torch.tensor([_opposite(one) for one in examples]),
        weak_bs,
        torch.tensor(twins),
    )


def _weakness(example: Claimed, place: Place) -> float:
    if any(place[0] < end and start < place[1] for start, end in example.wrong):
        return 1.0
    return 0.0 if example.words_known else _UNKNOWN


def _opposite(example: Claimed) -> float:
    return {"contradicted": 1.0, "unmentioned": 0.0}.get(example.label, _UNKNOWN)


def measure_loss(model: QuestionModel, batch: Batch, weights: LossWeights | None = None) -> Tensor:
    """The loss of a batch: each alone, and twins against each other."""
    weights = weights or LossWeights()
    support_b, tokens_bs3 = model(batch.ids_bs, batch.mask_bs, batch.parts_b2s)
    total: Tensor = weights.support * F.binary_cross_entropy_with_logits(support_b, batch.supported_b)
    total = total + weights.twins * _twins_loss(support_b, batch)
    total = total + weights.opposite * _known_loss(tokens_bs3[:, 0, OPPOSITE], batch.opposite_b)
    return total + weights.words * _known_loss(tokens_bs3[:, :, UNSUPPORTED], batch.weak_bs)


def _known_loss(logits: Tensor, targets: Tensor) -> Tensor:
    known = targets != _UNKNOWN
    if not known.any():
        return logits.sum() * 0
    return F.binary_cross_entropy_with_logits(logits[known], targets[known])


def _twins_loss(support_b: Tensor, batch: Batch) -> Tensor:
    """Of a supported example and its unsupported twin, how sure it is which is which."""
    alike_bb = batch.twins_b[:, None] == batch.twins_b[None, :]
    right_b = batch.supported_b > 0
    pairs_bb = alike_bb & right_b[:, None] & ~right_b[None, :]
    if not pairs_bb.any():
        return support_b.sum() * 0
    return F.softplus(support_b[None, :] - support_b[:, None])[pairs_bb].mean()


def make_batches(examples: Sequence[Claimed], size: int, seed: int) -> list[list[Claimed]]:
    """All examples once, about `size` at a time, twins together, texts of like lengths together, in an order
    that the seed draws. `examples` have their twins beside each other."""
    draw = random.Random(seed)
    groups: list[list[Claimed]] = []
    for one in examples:
        if one.twins and groups and groups[-1][0].twins == one.twins:
            groups[-1].append(one)
        else:
            groups.append([one])
    draw.shuffle(groups)
    batches: list[list[Claimed]] = []
    for start in range(0, len(groups), 12 * size):
        near = sorted(groups[start : start + 12 * size], key=_length)
        batch: list[Claimed] = []
        for group in near:
            batch = [*batch, *group]
            if len(batch) >= size:
                batches.append(batch)
                batch = []
        if batch:
            batches.append(batch)
    draw.shuffle(batches)
    return batches


def _length(group: Sequence[Claimed]) -> int:
    return int(np.max([len(one.text.encode()) + len(one.sentence.encode()) for one in group]))
