"""Windows of running text to distil on: no labels are needed. Reads dev/build_manuals.py's sections."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from everask.encoder.tokens import Tokenizer
from everask.models.funnel_reader.graph import FACTOR, fill

_HELD_OUT = ("libreoffice/swriter", "developers-reference")


def read_texts(path: Path) -> list[str]:
    """Texts of a file with an object {"text", …} a line; pages that figures are reported on are left out."""
    texts: list[str] = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if any(name in str(row.get("page", "")) for name in _HELD_OUT):
                continue
            text = " ".join(str(row["text"]).split())
            if len(text) >= 40:
                texts.append(text)
    return texts


def make_batches(
    texts: Sequence[str], tokenizer: Tokenizer, *, batch: int, max_tokens: int, seed: int
) -> Callable[[int], list[list[int]]]:
    """A function of the step's number that gives filled ids, alike in length: little is padding."""

    def draw(number: int) -> list[list[int]]:
        dice = random.Random(seed * 1_000_003 + number)
        # Neighbouring texts joined fill a window; a few candidates more, and the most alike are taken.
        rows = []
        for _ in range(2 * batch):
            start = dice.randrange(len(texts))
            joined = " ".join(texts[start : start + 4])
            rows.append(tokenizer.encode(f"passage: {joined}", dice.choice((96, 160, max_tokens))))
        rows.sort(key=len)
        first = dice.randrange(batch + 1)
        return [fill(row[: max_tokens - FACTOR]) for row in rows[first : first + batch]]

    return draw
