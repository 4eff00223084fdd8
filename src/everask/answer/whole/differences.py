"""What two versions of a document do not share: sentences added, removed and changed, figures first.

Sentences are compared, not lines or pages, so that a PDF can be compared with the text that it was made
of. Only their letters and digits count. What merely stands elsewhere is counted, not shown.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from everask.answer.whole.dates import find_dates
from everask.answer.whole.sentences import Sentence

DifferenceKind = Literal["figures", "changed", "added", "removed"]
MAX_SENTENCES = 20_000
_MAX_PAIRED = 60
_MIN_ALIKE = 0.5
_WORDS = re.compile(r"[^\W_]+")
_NUMBERED = re.compile(r"^\s*(?:[(（]?\w{1,4}[.)）:]|§\s?\d+\.?|第?\d+[条條章])\s*")
_DIGITS = re.compile(r"\d[\d.,]*\d|\d")


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference: the sentence in the old document, in the new one, or both."""

    kind: DifferenceKind
    old: Sentence | None = None
    new: Sentence | None = None


@dataclass(frozen=True, slots=True)
class Differences:
    """All differences in the order in which they matter, and how many sentences are equal or moved."""

    found: tuple[Difference, ...]
    num_equal: int
    num_moved: int


def compare_sentences(old: Sequence[Sentence], new: Sequence[Sentence]) -> Differences:
    """The differences between two documents, from their sentences in order."""
    left, right = ([one for one in some if _key(one)][:MAX_SENTENCES] for some in (old, new))
    keys = [_key(one) for one in left], [_key(one) for one in right]
    matcher = difflib.SequenceMatcher(None, *keys, autojunk=len(left) > 2_000)
    elsewhere = Counter(keys[0]) & Counter(keys[1])
    num_equal = num_moved = 0
    found: list[Difference] = []
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag == "equal":
            num_equal += b - a
            continue
        gone = [one for one in left[a:b] if _key(one) not in elsewhere]
        come = [one for one in right[c:d] if _key(one) not in elsewhere]
        num_moved += (b - a) - len(gone)
        found += _pair(gone, come)
    return Differences(tuple(_order(found)), num_equal, num_moved)


def _pair(gone: list[Sentence], come: list[Sentence]) -> list[Difference]:
    """Which sentences that went are those that came, in other words: the most alike first."""
    pairs: list[tuple[float, int, int]] = []
    words = [Counter(_words(one)) for one in come]
    for i, one in enumerate(gone):
        mine = Counter(_words(one))
        for j in _near(i, len(gone), len(come)):
            if (alike := _alike(mine, words[j])) >= _MIN_ALIKE:
                pairs.append((alike - 0.001 * abs(i - j), i, j))
    found: list[Difference] = []
    used: tuple[set[int], set[int]] = (set(), set())
    for _, i, j in sorted(pairs, reverse=True):
        if i not in used[0] and j not in used[1]:
            used[0].add(i)
            used[1].add(j)
            kind: DifferenceKind = "figures" if _figures(gone[i]) != _figures(come[j]) else "changed"
            found.append(Difference(kind, gone[i], come[j]))
    found += [Difference("removed", old=one) for i, one in enumerate(gone) if i not in used[0]]
    return found + [Difference("added", new=one) for j, one in enumerate(come) if j not in used[1]]


def _near(place: int, num_gone: int, num_come: int) -> range:
    """The places that are compared with one: of many only those about as far on, so that the work grows with
    the sentences and not with their square."""
    if num_gone * num_come <= _MAX_PAIRED**2:
        return range(num_come)
    middle = place * num_come // num_gone
    return range(max(0, middle - _MAX_PAIRED // 2), min(num_come, middle + _MAX_PAIRED // 2))


def _order(found: list[Difference]) -> list[Difference]:
    kinds: tuple[DifferenceKind, ...] = ("figures", "changed", "added", "removed")

    def place(one: Difference) -> tuple[int, int]:
        sentence = one.new or one.old
        assert sentence is not None
        return kinds.index(one.kind), sentence.ordinal

    return sorted(found, key=place)


def _alike(one: Counter[str], other: Counter[str]) -> float:
    """The share of words that two sentences have in common."""
    return 2 * (one & other).total() / max(1, one.total() + other.total())


def _words(sentence: Sentence) -> list[str]:
    """Words; characters of scripts that part no words."""
    found: list[str] = []
    for word in _WORDS.findall(unicodedata.normalize("NFKC", sentence.text).casefold()):
        found += list(word) if word[0] >= "\u0e00" else [word]
    return found


def _figures(sentence: Sentence) -> list[str]:
    """A sentence's figures and days, without the number that it has in a list."""
    text = _NUMBERED.sub("", unicodedata.normalize("NFKC", sentence.text))
    days = [str(date) for _, _, date in find_dates(text, sentence.passage.language)]
    return sorted([*_DIGITS.findall(text), *days])


def _key(sentence: Sentence) -> str:
    return " ".join(_WORDS.findall(unicodedata.normalize("NFKC", sentence.text).casefold()))
