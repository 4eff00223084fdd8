"""Kinds are told by content; names only decide between kinds of text."""

from __future__ import annotations

import io
import zipfile

import pytest

from everask.documents.kind import LABELS, MEDIA_TYPES, sniff
from everask.errors import UnreadableError


def pack(*names: str, mimetype: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "x")
    return buffer.getvalue()


TYPES = "[Content_Types].xml"
MAIL = b"From: a@example.org\nTo: b@example.org\nDate: Tue, 24 Nov 2026 10:00:00 +0000\nSubject: x\n\nHi.\n"
ODF = "application/vnd.oasis.opendocument."


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (b"%PDF-1.7\n", "a.txt", "pdf"),
        (b"\n \n%PDF-1.4\n", "a", "pdf"),
        (pack(TYPES, "word/document.xml"), "a.zip", "docx"),
        (pack(TYPES, "ppt/presentation.xml"), "a", "pptx"),
        (pack(TYPES, "xl/workbook.xml"), "a.docx", "xlsx"),
        (pack("content.xml", mimetype=f"{ODF}text"), "a", "odt"),
        (pack("content.xml", mimetype=f"{ODF}spreadsheet"), "a", "ods"),
        (pack("content.xml", mimetype=f"{ODF}presentation"), "a", "odp"),
        (pack("META-INF/container.xml", mimetype="application/epub+zip"), "a", "epub"),
        (pack("a.txt"), "a.docx", "zip"),
        (rb"{\rtf1 x}", "a.doc", "rtf"),
        (b"\x89PNG\r\n\x1a\n....", "a.pdf", "image"),
        (b"\xff\xd8\xff\xe0", "a", "image"),
        (b"<!DOCTYPE html><p>x", "a.txt", "html"),
        (b"<?xml version='1.0'?><html xmlns='x'><body/></html>", "a", "html"),
        (b"<?xml version='1.0'?><note>x</note>", "a.xml", "code"),
        (b"<!-- hello --><html><body>", "a.doc", "html"),
        ("<html><body>текст".encode("utf-16"), "a.htm", "html"),
        (MAIL, "a", "eml"),
        (MAIL, "a.eml", "eml"),
        (b"From a@example.org Tue Nov 24 10:00:00 2026\n" + MAIL, "inbox", "mbox"),
        (b'{"a": 1}', "a", "json"),
        (b'[{"a": 1}]', "a.txt", "json"),
        (b'{"a": 1}\n{"a": 2}\n', "a", "jsonl"),
        (b"a,b\n1,2\n", "a.csv", "csv"),
        (b"a\tb\n1\t2\n3\t4\n5\t6\n7\t8\n", "a", "csv"),
        (b"# Title\n\ntext", "a.md", "markdown"),
        (b"import os\n", "a.py", "code"),
        (b"#!/bin/sh\necho\n", "run", "code"),
        (b"Dear Sir, the note says: nothing.\n", "a", "text"),
        (b"Note: this is\nno mail: at all\n", "a", "text"),
        (b"plain words", "a.pdf", "text"),
        (b"MZ is how it begins, but these are words.", "a.txt", "text"),
        ("слова".encode("koi8_r"), "a.txt", "text"),
    ],
)
def test_kinds(data: bytes, name: str, kind: str) -> None:
    assert sniff(data, name) == kind


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b" \n\t\n ", "blanks"),
        (b"\x7fELF\x02\x01\x01" + b"\0" * 50, "program"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "program"),
        (b"\x1f\x8b\x08\x00", "gzip"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "7z"),
        (b"Rar!\x1a\x07\x01\x00", "RAR"),
        (b"SQLite format 3\x00", "data file"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "password"),
        (OLE + "WordDocument".encode("utf-16-le"), r"\.docx"),
        (OLE + "Workbook".encode("utf-16-le"), r"\.xlsx"),
        (OLE + "PowerPoint Document".encode("utf-16-le"), r"\.pptx"),
        (OLE + "__substg1.0_".encode("utf-16-le"), r"\.eml"),
        (OLE, "old binary office"),
        (b"PK\x03\x04" + b"cut off here", "directory"),
        (pack(TYPES, "xl/workbook.bin"), "xlsb"),
        (bytes(range(256)) * 20, "binary"),
        (b"\0" * 1000, "binary"),
        (b"".join((n * 9).to_bytes(4, "little") for n in range(500)), "binary"),
        (b"-----BEGIN PGP MESSAGE-----\n\nabc", "Decrypt"),
    ],
)
def test_what_is_refused_says_what_it_is_and_what_to_do(data: bytes, says: str) -> None:
    with pytest.raises(UnreadableError, match=says) as refused:
        sniff(data, "name.bin")
    assert refused.value.hint and "\n" not in str(refused.value)


def test_every_kind_has_a_label_and_a_media_type() -> None:
    assert set(LABELS) == set(MEDIA_TYPES)
