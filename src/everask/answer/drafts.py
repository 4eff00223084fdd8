"""Cuts a model's stream into sentences with the numbers that they cite, and into text to show at once."""

from __future__ import annotations

import re

from everask.answer.check import Sentence
from everask.answer.prompts import NOT_FOUND
from everask.generator.chat import strip_controls

_MARKER = re.compile(r"[\[【]\s*(\d{1,2})(?:\s*[,，、]\s*(\d{1,2}))?\s*[\]】]")
_MARKUP = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)|<[^>\n]*>|[`*]+|^#+\s*|^\s*[-•]\s+", re.MULTILINE)


class Drafts:
    """Takes pieces of a stream; gives finished sentences, and the text between markers."""

    def __init__(self) -> None:
        self._buffer = ""
        self._held = ""

    def feed(self, piece: str) -> tuple[list[Sentence], str]:
        """Sentences that this piece finished, and what may be shown of it as a draft."""
        self._buffer += piece
        self._held += piece
        return self._finished(), self._showable()

    def end(self) -> list[Sentence]:
        """What is left when the stream ends: a sentence without a number, if any."""
        rest, self._buffer = self._buffer, ""
        sentence = _make(rest, ())
        return [sentence] if sentence else []

    def _finished(self) -> list[Sentence]:
        found: list[Sentence] = []
        while match := _MARKER.search(self._buffer):
            # A marker right at the end may go on ("[1][2]", "[1]."): numbers of empty text join the last.
            cited = tuple(int(one) for one in match.groups() if one)
            text, self._buffer = self._buffer[: match.start()], self._buffer[match.end() :]
            sentence = _make(text, cited)
            if sentence:
                found.append(sentence)
            elif found:
                found[-1] = Sentence(found[-1].text, found[-1].cited + cited)
        return found

    def _showable(self) -> str:
        text = _MARKER.sub("", self._held)
        opened = max(text.rfind("["), text.rfind("【"))
        if NOT_FOUND.startswith(text.strip()) and text.strip():
            return ""
        shown, self._held = (text, "") if opened < 0 else (text[:opened], text[opened:])
        return strip_controls(shown)


def declines(sentences: list[Sentence]) -> bool:
    """Whether the model said that the quotes do not answer."""
    return bool(sentences) and sentences[0].text.upper().rstrip(".").startswith(NOT_FOUND)


def without_decline(sentence: Sentence) -> Sentence:
    """What a sentence says after "NOT FOUND": some models decline and then answer."""
    return Sentence(sentence.text[len(NOT_FOUND) :].lstrip(".:,;- "), sentence.cited)


def _make(text: str, cited: tuple[int, ...]) -> Sentence | None:
    plain = " ".join(_MARKUP.sub(r"\1", strip_controls(text)).split())
    plain = plain.lstrip(".。,，;； ")
    return Sentence(plain, cited) if re.search(r"\w", plain) else None
