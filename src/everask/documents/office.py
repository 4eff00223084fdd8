"""Documents that are a ZIP of parts: parts, relationships, the title. For DOCX, PPTX, XLSX, ODF and EPUB.

Names are matched without their namespaces, so transitional and strict files read alike.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

from lxml import etree

from everask.documents.archive import open_archive, read_member
from everask.documents.draft import Draft, Limits
from everask.documents.xml_tree import local, parse_xml
from everask.errors import LimitError, UnreadableError

# A parsed tree takes about this many times the bytes of its XML.
_TREE_FACTOR = 12


@dataclass(frozen=True, slots=True)
class Relationship:
    """One part's link to another: `kind` is the last word of its type ("header", "slide")."""

    kind: str
    target: str


@dataclass(slots=True)
class Package:
    """An open office file. Parts are named as in the archive, without a leading slash."""

    archive: zipfile.ZipFile
    limits: Limits
    names: dict[str, str] = field(default_factory=dict)

    def has(self, part: str) -> bool:
        """Is there such a part?"""
        return part.lower() in self.names

    def data(self, part: str) -> bytes:
        """The bytes of a part."""
        try:
            return read_member(self.archive, self.names[part.lower()], self.limits)
        except KeyError as error:
            raise UnreadableError(f"damaged file: its part {part!r} is missing", "Get it again.") from error

    def tree(self, part: str) -> etree._Element:
        """The parsed XML of a part that must fit into memory."""
        data = self.data(part)
        if len(data) * _TREE_FACTOR > self.limits.memory_bytes:
            raise LimitError(
                f"its part {part!r} has {len(data):,} bytes, too many for the memory limit",
                "Raise limits.memory_bytes, or split the file.",
            )
        return parse_xml(data, part)

    def main_tree(self, part: str, name: str) -> etree._Element:
        """The tree of the main part, which must be of this kind.

        Raises:
            UnreadableError: it is another kind of office file.
        """
        root = self.tree(part)
        if local(root) != name:
            raise UnreadableError(
                f"another kind of office file than its ending says: there is no {name} in it",
                "Rename it to what it is.",
            )
        return root

    def relationships(self, part: str) -> dict[str, Relationship]:
        """A part's links to other parts, by id. Links to the outside are left out."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", name + ".rels")
        if not self.has(rels):
            return {}
        found: dict[str, Relationship] = {}
        for link in self.tree(rels):
            target = link.get("Target", "")
            if link.get("TargetMode") == "External" or not target:
                continue
            path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            kind = link.get("Type", "").rpartition("/")[2]
            found[link.get("Id", "")] = Relationship(kind, posixpath.normpath(path))
        return found

    def main_part(self, fallback: str) -> str:
        """The part that the package says is its document."""
        for link in self.relationships("").values():
            if link.kind == "officeDocument" and self.has(link.target):
                return link.target
        return fallback


def open_package(data: bytes, draft: Draft) -> Package:
    """Open an office file and take its title.

    Raises:
        UnreadableError: it is damaged.
        LimitError: it unpacks to too much.
    """
    archive = open_archive(data, draft.limits)
    package = Package(archive, draft.limits)
    package.names = {name.lstrip("/").lower(): name for name in archive.namelist()}
    if package.has("docProps/core.xml"):
        for element in package.tree("docProps/core.xml"):
            if local(element) == "title" and element.text and not draft.title:
                draft.title = " ".join(element.text.split())
    return package


def child(element: etree._Element | None, *path: str) -> etree._Element | None:
    """The first descendant down a path of local names, or None."""
    for name in path:
        if element is None:
            return None
        element = next((item for item in element if local(item) == name), None)
    return element


def attribute(element: etree._Element | None, name: str) -> str | None:
    """An attribute by its local name, whatever its namespace."""
    if element is None:
        return None
    for key, value in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(value)
    return None


def whole(value: str | None, default: int) -> int:
    """An attribute's whole number; `default` when it is missing or is none."""
    return int(value) if value and len(value) < 10 and value.isascii() and value.isdigit() else default


def is_on(element: etree._Element | None) -> bool:
    """A switch such as <w:vanish/>: on when it is there and does not say off."""
    return element is not None and attribute(element, "val") not in ("0", "false", "off", "none")


def descendants(element: etree._Element, name: str) -> Iterator[etree._Element]:
    """All descendants of a local name, in order."""
    return (item for item in element.iter() if local(item) == name)
