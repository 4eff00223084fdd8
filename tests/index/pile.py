"""Small documents for tests of the store, made from real sentences."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from everask.types import Block, Document, Page, Passage, Source, Word

SENTENCES = {
    "en": "The warranty of this device is valid for two years from the day of purchase.",
    "de": "Die Garantie dieses Geräts gilt zwei Jahre ab dem Tag des Kaufs.",
    "ru": "Гарантия на это устройство действует два года со дня покупки.",
    "ar": "يسري ضمان هذا الجهاز لمدة سنتين من تاريخ الشراء.",
    "hi": "इस उपकरण की वारंटी खरीद के दिन से दो वर्ष तक मान्य है।",
    "th": "การรับประกันอุปกรณ์นี้มีผลสองปีนับจากวันที่ซื้อ",
    "zh": "本设备的保修期为自购买之日起两年。",
    "ja": "この機器の保証期間は購入日から二年間です。",
    "ko": "이 기기의 보증 기간은 구입일로부터 2년입니다.",
}


def make_document(
    uri: str, text: str, *, name: str = "", language: str = "en", groups: tuple[str, ...] = ()
) -> Document:
    """A plain document of one block and one page."""
    content = hashlib.sha256(text.encode()).hexdigest()
    return Document(
        id=hashlib.sha256(f"{uri}\0{content}".encode()).hexdigest()[:32],
        name=name or uri.rsplit("/", 1)[-1].rsplit(".", 1)[0],
        uri=uri,
        title="",
        media_type="text/plain",
        content=content,
        language=language,
        modified=1.5e9,
        size=len(text),
        text=text,
        blocks=(Block("text", 0, len(text)),),
        pages=(Page(1, 0, len(text), 595.28, 841.89, "text", (Word(0, 3, 10.25, 20.5, 30.75, 40.0),)),),
        groups=groups,
    )


def make_passages(document: Document, *, headings: tuple[str, ...] = ()) -> list[Passage]:
    """One passage a line."""
    passages: list[Passage] = []
    start = 0
    for line in document.text.split("\n"):
        end = start + len(line)
        if line:
            passages.append(
                Passage(0, document.id, len(passages), start, end, line, line, document.language, headings, 1)
            )
        start = end + 1
    return passages


def make_source(uri: str, *, root: str = "file:///pile") -> Source:
    """A source that was read without complaint."""
    return Source(uri, root, (1, 2, 3), "0" * 64, "ok", "", 1, 1.6e9)


def pair(document: Document, headings: tuple[str, ...] = ()) -> tuple[Document, Sequence[Passage]]:
    """A document with its passages, as `put_source` takes them."""
    return document, make_passages(document, headings=headings)
