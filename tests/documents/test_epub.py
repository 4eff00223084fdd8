"""EPUB."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest

from everask.documents.draft import Draft
from everask.errors import UnreadableError

Parse = Callable[..., Draft]


def make(**changes: str) -> bytes:
    page = (
        '<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml">'
        "<head><title/></head><body><h1>{}</h1><p>Text&nbsp;{}</p></body></html>"
    )
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<container><rootfile full-path="O/c.opf"/></container>',
        "O/c.opf": (
            '<package xmlns:dc="d"><metadata><dc:title>The book</dc:title></metadata><manifest>'
            '<item id="a" href="a%20b.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="b" href="t/b.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="c" href="gone.xhtml" media-type="application/xhtml+xml"/>'
            '<item id="i" href="i.png" media-type="image/png"/></manifest>'
            '<spine><itemref idref="b"/><itemref idref="a"/><itemref idref="c"/></spine></package>'
        ),
        "O/a b.xhtml": page.format("Second", "zwei"),
        "O/t/b.xhtml": page.format("First", "一"),
        **changes,
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_spine_order_and_title(parse: Parse) -> None:
    draft = parse("epub", make())
    assert [draft.text[block.start : block.end] for block in draft.blocks] == [
        "First",
        "Text\u00a0一",
        "Second",
        "Text\u00a0zwei",
    ]
    assert draft.title == "The book"
    assert draft.warnings == ["chapter 'O/gone.xhtml' is missing in the file"]


def test_protected_and_damaged(parse: Parse) -> None:
    scrambled = '<encryption><EncryptionMethod Algorithm="{}"/></encryption>'
    fonts = scrambled.format("http://www.idpf.org/2008/embedding")
    assert parse("epub", make(**{"META-INF/encryption.xml": fonts})).blocks
    with pytest.raises(UnreadableError, match="copy-protected"):
        parse("epub", make(**{"META-INF/encryption.xml": scrambled.format("aes")}))
    with pytest.raises(UnreadableError):
        parse("epub", make(**{"O/c.opf": "<package>"}))
