"""Draws one page of a PDF as a PNG, in a process of its own: `python page_worker.py PAGE WIDTH PATH CUT`.

The PDF comes on stdin, the picture goes to stdout; PATH is where to import from, as JSON. CUT, as JSON too,
is null for the whole page, or a rectangle in points and others within it that are marked. The process is
confined like the one that reads documents before it reads a byte, so that a hostile file can only end it.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

MEMORY_BYTES = 1_500_000_000
CPU_SECONDS = 10
MAX_PIXELS = 12_000_000
MARKER = (255, 236, 178)

Cut = tuple[list[float], list[list[float]]]


def limit_process() -> None:
    """No writing, no network, no files but the program's own; little memory, little time."""
    from everask.documents.confine import confine
    from everask.documents.draft import Limits

    confine(Limits(seconds=CPU_SECONDS, memory_bytes=MEMORY_BYTES), sys.path)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def draw(data: bytes, number: int, width: int, cut: Cut | None = None) -> bytes:
    """Page `number` (from 1), or what is cut out of it, as a PNG; the page about `width` pixels wide."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    page = document[number - 1]
    page_width, page_height = page.get_size()
    scale = width / max(1.0, page_width)
    pixels = (page_width * scale) * (page_height * scale)
    if pixels > MAX_PIXELS:
        scale *= (MAX_PIXELS / pixels) ** 0.5
    picture = page.render(scale=scale).to_pil()
    if cut is not None:
        picture = _cut_out(picture.convert("RGB"), cut, scale)
    target = io.BytesIO()
    picture.save(target, "PNG", compress_level=4)
    return target.getvalue()


def _cut_out(picture: Image, cut: Cut, scale: float) -> Image:
    """A rectangle of a page, with others in it marked as by a felt pen."""
    from PIL import Image, ImageChops

    for mark in cut[1]:
        place = _pixels(mark, scale, picture.size)
        if place[0] < place[2] and place[1] < place[3]:
            words = picture.crop(place)
            picture.paste(ImageChops.multiply(words, Image.new("RGB", words.size, MARKER)), place)
    return picture.crop(_pixels(cut[0], scale, picture.size))


def _pixels(box: list[float], scale: float, size: tuple[int, int]) -> tuple[int, int, int, int]:
    left, top, right, bottom = (round(scale * one) for one in box)
    return max(0, left), max(0, top), min(size[0], right), min(size[1], bottom)


def main() -> None:
    """One request from the command line."""
    number, width, cut = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[4])
    sys.path[:] = json.loads(sys.argv[3])
    limit_process()
    sys.stdout.buffer.write(draw(sys.stdin.buffer.read(), number, width, cut))


if __name__ == "__main__":
    main()
