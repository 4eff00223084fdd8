"""Names and URIs of files and members: any bytes in, text that is safe to store and to show out."""

from __future__ import annotations

import os
import re
import urllib.parse
from pathlib import Path

# Control, bidi and other invisible characters, and lone surrogates, would hide or forge a name.
_UNSHOWABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
_ENDING = re.compile(r"(?<=[^/])\.(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,10}$")


def file_uri(path: Path) -> str:
    """`file://` and the absolute path, percent-encoded from its bytes."""
    return "file://" + urllib.parse.quote(os.fsencode(path.absolute()))


def file_path(uri: str) -> Path:
    """The path that `file_uri` made an address of."""
    return Path(os.fsdecode(urllib.parse.unquote_to_bytes(uri.removeprefix("file://"))))


def member_uri(uri: str, member: str) -> str:
    """The URI of a member of a container: its path after `#`, percent-encoded."""
    return f"{uri}#{urllib.parse.quote(member.encode('utf-8', 'surrogateescape'))}" if member else uri


def document_name(path: Path, root: Path) -> str:
    """The path below `root`, with `/`, without its ending."""
    try:
        relative = path.relative_to(root).as_posix()
    except ValueError:
        relative = path.name
    return without_ending(escape(relative if relative != "." else path.name))


def without_ending(name: str) -> str:
    """The name without `.pdf` and the like; `v1.2` keeps its number."""
    return _ENDING.sub("", name)


def escape(name: str) -> str:
    """The name with everything invisible or not UTF-8 written as an escape, `\\x0a` or `\\u202e`."""
    raw = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return _UNSHOWABLE.sub(_escape_character, raw)


def _escape_character(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
