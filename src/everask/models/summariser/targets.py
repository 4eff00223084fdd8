"""What the cited answer should have said: a sentence that is true of its quote, and no longer than need be.

Rules, not a model: a target copies its quote, or a person's translation of it, letter by letter. Asides
that hold nothing of the answer go; a sentence ends where its answer has been given, if it can end there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from everask.text import analyse

MOST_CHARACTERS = 330
_NOTES = re.compile(r"\s*\[[^\[\]]{1,30}\]")
_ASIDES = re.compile(r"\s*[(（][^()（）]*[)）]")
_FORBIDDEN = re.compile(r"[\[\]<>`*\n]+")
_CUTS = re.compile(r"[;；]\s*|,\s+|，|、\s+|،\s+|\s[—–]\s")
_AND = re.compile(
    r"(?:and|or|nor|but|und|oder|y|e|o|u|et|ou|и|или|sau|și|şi|και|ή|và|hoặc|và|与|和|或|及)\b", re.IGNORECASE
)
# Languages whose verbs stand early, so that the beginning of a sentence is a sentence.
_EARLY_VERBS = frozenset(("en", "es", "ro", "ru", "el", "vi", "fr", "it", "pt", "zh"))
_DENSE = frozenset(("zh", "ja", "th", "ko", "km"))
_FINAL_MARKS = {"zh": "。", "ja": "。", "hi": "।", "th": ""}
_ENDED = re.compile(r"[.!?…。！？।॥۔؟][)\"”»」』’']*$")
_LEAST = {False: 45, True: 20}
_LONG = {False: 120, True: 50}


def make_sentence(text: str, answers: Sequence[str], question: str, language: str) -> str | None:
    """The sentence as an answer; None where it is none, or too long, or loses what was asked for."""
    plain = " ".join(_FORBIDDEN.sub(" ", _NOTES.sub("", text)).split())
    held = [one for one in answers if one and one in plain]
    if answers and not held:
        return None
    short = _without_asides(plain, held)
    if held and language in _EARLY_VERBS and len(short) > _LONG[language in _DENSE]:
        short = _cut(short, held, question, language)
    if len(short) > MOST_CHARACTERS or len(short) < (4 if language in _DENSE else 10):
        return None
    return (
        short if _ENDED.search(short) else short.rstrip(" ,;:，；：、،—–") + _FINAL_MARKS.get(language, ".")
    )


def wrong_figures(text: str, quotes: Sequence[str]) -> bool:
    """Whether a sentence has figures that stand in none of the quotes, in any script's digits."""
    there = set(figures(" ".join(quotes)))
    return any(one not in there for one in figures(text))


def figures(text: str) -> list[str]:
    """Runs of digits, as ASCII, without the marks between thousands."""
    plain = "".join(str(int(one)) if one.isdecimal() else one for one in text)
    return re.findall(r"\d+", re.sub(r"(?<=\d)[.,٬’\u00a0\u202f' ](?=\d{3}\b)", "", plain))


def _without_asides(text: str, held: Sequence[str]) -> str:
    for aside in _ASIDES.findall(text):
        left = text.replace(aside, "", 1)
        # Not where the answer is in it, or would be torn.
        if all(one in left for one in held) and not any(one in aside for one in held):
            text = left
    return " ".join(text.split())


def _cut(text: str, held: Sequence[str], question: str, language: str) -> str:
    """The text up to the first pause after the answer at which a sentence can end."""
    end = max(text.find(one) + len(one) for one in held)
    asked = set(analyse(question, language))
    wanted = len(asked & set(analyse(text, language)))
    pauses = list(_CUTS.finditer(text))
    for pause in pauses:
        begun = text[: pause.start()]
        is_first = pause is pauses[0] or ";" in pause.group() or "；" in pause.group() or language == "zh"
        if (
            pause.start() >= end
            and is_first
            and len(begun) >= _LEAST[language in _DENSE]
            and not _AND.match(text[pause.end() :])
            and _is_balanced(begun)
            and len(asked & set(analyse(begun, language))) >= 0.9 * wanted
        ):
            return begun
    return text


def _is_balanced(text: str) -> bool:
    pairs = ("()", "（）", "“”", "«»", "「」", "《》", "„“")
    return all(text.count(one[0]) == text.count(one[1]) for one in pairs) and text.count('"') % 2 == 0
