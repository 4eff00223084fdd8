"""Qwen2 in torch, from a GGUF file, with a low-rank adapter on every linear layer.

The file's weights are dequantised and frozen: what is learned is learned on the very numbers that will
serve. Several examples make one row of tokens; attention alone keeps them apart, so that nothing is padded.
Papers: Qwen2.5 (2412.15115), LoRA (2106.09685).

Legend: T tokens of all examples, D width, H heads, K heads of keys, E width of a head, F of the inner
layer, R rank, V vocabulary.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from gguf import GGUFReader, dequantize
from torch import Tensor, nn

from everask.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Shape:
    """A model's sizes, as its file says."""

    layers: int
    width: int
    heads: int
    key_heads: int
    theta: float
    epsilon: float


class Adapted(nn.Module):
    """A frozen linear layer and what is added to it: x ↦ W x + b + (alpha / R) · B A x; nothing at rank 0."""

    weight_DD: Tensor
    bias_D: Tensor | None

    def __init__(self, weight: Tensor, bias: Tensor | None, rank: int, alpha: float) -> None:
        super().__init__()
        self.register_buffer("weight_DD", weight, persistent=False)
        self.register_buffer("bias_D", bias, persistent=False)
        self.rank = rank
        if not rank:
            return
        bound = 1 / math.sqrt(weight.shape[1])
        self.lora_a = nn.Parameter(torch.empty(rank, weight.shape[1]).uniform_(-bound, bound))
        self.lora_b = nn.Parameter(torch.zeros(weight.shape[0], rank))
        self.scale = alpha / rank

    def forward(self, x_TD: Tensor) -> Tensor:
        base = F.linear(x_TD, self.weight_DD, self.bias_D)
        if not self.rank:
            return base
        return base + self.scale * F.linear(F.linear(x_TD, self.lora_a), self.lora_b)


class Norm(nn.Module):
    """Root mean square normalisation, computed in float32."""

    weight_D: Tensor

    def __init__(self, weight: Tensor, epsilon: float) -> None:
        super().__init__()
        self.register_buffer("weight_D", weight, persistent=False)
        self.epsilon = epsilon

    def forward(self, x_TD: Tensor) -> Tensor:
        whole = x_TD.float()
        scaled = whole * torch.rsqrt(whole.square().mean(-1, keepdim=True) + self.epsilon)
        return (scaled * self.weight_D).to(x_TD.dtype)


