"""The child process that reads files: bytes in on descriptor 0, plain JSON records out on the same.

`python -I -S -c BOOT` starts it with an empty environment. It limits itself before it reads a byte,
imports a format's parser when a file needs it, and serves one file after another until its parent
closes the socket. It trusts nothing that it is given, and its parent trusts nothing that it says.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import struct
import sys
from typing import Any

from everask.documents.confine import confine, limit_time
from everask.documents.contents import Part, Unread, read_contents
from everask.documents.draft import Draft, Limits

BOOT = (
    "import json,sys;"
    "path,limits=json.loads(sys.argv[1]);"
    "sys.path[:]=path;"
    "from everask.documents.worker import serve;"
    "serve(limits)"
)
LENGTH = struct.Struct(">Q")
_SOCKET = 0
_MAX_TITLE = 500
_MAX_WARNINGS = 50
_MAX_WARNING_CHARS = 500
_SAFE = dict.fromkeys(range(0xD800, 0xE000), "\ufffd") | {0: " "}


def serve(settings: dict[str, Any]) -> None:
    """Read requests until the parent closes the socket. Never returns to other code."""
    limits = Limits(**settings)
    confine(limits, sys.path)
    while header := _receive(LENGTH.size):
        request = json.loads(_receive(LENGTH.unpack(header)[0]))
        limit_time(limits)
        try:
            _answer(_receive(request["size"]), request["name"], limits)
        except MemoryError:
            # What was allocated is free again by now; a fresh process takes the next file.
            _send({"unread": ["", f"needs more than {limits.memory_bytes:,} bytes of memory to read. "
                              "Split it, or raise limits.memory_bytes."]})  # fmt: skip
            _send({"end": ""})
            os._exit(0)
        signal.alarm(0)
    os._exit(0)


def _answer(data: bytes, name: str, limits: Limits) -> None:
    content = hashlib.sha256(data).hexdigest()
    for found in read_contents(data, name, limits):
        if isinstance(found, Unread):
            _send({"unread": [found.path.translate(_SAFE), found.message.translate(_SAFE)]})
        else:
            _send({"document": _record(found)})
    _send({"end": content})


def _record(part: Part) -> dict[str, Any]:
    """The draft as plain lists. Characters that no store takes are replaced one for one: spans hold."""
    draft = part.draft
    return {
        "content": part.content,
        "size": part.size,
        "media_type": draft.media_type,
        "title": " ".join(draft.title.translate(_SAFE).split())[:_MAX_TITLE],
        "path": draft.path.translate(_SAFE),
        "modified": draft.modified,
        "text": draft.text.translate(_SAFE) if _is_odd(draft) else draft.text,
        "blocks": [
            (block.kind, block.start, block.end, block.level, block.page, block.header)
            for block in draft.blocks
        ],
        "pages": [
            (page.number, page.start, page.end, page.width, page.height, page.source, _words(page.words))
            for page in draft.pages
        ],
        "warnings": [text.translate(_SAFE)[:_MAX_WARNING_CHARS] for text in draft.warnings[:_MAX_WARNINGS]],
    }


def _words(words: tuple[Any, ...]) -> list[tuple[int, int, float, float, float, float]]:
    return [
        (w.start, w.end, round(w.left, 2), round(w.top, 2), round(w.right, 2), round(w.bottom, 2))
        for w in words
    ]


def _is_odd(draft: Draft) -> bool:
    text = draft.text
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return "\0" in text


def _send(message: dict[str, Any]) -> None:
    body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    frame = memoryview(LENGTH.pack(len(body)) + body)
    while frame:
        frame = frame[os.write(_SOCKET, frame) :]


def _receive(size: int) -> bytes:
    """Exactly `size` bytes; nothing when the parent has gone."""
    if size <= 0:
        return b""
    try:
        buffer = bytearray(size)
    except MemoryError:
        _drain(size)
        raise
    view, filled = memoryview(buffer), 0
    while filled < size:
        count = os.readv(_SOCKET, [view[filled:]])
        if count == 0:
            return b""
        filled += count
    view.release()
    return bytes(buffer)


def _drain(size: int) -> None:
    """Take what the parent is sending, so that it comes to hear the answer."""
    while size > 0 and (chunk := os.read(_SOCKET, min(size, 65_536))):
        size -= len(chunk)
