"""Passages of a document: whole sentences, rows and sections, of about 100 to 180 tokens."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from everask.errors import SettingsError
from everask.ingest.units import Unit, blocks_of, join_indexed, units_of
from everask.text import clean, language_of
from everask.types import Block, Document, Passage

_MIN_LETTERS = 20


@dataclass(frozen=True, slots=True)
class SplitSettings:
    """How long passages are, in tokens as the encoder counts them (estimated).

    A section that has more than `most` is divided evenly; a passage may end before a new block once it
    has `enough`; a page's end ends a passage.
    """

    least: int = 40
    enough: int = 100
    most: int = 180

    def __post_init__(self) -> None:
        if not 0 < self.least <= self.enough <= self.most:
            raise SettingsError(
                f"passages.least, enough and most are {self.least}, {self.enough} and {self.most}.",
                "Each must be above 0 and no less than the one before.",
            )


@dataclass(frozen=True, slots=True)
class _Section:
    """Neighbouring units under one path of headings, all prose or all rows of one table."""

    headings: tuple[str, ...]
    units: list[Unit]


def _title(document: Document) -> tuple[str, ...]:
    """The title as the first heading; not a file's name that is rather a number (`scan-0012`)."""
    title = clean(document.title)
    is_number = title == PurePosixPath(document.name).name and any(map(str.isdigit, title))
    return (title,) if title and not (is_number and " " not in title) else ()


def _path(title: tuple[str, ...], stack: list[tuple[int, str]]) -> tuple[str, ...]:
    headings = tuple(text for _, text in stack)
    if title and headings and headings[0].casefold() == title[0].casefold():
        return headings
    return title + headings


def _continues(last: Unit, block: Block) -> bool:
    """Whether a block goes on with the section that ends in `last`."""
    if (last.block.kind == "table") != (block.kind == "table"):
        return False
    if block.kind == "table" and block.header != last.block.header:
        return block.header == (last.block.start, last.block.end)
    return last.block.page == block.page  # a citation names one page


def _sections(document: Document, settings: SplitSettings) -> Iterator[_Section]:
    """Sections in reading order. A heading with nothing under it is a section of its own."""
    title = _title(document)
    stack: list[tuple[int, str]] = []
    units: list[Unit] = []
    lone: Block | None = None
    for block in blocks_of(document):
        is_heading = block.kind == "heading"
        if units and (is_heading or not _continues(units[-1], block)):
            yield _Section(_path(title, stack), units)
            units = []
        if not is_heading:
            found = list(units_of(document, block, settings.most))
            units.extend(found)
            lone = None if found else lone
            continue
        if lone is not None and lone.level >= block.level:
            yield _lone_heading(document, lone, title, stack, settings)
        while stack and stack[-1][0] >= block.level:
            stack.pop()
        stack.append((block.level, clean(document.text[block.start : block.end])))
        lone = block
    if units:
        yield _Section(_path(title, stack), units)
    if lone is not None:
        yield _lone_heading(document, lone, title, stack, settings)


def _lone_heading(
    document: Document,
    block: Block,
    title: tuple[str, ...],
    stack: list[tuple[int, str]],
    settings: SplitSettings,
) -> _Section:
    return _Section(_path(title, stack[:-1]), list(units_of(document, block, settings.most)))


def _groups(units: list[Unit], settings: SplitSettings) -> Iterator[list[Unit]]:
    """Divide a section's units evenly, at blocks' borders where they are near."""
    total = sum(unit.tokens for unit in units)
    num_groups = max(1, math.ceil(total / settings.most))
    goal = total / num_groups
    group: list[Unit] = []
    size = 0
    for unit in units:
        is_full = size + unit.tokens > settings.most
        is_even = size + unit.tokens / 2 > goal and size >= settings.least
        is_border = unit.opens and size >= max(settings.least, min(settings.enough, goal * 0.8))
        if group and (is_full or is_even or (is_border and total > settings.most)):
            yield group
            group, size = [], 0
        group.append(unit)
        size += unit.tokens
    if group:
        yield group


def _language(document: Document, indexed: str, unit: Unit) -> str:
    """A passage's own language; the document's where there is too little to tell, or code and figures."""
    if document.language != "und" and unit.block.kind in ("table", "code"):
        return document.language
    if sum(character.isalpha() for character in indexed[: 4 * _MIN_LETTERS]) < _MIN_LETTERS:
        return document.language
    return language_of(indexed, document.language)


def _without_header(group: list[Unit]) -> list[Unit]:
    """The rows of a table without their header row, whose cells stand beside each value."""
    first = group[0]
    rows = [unit for unit in group[1:] if unit.block.header == (first.start, first.end)]
    return group[1:] if rows else group


def split(document: Document, settings: SplitSettings = SplitSettings()) -> list[Passage]:
    """The document's passages in reading order; ids are 0 until the store has given them."""
    passages: list[Passage] = []
    for section in _sections(document, settings):
        for group in _groups(section.units, settings):
            start, end = group[0].start, group[-1].end
            text = document.text[start:end]
            indexed = join_indexed(_without_header(group), text)
            if not indexed:
                continue
            passages.append(
                Passage(
                    id=0,
                    document_id=document.id,
                    ordinal=len(passages),
                    start=start,
                    end=end,
                    text=text,
                    indexed=indexed,
                    language=_language(document, indexed, group[0]),
                    headings=section.headings,
                    page=group[0].block.page,
                    kind=group[0].block.kind,
                )
            )
    return passages
