"""The encoder's 12 layers in torch, with low-rank adapters that can be trained: what every task starts from.

The same function as the int8 graph that serves (encoder/graph.py), from the same 4-bit file. Embeddings
stay frozen and are gathered from the file's blocks, so a model takes 90 MB and not 450.

Shapes: B batch, S tokens, H hidden, R rank, N heads.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from everask.encoder.adapter import Adapter, read_adapter
from everask.encoder.q4_file import BLOCK_VALUES, Q4File, expand_blocks, read_q4_file

PARTS = ("q", "k", "v", "ao", "fi", "fo")
PAD = 1
_EPSILON = 1e-12


class AdaptedLinear(nn.Module):
    """A frozen linear map, plus what a low-rank pair adds to it.

    The weights are kept in bfloat16: exact for 4-bit blocks but for their scales' last bits."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: NDArray[np.float32], bias: NDArray[np.float32], rank: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.tensor(weight, dtype=torch.bfloat16), persistent=False)
        self.register_buffer("bias", torch.tensor(bias), persistent=False)
        num_out, num_in = weight.shape
        self.down = nn.Parameter(torch.zeros(rank, num_in)) if rank else None
        self.up = nn.Parameter(torch.zeros(num_out, rank)) if rank else None
        if self.down is not None:
            nn.init.normal_(self.down, std=num_in**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """(…, in) to (…, out)."""
        weight = self.weight.to(_compute_type(x))
        outer = F.linear(x.to(weight.dtype), weight, self.bias.to(weight.dtype))
        if self.down is not None and self.up is not None:
            outer = outer + F.linear(F.linear(x, self.down), self.up)
        return outer


def _compute_type(x: Tensor) -> torch.dtype:
    """bfloat16 under autocast; float32 else, for comparisons with the graph that serves."""
    return torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype


class Layer(nn.Module):
    """One layer: attention, feed-forward, each followed by addition and normalisation."""

    def __init__(self, file: Q4File, number: int, rank: int) -> None:
        super().__init__()
        self.num_heads = file.sizes.num_heads
        name = f"l{number}"
        self.parts = nn.ModuleDict()
        for part in PARTS:
            bias = file.floats(f"{name}.{part}.b")
            self.parts[part] = AdaptedLinear(file.matrix(f"{name}.{part}.w", bias.size), bias, rank)
        self.attention_norm = _read_norm(file, f"{name}.aln")
        self.outer_norm = _read_norm(file, f"{name}.oln")

    def forward(self, x_bsh: Tensor, mask_bs: Tensor) -> Tensor:
        """Hidden states to hidden states; `mask_bs` is True where there is a token."""
        query, key, value = (self._split(self.parts[part](x_bsh)) for part in "qkv")
        # Written out: torch's fused attention takes five times as long here, with heads of 32.
        scores = query @ key.transpose(2, 3) * query.shape[-1] ** -0.5
        scores = scores.masked_fill(~mask_bs[:, None, None, :], float("-inf"))
        mixed = scores.softmax(-1).to(value.dtype) @ value
        mixed = self.parts["ao"](mixed.transpose(1, 2).flatten(2))
        x_bsh = self.attention_norm(x_bsh + mixed)
        outer: Tensor = self.parts["fo"](F.gelu(self.parts["fi"](x_bsh)))
        result: Tensor = self.outer_norm(x_bsh + outer)
        return result

    def _split(self, x_bsh: Tensor) -> Tensor:
        batch, length, _ = x_bsh.shape
        return x_bsh.view(batch, length, self.num_heads, -1).transpose(1, 2)


class Trunk(nn.Module):
    """multilingual-e5-small, to be adapted. Parameters that train are the low-rank pairs alone."""

    positions_sh: Tensor

    def __init__(
        self, file: Q4File, *, rank: int = 0, num_layers: int | None = None, first_trained: int = 0
    ) -> None:
        super().__init__()
        hidden = file.sizes.hidden
        self.hidden = hidden
        self._rows = file.blocks("emb.word").reshape(-1, hidden // BLOCK_VALUES)
        positions = file.floats("emb.pos").reshape(-1, hidden) + file.floats("emb.type")[:hidden]
        self.register_buffer("positions_sh", torch.tensor(positions), persistent=False)
        self.embedding_norm = _read_norm(file, "emb.ln")
        count = file.sizes.num_layers if num_layers is None else num_layers
        self.layers = nn.ModuleList(
            Layer(file, number, rank if number >= first_trained else 0) for number in range(count)
        )

    def embed(self, ids_bs: Tensor) -> Tensor:
        """Token ids to the first hidden states (B, S, H)."""
        unique, places = np.unique(ids_bs.numpy(), return_inverse=True)
        rows = torch.from_numpy(expand_blocks(self._rows[unique]).reshape(-1, self.hidden))
        words_bsh = rows[torch.from_numpy(places.reshape(ids_bs.shape))]
        normed: Tensor = self.embedding_norm(words_bsh + self.positions_sh[: ids_bs.shape[1]])
        return normed

    def forward(self, ids_bs: Tensor, mask_bs: Tensor) -> Tensor:
        """Last hidden states (B, S, H)."""
        x_bsh = self.embed(ids_bs)
        for layer in self.layers:
            x_bsh = layer(x_bsh, mask_bs)
        return x_bsh

    def pooled(self, ids_bs: Tensor, mask_bs: Tensor) -> Tensor:
        """(B, H) unit vectors: the mean over tokens, as the encoder that serves gives them."""
        x_bsh = self(ids_bs, mask_bs).float()
        weights_bs = mask_bs.float()
        total_bh = (x_bsh * weights_bs[:, :, None]).sum(1)
        return F.normalize(total_bh / weights_bs.sum(1, keepdim=True), dim=1)

    def tensors(self) -> dict[str, NDArray[np.float32]]:
        """The low-rank pairs by the names of encoder/adapter.py."""
        found: dict[str, NDArray[np.float32]] = {}
        for name, linear in self._linears():
            if linear.down is not None and linear.up is not None:
                found[f"{name}.a"] = linear.down.detach().float().numpy()
                found[f"{name}.b"] = linear.up.detach().float().numpy()
        return found

    def start_from(self, adapter: Adapter, *, merge: bool) -> None:
        """Take an adapter over: into the frozen weights with `merge`, else into the pairs that train.

        Raises ValueError when the pairs' rank differs from the adapter's.
        """
        for name, linear in self._linears():
            change = adapter.change(name)
            if change is None:
                continue
            if merge:
                linear.weight = (linear.weight.float() + torch.tensor(change)).to(linear.weight.dtype)
                continue
            if linear.down is None or linear.up is None or linear.down.shape[0] != change_rank(adapter, name):
                raise ValueError(f"the adapter's rank at {name} is not the model's")
            with torch.no_grad():
                linear.down.copy_(torch.tensor(adapter.tensors[f"{name}.a"]))
                linear.up.copy_(torch.tensor(adapter.tensors[f"{name}.b"]))

    def _linears(self) -> list[tuple[str, AdaptedLinear]]:
        found: list[tuple[str, AdaptedLinear]] = []
        for number, layer in enumerate(self.layers):
            assert isinstance(layer, Layer)
            for part in PARTS:
                linear = layer.parts[part]
                assert isinstance(linear, AdaptedLinear)
                found.append((f"l{number}.{part}", linear))
        return found


def change_rank(adapter: Adapter, name: str) -> int:
    """The rank of an adapter's change to one matrix."""
    return int(adapter.tensors[f"{name}.a"].shape[0])


def load_trunk(
    path: Path,
    *,
    rank: int = 0,
    adapter: Path | None = None,
    merge: bool = False,
    num_layers: int | None = None,
    first_trained: int = 0,
) -> Trunk:
    """The trunk from the 4-bit file at `path`, with pairs of `rank`; see `Trunk.start_from`.

    `first_trained` layers below stay as they are: cheaper, and words are their business.

    Raises ModelError when a file is not what it should be.
    """
    trunk = Trunk(read_q4_file(path), rank=rank, num_layers=num_layers, first_trained=first_trained)
    if adapter is not None:
        trunk.start_from(read_adapter(adapter), merge=merge)
    return trunk


def pad_ids(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Token ids of several texts to (B, S) ids and mask."""
    longest = max(map(len, rows))
    ids_bs = torch.full((len(rows), longest), PAD, dtype=torch.int64)
    mask_bs = torch.zeros((len(rows), longest), dtype=torch.bool)
    for number, row in enumerate(rows):
        ids_bs[number, : len(row)] = torch.tensor(row)
        mask_bs[number, : len(row)] = True
    return ids_bs, mask_bs


def _read_norm(file: Q4File, name: str) -> nn.LayerNorm:
    norm = nn.LayerNorm(file.sizes.hidden, eps=_EPSILON)
    norm.weight = nn.Parameter(torch.tensor(file.floats(f"{name}.w")), requires_grad=False)
    norm.bias = nn.Parameter(torch.tensor(file.floats(f"{name}.b")), requires_grad=False)
    return norm
