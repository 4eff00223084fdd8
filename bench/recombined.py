"""More passages than there are: real sentences of one language, from anywhere, put together anew.

The distribution of words stays that of the real text. So that the vocabulary goes on growing as it does in
real piles (about with the root of the number of words), one long word of each passage gets another ending.
What the sentences' tokens are is looked up, not analysed anew: a passage's tokens are those of its lines.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from everask.index import spool
from everask.text import analyse

PER_FILE = 20
_END = re.compile(r"(?<=[.!?])\s+|(?<=[\u3002\uff01\uff1f])")
_LONG = re.compile(r"[^\W\d_]{7,}")
_LETTERS = "aeiknorstu"


def recombine(real: Sequence[dict[str, str]], number: int) -> Iterator[dict[str, str]]:
    """`number` made passages, in files of one language each."""
    draw = random.Random(11)
    sentences: dict[str, list[str]] = defaultdict(list)
    lengths: dict[str, list[int]] = defaultdict(list)
    for row in real:
        found = [one for one in _END.split(row["text"]) if one.strip()]
        sentences[row["language"]] += found
        lengths[row["language"]].append(len(found))
    _look_tokens_up({(text, language) for language, texts in sentences.items() for text in texts})
    languages = [row["language"] for row in draw.choices(real, k=number // PER_FILE + 1)]
    for made in range(number):
        language = languages[made // PER_FILE]
        chosen = draw.choices(sentences[language], k=draw.choice(lengths[language]))
        chosen += _new_word(draw, chosen)
        yield {"file": f"made/{made // PER_FILE:06}.txt", "language": language, "text": "\n".join(chosen)}


def _new_word(draw: random.Random, chosen: Sequence[str]) -> list[str]:
    words = _LONG.findall(draw.choice(chosen))
    return ["".join([draw.choice(words)[:-2], *draw.choices(_LETTERS, k=3)])] if words else []


def _look_tokens_up(known: set[tuple[str, str]]) -> None:
    """Let the store analyse line by line, and each known line once."""
    tokens = {one: " ".join(analyse(*one)) for one in known}  # lists would take ten times the memory

    def analyse_lines(text: str, language: str) -> list[str]:
        found: list[str] = []
        for line in text.split("\n"):
            looked_up = tokens.get((line, language))
            found += analyse(line, language) if looked_up is None else looked_up.split()
        return found

    vars(spool)["analyse"] = analyse_lines
