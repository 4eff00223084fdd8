"""PDF: the text layer in reading order with a box for each word; pages without one go through OCR.

pdfium does the parsing; see pdf_text.py for characters, pdf_order.py for right-to-left lines,
pdf_layout.py for paragraphs, headings and tables, and ocr.py for scans.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image

from everask.documents.draft import Draft
from everask.documents.ocr import Recogniser, add_recognised, find_recogniser
from everask.documents.pdf_layout import Compounds, PdfBlock, Sizes, build_blocks, is_unspaced, measure_sizes
from everask.documents.pdf_order import order_lines
from everask.documents.pdf_running import RunningLines
from everask.documents.pdf_text import Glyph, Line, PageText, read_page_text
from everask.errors import LimitError, UnreadableError
from everask.types import Word

_SAMPLE_PAGES = 12
_OCR_DPI = 200
_MAX_PIXELS = 40_000_000
_FEW_CHARS = 20
_LARGE_IMAGE = 0.3  # of the page's area
_MAX_OBJECTS = 2_000


def parse_pdf(data: bytes, draft: Draft) -> None:
    """Read a PDF.

    Raises:
        UnreadableError: it has a password, or is too damaged to open.
        LimitError: it has too many pages.
    """
    document = _open(data)
    try:
        num_pages = len(document)
        if num_pages == 0:
            raise UnreadableError("a PDF without pages", "Get the file again; it may be cut off.")
        if num_pages > draft.limits.pages:
            raise LimitError(
                f"{num_pages:,} pages, more than {draft.limits.pages:,}", "Raise limits.pages to read it."
            )
        if title := " ".join(str(document.get_metadata_value("Title")).split()):
            draft.title = draft.title or title.replace("\x00", "")
        _Pages(document, draft).read(num_pages)
    finally:
        document.close()


def _open(data: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error):
            raise UnreadableError(
                "protected by a password", "Remove the password and add it again."
            ) from error
        if "ecurity" in str(error):
            raise UnreadableError(
                "encrypted in a way that is not supported", "Remove the password and add it again."
            ) from error
        raise UnreadableError(
            "a damaged PDF", "Get the file again; it may be cut off, or be something else."
        ) from error


class _Pages:
    """Reads page after page; knows what is shared by them: sizes, compounds, the recogniser."""

    def __init__(self, document: pypdfium2.PdfDocument, draft: Draft) -> None:
        self._document = document
        self._draft = draft
        self._compounds = Compounds()
        self._sizes = Sizes()
        self._running = RunningLines()
        self._recogniser: Recogniser | None = None
        self._looked_for_recogniser = False

    def read(self, num_pages: int) -> None:
        self._sizes = measure_sizes(list(self._sample(num_pages)))
        for number in range(1, num_pages + 1):
            self._draft.begin_page(number)
            try:
                page = self._document[number - 1]
            except pypdfium2.PdfiumError:
                self._draft.warn(f"page {number} is damaged and was not read")
                self._draft.end_page(source="unreadable")
                continue
            try:
                self._read_page(page, number)
            finally:
                page.close()

    def _sample(self, num_pages: int) -> Iterator[Line]:
        """Lines of some pages, to learn the document's font sizes and compounds."""
        step = max(1, num_pages // _SAMPLE_PAGES)
        for index in range(0, num_pages, step):
            try:
                page = self._document[index]
            except pypdfium2.PdfiumError:
                continue
            found = read_page_text(page)
            page.close()
            order_lines(found.lines)
            self._compounds.learn(found.lines)
            self._running.learn(found)
            yield from found.lines

    def _read_page(self, page: pypdfium2.PdfPage, number: int) -> None:
        found = read_page_text(page)
        if found.is_garbled or (found.num_chars < _FEW_CHARS and _has_large_image(page, found)):
            self._recognise(page, found, number)
            return
        found.lines = self._without_hidden(page, found)
        order_lines(found.lines)
        self._compounds.learn(found.lines)
        lines = self._running.without_repeats(found)
        words = [
            word
            for block in build_blocks(lines, self._sizes, self._compounds)
            for word in add_block(block, self._draft, found)
        ]
        for text in _form_texts(page):
            self._draft.gap()
            self._draft.add("text", text)
        self._draft.gap()
        self._draft.end_page(found.width, found.height, "text", words)

    def _without_hidden(self, page: pypdfium2.PdfPage, found: PageText) -> list[Line]:
        """Leave out white lines that do not show on the page as it is drawn."""
        if found.num_outside > _FEW_CHARS:
            self._draft.warn("text outside the pages was left out")
        if not any(line.white for line in found.lines):
            return found.lines
        picture = page.render(scale=1, grayscale=True).to_pil()
        kept = [line for line in found.lines if not line.white or _shows(picture, _box(found, line))]
        if len(kept) < len(found.lines):
            self._draft.warn("hidden text was left out")
        return kept

    def _recognise(self, page: pypdfium2.PdfPage, found: PageText, number: int) -> None:
        if not self._looked_for_recogniser:
            self._recogniser = find_recogniser(self._draft.limits.seconds)
            self._looked_for_recogniser = True
        what = "text that cannot be decoded" if found.is_garbled else "only a picture"
        if self._recogniser is None:
            self._draft.warn(
                f"page {number} has {what}: install the extra 'ocr' (or tesseract) and add the file again"
            )
            self._draft.end_page(found.width, found.height, "unreadable")
            return
        scale = _OCR_DPI / 72
        scale = min(scale, (_MAX_PIXELS / max(1.0, found.width * found.height)) ** 0.5)
        picture = page.render(scale=scale).to_pil().convert("RGB")
        lines = self._recogniser(picture)
        words = add_recognised(lines, self._draft, 1 / scale)
        if not words:
            self._draft.warn(f"page {number} has {what}, and no text was recognised in it")
        self._draft.end_page(found.width, found.height, "ocr" if words else "unreadable", words)


def add_block(block: PdfBlock, draft: Draft, page: PageText) -> list[Word]:
    """Add one block to the draft; return its words with spans and boxes."""
    parts: list[str] = []
    places: list[tuple[int, Glyph]] = []
    length = 0
    for glyph in block.glyphs:
        text = " | " if glyph is None else (" " if glyph.is_space else glyph.text)
        if text == " " and (not parts or parts[-1][-1] == " "):
            continue
        if glyph is not None and text != " ":
            places.append((length, glyph))
        parts.append(text)
        length += len(text)
    text = "".join(parts)
    if block.kind != "list" and (block.kind != "table" or block.starts_table):
        draft.gap()
    separator = "\n" if block.kind in ("list", "table") else "\n\n"
    start, end = draft.add(block.kind, text, level=block.level, separator=separator)
    if end == start:
        return []
    return [
        Word(start + first, start + last, *(round(side, 2) for side in page.page_box(*box)))
        for first, last, box in _words(places)
    ]


def _words(places: Sequence[tuple[int, Glyph]]) -> Iterator[tuple[int, int, tuple[float, ...]]]:
    """Words are parted by spaces and line ends; in scripts without spaces each character is one."""
    begun: int | None = None
    box = (0.0, 0.0, 0.0, 0.0)
    last_end = 0
    last: Glyph | None = None
    for at, glyph in places:
        parted = last is not None and (
            at > last_end
            or is_unspaced(glyph.text[0])
            or is_unspaced(last.text[0])
            or glyph.top > last.bottom
            or glyph.bottom < last.top - 2 * (last.bottom - last.top)
        )
        if begun is not None and parted:
            yield begun, last_end, box
            begun = None
        if begun is None:
            begun, box = at, (glyph.left, glyph.top, glyph.right, glyph.bottom)
        else:
            left, top, right, bottom = box
            box = (
                min(left, glyph.left),
                min(top, glyph.top),
                max(right, glyph.right),
                max(bottom, glyph.bottom),
            )
        last_end, last = at + len(glyph.text), glyph
    if begun is not None:
        yield begun, last_end, box


def _box(page: PageText, line: Line) -> tuple[float, ...]:
    return page.page_box(line.left, line.top, line.right, line.bottom)


def _shows(picture: Image.Image, box: tuple[float, ...]) -> bool:
    """Is there any ink in this part of the page?"""
    left, top, right, bottom = box
    low, high = picture.crop((int(left), int(top), int(right) + 1, int(bottom) + 1)).getextrema()
    return isinstance(low, (int, float)) and isinstance(high, (int, float)) and high - low > 24


def _has_large_image(page: pypdfium2.PdfPage, found: PageText) -> bool:
    area = max(1.0, found.width * found.height)
    covered = 0.0
    for number, item in enumerate(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=4)):
        if number > _MAX_OBJECTS:
            return True
        left, bottom, right, top = item.get_bounds()
        covered += abs(right - left) * abs(top - bottom)
        if covered > _LARGE_IMAGE * area:
            return True
    return False


