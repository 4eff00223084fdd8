"""Draws one page of a PDF as a PNG, in a process of its own: `python page_worker.py PAGE WIDTH`.

The PDF comes on stdin, the picture goes to stdout. Limits are set before anything is read, so that a
hostile file can only end this process.
"""

from __future__ import annotations

import io
import resource
import sys

MEMORY_BYTES = 1_500_000_000
CPU_SECONDS = 10
MAX_PIXELS = 12_000_000


def limit_process() -> None:
    """No files, little memory, little time."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


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
    limit_process()
    number, width = int(sys.argv[1]), int(sys.argv[2])
    sys.stdout.buffer.write(draw(sys.stdin.buffer.read(), number, width))


if __name__ == "__main__":
    main()
