"""What a sentence of an answer may look like: one of the text, shortened, or a question and its answer.

Knows languages by wording.json alone, no evidence.
"""

from __future__ import annotations

import functools
import random
import re

from everask.encoder.pairs import Place
from everask.train.changes import UNSPACED, wording

_BRACKETS = re.compile(r"\s*[(（\[][^()（）\[\]]{2,80}[)）\]]")
_COMMA = re.compile(r"[,，、;；،](?=\s|[^\d\s])")
_FINAL = re.compile(r"[?？؟;]\s*$")
_PARTICLES = re.compile(r"(?:でしょうか|ですか|ますか|か|は|ですか|呢)$")
_MIN_SHARE = 0.4
_PERIOD = {"zh": "。", "ja": "。", "hi": "।", "th": ""}
_HER = re.compile(r"^(?:He|She|It|They)\b")


def shorten(sentence: str, draw: random.Random) -> str:
    """The sentence without what is in brackets, or without its last clause; itself where there is none."""
    bare = _BRACKETS.sub("", sentence)
    cuts = [one.start() for one in _COMMA.finditer(bare)]
    cuts = [at for at in cuts if at > _MIN_SHARE * len(bare) and at > 12]
    if cuts and draw.random() < 0.7:
        ending = bare.rstrip()[-1:]
        bare = bare[: draw.choice(cuts)] + (ending if not ending.isalnum() else "")
    return bare if len(bare) > 12 else sentence


def named(sentence: str, title: str) -> str:
    """An English sentence whose subject is a pronoun, with the title in its place."""
    return _HER.sub(title, sentence) if title else sentence


def join(first: str, second: str, language: str) -> tuple[str, Place, Place]:
    """Two sentences as one, and where each stands in it."""
    link = wording().get(language, {}).get("and", " – ")
    head = first.rstrip().rstrip(".。।")
    if link.strip() == "":
        link = ", "
    text = head + link + second
    return text, (0, len(head)), (len(head) + len(link), len(text))


def state(question: str, answer: str, language: str, draw: random.Random) -> tuple[str, Place]:
    """A question and its answer as a statement, and where the answer stands in it.

    The answer takes the place of the question word, or follows the question.
    """
    bare = _FINAL.sub("", question.strip()).lstrip("¿").strip()
    pattern = _asks(language)
    match = pattern.search(bare) if pattern else None
    spaced = language not in UNSPACED
    if match is None or draw.random() < 0.35:
        link = draw.choice([" – ", ": ", "? "] if spaced else ["：", "？", "——"])
        text, start = bare + link + answer, len(bare + link)
    else:
        head, tail = bare[: match.start()], bare[match.end() :]
        if not spaced:
            tail = _PARTICLES.sub("", tail)
        elif match.group()[:1].isspace():
            head += " "
        text, start = head + answer + tail, len(head)
    return text.rstrip() + _PERIOD.get(language, "."), (start, start + len(answer))


@functools.cache
def _asks(language: str) -> re.Pattern[str] | None:
    words = wording().get(language)
    return re.compile(words["asks"], re.IGNORECASE) if words else None
