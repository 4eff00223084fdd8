"""One pair for the reward: a question, quotes, and two answers of which the first is better; why it is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

Dimension = Literal["grounded", "answers", "complete", "concise", "form", "safety"]
"""What can be good or bad about an answer."""

DIMENSIONS: tuple[Dimension, ...] = ("grounded", "answers", "complete", "concise", "form", "safety")


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence that may be cited, with the passage that it stands in and what that is about."""

    text: str
    passage: str
    title: str
    language: str


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of an answer, and the numbers of the quotes that it cites, from 1."""

    text: str
    cited: tuple[int, ...] = ()


Draft = tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class RewardPair:
    """Two answers to one question over the same quotes; `chosen` is better.

    `harms` are the dimensions in which it is; none where nobody knows which. `group` is what must not be
    split between training and measuring: an article, a prompt, a user's document. Pairs without quotes are
    replies of a chat: nothing can be cited there.
    """

    question: str
    language: str
    quotes: tuple[Quote, ...]
    chosen: Draft
    rejected: Draft
    kind: str
    harms: tuple[Dimension, ...]
    group: str
    source: str
    margin: float = 1.0
    weight: float = 1.0


def write_pairs(path: Path, pairs: Iterable[RewardPair]) -> None:
    """As JSON lines, beside the place and renamed: a file of that name is whole."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("w", encoding="utf-8") as stream:
        for one in pairs:
            stream.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
    beside.replace(path)


def read_pairs(path: Path) -> list[RewardPair]:
    """What `write_pairs` wrote."""
    with path.open(encoding="utf-8") as stream:
        return [_pair(json.loads(line)) for line in stream]


def _pair(row: dict[str, Any]) -> RewardPair:
    return RewardPair(
        **{
            **row,
            "quotes": tuple(Quote(**one) for one in row["quotes"]),
            "chosen": _draft(row["chosen"]),
            "rejected": _draft(row["rejected"]),
            "harms": tuple(row["harms"]),
        }
    )


def _draft(rows: Iterable[dict[str, Any]]) -> Draft:
    return tuple(Said(one["text"], tuple(one["cited"])) for one in rows)
