"""RTF."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from everask.documents.draft import Draft
from everask.errors import UnreadableError

Parse = Callable[..., Draft]

PAGE = rb"""{\rtf1\ansi\ansicpg1251\deff0{\fonttbl{\f0\fcharset204 Arial;}{\f1\fcharset128 MS Mincho;}}
{\stylesheet{\s0 Normal;}{\s1 heading 1;}}{\info{\title The title}{\author Nobody}}
\pard\s1 Warranty\par
\pard\s0 \'c3\'e0\'f0\'e0\'ed\'f2\'e8\'ff \u1076?\u1074?\u1072? {\f1 \'93\'fa\'96\'7b} \uc0\u-10179\u-8704
{\v secret}{\deleted gone}
em\emdash dash\~x\line next{\footnote A note.}\par
\trowd\intbl Region\cell Revenue\cell\row\intbl EMEA\cell 4.2\cell\row
\pard{\pict\wmetafile8 0123456789abcdef}{\*\unknown hidden}After\bin4 {}{}!\par
{\header Page head\par}}"""


def test_blocks(parse: Parse) -> None:
    draft = parse("rtf", PAGE)
    found = [(block.kind, draft.text[block.start : block.end]) for block in draft.blocks]
    assert found == [
        ("heading", "Warranty"),
        ("text", "Гарантия два 日本 😀em—dash\u00a0x\nnext (A note.)"),
        ("table", "Region | Revenue"),
        ("table", "EMEA | 4.2"),
        ("text", "After!"),
        ("text", "Page head"),
    ]
    assert draft.title == "The title"
    assert draft.warnings == ["hidden or deleted text was left out"]


def test_broken(parse: Parse) -> None:
    with pytest.raises(UnreadableError):
        parse("rtf", b"plain text")
    with pytest.raises(UnreadableError):
        parse("rtf", b"{\\rtf1" + b"{" * 100_000)
    assert "ends early" in parse("rtf", PAGE[:300]).warnings[0]
    parse("rtf", b"{\\rtf1 }}}}} text \\'")
