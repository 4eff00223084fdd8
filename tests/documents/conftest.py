"""The one way in which tests parse: with the draft's promises checked each time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from everask.documents.draft import Draft, Limits
from everask.documents.formats import PARSERS

Parse = Callable[..., Draft]


@pytest.fixture
def parse() -> Parse:
    """`parse(kind, data, limits=Limits())` gives the filled draft, or raises what the parser raises."""
    return _parse


def _parse(kind: str, data: bytes, limits: Limits | None = None) -> Draft:
    draft = Draft(limits or Limits(), media_type=kind)
    PARSERS[kind](data, draft)
    _check(draft)
    return draft


def _check(draft: Draft) -> None:
    text = draft.text
    assert draft.length == len(text)
    end = 0
    for block in draft.blocks:
        assert end <= block.start < block.end <= len(text)
        body = text[block.start : block.end]
        assert body.strip() and not body.endswith((" ", "\n"))
        assert block.header is None or block.header[0] < block.header[1] <= block.start
        assert (block.kind == "heading") == (block.level > 0)
        end = block.end
    page_end = 0
    for page in draft.pages:
        assert page_end <= page.start <= page.end <= len(text)
        page_end = page.end
        for word in page.words:
            assert page.start <= word.start < word.end <= page.end
            assert not text[word.start : word.end].isspace()
            assert word.left <= word.right and word.top <= word.bottom
    text.encode("utf-8")
