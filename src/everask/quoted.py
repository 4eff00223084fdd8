"""What somebody was shown and said something of: a sentence of an answer, with the places that it cites."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class QuotedPlace:
    """Characters of a document that a sentence cites."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ShownSentence:
    """A sentence of an answer as a person was shown it, with the places that it cites, the best first. The
    text is empty where the sentence was a quote: the place says what it was."""

    text: str
    quotes: tuple[QuotedPlace, ...]
