"""Pictures of pages and where words stand on them, so that a citation can be seen in place."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
import urllib.parse
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from everask.documents.kind import MEDIA_TYPES
from everask.errors import NotFoundError, UnreadableError
from everask.types import Document, Page, Word

WIDTH = 1_100
SECONDS = 20.0
MAX_KEPT = 48
MARGIN = 26.0
"""Points above and below cut out words: about two lines."""
WORKER = Path(__file__).with_name("page_worker.py")

Rectangle = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Crop:
    """A part of a page as a PNG, and how large it is on the page, in points."""

    png: bytes
    width: float
    height: float


class PageImages:
    """Draws pages in processes of their own, two at a time, and keeps the last few. Thread-safe."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(2)

    def draw(self, document: Document, number: int) -> bytes:
        """A page as a PNG. Blocking, half a second for a new one.

        Raises NotFoundError for a page that is not there, UnreadableError for one that cannot be drawn.
        """
        find_page(document, number)
        key = (document.id, number)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        with self._slots:
            picture = _draw_apart(read_original(document), number, document.name)
        with self._lock:
            self._kept[key] = picture
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return picture

    def crop(self, document: Document, start: int, end: int) -> Crop | None:
        """The lines of a page on which the words between two offsets stand, those words marked. Blocking.

        None where there is no picture of it; of words on two pages it is the first one's part. Raises
        NotFoundError for a file that is no longer what was read, UnreadableError for what cannot be drawn.
        """
        if not has_pictures(document):
            return None
        page = next((one for one in document.pages if one.start <= start < one.end), None)
        boxes = line_boxes(page.words, start, end) if page else []
        if page is None or not boxes:
            return None
        top = max(0.0, min(box[1] for box in boxes) - MARGIN)
        bottom = min(page.height, max(box[3] for box in boxes) + MARGIN)
        place = (0.0, top, page.width, bottom)
        with self._slots:
            png = _draw_apart(read_original(document), page.number, document.name, (place, boxes))
        return Crop(png, page.width, bottom - top)

    def forget(self, document_id: str) -> None:
        """Drop the pictures of a document that was removed."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == document_id]:
                del self._kept[key]


def has_pictures(document: Document) -> bool:
    """Whether pages of this document can be drawn."""
    is_pdf = document.media_type == MEDIA_TYPES["pdf"]
    return is_pdf and bool(document.pages) and original_path(document) is not None


def find_page(document: Document, number: int) -> Page:
    """A page that can be drawn. Raises NotFoundError."""
    if has_pictures(document):
        for page in document.pages:
            if page.number == number:
                return page
    raise NotFoundError("There is no such page.", "Look at the document's text instead.")


def original_path(document: Document) -> Path | None:
    """Where the original file is; None for members of containers and for web pages."""
    if not document.uri.startswith("file://") or "#" in document.uri:
        return None
    return Path(os.fsdecode(urllib.parse.unquote_to_bytes(document.uri[7:])))


def read_original(document: Document) -> bytes:
    """The original's bytes, if they are still those that were indexed. Raises NotFoundError."""
    gone = NotFoundError(
        f"{document.name} is no longer the file that was read.", "Add its folder again to read the new one."
    )
    path = original_path(document)
    if path is None:
        raise NotFoundError(f"{document.name} has no file of its own.", "Look at its text instead.")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise gone from error
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size != document.size:
            raise gone
        data = file.read()
    if hashlib.sha256(data).hexdigest() != document.content:
        raise gone
    return data


def line_boxes(words: Iterable[Word], start: int, end: int) -> list[Rectangle]:
    """One rectangle (left, top, right, bottom) for each line of the words between two offsets."""
    lines: list[Rectangle] = []
    for word in words:
        if word.end <= start or word.start >= end:
            continue
        box = (word.left, word.top, word.right, word.bottom)
        if lines and _same_line(lines[-1], box):
            last = lines[-1]
            lines[-1] = (
                min(last[0], box[0]),
                min(last[1], box[1]),
                max(last[2], box[2]),
                max(last[3], box[3]),
            )
        else:
            lines.append(box)
    return lines


def _same_line(line: Rectangle, box: Rectangle) -> bool:
    height = min(line[3] - line[1], box[3] - box[1])
    overlap = min(line[3], box[3]) - max(line[1], box[1])
    gap = max(box[0] - line[2], line[0] - box[2])
    return overlap > 0.5 * height and gap < 3 * max(height, 1.0)


def _draw_apart(
    data: bytes, number: int, name: str, cut: tuple[Rectangle, list[Rectangle]] | None = None
) -> bytes:
    path = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
    command = [sys.executable, "-I", "-S", str(WORKER), str(number), str(WIDTH), path, json.dumps(cut)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, env={}, check=True)
    except (subprocess.SubprocessError, OSError) as error:
        raise UnreadableError(
            f"Page {number} of {name} could not be drawn.", "Look at its text instead."
        ) from error
    return done.stdout
