"""Examples of cited answers as tokens, in an order that a seed draws; see dev/summariser_examples.py."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from everask.errors import TrainingError
from everask.train.writer_tokens import Tokens

MOST_TOKENS = 520


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt's tokens and its reply's, which ends with the token that ends a reply."""

    group: str
    prompt: tuple[int, ...]
    reply: tuple[int, ...]


def read_examples(file: Path, tokens: Tokens) -> list[Example]:
    """The examples of a file, without those that are too long to be learned soon."""
    if not file.is_file():
        raise TrainingError(f"There are no examples at {file}.", "Make them: python dev/summariser_cases.py")
    found: list[Example] = []
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        prompt, reply = tokens.cut(row["prompt"]), [*tokens.cut(row["reply"]), tokens.end]
        if len(prompt) + len(reply) <= MOST_TOKENS:
            found.append(Example(row["group"], tuple(prompt), tuple(reply)))
    return found


def batch_of(examples: Sequence[Example], number: int, size: int, seed: int) -> list[Example]:
    """The batch of a step: every example once before any comes again, each time in another order."""
    picked: list[Example] = []
    for place in range(number * size, (number + 1) * size):
        order = list(range(len(examples)))
        random.Random(seed * 1009 + place // len(examples)).shuffle(order)
        picked.append(examples[order[place % len(examples)]])
    return picked
