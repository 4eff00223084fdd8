"""Hits and evidence made from plain texts, for the tests of reading and answering."""

from __future__ import annotations

from everask.text import sentences
from everask.types import DocumentInfo, Evidence, Hit, Passage


def make_hit(
    text: str, language: str = "en", *, name: str = "doc", start: int = 0, score: float = 0.8
) -> Hit:
    """A hit on a passage that stands at `start` of its document."""
    passage = Passage(1, f"id-{name}", 0, start, start + len(text), text, text, language)
    info = DocumentInfo(f"id-{name}", name, f"file:///{name}.txt", name, "text/plain", language, 0.0, 9, 1)
    return Hit(passage, info, score, {"lexical": score})


def make_evidence(
    text: str, probability: float = 0.8, language: str = "en", *, name: str = "doc", context: str = ""
) -> Evidence:
    """The first sentence of `text` as evidence, in a passage that holds all of it."""
    hit = make_hit(text, language, name=name, start=7)
    start, end = sentences(text, language)[0]
    return Evidence(hit, 7 + start, 7 + end, text[start:end], probability, context)
