"""A question and a stretch of a text as one row of token ids: `<s> question </s></s> text </s>`.

Knows which characters of the text each token stands for, so that a span of tokens is a span of characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

MAX_TOKENS = 256
MAX_QUESTION_TOKENS = 64
_BEGIN, _END = 0, 2
_NUM_MARKS = 4

Place = tuple[int, int]
"""Start and end, in characters of the text."""


class PlacingTokenizer(Protocol):
    """What pairs need of a tokenizer."""

    def encode_places(self, text: str) -> tuple[list[int], list[Place]]:
        """Ids without special tokens, and the characters that each stands for."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One row. `first` is where the text's tokens begin in `ids`; `places` has one entry for each."""

    ids: list[int]
    first: int
    places: list[Place]

    @property
    def end(self) -> int:
        """One past the text's last token."""
        return self.first + len(self.places)

    def parts(self) -> NDArray[np.float32]:
        """(2, S) weights that average the question's tokens, and the text's."""
        weights_2s = np.zeros((2, len(self.ids)), np.float32)
        weights_2s[0, 1 : self.first - 2] = 1 / max(1, self.first - 3)
        weights_2s[1, self.first : self.end] = 1 / max(1, len(self.places))
        return weights_2s


def join(
    question: Sequence[int],
    text: Sequence[int],
    places: Sequence[Place],
    most_asked: int = MAX_QUESTION_TOKENS,
) -> Pair:
    """A question's ids, at most `most_asked`, and a stretch of a text's, with the marks around them."""
    asked = list(question[:most_asked])
    return Pair([_BEGIN, *asked, _END, _END, *text, _END], len(asked) + 3, list(places))


def room_beside(
    question: Sequence[int], max_tokens: int = MAX_TOKENS, most_asked: int = MAX_QUESTION_TOKENS
) -> int:
    """How many tokens of a text fit beside a question."""
    return max_tokens - _NUM_MARKS - min(len(question), most_asked)


def pairs_of(
    tokenizer: PlacingTokenizer,
    question: Sequence[int],
    text: str,
    max_tokens: int = MAX_TOKENS,
    most_asked: int = MAX_QUESTION_TOKENS,
) -> Iterator[Pair]:
    """The text beside the question: one row, or overlapping ones where it is too long for one."""
    ids, places = tokenizer.encode_places(text)
    room = room_beside(question, max_tokens, most_asked)
    start = 0
    while True:
        end = start + room
        yield join(question, ids[start:end], places[start:end], most_asked)
        if end >= len(ids):
            return
        start += max(1, room - room // 3)
