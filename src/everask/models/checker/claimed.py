"""One example for the checker: a sentence, the words that may support it, and what is known of both."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from everask.encoder.pairs import Place

Label = Literal["supported", "contradicted", "unmentioned", "unsupported"]
"""What the text says of the sentence; "unsupported" where nobody said which of the two it is."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A sentence and a text. `wrong` are the sentence's characters that the text does not carry.

    `words_known`: no other character is wrong; else nothing is known of the others. `twins` has the same
    value for examples that differ in a small thing alone: one is supported, the others are not.
    """

    sentence: str
    text: str
    label: Label
    language: str
    text_language: str
    kind: str
    wrong: tuple[Place, ...] = ()
    words_known: bool = True
    twins: str = ""

    @property
    def supported(self) -> bool:
        """Whether the text supports the sentence."""
        return self.label == "supported"


def write_examples(path: Path, examples: Iterable[Claimed]) -> None:
    """As JSON lines, beside the place and renamed: a file of that name is whole."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8") as stream:
        for one in examples:
            stream.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
    beside.replace(path)


def read_examples(path: Path) -> list[Claimed]:
    """What `write_examples` wrote."""
    with path.open(encoding="utf-8") as stream:
        rows = [json.loads(line) for line in stream]
    return [Claimed(**{**row, "wrong": tuple((start, end) for start, end in row["wrong"])}) for row in rows]
