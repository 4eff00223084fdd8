"""The funnel in torch: surgery on the trunk, and what it is distilled by.

Twelve layers in blocks of four; between blocks neighbouring positions are averaged, all but the first. Warm
start: the trunk's own weights. Losses: the pooled vector must be the trunk's, and each position's state
the mean of the trunk's states over its four tokens, so that a query's vector can look for an answer at a
position. Left out of the paper: queries alone pooled at a block's border, the decoder, pre-training.

Shapes: B batch, S tokens, P positions, H hidden.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from everask.models.funnel_reader.graph import BLOCKS, FACTOR
from everask.train.trunk import Trunk

_POSITION_WEIGHT = 0.3


class Funnel(nn.Module):
    """The trunk's layers over fewer and fewer positions. What trains is the trunk's low-rank pairs."""

    def __init__(self, trunk: Trunk) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, ids_bs: Tensor, mask_bs: Tensor) -> tuple[Tensor, Tensor]:
        """Hidden states (B, P, H) and how many tokens each stands for (B, P). S is 1 + 4k."""
        x_bsh, weights_bs = self.trunk.embed(ids_bs), mask_bs.float()
        layer = 0
        for number, num_layers in enumerate(BLOCKS):
            if number:
                x_bsh, weights_bs = halve(x_bsh, weights_bs)
            for _ in range(num_layers):
                x_bsh = self.trunk.layers[layer](x_bsh, weights_bs > 0)
                layer += 1
        return x_bsh, weights_bs


def halve(x_bsh: Tensor, weights_bs: Tensor) -> tuple[Tensor, Tensor]:
    """Pairs of positions after the first become one, their mean by weight; padding counts nothing."""
    batch, tokens, hidden = x_bsh.shape
    pairs_bp2h = x_bsh[:, 1:].reshape(batch, tokens // 2, 2, hidden)
    weights_bp2 = weights_bs[:, 1:].reshape(batch, tokens // 2, 2)
    total_bp = weights_bp2.sum(2)
    shares_bp2 = (weights_bp2 / total_bp.clamp(min=1e-9)[:, :, None]).to(x_bsh.dtype)
    halved_bph = (pairs_bp2h * shares_bp2[..., None]).sum(2)
    return torch.cat([x_bsh[:, :1], halved_bph], 1), torch.cat([weights_bs[:, :1], total_bp], 1)


def mean_of_positions(x_bph: Tensor, weights_bp: Tensor) -> Tensor:
    """(B, H) unit vectors: the mean over all tokens that the positions stand for."""
    return F.normalize((x_bph.float() * weights_bp[..., None]).sum(1), dim=1)


def distil(funnel: Funnel, teacher: Trunk, ids_bs: Tensor, mask_bs: Tensor) -> Tensor:
    """How far the funnel is from the trunk: 1 - cosine of the vectors, and of the positions' states."""
    with torch.no_grad():
        wanted_bph, wanted_bp = teacher(ids_bs, mask_bs), mask_bs.float()
        for _ in range(1, len(BLOCKS)):
            wanted_bph, wanted_bp = halve(wanted_bph, wanted_bp)
    made_bph, made_bp = funnel(ids_bs, mask_bs)
    vectors = F.cosine_similarity(
        mean_of_positions(made_bph, made_bp), mean_of_positions(wanted_bph, wanted_bp), dim=1
    )
    positions_bp = F.cosine_similarity(made_bph.float(), wanted_bph.float(), dim=2)
    there_bp = (wanted_bp > 0).float()
    states = (positions_bp * there_bp).sum() / there_bp.sum()
    return (1 - vectors).mean() + _POSITION_WEIGHT * (1 - states)


def pad_filled(rows: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Rows of filled ids (see `graph.fill`) to (B, S) ids and mask, S being 1 + 4k as well."""
    longest = max(map(len, rows))
    assert (longest - 1) % FACTOR == 0
    ids_bs = torch.ones((len(rows), longest), dtype=torch.int64)
    mask_bs = torch.zeros((len(rows), longest), dtype=torch.bool)
    for number, row in enumerate(rows):
        ids_bs[number, : len(row)] = torch.tensor(row)
        mask_bs[number, : len(row)] = True
    return ids_bs, mask_bs
