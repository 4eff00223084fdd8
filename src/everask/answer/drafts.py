"""Cuts a model's stream into sentences with the numbers that they cite, and into text to show at once."""

from __future__ import annotations

import re

from everask.answer.check import Sentence
from everask.answer.prompts import NOT_FOUND
from everask.generator.chat import strip_controls
from everask.text import sentences

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
        return _make(rest, ())

    def _finished(self) -> list[Sentence]:
        found: list[Sentence] = []
        while match := _MARKER.search(self._buffer):
            cited = tuple(int(one) for one in match.groups() if one)
            text, self._buffer = self._buffer[: match.start()], self._buffer[match.end() :]
            made = _make(text, cited)
            if not made and found:  # "[1][2]": the second number belongs to the same sentence
                found[-1] = Sentence(found[-1].text, found[-1].cited + cited)
            found += made
        # A sentence is over, too, when the next one has begun.
        spans = sentences(self._buffer, "und")
        while spans and self._buffer[spans[-1][0]] in "[【":  # the beginning of a number
            spans.pop()
        if len(spans) > 1:
            last = spans[-1][0]
            found += _make(self._buffer[:last], ())
            self._buffer = self._buffer[last:]
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


def _make(text: str, cited: tuple[int, ...]) -> list[Sentence]:
    """The sentences of a text without markup; each is checked by itself, the numbers are all of theirs."""
    plain = " ".join(_MARKUP.sub(r"\1", strip_controls(text)).split()).lstrip(".。,，;； ")
    parts = [plain[start:end] for start, end in sentences(plain, "und")]
    return [Sentence(part, cited) for part in parts if re.search(r"\w", part)]
