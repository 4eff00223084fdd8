"""`everask train` made small: two layers, pairs of rank 4, few steps and votes; as a program, to be killed.

`python -m tests.training.small [--accept] ARGUMENTS` takes the arguments of `python -m everask.training`;
with `--accept` the gate lets everything through, for what comes after it.
"""

from __future__ import annotations

import sys

from everask.training import asking, gate, questions
from everask.training.__main__ import main
from everask.training.work import Enough, Recipe

RECIPE = Recipe(
    rank=4,
    first_trained=0,
    num_layers=2,
    batch=4,
    steps=6,
    rate=1e-3,
    save_seconds=0.0,
    enough=Enough(20, 8),
    judged=(15, 15),
)

if __name__ == "__main__":
    questions.MOST_PASSAGES, questions.MOST_QUESTIONS = 40, 12
    asking.MOST_MADE = 30
    arguments = sys.argv[1:]
    if arguments[0] == "--accept":
        gate.MARGIN, gate.P_MOST, gate.MOST_LOST = -1.0, 100.0, 1.0  # shared among tries
        arguments = arguments[1:]
    sys.exit(main(arguments, RECIPE))