def _form_texts(page: pypdfium2.PdfPage) -> Iterator[str]:
    """What is filled into form fields and written in notes; neither is in the text layer."""
    for index in range(min(pdfium.FPDFPage_GetAnnotCount(page.raw), _MAX_OBJECTS)):
        annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        text = ""
        if not pdfium.FPDFAnnot_GetFlags(annotation) & 0x2:  # hidden
            if kind == pdfium.FPDF_ANNOT_WIDGET:
                name, value = _annotation_text(annotation, b"T"), _annotation_text(annotation, b"V")
                text = f"{name}: {value}" if name and value else value
            elif kind in (pdfium.FPDF_ANNOT_FREETEXT, pdfium.FPDF_ANNOT_TEXT):
                text = _annotation_text(annotation, b"Contents")
        pdfium.FPDFPage_CloseAnnot(annotation)
        if text.strip() and not text.endswith(": Off"):
            yield text.replace("\r\n", "\n").replace("\r", "\n")


def _annotation_text(annotation: object, key: bytes) -> str:
    length = pdfium.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if length <= 2:
        return ""
    buffer = (pdfium.FPDF_WCHAR * (length // 2))()
    pdfium.FPDFAnnot_GetStringValue(annotation, key, buffer, length)
    return bytes(buffer).decode("utf-16-le", "replace").rstrip("\x00")
