"""Tunes the answer policy: python -m everask.models.answer_policy.train --work .bench/policy --method dpo

Goes on from an adapter (the one that ships, or --start) on WORK/drafts.jsonl (card.md has its form): "rft"
copies the best drafts, "dpo" prefers the better, "kto" learns from single votes, "rloo" weighs each draft by
its advantage, "distil" follows a teacher on the policy's own drafts. Killed, it goes on from its last
checkpoint. Writes WORK/answer.gguf, used by `models.adapter = "WORK/answer.gguf"` in place of the one that
ships. On a GPU the same command with --device cuda --batch 32. Needs the extra `train`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import torch
from torch import Generator, Tensor

from everask import packs
from everask.errors import TrainingError
from everask.evaluate.halves import is_tune
from everask.models.answer_policy.data import (
    Choice,
    Drafted,
    advantages_of,
    batch_of,
    best_of,
    pairs_of,
    read_drafts,
    votes_of,
)
from everask.models.answer_policy.model import (
    advantage_loss,
    mean_of,
    prefer_loss,
    teacher_loss,
    vote_loss,
)
from everask.train.loop import LoopResult, LoopSettings, Report, run, set_up
from everask.train.writer import Writer
from everask.train.writer_file import read_matrices, write_adapter
from everask.train.writer_tokens import Tokens, read_tokens

SHIPPED = "answer-qwen2.5-0.5b-1.gguf"
BASE = "qwen2.5-0.5b"
METHODS: Mapping[str, Callable[[Sequence[Drafted], Tokens], list[Choice]]] = {
    "rft": best_of,
    "dpo": pairs_of,
    "kto": votes_of,
    "rloo": advantages_of,
    "distil": best_of,
}
LEAST = 20
"""Choices below which nothing is learned."""


@dataclass(frozen=True, slots=True)
class TuneSettings:
    """How to tune. `steps` 0 is as many as show each choice twice."""

    method: str = "rft"
    steps: int = 0
    batch: int = 2
    rate: float = 5e-5
    seed: int = 0
    minutes: float = 20.0
    threads: int = 2
    device: str = "cpu"


def main() -> None:
    """Train, or go on; then write the adapter."""
    given = _arguments()
    settings = TuneSettings(**{name: getattr(given, name) for name in TuneSettings.__slots__})
    teacher = _pack(given.teacher) if given.teacher else None
    base = given.base or _pack(BASE)
    ended = tune(given.work, settings, base, given.start, _say, teacher=teacher)
    print(f"{ended.ending} at step {ended.step}, loss {ended.loss:.4f}, {ended.seconds / 60:.1f} min")


def tune(
    work: Path,
    settings: TuneSettings,
    base: Path,
    start: Path | None,
    show: Callable[[int, int, float], None],
    *,
    is_own: bool = False,
    teacher: Path | None = None,
) -> LoopResult:
    """Go on from the adapter `start` (None: what ships) on WORK/drafts.jsonl, and write WORK/answer.gguf.

    `show` is told the step, of how many, and the loss. With `is_own` the drafts are of a user's documents,
    and all are learned from; else those of the tuning half are. Raises TrainingError where they teach too
    little.
    """
    set_up(settings.threads, settings.seed)
    drafted = [one for one in read_drafts(work / "drafts.jsonl") if is_own or is_tune(one.article)]
    choices = METHODS[settings.method](drafted, read_tokens(base))
    if len(choices) < LEAST:
        raise TrainingError(
            f"The drafts teach too little: {len(choices)} choices for {settings.method}, {LEAST} are needed.",
            "Make drafts of more questions.",
        )
    start = start or Path(str(files("everask") / "weights" / SHIPPED))
    model, alpha = open_policy(base, start)
    model.to(settings.device)
    before: dict[str, tuple[float, float]] = {}
    if settings.method not in ("rft", "distil"):
        before = log_chances_before(model, choices, work / f"before-{settings.method}.json", start)
    larger = Writer(teacher, 0, 1.0).to(settings.device) if teacher is not None else None
    step = make_step(model, choices, before, settings, larger)
    steps = settings.steps or -(-2 * len(choices) // settings.batch)
    loop = LoopSettings(steps, settings.seed, settings.batch, settings.rate, 0.1, settings.minutes * 60, 60.0)

    def tell(state: Report) -> None:
        show(state.step, state.steps, state.loss)

    ended = run(model, step, loop, work / f"checkpoints-{settings.method}", tell)
    if ended.ending != "stopped":
        about = {
            "recipe": f"answer_policy {settings.method}",
            "steps": str(ended.step),
            "seed": str(settings.seed),
        }
        write_adapter(work / "answer.gguf", model.to("cpu").matrices(), alpha, base, about)
    return ended


def open_policy(base: Path, start: Path) -> tuple[Writer, float]:
    """The model with an adapter to go on from, and the adapter's alpha."""
    matrices, alpha = read_matrices(start)
    rank = next(one.shape[0] for name, one in matrices.items() if name.endswith("lora_a"))
    first = min(int(name.split(".")[1]) for name in matrices)
    model = Writer(base, rank, alpha, first)
    model.take(matrices)
    return model, alpha


