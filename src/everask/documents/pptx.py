"""PPTX: slides as pages, titles as headings; tables, groups, diagrams, charts and notes kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from everask.documents.draft import Draft
from everask.documents.office import Package, Relationship, attribute, child, descendants, open_package, whole
from everask.documents.rows import looks_like_header
from everask.documents.xml_tree import local

_EMU_PER_POINT = 12_700
_TITLES = ("title", "ctrTitle")
_FURNITURE = ("sldNum", "dt", "hdr", "sldImg")
_MAX_DEPTH = 40


def parse_pptx(data: bytes, draft: Draft) -> None:
    """Read a PowerPoint presentation of 2007 or later."""
    package = open_package(data, draft)
    part = package.main_part("ppt/presentation.xml")
    root = package.main_tree(part, "presentation")
    links = package.relationships(part)
    size = child(root, "sldSz")
    width, height = (_points(attribute(size, name)) for name in ("cx", "cy"))
    slides = child(root, "sldIdLst")
    order = [_relationship_id(slide) for slide in slides] if slides is not None else []
    for number, link in enumerate((links[name] for name in order if name in links), start=1):
        if not package.has(link.target):
            draft.warn(f"slide {number} is missing in the file")
            continue
        slide = package.tree(link.target)
        if attribute(slide, "show") in ("0", "false"):
            draft.warn(f"hidden slide {number} was left out")
            continue
        draft.begin_page(number)
        _add_slide(package, link.target, slide, draft)
        draft.end_page(width, height)


def _relationship_id(element: etree._Element) -> str:
    for key, value in element.attrib.items():
        if str(key).endswith("}id"):
            return str(value)
    return ""


def _points(value: str | None) -> float:
    return whole(value, 0) / _EMU_PER_POINT


def _add_slide(package: Package, part: str, slide: etree._Element, draft: Draft) -> None:
    links = package.relationships(part)
    shapes = list(_shapes(slide, 0))
    shapes.sort(key=lambda shape: _placeholder(shape) not in _TITLES)  # stable: the title first
    for shape in shapes:
        _add_shape(package, links, shape, draft)
    draft.gap()
    for link in links.values():
        if link.kind == "notesSlide" and package.has(link.target):
            for shape in _shapes(package.tree(link.target), 0):
                if _placeholder(shape) not in _FURNITURE:
                    _add_text(shape, draft, is_title=False)
    draft.gap()


def _shapes(parent: etree._Element, depth: int) -> Iterator[etree._Element]:
    """Shapes in drawing order, out of groups too. Of alternatives, the first."""
    for element in parent:
        name = local(element)
        if name in ("sp", "graphicFrame", "pic", "cxnSp"):
            yield element
        elif name == "AlternateContent":
            for chosen in [item for item in element if local(item) in ("Choice", "Fallback")][:1]:
                yield from _shapes(chosen, depth + 1)
        elif name in ("cSld", "spTree", "grpSp") and depth < _MAX_DEPTH:
            yield from _shapes(element, depth + 1)


def _properties(shape: etree._Element) -> etree._Element | None:
    holder = next((item for item in shape if local(item).startswith("nv")), None)
    return holder


def _placeholder(shape: etree._Element) -> str:
    mark = child(_properties(shape), "nvPr", "ph")
    return "" if mark is None else (attribute(mark, "type") or "body")


def _add_shape(
    package: Package, links: Mapping[str, Relationship], shape: etree._Element, draft: Draft
) -> None:
    described = child(_properties(shape), "cNvPr")
    if attribute(described, "hidden") in ("1", "true"):
        draft.warn("hidden text was left out")
        return
    kind = _placeholder(shape)
    if kind in _FURNITURE:
        return
    if local(shape) == "graphicFrame":
        _add_graphic(package, links, shape, draft)
    else:
        _add_text(shape, draft, is_title=kind in _TITLES)
    if description := attribute(described, "descr"):
        draft.gap()
        draft.add("figure", description)


def _add_text(shape: etree._Element, draft: Draft, *, is_title: bool) -> None:
    body = child(shape, "txBody")
    if body is None:
        return
    lines = [_paragraph(item) for item in body if local(item) == "p"]
    if is_title:
        draft.heading(" ".join(lines), 1)
        if not draft.title:
            draft.title = " ".join(" ".join(lines).split())
        return
    filled = [line for line in lines if line.strip()]
    for line in filled:
        draft.add("list" if len(filled) > 1 else "text", line, separator="\n")
    draft.gap()


def _paragraph(paragraph: etree._Element) -> str:
    parts: list[str] = []
    for element in paragraph.iter():
        name = local(element)
        if name == "t":
            parts.append(element.text or "")
        elif name == "br":
            parts.append("\n")
    return "".join(parts)


def _add_graphic(
    package: Package, links: Mapping[str, Relationship], frame: etree._Element, draft: Draft
) -> None:
    for table in descendants(frame, "tbl"):
        rows = [
            [
                " ".join(_paragraph(item) for item in descendants(cell, "p"))
                for cell in row
                if local(cell) == "tc"
            ]
            for row in table
            if local(row) == "tr"
        ]
        marked = attribute(child(table, "tblPr"), "firstRow") in ("1", "true") and len(rows) > 1
        draft.table(rows, has_header=marked or looks_like_header(rows))
    for element in descendants(frame, "chart"):
        _add_part_texts(package, links, _relationship_id(element), draft)
    for element in descendants(frame, "relIds"):
        _add_part_texts(package, links, attribute(element, "dm") or "", draft)


def _add_part_texts(package: Package, links: Mapping[str, Relationship], name: str, draft: Draft) -> None:
    """The words of a chart or diagram: titles, categories, series, nodes."""
    link = links.get(name)
    if link is None or not package.has(link.target):
        return
    texts: list[str] = []
    for element in package.tree(link.target).iter():
        in_chart = local(element) == "v" and local(element.getparent()) == "pt"
        if (local(element) == "t" or in_chart) and element.text and element.text.strip():
            texts.append(" ".join(element.text.split()))
    draft.add("figure", "\n".join(dict.fromkeys(texts)))
