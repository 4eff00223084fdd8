"""The training loop: steps in, a trained model out, killed and resumed as often as need be.

A step draws its own batch from a generator that depends on the seed and its number alone, and so does
dropout: a training that was resumed is the same, bit for bit, as one that never stopped (on the same
machine with as many threads). Knows nothing of what is trained or on what.
"""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal

import torch
from torch import Generator, Tensor, nn

from everask.errors import TrainingError
from everask.train.checkpoint import load_checkpoint, require_room, save_checkpoint

Step = Callable[[int, Generator], Tensor]
"""(number from 0, generator) to the loss of that step's batch."""

Ending = Literal["done", "stopped", "out of time"]

_CLIP = 1.0
_DECAY = 0.01
_SMOOTH = 0.95
_SEED_STRIDE = 1_000_003
_SETTINGS_OF_A_RUN = {"seconds", "save_seconds"}


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How to train: AdamW, `warm_up` of the steps up to `rate`, then down a cosine to 0.

    `batch` is the number of examples in a step, for the report only. `seconds` is what this run may
    take; a checkpoint is written every `save_seconds`. `half` is bf16 autocast, where there is hardware.
    """

    steps: int
    seed: int = 0
    batch: int = 1
    rate: float = 1e-4
    warm_up: float = 0.1
    seconds: float | None = None
    save_seconds: float = 60.0
    half: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """Where a training is: `step` of `steps` done, the loss (smoothed), speed, and what is left."""

    step: int
    steps: int
    loss: float
    examples_per_second: float
    seconds_left: float


@dataclass(frozen=True, slots=True)
class LoopResult:
    """How a run ended; `resumed_at` is the step that it began with."""

    ending: Ending
    step: int
    loss: float
    resumed_at: int
    seconds: float


Progress = Callable[[Report], None]


def run(
    model: nn.Module,
    step: Step,
    settings: LoopSettings,
    folder: Path,
    progress: Progress | None = None,
    note: Callable[[str], None] | None = None,
) -> LoopResult:
    """Train what requires gradients in `model`, on from the last checkpoint in `folder`.

    The model is left as the last step made it. SIGINT and SIGTERM end the run after a checkpoint.
    Raises TrainingError when there is no room, when the loss is no number, or when the checkpoints are
    of a training with other settings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = _State(model, settings)
    require_room(folder, 2 * state.num_bytes)
    saved = load_checkpoint(folder, note or (lambda message: None))
    if saved is not None:
        state.restore(saved, folder)
    with _stop_signals() as stopped, torch.random.fork_rng():
        return _run(state, step, folder, progress, stopped)


def set_up(num_threads: int, seed: int) -> None:
    """Before a model is made: threads that torch may use, and what its first weights are drawn from."""
    torch.set_num_threads(num_threads)
    torch.manual_seed(seed)


def try_step(model: nn.Module, step: Step, number: int) -> None:
    """A step that changes nothing, to see how long one takes."""
    with torch.random.fork_rng(), _autocast(next(model.parameters()).device, half=True):
        loss = step(number, _seeded(0, number))
    torch.autograd.backward(loss)
    model.zero_grad(set_to_none=True)


