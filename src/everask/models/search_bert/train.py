"""Trains the search adapter that ships: python -m everask.models.search_bert.train --work FOLDER

Reads parallel manuals (dev/build_manuals.py) and the tuning halves of the question sets; can be killed and
run again. Writes FOLDER/adapter.npz. The same recipe on a user's own documents is `everask train search`.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from torch import Generator, Tensor

from everask import packs
from everask.encoder.adapter import write_adapter
from everask.encoder.tokens import open_pieces
from everask.evaluate.suites import load_suites
from everask.models.search_bert.data import (
    DataSettings,
    Sampler,
    is_held_out_page,
    read_questions,
    read_sections,
)
from everask.models.search_bert.model import pair_loss
from everask.train.loop import LoopSettings, Report, run, set_up
from everask.train.trunk import load_trunk

RANK = 32
FIRST_TRAINED = 4
SETS = ("xquad-mixed", "drcd", "cmrc", "jsquad", "hotpot")


def main() -> None:
    """Train, or go on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--sections", type=Path, default=Path(".bench/manuals/sections.jsonl"))
    parser.add_argument("--pieces", type=Path, required=True, help="pieces.model of the built encoder")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=72)
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=None)
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or "../shared/data")
    questions, left_out = read_questions([suite for suite in load_suites(data) if suite.name in SETS])
    manuals = [family for family in read_sections(given.sections) if not is_held_out_page(family.page)]
    sampler = Sampler(manuals, questions, DataSettings())
    counts = {name: len(families) for name, families in questions.items()}
    print(f"{len(manuals)} pages; articles with questions: {counts}; left out: {len(left_out)}", flush=True)
    file = packs.find("e5-small", packs.default_folder())
    if file is None:
        raise SystemExit("The encoder is not there: everask models pull e5-small")
    set_up(2, given.seed)
    trunk = load_trunk(file, rank=RANK, first_trained=FIRST_TRAINED)
    settings = LoopSettings(
        given.steps, given.seed, given.batch, given.rate, 0.06, given.minutes and given.minutes * 60, 120.0
    )
    tokenizer = open_pieces(given.pieces)

    def step(number: int, _generator: Generator) -> Tensor:
        examples = sampler.batch(number, given.batch, given.seed)
        return pair_loss(trunk, tokenizer, [one.query for one in examples], [one.passage for one in examples])

    def report(state: Report) -> None:
        if state.step % 5 == 0:
            print(
                f"step {state.step}/{state.steps} loss {state.loss:.4f} "
                f"{state.examples_per_second:.1f} pairs/s, left {state.seconds_left / 60:.1f} min",
                flush=True,
            )

    ended = run(trunk, step, settings, given.work, report, print)
    about = {
        "recipe": "search_bert",
        "steps": str(ended.step),
        "batch": str(given.batch),
        "seed": str(given.seed),
    }
    write_adapter(given.work / "adapter.npz", trunk.tensors(), about)
    print(f"{ended.ending} at step {ended.step}, loss {ended.loss:.4f}, {ended.seconds / 60:.1f} min")


if __name__ == "__main__":
    main()