class Layer(nn.Module):
    """Attention and the gated inner layer; `parts` are the file's names of what is adapted."""

    parts = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")

    def __init__(self, read: Reader, number: int, rank: int, alpha: float) -> None:
        super().__init__()
        head = f"blk.{number}."
        self.shape = read.shape
        self.attn_norm = Norm(read.norm(head + "attn_norm.weight"), read.shape.epsilon)
        self.ffn_norm = Norm(read.norm(head + "ffn_norm.weight"), read.shape.epsilon)
        self.linear = nn.ModuleDict(
            {
                part: Adapted(
                    read.matrix(f"{head}{part}.weight"), read.bias(f"{head}{part}.bias"), rank, alpha
                )
                for part in self.parts
            }
        )

    def apply_part(self, part: str, x_TD: Tensor) -> Tensor:
        """One of the layer's adapted matrices."""
        return cast(Tensor, self.linear[part](x_TD))

    def forward(self, x_TD: Tensor, turn: tuple[Tensor, Tensor], lengths: list[int]) -> Tensor:
        x_TD = x_TD + self.attend(self.attn_norm(x_TD), turn, lengths)
        inner_TD = self.ffn_norm(x_TD)
        gated_TF = F.silu(self.apply_part("ffn_gate", inner_TD)) * self.apply_part("ffn_up", inner_TD)
        return x_TD + self.apply_part("ffn_down", gated_TF)

    def attend(self, x_TD: Tensor, turn: tuple[Tensor, Tensor], lengths: list[int]) -> Tensor:
        heads, keys = self.shape.heads, self.shape.key_heads
        query = _turn(torch.unflatten(self.apply_part("attn_q", x_TD), -1, (heads, -1)), turn)
        key = _turn(torch.unflatten(self.apply_part("attn_k", x_TD), -1, (keys, -1)), turn)
        value = torch.unflatten(self.apply_part("attn_v", x_TD), -1, (keys, -1))
        seen: list[Tensor] = []
        parts = (torch.split(one, lengths) for one in (query, key, value))
        for q, k, v in zip(*parts, strict=True):
            # (T, H, E) → (H, T, E); each head of keys serves several heads.
            k, v = (one.transpose(0, 1).repeat_interleave(heads // keys, 0) for one in (k, v))
            mixed = F.scaled_dot_product_attention(q.transpose(0, 1), k, v, is_causal=True)
            seen.append(mixed.transpose(0, 1).flatten(1))
        return self.apply_part("attn_output", torch.cat(seen))


class Writer(nn.Module):
    """The whole model. Only the adapter's matrices are parameters, on the layers from `first` on: what lies
    below needs no gradients, which saves a sixth of a step and a third of the adapter."""

    tokens_VD: Tensor
    output_VD: Tensor

    def __init__(self, gguf: Path, rank: int, alpha: float, first: int = 0) -> None:
        super().__init__()
        read = Reader(gguf)
        self.shape, self.first = read.shape, first
        self.register_buffer("tokens_VD", read.matrix("token_embd.weight"), persistent=False)
        output = "output.weight" if "output.weight" in read.tensors else "token_embd.weight"
        self.register_buffer("output_VD", read.matrix(output), persistent=False)
        self.norm = Norm(read.norm("output_norm.weight"), read.shape.epsilon)
        self.layers = nn.ModuleList(
            Layer(read, one, rank if one >= first else 0, alpha) for one in range(read.shape.layers)
        )

    def forward(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """States (T, D) of the examples' tokens, one after another."""
        lengths = [len(one) for one in rows]
        turn = self.angles(lengths)
        tokens = torch.tensor([token for row in rows for token in row], device=self.tokens_VD.device)
        x_TD = F.embedding(tokens, self.tokens_VD)
        for layer in self.layers:
            x_TD = layer(x_TD, turn, lengths)
        return cast(Tensor, self.norm(x_TD))

    def loss(self, prompts: Sequence[Sequence[int]], replies: Sequence[Sequence[int]]) -> Tensor:
        """Mean cross-entropy of the replies' tokens, given their prompts.

        Every token counts alike. As a mean of the examples' means, the first word of a short NOT FOUND would
        weigh fifteen times what the first word of a sentence does, and the model learned to decline.
        """
        logits = torch.cat(self.logits(prompts, replies))
        targets = torch.tensor([token for reply in replies for token in reply], device=logits.device)
        return F.cross_entropy(logits, targets)

    def logits(self, prompts: Sequence[Sequence[int]], replies: Sequence[Sequence[int]]) -> list[Tensor]:
        """What is expected at each token of each reply (T, V), given its prompt."""
        rows = [[*prompt, *reply] for prompt, reply in zip(prompts, replies, strict=True)]
        states = torch.split(self(rows), [len(one) for one in rows])
        wanted = [state[len(prompt) - 1 : -1] for state, prompt in zip(states, prompts, strict=True)]
        # Only these states are compared with 151,936 words: the rest would cost more than the layers.
        return [F.linear(one, self.output_VD).float() for one in wanted]

    def log_chances(self, prompts: Sequence[Sequence[int]], replies: Sequence[Sequence[int]]) -> list[Tensor]:
        """The log-probability of each token of each reply (T,)."""
        return [
            -F.cross_entropy(logits, torch.tensor(reply, device=logits.device), reduction="none")
            for logits, reply in zip(self.logits(prompts, replies), replies, strict=True)
        ]

    def angles(self, lengths: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Cosines and sines (T, 1, E) of the rotary positions, which begin anew with each example."""
        size = self.shape.width // self.shape.heads
        rates = self.shape.theta ** (-torch.arange(0, size, 2).float() / size)
        places = torch.cat([torch.arange(one) for one in lengths]).float()
        rates, places = rates.to(self.tokens_VD.device), places.to(self.tokens_VD.device)
        angles = torch.cat([places[:, None] * rates] * 2, -1)[:, None]
        return angles.cos(), angles.sin()

    @torch.no_grad()
    def write(self, prompt: Sequence[int], end: int, most: int) -> list[int]:
        """The greedy reply, for checks: every token costs a whole pass."""
        row = list(prompt)
        for _ in range(most):
            token = int(F.linear(self([row])[-1:], self.output_VD).float().argmax())
            if token == end:
                break
            row.append(token)
        return row[len(prompt) :]

    @torch.no_grad()
    def take(self, matrices: Mapping[str, Tensor]) -> None:
        """Go on from an adapter's matrices, as `matrices` names them."""
        own = self.matrices()
        if set(own) != set(matrices) or any(own[name].shape != matrices[name].shape for name in own):
            raise TrainingError(
                "The adapter to start from has other layers or another rank.", "Start from one that fits."
            )
        for name, matrix in matrices.items():
            own[name].copy_(matrix)

    def matrices(self) -> dict[str, Tensor]:
        """The adapter's matrices under the names that GGUF gives them."""
        return {
            f"blk.{number}.{part}.weight.{which}": getattr(cast(Layer, layer).linear[part], which).detach()
            for number, layer in enumerate(self.layers)
            if number >= self.first
            for part in Layer.parts
            for which in ("lora_a", "lora_b")
        }


class Reader:
    """A GGUF file's tensors, dequantised as they are asked for."""

    def __init__(self, gguf: Path) -> None:
        file = GGUFReader(gguf)
        self.tensors = {one.name: one for one in file.tensors}

        def number(name: str) -> float:
            return float(file.fields[f"qwen2.{name}"].contents())

        self.shape = Shape(
            int(number("block_count")),
            int(number("embedding_length")),
            int(number("attention.head_count")),
            int(number("attention.head_count_kv")),
            number("rope.freq_base"),
            number("attention.layer_norm_rms_epsilon"),
        )

    def norm(self, name: str) -> Tensor:
        """A vector, in float32."""
        one = self.tensors[name]
        return torch.from_numpy(np.array(dequantize(one.data, one.tensor_type), dtype=np.float32))

    def matrix(self, name: str) -> Tensor:
        """A matrix, in bf16."""
        return self.norm(name).to(torch.bfloat16)

    def bias(self, name: str) -> Tensor | None:
        """A layer's bias in bf16; None where it has none."""
        return self.matrix(name) if name in self.tensors else None


def _turn(x_THE: Tensor, turn: tuple[Tensor, Tensor]) -> Tensor:
    """Rotary positions, halves against halves."""
    whole = x_THE.float()
    first, second = whole.chunk(2, -1)
    return (whole * turn[0] + torch.cat((-second, first), -1) * turn[1]).to(x_THE.dtype)
