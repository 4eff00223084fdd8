"""XML without DTD, entities or network: the one way in which this room parses XML."""

from __future__ import annotations

import io
from collections.abc import Iterator

from lxml import etree

from everask.errors import UnreadableError

_HINT = "Open it in its own program and save it again."


def parse_xml(data: bytes, part: str) -> etree._Element:
    """Return the root of a small XML part. Entities other than XML's own five are refused.

    Raises:
        UnreadableError: not well-formed, too deep, or with entities declared.
    """
    _refuse_entities(data, part)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError(f"damaged XML in {part!r}", _HINT) from error
    if root is None:
        raise UnreadableError(f"no XML in {part!r}", _HINT)
    return root


def walk_xml(data: bytes, part: str, tags: tuple[str, ...]) -> Iterator[etree._Element]:
    """Yield each element with one of `tags` when it is complete, then free it.

    For parts that may be large (sheets, shared strings): memory does not grow with the part.

    Raises:
        UnreadableError: not well-formed, too deep, or with entities declared.
    """
    _refuse_entities(data, part)
    events = etree.iterparse(
        io.BytesIO(data),
        events=("end",),
        tag=tags,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
    )
    try:
        for _, element in events:
            yield element
            element.clear(keep_tail=False)
            while element.getprevious() is not None:
                parent = element.getparent()
                if parent is None:
                    break
                del parent[0]
    except etree.XMLSyntaxError as error:
        raise UnreadableError(f"damaged XML in {part!r}", _HINT) from error


def local(element: etree._Element) -> str:
    """The element's name without its namespace; empty for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _refuse_entities(data: bytes, part: str) -> None:
    # Office parts never declare entities; it is how bombs and file reads come in. The parser would not
    # expand them either. In UTF-16 each letter has a zero byte beside it.
    if b"<!ENTITY" in data[:65536].replace(b"\0", b""):
        raise UnreadableError(
            f"entities are declared in {part!r}, which office files never do",
            "It may be an entity bomb and is not read.",
        )
