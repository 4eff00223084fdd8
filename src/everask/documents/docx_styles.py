"""What DOCX styles mean for reading: heading levels, lists, hidden text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from everask.documents.office import Package, attribute, child, is_on, whole
from everask.documents.xml_tree import local

_HEADING = re.compile(r"heading (\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Style:
    """`level` is a heading's depth or 0."""

    level: int = 0
    is_list: bool = False
    hidden: bool = False
    shaded: bool = False


_PLAIN = Style()


@dataclass(slots=True)
class Styles:
    """A document's styles by id."""

    by_id: dict[str, Style] = field(default_factory=dict)

    def of(self, properties: etree._Element | None) -> Style:
        """The style that a paragraph's or run's properties name."""
        if properties is None:
            return _PLAIN
        for name in ("pStyle", "rStyle"):
            if (named := attribute(child(properties, name), "val")) is not None:
                return self.by_id.get(named, _PLAIN)
        return _PLAIN

    def is_hidden(self, run: etree._Element, *, may_be_white: bool) -> bool:
        """Is a run hidden, or white on an unshaded page?"""
        properties = child(run, "rPr")
        if properties is None:
            return False
        vanish = child(properties, "vanish")
        if is_on(vanish) or (vanish is None and self.of(properties).hidden):
            return True
        white = (attribute(child(properties, "color"), "val") or "").upper() == "FFFFFF"
        marked = child(properties, "shd") is not None or child(properties, "highlight") is not None
        return white and not marked and not may_be_white


def read_styles(package: Package, targets: Mapping[str, str]) -> Styles:
    """Read styles.xml; a style without a property takes it from the one it is based on."""
    part = targets.get("styles", "word/styles.xml")
    if not package.has(part):
        return Styles()
    elements = {
        attribute(element, "styleId") or "": element
        for element in package.tree(part)
        if local(element) == "style"
    }
    return Styles({name: _read_style(name, elements) for name in elements})


def _read_style(name: str, elements: Mapping[str, etree._Element]) -> Style:
    level = None
    is_list = hidden = shaded = False
    seen: set[str] = set()
    while name in elements and name not in seen:
        seen.add(name)
        element = elements[name]
        if level is None:
            level = _level(element)
        is_list = is_list or child(element, "pPr", "numPr") is not None
        hidden = hidden or is_on(child(element, "rPr", "vanish"))
        shaded = shaded or child(element, "pPr", "shd") is not None
        name = attribute(child(element, "basedOn"), "val") or ""
    return Style(level or 0, is_list, hidden, shaded)


def _level(style: etree._Element) -> int | None:
    title = attribute(child(style, "name"), "val") or ""
    if found := _HEADING.fullmatch(title):
        return int(found.group(1))
    if title.lower() == "title":
        return 1
    outline = child(style, "pPr", "outlineLvl")
    return None if outline is None else outline_level(outline)


def outline_level(element: etree._Element) -> int:
    """The heading depth of an outline level: 0 is the highest, 9 is body text."""
    number = whole(attribute(element, "val"), 9)
    return number + 1 if number < 9 else 0
