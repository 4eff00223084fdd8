"""Trains the checker: python -m everask.models.checker.train --minutes 30 --work FOLDER

Writes FOLDER/checker.npz, and says on the way how well examples of articles that were held out are told.
Killed, it goes on from its last checkpoint when it is started again in the same folder. Needs the shared
data (EVERASK_SHARED_DATA or ../shared/data), the pack e5-small, and the extra `train`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from everask import packs
from everask.encoder.adapter import read_adapter, write_adapter
from everask.encoder.checker import UNSUPPORTED
from everask.encoder.q4_file import read_q4_file
from everask.encoder.tokens import PieceTokenizer, open_pieces, write_pieces
from everask.errors import ModelError, TrainingError
from everask.evaluate.abstention import auroc
from everask.evaluate.calibration import calibrate
from everask.models.checker.claimed import Claimed, read_examples, write_examples
from everask.models.checker.data import draw_examples, held_out
from everask.models.checker.model import fresh_words, make_batch, make_batches, measure_loss
from everask.train.loop import LoopSettings, Report, Step, run, set_up, try_step
from everask.train.question import QuestionModel
from everask.train.trunk import load_trunk

NAME = "checker.npz"
_PLAN = "plan.json"
_EXAMPLES, _KEPT = "examples.jsonl", "held_out.jsonl"
_TRIAL_STEPS = 6
_SHARE_FOR_STEPS = 0.92  # of the minutes; the rest is for measuring and writing
_MEASURED_AT = (0.2, 0.4, 0.6, 0.8)
_NUM_HELD_OUT = 360


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How the checker is trained: about `examples` a step, for `minutes`."""

    minutes: float = 30.0
    examples: int = 16
    max_tokens: int = 192
    rank: int = 32
    rate: float = 6e-4
    seed: int = 0
    threads: int = 2
    pairs: int = 30_000


@dataclass(frozen=True, slots=True)
class Places:
    """The 4-bit file, the data, the manuals' sections, an adapter to start from, the folder of the work."""

    file: Path
    data: Path
    manuals: Path | None
    start: Path | None
    work: Path


def main() -> None:
    """The command."""
    given = _arguments()
    settings = TrainSettings(
        given.minutes,
        given.examples,
        given.max_tokens,
        given.rank,
        given.rate,
        given.seed,
        given.threads,
        given.pairs,
    )
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or Path.cwd().parent / "shared" / "data")
    file = packs.find("e5-small", packs.default_folder())
    if file is None:
        raise ModelError("The encoder's weights are not there.", "Fetch them: everask models pull e5-small")
    if not (data / "p02_xquad").is_dir():
        raise TrainingError(f"There is no data in {data}.", "Name its folder in EVERASK_SHARED_DATA.")
    given.work.mkdir(parents=True, exist_ok=True)
    places = Places(file, data, given.manuals, given.start, given.work)
    if given.draw:
        _say(f"{len(_examples(places, settings))} examples")
        return
    print(train(places, settings))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    defaults = TrainSettings()
    parser.add_argument("--work", type=Path, required=True, help="checkpoints, and the adapter at the end")
    parser.add_argument("--minutes", type=float, default=defaults.minutes)
    parser.add_argument("--examples", type=int, default=defaults.examples, help="a step, about")
    parser.add_argument("--max-tokens", type=int, default=defaults.max_tokens)
    parser.add_argument("--rank", type=int, default=defaults.rank, help="of the adapter")
    parser.add_argument("--rate", type=float, default=defaults.rate)
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--threads", type=int, default=defaults.threads)
    parser.add_argument("--pairs", type=int, default=defaults.pairs, help="examples to draw")
    parser.add_argument("--draw", action="store_true", help="draw the examples, and do no more")
    parser.add_argument("--start", type=Path, help="an adapter to start from (the question form's)")
    parser.add_argument("--manuals", type=Path, help="sections.jsonl, from dev/build_manuals.py")
    return parser.parse_args()


def train(places: Places, settings: TrainSettings) -> Path:
    """Train and write the adapter; return where it is. Raises TrainingError."""
    began = time.monotonic()
    tokenizer = _open_tokenizer(places.file, places.work)
    model = make_model(places.file, places.start, settings)
    kept = _kept(places)
    examples = _examples(places, settings)
    plan = _plan(model, tokenizer, examples, places.work, settings)
    batches = make_batches(examples, settings.examples, settings.seed)
    _say(f"{plan} steps of about {settings.examples}; {len(examples)} examples in {len(batches)} batches")

    def progress(report: Report) -> None:
        if report.step % 20 == 0:
            _say(
                f"step {report.step} of {report.steps}, loss {report.loss:.3f}, "
                f"{report.examples_per_second:.1f} pairs/s, {report.seconds_left / 60:.1f} min left"
            )
        if any(report.step == round(share * report.steps) for share in _MEASURED_AT):
            _say(shown(kept, measure(model, tokenizer, kept, settings.max_tokens)[0]))

    loop = LoopSettings(
        steps=plan,
        seed=settings.seed,
        batch=settings.examples,
        rate=settings.rate,
        warm_up=0.06,
        seconds=max(20.0, settings.minutes * 60 - (time.monotonic() - began)),
        save_seconds=120,
    )
    step = _step(model, tokenizer, batches, settings)
    ended = run(model, step, loop, places.work / "checkpoints", progress, _say)
    _say(f"{ended.ending} at step {ended.step} of {plan} after {ended.seconds / 60:.1f} min")
    logits, weak = measure(model, tokenizer, kept, settings.max_tokens)
    _say(shown(kept, logits) + f"; words {weak:.3f}")
    scale, shift = calibrate([(logit, one.supported) for logit, one in zip(logits, kept, strict=True)])
    about = {
        "scale": f"{scale:.4f}",
        "shift": f"{shift:.4f}",
        "steps": str(ended.step),
        "pairs": str(ended.step * loop.batch),
        "minutes": f"{ended.seconds / 60:.1f}",
        "seed": str(settings.seed),
        "held out": shown(kept, logits),
    }
    write_adapter(places.work / NAME, model.tensors(), about)
    return places.work / NAME


