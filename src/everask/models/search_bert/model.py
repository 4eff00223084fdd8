"""The loss that pulls a query to the passage that answers it, and away from all others in its batch.

InfoNCE, as E5 and its successors use it. What scores clearly above the right passage is taken for a
translation or a copy of it, not for a mistake, and does not count (as in the recipes of GTE and Qwen3).

Shapes: B pairs, P passages, S tokens, H hidden.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from everask.encoder.tokens import Tokenizer
from everask.train.trunk import Trunk, pad_ids

TEMPERATURE = 0.02
MARGIN = 0.06
QUERY_TOKENS, PASSAGE_TOKENS = 48, 160
_PARTS = 3


def contrast(queries_bh: Tensor, passages_ph: Tensor) -> Tensor:
    """The loss of unit vectors: row b's passage is number b; passages after the last row answer none."""
    scores_bp = queries_bh @ passages_ph.T
    right_b1 = scores_bp.diagonal()[:, None]
    doubtful_bp = (scores_bp > right_b1 + MARGIN) & ~torch.eye(*scores_bp.shape, dtype=torch.bool)
    logits_bp = (scores_bp / TEMPERATURE).masked_fill(doubtful_bp.detach(), float("-inf"))
    return F.cross_entropy(logits_bp, torch.arange(len(logits_bp)))


def encode(trunk: Trunk, rows: Sequence[Sequence[int]]) -> Tensor:
    """(B, H) unit vectors of token ids, in parts of like length, so that little is padding."""
    order = sorted(range(len(rows)), key=lambda number: len(rows[number]))
    size = -(-len(order) // _PARTS)
    parts = [order[start : start + size] for start in range(0, len(order), size)]
    vectors_bh = torch.cat([trunk.pooled(*pad_ids([rows[number] for number in part])) for part in parts])
    return vectors_bh[torch.argsort(torch.tensor(order))]


def pair_loss(trunk: Trunk, tokenizer: Tokenizer, queries: Sequence[str], passages: Sequence[str]) -> Tensor:
    """The loss of a batch of pairs, prefixes added inside; further passages are hard negatives."""
    asked = [tokenizer.encode(f"query: {one}", QUERY_TOKENS) for one in queries]
    told = [tokenizer.encode(f"passage: {one}", PASSAGE_TOKENS) for one in passages]
    return contrast(encode(trunk, asked), encode(trunk, told))
