"""Draws one page of a PDF as a PNG, in a process of its own: `python page_worker.py PAGE WIDTH PATH`.

The PDF comes on stdin, the picture goes to stdout; PATH is where to import from, as JSON. The process
is confined like the one that reads documents before it reads a byte, so that a hostile file can only
end it.
"""

from __future__ import annotations

import io
import json
import resource
import sys

MEMORY_BYTES = 1_500_000_000
CPU_SECONDS = 10
MAX_PIXELS = 12_000_000


def limit_process() -> None:
    """No writing, no network, no files but the program's own; little memory, little time."""
    from everask.documents.confine import confine
    from everask.documents.draft import Limits

    confine(Limits(seconds=CPU_SECONDS, memory_bytes=MEMORY_BYTES), sys.path)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))


def draw(data: bytes, number: int, width: int) -> bytes:
    """Page `number` (from 1) as a PNG about `width` pixels wide."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    page = document[number - 1]
    page_width, page_height = page.get_size()
    scale = width / max(1.0, page_width)
    pixels = (page_width * scale) * (page_height * scale)
    if pixels > MAX_PIXELS:
        scale *= (MAX_PIXELS / pixels) ** 0.5
    picture = page.render(scale=scale).to_pil()
    target = io.BytesIO()
    picture.save(target, "PNG", compress_level=4)
    return target.getvalue()


def main() -> None:
    """One request from the command line."""
    number, width = int(sys.argv[1]), int(sys.argv[2])
    sys.path[:] = json.loads(sys.argv[3])
    limit_process()
    sys.stdout.buffer.write(draw(sys.stdin.buffer.read(), number, width))


if __name__ == "__main__":
    main()
