"""A training small enough to be killed a hundred times: a network learns to tell two clouds of points.

Run as a program it trains in the folder given: `python small.py FOLDER STEPS SECONDS_A_STEP`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

from everask.train.loop import LoopResult, LoopSettings, run


def make_model(width: int = 16) -> nn.Module:
    """Two layers with dropout, the same each time; the first one's bias is frozen."""
    torch.manual_seed(5)
    model = nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Dropout(0.2), nn.Linear(width, 2))
    next(iter(model.children())).bias.requires_grad_(False)
    return model


def train(
    folder: Path, settings: LoopSettings, seconds_a_step: float = 0.0, width: int = 16
) -> tuple[nn.Module, LoopResult]:
    """Train, and return the model with how it ended."""
    model = make_model(width)

    def step(_number: int, generator: Generator) -> Tensor:
        time.sleep(seconds_a_step)
        labels_b = torch.randint(0, 2, (32,), generator=generator)
        points_bd = torch.randn(32, 8, generator=generator) + labels_b[:, None]
        return functional.cross_entropy(model(points_bd), labels_b)

    return model, run(model, step, settings, folder)


if __name__ == "__main__":
    torch.set_num_threads(1)
    _, ended = train(
        Path(sys.argv[1]),
        LoopSettings(int(sys.argv[2]), batch=32, rate=1e-2, save_seconds=0.0),
        float(sys.argv[3]),
    )
    print(ended.ending, ended.step)
