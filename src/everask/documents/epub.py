"""EPUB: chapters in spine order, each read as HTML; the book's own title."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from everask.documents.decode import decode
from everask.documents.draft import Draft
from everask.documents.html import add_html, close_empty_elements, declared_charset
from everask.documents.office import Package, attribute, descendants, open_package
from everask.errors import UnreadableError

_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
_FONT_SCRAMBLERS = (b"http://www.idpf.org/2008/embedding", b"http://ns.adobe.com/pdf/enc#RC")


def parse_epub(data: bytes, draft: Draft) -> None:
    """Read an e-book without copy protection.

    Raises:
        UnreadableError: damaged, or its text is encrypted.
    """
    package = open_package(data, draft)
    _refuse_encrypted(package)
    part = _package_part(package)
    root = package.tree(part)
    title = next((item.text for item in descendants(root, "title") if item.text), "")
    draft.title = draft.title or " ".join(title.split())
    folder = posixpath.dirname(part)
    pages = {
        attribute(item, "id") or "": posixpath.normpath(posixpath.join(folder, unquote(item.get("href", ""))))
        for item in descendants(root, "item")
        if item.get("media-type") in _PAGES
    }
    for item in descendants(root, "itemref"):
        page = pages.get(item.get("idref", ""))
        if page is None:
            continue
        if not package.has(page):
            draft.warn(f"chapter {page!r} is missing in the file")
            continue
        chapter = package.data(page)
        text, _ = decode(chapter, declared_charset(chapter))
        add_html(close_empty_elements(text), draft)
        draft.gap()


def _package_part(package: Package) -> str:
    if package.has("META-INF/container.xml"):
        for item in descendants(package.tree("META-INF/container.xml"), "rootfile"):
            path = str(item.get("full-path", ""))
            if package.has(path):
                return path
    for name in package.names.values():
        if name.lower().endswith(".opf"):
            return name
    raise UnreadableError("damaged e-book: it does not list its chapters", "Get the file again.")


def _refuse_encrypted(package: Package) -> None:
    if not package.has("META-INF/encryption.xml"):
        return
    data = package.data("META-INF/encryption.xml")
    scrambled = sum(data.count(name) for name in _FONT_SCRAMBLERS)
    if data.count(b"EncryptionMethod") > scrambled:
        raise UnreadableError("copy-protected (encrypted) e-book", "Add a copy without protection.")