def make_model(file: Path, start: Path | None, settings: TrainSettings) -> QuestionModel:
    """The network, from the plain encoder or an adapter: then with its rank and heads, but for the words'."""
    set_up(settings.threads, settings.seed)
    if start is None:
        return QuestionModel(load_trunk(file, rank=settings.rank))
    adapter = read_adapter(start)
    rank = next(one.shape[0] for name, one in adapter.tensors.items() if name.endswith(".a"))
    model = QuestionModel(load_trunk(file, rank=rank, adapter=start))
    if any(name.startswith("head.tokens") for name in adapter.tensors):
        model.load_heads(adapter)
        fresh_words(model)
    return model


def _step(
    model: QuestionModel,
    tokenizer: PieceTokenizer,
    batches: Sequence[Sequence[Claimed]],
    settings: TrainSettings,
) -> Step:
    def step(number: int, _generator: Generator) -> Tensor:
        return measure_loss(model, make_batch(tokenizer, batches[number % len(batches)], settings.max_tokens))

    return step


def _examples(places: Places, settings: TrainSettings) -> list[Claimed]:
    """Drawn once in this folder; what is measured on meanwhile, too."""
    _kept(places)
    path = places.work / _EXAMPLES
    if not path.is_file():
        drawn = draw_examples(places.data, places.manuals, settings.pairs, settings.seed)
        write_examples(path, drawn)
    return read_examples(path)


def _kept(places: Places) -> list[Claimed]:
    path = places.work / _KEPT
    if not path.is_file():
        write_examples(path, held_out(places.data, _NUM_HELD_OUT, 1))
    return read_examples(path)


def _plan(
    model: QuestionModel,
    tokenizer: PieceTokenizer,
    examples: Sequence[Claimed],
    work: Path,
    settings: TrainSettings,
) -> int:
    """How many steps the minutes allow: as was planned before in this folder, else by trying some."""
    path = work / _PLAN
    if path.is_file():
        return int(json.loads(path.read_text("utf-8"))["steps"])
    some = make_batches(examples[: settings.examples * 24], settings.examples, 99)
    step = _step(model, tokenizer, some, settings)
    seconds: list[float] = []
    for number in range(_TRIAL_STEPS):
        began = time.monotonic()
        try_step(model, step, number)
        seconds.append(time.monotonic() - began)
    each = float(np.mean(seconds[1:]))
    steps = max(10, round(settings.minutes * 60 * _SHARE_FOR_STEPS / each))
    path.write_text(json.dumps({"steps": steps, "seconds a step": round(each, 3)}), "utf-8")
    return steps


def measure(
    model: QuestionModel, tokenizer: PieceTokenizer, examples: Sequence[Claimed], max_tokens: int
) -> tuple[list[float], float]:
    """The logit of every example; and of words whose state is known, AUROC of being told."""
    was_training = model.training
    model.eval()
    logits: list[float] = []
    weak: list[float] = []
    is_weak: list[bool] = []
    for at in range(0, len(examples), 12):
        batch = make_batch(tokenizer, examples[at : at + 12], max_tokens)
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            support_b, tokens_bs3 = model(batch.ids_bs, batch.mask_bs, batch.parts_b2s)
        logits += support_b.tolist()
        known = batch.weak_bs >= 0
        weak += tokens_bs3[:, :, UNSUPPORTED][known].tolist()
        is_weak += (batch.weak_bs[known] > 0).tolist()
    model.train(was_training)
    return logits, auroc(weak, is_weak)


def shown(examples: Sequence[Claimed], logits: Sequence[float]) -> str:
    """AUROC of support, and the share of twins in the right order, by set."""
    by_set: dict[str, list[tuple[float, Claimed]]] = defaultdict(list)
    for logit, one in zip(logits, examples, strict=True):
        name = one.kind.split()[0]
        by_set[name if one.language == one.text_language else f"{name} across"].append((logit, one))
    parts: list[str] = []
    for name, some in sorted(by_set.items()):
        best = {(one.twins, one.supported): logit for logit, one in some}
        pairs = [best[twins, True] > best[twins, False] for twins, _ in best if (twins, True) in best
                 and (twins, False) in best]  # fmt: skip
        area = auroc([logit for logit, _ in some], [one.supported for _, one in some])
        parts.append(f"{name} {area:.3f} ({np.mean(pairs):.2f}, n={len(some)})")
    return "held out, AUROC (twins in order): " + "; ".join(parts)


def _open_tokenizer(file: Path, work: Path) -> PieceTokenizer:
    path = work / "pieces.model"
    if not path.is_file():
        write_pieces(read_q4_file(file).pieces, path)
    return open_pieces(path)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
