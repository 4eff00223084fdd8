"""Plain text and source code."""

from __future__ import annotations

from collections.abc import Callable

from everask.documents.draft import Draft

Parse = Callable[..., Draft]


def texts(draft: Draft) -> list[tuple[str, str]]:
    return [(block.kind, draft.text[block.start : block.end]) for block in draft.blocks]


def test_paragraphs_headings_and_lists(parse: Parse) -> None:
    draft = parse("text", b"Guide\r\n=====\r\n\r\nFirst line\r\nsecond line.\r\n\r\n- one\r\n- two\r\n")
    assert texts(draft) == [
        ("heading", "Guide"),
        ("text", "First line\nsecond line."),
        ("list", "- one\n- two"),
    ]


def test_text_is_kept_as_written(parse: Parse) -> None:
    written = "E\u0301te\u0301 \u00ab\u00a0so\u00adft\u00a0\u00bb \u200bzero ﬁn １２ سلام"
    assert parse("text", written.encode()).text.strip() == written


def test_form_feed_and_nul(parse: Parse) -> None:
    assert [body for _, body in texts(parse("text", b"one\x0ctwo\x00!"))] == ["one", "two!"]


def test_code_keeps_indentation(parse: Parse) -> None:
    draft = parse("code", b"def f():\n    return 1\n\n    # after a blank line\n")
    assert texts(draft) == [("code", "def f():\n    return 1"), ("code", "    # after a blank line")]


def test_empty(parse: Parse) -> None:
    assert parse("text", b"").blocks == [] and parse("text", b" \n\n ").blocks == []
