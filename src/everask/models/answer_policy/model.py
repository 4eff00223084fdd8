"""What is learned of drafts, as losses: the best copied, the better preferred, votes, advantages, a teacher.

DPO with the log-probabilities by token (2305.18290, 2405.14734), so that a longer reply is not preferred for
its length; KTO for single votes (2402.01306); leave-one-out REINFORCE (2402.14740); on-policy distillation
by a Jensen-Shannon divergence (2306.13649). Numbers in, a loss out: no model is opened here.

Legend: B choices of a batch, T tokens of a reply, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

BETA = 0.1
"""How far the policy may move from where it began: less for more."""
LENGTH = 20.0
"""Mean log-probabilities a token count as those of a reply of so many tokens, so that BETA means what it does
without normalising."""
ANCHOR = 0.1
"""Of the preferred reply's cross-entropy beside DPO: it keeps what is preferred likely (2404.19733)."""
TEACHER_SHARE = 0.7
"""Of the teacher in the mixture that teacher and policy are compared with."""


def mean_of(log_chances: Sequence[Tensor]) -> Tensor:
    """(B,) mean log-probability a token of each reply."""
    return torch.stack([one.mean() for one in log_chances])


def prefer_loss(wanted: Tensor, unwanted: Tensor, before: Tensor) -> Tensor:
    """DPO: means (B,) of the policy for both replies, and of the model that it began as, (B, 2)."""
    moved = (wanted - before[:, 0]) - (unwanted - before[:, 1])
    return -F.logsigmoid(BETA * LENGTH * moved).mean() - ANCHOR * wanted.mean()


def vote_loss(said: Tensor, before: Tensor, is_wanted: Tensor) -> Tensor:
    """KTO: means (B,) of replies that somebody wanted or did not, against a baseline: how far the policy has
    moved on the batch as a whole, never below none."""
    moved = BETA * LENGTH * (said - before)
    baseline = moved.mean().detach().clamp(min=0)
    value = torch.where(is_wanted, torch.sigmoid(moved - baseline), torch.sigmoid(baseline - moved))
    return (1 - value).mean()


def advantage_loss(said: Tensor, before: Tensor, worth: Tensor) -> Tensor:
    """RLOO: more of what was better than its fellows, less of the rest, not far from the beginning."""
    return -(worth * said).mean() + BETA * (said - before).square().mean()


def teacher_loss(own: Sequence[Tensor], teachers: Sequence[Tensor]) -> Tensor:
    """Logits (T, V) of the policy and of its teacher, on drafts that the policy wrote."""
    losses = []
    for policy_tv, teacher_tv in zip(own, teachers, strict=True):
        policy, teacher = F.log_softmax(policy_tv, -1), F.log_softmax(teacher_tv, -1)
        share = torch.tensor(TEACHER_SHARE, device=policy.device)
        mixture = torch.logaddexp(teacher + share.log(), policy + (1 - share).log())
        from_teacher = F.kl_div(mixture, teacher, reduction="batchmean", log_target=True)
        from_policy = F.kl_div(mixture, policy, reduction="batchmean", log_target=True)
        losses.append(share * from_teacher + (1 - share) * from_policy)
    return torch.stack(losses).mean()
