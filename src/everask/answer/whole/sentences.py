"""The sentences (or rows) of whole documents, with what is needed to cite them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from everask.generator.chat import strip_controls
from everask.text import sentences
from everask.types import Citation, Claim, DocumentInfo, Passage

_LINE = re.compile(r"[^\n]*\S[^\n]*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence or row: offsets are into the document's text, `ordinal` counts within the document."""

    document: DocumentInfo
    passage: Passage
    start: int
    end: int
    text: str
    ordinal: int

    @property
    def section(self) -> str:
        """The nearest heading above it that is not the document's title."""
        headings = [one for one in self.passage.headings if one != self.document.title]
        return headings[-1] if headings else ""


def sentences_of(document: DocumentInfo, passages: Iterable[Passage]) -> Iterator[Sentence]:
    """The document's sentences and rows, in order."""
    ordinal = 0
    for passage in passages:
        for start, end in _spans(passage):
            text = passage.text[start:end]
            yield Sentence(document, passage, passage.start + start, passage.start + end, text, ordinal)
            ordinal += 1


def cite_sentence(sentence: Sentence) -> Citation:
    """The citation of exactly this sentence."""
    info, passage = sentence.document, sentence.passage
    return Citation(
        info.name,
        info.id,
        info.title,
        info.uri,
        passage.language,
        sentence.start,
        sentence.end,
        sentence.text,
        passage.page,
    )


def quote_sentence(sentence: Sentence, heading: str = "") -> Claim:
    """The sentence itself as a line of an answer."""
    return Claim(plain(sentence.text), 1.0, (cite_sentence(sentence),), verbatim=True, heading=plain(heading))


def plain(text: str) -> str:
    """A document's words as one line, without what a language model or a terminal would act on."""
    return strip_controls(" ".join(text.split()))


def shared_language(passages: Sequence[Passage]) -> str:
    """The language that most of the text is in."""
    size: dict[str, int] = {}
    for passage in passages:
        size[passage.language] = size.get(passage.language, 0) + len(passage.text)
    return max(size, key=lambda one: size[one]) if size else "und"


def _spans(passage: Passage) -> list[tuple[int, int]]:
    if passage.kind in ("table", "code"):
        found: list[tuple[int, int]] = []
        for match in _LINE.finditer(passage.text):
            stripped = match.group().strip()
            start = match.start() + match.group().index(stripped)
            found.append((start, start + len(stripped)))
        return found
    return sentences(passage.text, passage.language)
