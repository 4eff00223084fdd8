"""Distils the funnel: python -m everask.models.funnel_reader.train --work FOLDER --pieces FILE --minutes 8

Can be killed and run again. Writes FOLDER/funnel.npz, which `python bench/long_documents.py --funnel FILE`
measures. See card.md for what came of it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from torch import Generator, Tensor

from everask import packs
from everask.encoder.adapter import write_adapter
from everask.encoder.tokens import open_pieces
from everask.models.funnel_reader.data import make_batches, read_texts
from everask.models.funnel_reader.model import Funnel, distil, pad_filled
from everask.train.loop import LoopSettings, Report, run, set_up
from everask.train.trunk import load_trunk

RANK = 32


def main() -> None:
    """Train, or go on."""
    given = _arguments()
    set_up(given.threads, given.seed)
    file = packs.find("e5-small", packs.default_folder())
    if file is None:
        raise SystemExit("The encoder is not there: everask models pull e5-small")
    # The query side stays the search encoder: its vectors are what the funnel's must be near to.
    teacher = load_trunk(file, adapter=given.adapter, merge=True)
    teacher.requires_grad_(False)
    funnel = Funnel(load_trunk(file, rank=RANK, adapter=given.adapter, merge=True))
    draw = make_batches(
        read_texts(given.texts),
        open_pieces(given.pieces),
        batch=given.batch,
        max_tokens=given.tokens,
        seed=given.seed,
    )

    def step(number: int, _generator: Generator) -> Tensor:
        return distil(funnel, teacher, *pad_filled(draw(number)))

    def report(state: Report) -> None:
        if state.step % 5 == 0:
            print(
                f"step {state.step}/{state.steps} loss {state.loss:.4f} "
                f"{state.examples_per_second:.1f} windows/s, left {state.seconds_left / 60:.1f} min",
                flush=True,
            )

    settings = LoopSettings(given.steps, given.seed, given.batch, given.rate, 0.06, given.minutes * 60, 60.0)
    ended = run(funnel, step, settings, given.work, report, print)
    about = {"recipe": "funnel_reader", "steps": str(ended.step), "seed": str(given.seed)}
    write_adapter(given.work / "funnel.npz", funnel.trunk.tensors(), about)
    print(f"{ended.ending} at step {ended.step}, loss {ended.loss:.4f}, {ended.seconds / 60:.1f} min")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--pieces", type=Path, required=True, help="pieces.model of the built encoder")
    parser.add_argument("--texts", type=Path, default=Path(".bench/manuals/sections.jsonl"))
    parser.add_argument("--adapter", type=Path, help="the search encoder's, if it has one")
    parser.add_argument("--steps", type=int, default=160)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    main()