def log_chances_before(
    model: Writer, choices: Sequence[Choice], kept: Path, start: Path
) -> dict[str, tuple[float, float]]:
    """Mean log-probabilities of both replies before anything is learned, by choice: worked out once."""
    name = hashlib.sha256(start.read_bytes()).hexdigest()
    known: dict[str, tuple[float, float]] = {}
    if kept.is_file():
        row = json.loads(kept.read_text("utf-8"))
        known = {key: tuple(each) for key, each in row["means"].items()} if row["start"] == name else {}
    device = model.tokens_VD.device.type
    for one in choices:
        if key_of(one) not in known:
            with torch.no_grad(), torch.autocast(device, dtype=torch.bfloat16):
                means = [_mean(model, one.prompt, reply) for reply in (one.wanted, one.unwanted)]
            known[key_of(one)] = (means[0], means[1])
    kept.write_text(json.dumps({"start": name, "means": known}), "utf-8")
    return known


def key_of(choice: Choice) -> str:
    """A name for a choice, by all that it holds."""
    return hashlib.sha256(repr((choice.prompt, choice.wanted, choice.unwanted)).encode()).hexdigest()[:24]


def make_step(
    model: Writer,
    choices: Sequence[Choice],
    before: Mapping[str, tuple[float, float]],
    given: TuneSettings,
    teacher: Writer | None,
) -> Callable[[int, Generator], Tensor]:
    """A step of the method: (number, generator) to the loss of its batch."""

    def step(number: int, _generator: Generator) -> Tensor:
        batch = batch_of(choices, number, given.batch, given.seed)
        prompts = [one.prompt for one in batch]
        said = [one.wanted or one.unwanted for one in batch]
        if given.method == "rft":
            return model.loss(prompts, said)
        if given.method == "distil":
            if teacher is None:
                raise TrainingError("Distillation needs a teacher.", "Name one with --teacher.")
            with torch.no_grad():
                wanted = teacher.logits(prompts, said)
            return teacher_loss(model.logits(prompts, said), wanted)
        old = torch.tensor([before[key_of(one)] for one in batch], device=model.tokens_VD.device)
        if given.method == "dpo":
            both = model.log_chances(prompts * 2, [*said, *(one.unwanted for one in batch)])
            means = mean_of(both)
            return prefer_loss(means[: len(batch)], means[len(batch) :], old)
        means = mean_of(model.log_chances(prompts, said))
        if given.method == "kto":
            is_wanted = torch.tensor([bool(one.wanted) for one in batch], device=means.device)
            return vote_loss(means, torch.where(is_wanted, old[:, 0], old[:, 1]), is_wanted)
        worth = torch.tensor([one.worth for one in batch], device=means.device)
        return advantage_loss(means, old[:, 0], worth)

    return step


def _mean(model: Writer, prompt: Sequence[int], reply: Sequence[int]) -> float:
    return float(model.log_chances([prompt], [reply])[0].mean()) if reply else 0.0


def _pack(name: str) -> Path:
    file = packs.find(name, packs.default_folder())
    if file is None:
        raise SystemExit(f"The model is not there: everask models pull {name}")
    return file


def _say(step: int, steps: int, loss: float) -> None:
    if step % 5 == 0:
        print(f"step {step}/{steps} loss {loss:.4f}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".bench/policy"))
    parser.add_argument("--method", choices=tuple(METHODS), default="rft")
    parser.add_argument("--steps", type=int, default=0, help="0: each choice twice")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--rate", type=float, default=5e-5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--start", type=Path, help="an adapter to go on from; else the one that ships")
    parser.add_argument("--base", type=Path, help="a GGUF file; else the pack")
    parser.add_argument("--teacher", default="", help="a larger pack of the same vocabulary, to distil from")
    return parser.parse_args()


if __name__ == "__main__":
    main()
