"""Reading pictures, with whatever reader is installed; the parts around it are tested without one."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageFont

from everask.documents import ocr
from everask.documents.draft import Draft, Limits
from everask.errors import LimitError, UnreadableError

Parse = Callable[..., Draft]


def picture(text: str) -> bytes:
    image = Image.new("RGB", (900, 160), "white")
    ImageDraw.Draw(image).text((40, 50), text, fill="black", font=ImageFont.load_default(size=44))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def test_a_picture_is_read(parse: Parse) -> None:
    if ocr.find_recogniser(10) is None:
        with pytest.raises(UnreadableError, match="picture"):
            parse("image", picture("The warranty lasts two years"))
        return
    draft = parse("image", picture("The warranty lasts two years"))
    assert "warranty lasts" in " ".join(draft.text.split())
    page = draft.pages[0]
    assert page.source == "ocr" and (page.width, page.height) == (900, 160)
    word = next(w for w in page.words if draft.text[w.start : w.end] == "warranty")
    assert 100 < word.left < 200 and 240 < word.right < 400 and 40 < word.top < word.bottom < 120


def test_lines_become_paragraphs_with_boxes() -> None:
    draft = Draft(Limits(), "image/png")
    line = (ocr.RecognisedWord("two", 0, 0, 10, 10), ocr.RecognisedWord("years", 12, 0, 30, 10))
    below = (ocr.RecognisedWord("from", 0, 12, 20, 22),)
    words = ocr.add_recognised([line, below, (), line], draft, 0.5)
    assert draft.text == "two years\nfrom\n\ntwo years\n\n"
    assert [draft.text[w.start : w.end] for w in words] == ["two", "years", "from", "two", "years"]
    assert (words[1].left, words[1].right) == (6.0, 15.0)


def test_damaged_and_huge_pictures(parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    data = picture("x")
    for broken in (b"", b"\x89PNG\r\n\x1a\n", data[:200]):
        with pytest.raises(UnreadableError, match="damaged"):
            parse("image", broken)
    monkeypatch.setattr(ocr, "_MAX_PIXELS", 1_000)
    with pytest.raises(LimitError, match="pixels"):
        parse("image", data)


def test_without_any_reader(parse: Parse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr, "find_recogniser", lambda seconds: None)
    with pytest.raises(UnreadableError, match="'ocr'"):
        parse("image", picture("x"))
