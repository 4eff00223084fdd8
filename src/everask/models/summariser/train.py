"""Teaches the cited answer: python -m everask.models.summariser.train --work .bench/summariser --minutes 28

Low-rank adapters on the upper layers of Qwen2.5-Coder-0.5B-Instruct (the pack qwen2.5-0.5b). Killed, it goes
on from its last checkpoint. Writes WORK/answer.gguf, which serves as it is. Needs the extra `train`, and the
examples of dev/summariser_cases.py and dev/summariser_examples.py.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from torch import Generator, Tensor

from everask import packs
from everask.models.summariser.data import Example, batch_of, read_examples
from everask.train.checkpoint import load_checkpoint
from everask.train.loop import LoopSettings, Report, run, set_up
from everask.train.writer import Writer
from everask.train.writer_file import write_adapter
from everask.train.writer_tokens import read_tokens


def main() -> None:
    """Train, or go on; then write the adapter."""
    given = _arguments()
    set_up(given.threads, given.seed)
    base = packs.find("qwen2.5-0.5b", packs.default_folder())
    if base is None:
        raise SystemExit("The base model is not there: everask models pull qwen2.5-0.5b")
    tokens = read_tokens(base)
    examples = read_examples(given.work / "examples.jsonl", tokens)
    model = Writer(base, given.rank, given.alpha, given.first_layer)

    if given.start:
        start_from(model, given.start)

    def step(number: int, _generator: Generator) -> Tensor:
        batch = batch_of(examples, given.skip + number, given.batch, given.seed)
        return model.loss([one.prompt for one in batch], [one.reply for one in batch])

    settings = LoopSettings(given.steps, given.seed, given.batch, given.rate, 0.06, given.minutes * 60, 120.0)
    print(f"{len(examples)} examples, {given.steps} steps of {given.batch}", flush=True)
    ended = run(model, step, settings, given.work / given.checkpoints, _say, print)
    about = {"recipe": "summariser", "steps": str(ended.step), "seed": str(given.seed)}
    write_adapter(given.work / "answer.gguf", model.matrices(), given.alpha, base, about)
    print(
        f"{ended.ending} at step {ended.step}, loss {ended.loss:.4f}, {ended.seconds / 60:.1f} min",
        flush=True,
    )
    if given.kept:
        print(measure(model, read_examples(given.work / "kept.jsonl", tokens)[: given.kept]))


def start_from(model: Writer, folder: Path) -> None:
    """Begin with the adapter of another training's last checkpoint."""
    saved = load_checkpoint(folder, print)
    if saved is None:
        raise SystemExit(f"There is no checkpoint in {folder}.")
    with torch.no_grad():
        for name, one in model.named_parameters():
            one.copy_(saved["parameters"][name])


def measure(model: Writer, examples: list[Example]) -> str:
    """Mean loss on examples of articles that training never saw, by group."""
    losses: dict[str, list[float]] = {}
    started = time.monotonic()
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        for one in examples:
            losses.setdefault(one.group, []).append(model.loss([one.prompt], [one.reply]).item())
    means = (f"{group} {sum(each) / len(each):.3f} ({len(each)})" for group, each in sorted(losses.items()))
    return f"kept: {', '.join(means)}; {time.monotonic() - started:.0f} s"


def _say(state: Report) -> None:
    if state.step % 5 == 0:
        speed = f"{state.examples_per_second:.2f} examples/s, left {state.seconds_left / 60:.1f} min"
        print(f"step {state.step}/{state.steps} loss {state.loss:.4f} {speed}", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path(".bench/summariser"))
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rank", type=int, default=8)
    parser.add_argument("--alpha", type=float, default=16.0)
    parser.add_argument("--first-layer", type=int, default=8, help="layers below are left as they are")
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=28.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--start", type=Path, help="begin with the last checkpoint of this folder")
    parser.add_argument("--skip", type=int, default=0, help="batches that were learned before")
    parser.add_argument("--checkpoints", default="checkpoints", help="their folder, in the work folder")
    parser.add_argument("--kept", type=int, default=0, help="measure on so many kept examples at the end")
    return parser.parse_args()


if __name__ == "__main__":
    main()