class _State:
    """What goes on between steps, and comes back from a checkpoint."""

    def __init__(self, model: nn.Module, settings: LoopSettings) -> None:
        named = [(name, one) for name, one in model.named_parameters() if one.requires_grad]
        self.model = model
        self.settings = settings
        self.parameters = dict(named)
        # Biases and normalisation are not drawn to zero.
        groups = [
            {"params": [one for _, one in named if one.dim() > 1], "weight_decay": _DECAY},
            {"params": [one for _, one in named if one.dim() <= 1], "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW([one for one in groups if one["params"]], lr=settings.rate)
        self.step = 0
        self.loss = math.nan

    @property
    def num_bytes(self) -> int:
        """Of a checkpoint: the parameters and Adam's two moments, and a little for the rest."""
        return 3 * sum(one.numel() * one.element_size() for one in self.parameters.values()) + (1 << 20)

    @property
    def device(self) -> torch.device:
        return next(iter(self.parameters.values())).device

    def advance(self, loss: Tensor) -> None:
        """One step of the optimiser from the loss."""
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError(
                f"The training's loss is no number at step {self.step}.",
                "Start anew with a lower rate or another seed.",
            )
        for group in self.optimiser.param_groups:
            group["lr"] = self.settings.rate * _share_of_rate(self.step, self.settings)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.parameters.values(), _CLIP)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.loss = value if math.isnan(self.loss) else _SMOOTH * self.loss + (1 - _SMOOTH) * value
        self.step += 1

    def saved(self) -> dict[str, Any]:
        """What a checkpoint holds: plain values and tensors only."""
        return {
            "settings": _lasting(self.settings),
            "step": self.step,
            "loss": self.loss,
            "parameters": {name: one.detach() for name, one in self.parameters.items()},
            "optimiser": self.optimiser.state_dict(),
        }

    def restore(self, saved: dict[str, Any], folder: Path) -> None:
        """Go on from a checkpoint."""
        shapes = {name: one.shape for name, one in self.parameters.items()}
        held = {name: one.shape for name, one in saved["parameters"].items()}
        if saved["settings"] != _lasting(self.settings) or shapes != held:
            raise TrainingError(
                f"{folder} holds a training with other settings.",
                "Give the settings that it began with, or start anew in another folder.",
            )
        with torch.no_grad():
            for name, one in self.parameters.items():
                one.copy_(saved["parameters"][name])
        self.optimiser.load_state_dict(saved["optimiser"])
        self.step, self.loss = int(saved["step"]), float(saved["loss"])


def _run(
    state: _State, step: Step, folder: Path, progress: Progress | None, stopped: threading.Event
) -> LoopResult:
    settings, first = state.settings, state.step
    began = saved_at = time.monotonic()
    ending: Ending = "done"
    state.model.train()
    while state.step < settings.steps:
        if stopped.is_set():
            ending = "stopped"
            break
        if settings.seconds is not None and time.monotonic() - began >= settings.seconds:
            ending = "out of time"
            break
        with _autocast(state.device, settings.half):
            loss = step(state.step, _seeded(settings.seed, state.step))
        state.advance(loss)
        now = time.monotonic()
        if progress is not None:
            progress(_report(state, first, now - began))
        if now - saved_at >= settings.save_seconds:
            save_checkpoint(folder, state.step, state.saved(), state.num_bytes)
            saved_at = time.monotonic()
    state.model.eval()
    if state.step > first:
        save_checkpoint(folder, state.step, state.saved(), state.num_bytes)
    return LoopResult(ending, state.step, state.loss, first, time.monotonic() - began)


def _report(state: _State, first: int, seconds: float) -> Report:
    settings = state.settings
    each = seconds / (state.step - first)
    left = (settings.steps - state.step) * each
    if settings.seconds is not None:
        left = min(left, max(0.0, settings.seconds - seconds))
    return Report(state.step, settings.steps, state.loss, settings.batch / max(each, 1e-9), left)


def _share_of_rate(step: int, settings: LoopSettings) -> float:
    warm = max(1, round(settings.warm_up * settings.steps))
    if step < warm:
        return (step + 1) / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, settings.steps - warm)))


def _seeded(seed: int, number: int) -> Generator:
    """A step's own generator; torch's global one, that dropout draws from, is set as well."""
    own = seed * _SEED_STRIDE + number
    torch.manual_seed(own)
    return Generator().manual_seed(own)


def _lasting(settings: LoopSettings) -> dict[str, Any]:
    return {name: value for name, value in asdict(settings).items() if name not in _SETTINGS_OF_A_RUN}


def _autocast(device: torch.device, half: bool) -> contextlib.AbstractContextManager[object]:
    if not half or (device.type == "cpu" and not has_bf16()):
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


def has_bf16() -> bool:
    """Whether this machine's processor multiplies bf16 by itself; without, autocast only slows down."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16") or able.get("bf16"))


@contextlib.contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, where this is the main thread; as it was, afterwards."""
    stopped = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
