"""Files that other programs wrote, and damaged copies of them."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from everask.documents import pdf
from everask.documents.draft import Draft
from everask.errors import UnreadableError

Parse = Callable[..., Draft]

SAMPLES = Path(__file__).parent.parent / "data" / "documents"
PHRASES = [
    "The device has a warranty of two years. Schöne Grüße aus Köln.",
    "保修期为两年，从购买之日起计算。",
    "Гарантия действует два года.",
    "مدة الضمان سنتان.",
    "हिन्दी में वारंटी दो साल है।",
    "😀 The end.",
    "Region | Years",
    "日本 | 3",
]
MUTANTS = 40


@pytest.mark.parametrize("kind", ["odt", "docx", "rtf", "epub"])
def test_the_same_text_in_every_format(parse: Parse, kind: str) -> None:
    draft = parse(kind, (SAMPLES / f"guide.{kind}").read_bytes())
    for phrase in PHRASES:
        assert phrase in draft.text
    if kind != "epub":  # LibreOffice's EPUB knows no headings
        headings = [(b.level, draft.text[b.start : b.end]) for b in draft.blocks if b.kind == "heading"]
        assert headings == [(1, "Warranty"), (2, "保修"), (2, "Гарантия"), (2, "الضمان")]
    table = [block for block in draft.blocks if block.kind == "table"]
    assert [block.header for block in table] == [None] + [(table[0].start, table[0].end)] * 2
    assert draft.title == "Guide"


def test_spreadsheet(parse: Parse) -> None:
    draft = parse("ods", (SAMPLES / "table.ods").read_bytes())
    assert draft.text.split("\n")[:4] == [
        "table",
        "",
        "Region | Revenue | Since",
        "EMEA | 4200.5 | 2024-01-31",
    ]


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.glob("*.*") if path.suffix != ".md"))
def test_damaged_copies_are_read_or_refused(parse: Parse, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "find_recogniser", lambda seconds: None)
    data = (SAMPLES / name).read_bytes()
    kind = name.rpartition(".")[2]
    chance = random.Random(name)
    for _ in range(MUTANTS):
        changed = bytearray(data)
        if chance.random() < 0.3:
            del changed[chance.randrange(len(data)) :]
        for _ in range(chance.choice([1, 4, 30])):
            if changed:
                changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        try:
            parse(kind, bytes(changed))
        except UnreadableError as error:
            assert error.message and error.hint


@pytest.mark.parametrize("kind", ["pdf", "docx", "pptx", "xlsx", "odt", "ods", "odp", "epub", "rtf", "image"])
def test_mislabelled(parse: Parse, kind: str) -> None:
    for other in ("guide.rtf", "guide.docx", "arabic-shaped.pdf", "SOURCES.md"):
        if not other.endswith(kind):
            with pytest.raises(UnreadableError):
                parse(kind, (SAMPLES / other).read_bytes())
