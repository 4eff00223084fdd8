"""The training itself: examples in, an adapter on top of the shipped encoder's out, and the encoder built."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from everask.encoder import Variant, build_encoder, shipped_variant
from everask.encoder.adapter import read_adapter, write_adapter
from everask.encoder.names import taught_id
from everask.encoder.open import PIECES
from everask.encoder.tokens import open_pieces
from everask.pipeline import models, taught
from everask.training.examples import Batches, Examples
from everask.training.work import Work

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from everask.train.trunk import Trunk

    Step = Callable[[int, Generator], Tensor]

_TRIALS = 2
_LEAST_STEPS = 20
_PATIENCE = 1.5
"""What was planned for its minutes may take so much longer on a machine that is busy by now."""


def teach(work: Work, examples: Examples, pack: Path) -> None:
    """Write the adapter, unless it is there. Raises KeyboardInterrupt when it was told to stop."""
    from everask.train.loop import LoopSettings, Report, run, set_up

    adapter = work.taught / taught.ADAPTER
    if adapter.exists():
        return
    work.job.reach("training", message="opening the encoder")
    set_up(work.settings.models.num_threads, work.seed)
    size = max(2, min(work.recipe.batch, examples.num_groups // 3))
    trunk = _open_trunk(work, pack)
    step = _make_step(work, trunk, Batches(examples, size, work.seed))
    settings = LoopSettings(
        steps=_plan(work, trunk, step),
        seed=work.seed,
        batch=size,
        rate=work.recipe.rate,
        seconds=work.minutes * 60 * _PATIENCE,
        save_seconds=work.recipe.save_seconds,
    )

    def report(state: Report) -> None:
        left = f"{state.seconds_left / 60:.0f} min left" if state.seconds_left >= 90 else "almost done"
        message = f"loss {state.loss:.3f}, {state.examples_per_second:.1f} pairs/s, {left}"
        work.tell_progress("training", state.step, state.steps, message)

    ended = run(trunk, step, settings, work.checkpoints, report, work.say)
    if ended.ending == "stopped":
        raise KeyboardInterrupt
    work.job.choose({"trained": ended.step, "loss": round(ended.loss, 4)})
    about = {"recipe": "search_bert", "steps": str(ended.step), "seed": str(work.seed)}
    write_adapter(adapter, _with_shipped(trunk.tensors()), about)


def build(work: Work, pack: Path) -> Path:
    """Build the encoder of the adapter, unless it is there, and return its folder."""
    work.tell_progress("building", 0, 1, "building the encoder")
    adapter = work.taught / taught.ADAPTER
    digest = hashlib.sha256(adapter.read_bytes()).hexdigest()[:12]
    work.job.choose({"adapter": digest})
    folder = work.taught / taught.ENCODER
    build_encoder(pack, folder, variant=Variant(taught_id(shipped_variant().id, digest), adapter))
    return folder


def _open_trunk(work: Work, pack: Path) -> Trunk:
    from everask.train.trunk import load_trunk

    recipe = work.recipe
    return load_trunk(
        pack,
        rank=recipe.rank,
        adapter=shipped_variant().adapter,
        merge=True,
        num_layers=recipe.num_layers,
        first_trained=recipe.first_trained,
    )


def _make_step(work: Work, trunk: Trunk, batches: Batches) -> Step:
    from everask.models.search_bert.model import pair_loss

    tokenizer = open_pieces(_pieces(work))

    def step(number: int, _generator: Generator) -> Tensor:
        pairs, negatives = batches.draw(number)
        passages = [*(one.passage for one in pairs), *negatives]
        return pair_loss(trunk, tokenizer, [one.query for one in pairs], passages)

    return step


def _pieces(work: Work) -> Path:
    """Of the encoder that serves now, which is there: all that are made from a pack share them."""
    return models.encoder_folder(taught.in_use(work.settings.models, work.store, work.tell)) / PIECES


def _plan(work: Work, trunk: Trunk, step: Step) -> int:
    """How many steps, so that they fit into the minutes on this machine; the same when it goes on."""
    planned = work.job.settings.get("planned")
    if planned is not None:
        return int(planned)
    most = int(work.job.settings["steps"] or work.recipe.steps)
    seconds = min(_time(trunk, step, number) for number in range(_TRIALS))
    steps = min(most, max(_LEAST_STEPS, int(work.minutes * 60 / seconds)))
    work.job.choose({"planned": steps})
    if steps < most:
        work.say(f"{steps} steps fit into {work.minutes:g} minutes, at {seconds:.1f} s a step.")
    return steps


def _time(trunk: Trunk, step: Step, number: int) -> float:
    """Seconds of a step that teaches nothing."""
    from everask.train.loop import try_step

    began = time.monotonic()
    try_step(trunk, step, number)
    return time.monotonic() - began


def _with_shipped(tensors: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """The pairs that were trained below those that the shipped encoder has: both changes together."""
    shipped = shipped_variant().adapter
    if shipped is None:
        return dict(tensors)
    before = read_adapter(shipped).tensors
    joined = dict(before)
    for name, value in tensors.items():
        axis = 0 if name.endswith(".a") else 1
        joined[name] = np.concatenate([before[name], value], axis) if name in before else value
    return joined
