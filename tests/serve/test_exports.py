"""Exports: pictures of cited places on their pages in Word, and none where there is no page to show."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import httpx
import pytest
from lxml import etree
from PIL import Image

from everask.pipeline import Engine
from everask.serve.page_images import MARGIN, PageImages
from everask.serve.page_worker import MARKER

QUESTION = "What did the White Rabbit take out of its waistcoat-pocket?"
EMBED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed"


def exported(client: httpx.Client, question: str) -> dict[str, bytes]:
    asked = client.post("/api/ask", json={"text": question}).json()
    assert asked["claims"], asked
    reply = client.get(f"/asks/{asked['id']}/export?format=docx")
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_place_on_a_page_is_shown_with_its_words_marked(client: httpx.Client) -> None:
    parts = exported(client, QUESTION)
    document = etree.fromstring(parts["word/document.xml"])
    embedded = [one.get(EMBED) for one in document.iter("{*}blip")]
    relations = etree.fromstring(parts["word/_rels/document.xml.rels"])
    targets = {one.get("Id"): f"word/{one.get('Target')}" for one in relations}
    assert embedded and {targets[one] for one in embedded} <= parts.keys()
    said = [one.get("descr") for one in document.iter("{*}docPr")]
    assert all("page" in one for one in said)
    picture = Image.open(io.BytesIO(parts[targets[embedded[0]]])).convert("RGB")
    assert picture.width > 1_000 and 30 < picture.height < 700
    marked = sum(count for count, colour in picture.getcolors(1 << 24) or [] if colour == MARKER)
    assert marked > 500, "the words are marked"
    assert b"png" in parts["[Content_Types].xml"]


def test_text_has_no_picture(client: httpx.Client) -> None:
    parts = exported(client, "How long is the warranty of the Netzteil?")
    assert not [name for name in parts if name.startswith("word/media")]


def test_what_cannot_be_drawn_leaves_the_text(client: httpx.Client, filled: Engine, tmp_path: Path) -> None:
    (info,) = [one for one in filled.documents() if one.name.endswith("carroll-wonderland")]
    document = filled.document(info.id)
    start = document.text.index("waistcoat-pocket")
    crop = PageImages().crop(document, start, start + 16)
    assert crop is not None and crop.height > 2 * MARGIN and crop.width == document.pages[0].width
    assert PageImages().crop(document, len(document.text) + 5, len(document.text) + 9) is None


def test_a_file_that_changed_leaves_the_text(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    changed = tmp_path / "other.pdf"
    changed.write_bytes(b"%PDF-1.7")
    monkeypatch.setattr("everask.serve.page_images.original_path", lambda document: changed)
    parts = exported(client, QUESTION)
    assert not [name for name in parts if name.startswith("word/media")]
    assert b"waistcoat" in parts["word/document.xml"]
