"""The question form: one pass over (question, text) says whether the text answers, and by which words.

The trunk with low-rank pairs, and small heads: a logit that the text answers; and for each token of the
text whether the answer begins there, ends there, and how much its sentence holds the answer. Where there is
none, the first token stands for it, as in BERT for SQuAD 2.0 (arXiv 1810.04805). Trained on groups of
texts of one question: right before wrong (a softmax over the group), and honest alone (cross-entropy).

Shapes: B texts, S tokens, H hidden, J sentences.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from everask.encoder.adapter import HEAD, Adapter
from everask.train.question_batch import NO_SENTENCE, Batch
from everask.train.trunk import Trunk

START, END, HELD = 0, 1, 2
_FAR = -1e4
# Of the cosine of question and text, at the start: it already ranks, and training goes on from there.
_AGREEMENT = 10.0


@dataclass(frozen=True, slots=True)
class LossWeights:
    """What each part of the loss counts."""

    rank: float = 1.0
    answers: float = 0.3
    span: float = 0.5
    sentence: float = 1.0
    held: float = 0.3


class QuestionModel(nn.Module):
    """The trunk and its heads."""

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        hidden = trunk.hidden
        self.trunk = trunk
        self.dense = nn.Linear(hidden, hidden)
        self.answers = nn.Linear(hidden, 1)
        self.agreement = nn.Parameter(torch.full((hidden,), _AGREEMENT))
        self.tokens = nn.Linear(hidden, 3)
        for linear in (self.dense, self.answers, self.tokens):
            nn.init.normal_(linear.weight, std=0.02)
            nn.init.zeros_(linear.bias)

    def forward(self, ids_bs: Tensor, mask_bs: Tensor, parts_b2s: Tensor) -> tuple[Tensor, Tensor]:
        """(B,) logits that the text answers, and (B, S, 3) of its tokens."""
        x_bsh = self.trunk(ids_bs, mask_bs)
        with torch.autocast(x_bsh.device.type, enabled=False):
            x_bsh = x_bsh.float()
            means_b2h = F.normalize(parts_b2s @ x_bsh, dim=2)
            agreed_b = (means_b2h.prod(dim=1) * self.agreement).sum(1)
            first_bh = torch.tanh(self.dense(x_bsh[:, 0]))
            return self.answers(first_bh)[:, 0] + agreed_b, self.tokens(x_bsh)

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """Low-rank pairs and heads, by the names of encoder/adapter.py."""
        heads = {
            "dense.w": self.dense.weight,
            "dense.b": self.dense.bias,
            "answers.w": self.answers.weight,
            "answers.b": self.answers.bias,
            "agreement": self.agreement,
            "tokens.w": self.tokens.weight,
            "tokens.b": self.tokens.bias,
        }
        found = {f"{HEAD}{name}": one.detach().float().numpy() for name, one in heads.items()}
        return {**self.trunk.tensors(), **found}

    def load_heads(self, adapter: Adapter) -> None:
        """Take the heads of an adapter over."""
        own = {"dense": self.dense, "answers": self.answers, "tokens": self.tokens}
        with torch.no_grad():
            for name, linear in own.items():
                linear.weight.copy_(torch.tensor(adapter.tensors[f"{HEAD}{name}.w"]))
                linear.bias.copy_(torch.tensor(adapter.tensors[f"{HEAD}{name}.b"]))
            self.agreement.copy_(torch.tensor(adapter.tensors[f"{HEAD}agreement"]))


def measure_loss(model: QuestionModel, batch: Batch, weights: LossWeights | None = None) -> Tensor:
    """The loss of a batch."""
    weights = weights or LossWeights()
    answers_b, tokens_bs3 = model(batch.ids_bs, batch.mask_bs, batch.parts_b2s)
    sentence_j = score_sentences(tokens_bs3[:, :, HELD], batch)
    right_j = batch.right_j & batch.known_j
    answered_b = batch.answers_b > 0
    total: Tensor = weights.rank * _listwise(answers_b, answered_b, batch.group_b)
    total = total + weights.answers * F.binary_cross_entropy_with_logits(answers_b, batch.answers_b)
    total = total + weights.span * _span_loss(tokens_bs3, batch)
    total = total + weights.sentence * _listwise(sentence_j, right_j, batch.asked_j)
    if batch.known_j.any():
        known = batch.known_j
        total = total + weights.held * F.binary_cross_entropy_with_logits(
            sentence_j[known], right_j[known].float()
        )
    return total


def score_sentences(held_bs: Tensor, batch: Batch) -> Tensor:
    """(J,) the mean over each sentence's tokens."""
    inside = batch.sentence_bs != NO_SENTENCE
    numbers = batch.sentence_bs[inside]
    zeros_j = torch.zeros(len(batch.right_j))
    totals_j = zeros_j.index_add(0, numbers, held_bs[inside])
    counts_j = zeros_j.index_add(0, numbers, torch.ones(len(numbers)))
    return totals_j / counts_j.clamp(min=1)


def _listwise(scores: Tensor, right: Tensor, group: Tensor) -> Tensor:
    """The mean over groups of -log of the right ones' share; groups without right or wrong ones are left."""
    losses: list[Tensor] = []
    for number in sorted(set(group.tolist())):
        own = group == number
        good = own & right
        if good.any() and not good[own].all():
            losses.append(scores[own].logsumexp(0) - scores[good].logsumexp(0))
    return torch.stack(losses).mean() if losses else scores.sum() * 0


def _span_loss(tokens_bs3: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy of where the answer begins and ends, over the text's tokens and the first, none."""
    allowed_bs = batch.text_bs.clone()
    allowed_bs[:, 0] = True
    losses: list[Tensor] = []
    for column, target_bs in ((START, batch.starts_bs), (END, batch.ends_bs)):
        logits_bs = tokens_bs3[:, :, column].masked_fill(~allowed_bs, _FAR)
        right_bs = logits_bs.masked_fill(~target_bs, _FAR)
        losses.append((logits_bs.logsumexp(1) - right_bs.logsumexp(1))[batch.spanned_b])
    total: Tensor = torch.cat(losses).mean() if batch.spanned_b.any() else tokens_bs3.sum() * 0
    return total
