"""E-mail messages and mailboxes: headers, the body as text, attachments as data of their own.

Parsing is the standard library's, in its lenient form; headers and bodies are decoded here, because
real mail lies about its character sets.
"""

from __future__ import annotations

import calendar
import email.parser
import email.utils
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.header import decode_header
from email.message import Message

from everask.documents.decode import decode
from everask.documents.draft import Draft
from everask.errors import UnreadableError

_SHOWN_HEADERS = ("From", "To", "Cc", "Date")
_MAX_PARTS = 2_000
_MAX_HEADER_CHARS = 2_000
_SEPARATOR = re.compile(rb"^From (?:-|\S+@\S+|\S+) .*\d{4}.*$|^From (?:-|\S+@\S+)\s*$", re.MULTILINE)
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_BOM = b"\xef\xbb\xbf"
_TAGS = re.compile(r"<(style|script|head)\b.*?</\1>|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a message: a name made safe for a path, and its bytes."""

    name: str
    data: bytes


def split_mailbox(data: bytes) -> Iterator[bytes]:
    """Yield the messages of an MBOX file. `From ` begins one only after a blank line."""
    starts = [found for found in _SEPARATOR.finditer(data) if _follows_blank(data, found.start())]
    for number, found in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(data)
        yield _QUOTED_FROM.sub(rb"\1", data[found.end() : end].lstrip(b"\r\n"))


def _follows_blank(data: bytes, at: int) -> bool:
    return at == 0 or data[max(0, at - 3) : at].endswith((b"\n\n", b"\n\r\n"))


def parse_message(data: bytes, draft: Draft) -> list[Attachment]:
    """Fill the draft with headers and body; return the attachments.

    Raises:
        UnreadableError: too many parts, or no header at all.
    """
    message: Message = email.parser.BytesParser().parsebytes(data)
    if not message.keys():
        raise UnreadableError("no headers, so it is no message", "Add it as plain text, with ending .txt.")
    subject = _header(message, "Subject")
    draft.modified = _date(message) or draft.modified
    draft.heading(subject, 1)
    shown = [(name, _header(message, name)) for name in _SHOWN_HEADERS]
    draft.add("text", "\n".join(f"{name}: {value}" for name, value in shown if value))
    plain, html, attachments = _sort_parts(message, draft)
    _add_body(plain, html, draft)
    draft.title = subject  # last, since an HTML body brings a title of its own
    return attachments


def _sort_parts(message: Message, draft: Draft) -> tuple[list[str], list[str], list[Attachment]]:
    """Walk the parts without recursion: plain bodies, HTML bodies, attachments."""
    plain: list[str] = []
    html: list[str] = []
    attachments: list[Attachment] = []
    stack, num_parts = [message], 0
    while stack:
        part = stack.pop()
        num_parts += 1
        if num_parts > _MAX_PARTS:
            draft.warn(f"only the first {_MAX_PARTS:,} parts were read")
            break
        kind = part.get_content_type()
        if kind == "message/rfc822":
            attachments += _inner_message(part, len(attachments), draft)
        elif part.is_multipart():
            stack.extend(child for child in reversed(_children(part)))
        elif _is_attachment(part):
            if _is_worth_reading(part):
                attachments.append(_attachment(part, len(attachments)))
        elif kind == "text/html":
            html.append(_body(part))
        elif kind.startswith(("text/", "message/")):
            plain.append(_unflow(_body(part), part))
    return plain, html, _unique(attachments)


def _children(part: Message) -> list[Message]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


def _add_body(plain: list[str], html: list[str], draft: Draft) -> None:
    """The plain body, unless the HTML says much more; both are the same message said twice."""
    from everask.documents.formats import PARSERS

    plain_text = "\n\n".join(plain)
    html_text = "\n".join(html)
    if html and len(plain_text.split()) * 2 < len(_TAGS.sub(" ", html_text).split()):
        # The mark makes the parser take the text as UTF-8, whatever the page declares.
        PARSERS["html"](_BOM + html_text.encode("utf-8", "replace"), draft)
    elif plain_text.strip():
        PARSERS["text"](_BOM + plain_text.encode("utf-8", "replace"), draft)


def _is_attachment(part: Message) -> bool:
    if part.get_content_disposition() == "attachment":
        return True
    return part.get_content_maintype() not in ("text", "message") or bool(_file_name(part))


def _is_worth_reading(part: Message) -> bool:
    """Logos inside the body, signatures and calendar data are no documents."""
    kind = part.get_content_type()
    if kind in ("application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"):
        return False
    is_inline_picture = part.get_content_maintype() == "image" and part.get("Content-ID") is not None
    return not is_inline_picture


def _attachment(part: Message, number: int) -> Attachment:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    return Attachment(_file_name(part) or f"attachment {number + 1}", data)


def _inner_message(part: Message, number: int, draft: Draft) -> list[Attachment]:
    found = []
    for child in _children(part):
        name = _file_name(part) or _safe_name(_header(child, "Subject")) or f"message {number + 1}"
        try:
            found.append(Attachment(name if name.endswith(".eml") else f"{name}.eml", child.as_bytes()))
        except (ValueError, LookupError, TypeError, AttributeError):
            draft.warn(f"the attached message {name!r} is damaged and was not read")
    return found


def _unique(attachments: list[Attachment]) -> list[Attachment]:
    seen: dict[str, int] = {}
    kept = []
    for item in attachments:
        seen[item.name] = seen.get(item.name, 0) + 1
        number = seen[item.name]
        kept.append(item if number == 1 else Attachment(f"{item.name} ({number})", item.data))
    return kept


def _body(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    return decode(payload, part.get_content_charset())[0].replace("\r\n", "\n")


def _unflow(text: str, part: Message) -> str:
    """Join the soft line breaks of `format=flowed` (RFC 3676)."""
    if str(part.get_param("format") or "").lower() != "flowed":
        return text
    is_cut = str(part.get_param("delsp") or "").lower() == "yes"
    lines: list[str] = []
    is_open = False
    for line in text.split("\n"):
        line = line.removeprefix(" ") if not line.startswith(">") else line
        if is_open and not line.startswith(">"):
            lines[-1] = (lines[-1][:-1] if is_cut else lines[-1]) + line
        else:
            lines.append(line)
        is_open = line.endswith(" ") and line != "-- " and not line.startswith(">")
    return "\n".join(lines)


def _header(message: Message, name: str) -> str:
    found = (value for key, value in message.raw_items() if key.lower() == name.lower())
    return _decode_words(str(next(found, "")))[:_MAX_HEADER_CHARS]


def _decode_words(raw: str) -> str:
    """A header's text: encoded words, and raw bytes in whatever encoding they are."""
    try:
        chunks = decode_header(raw)
    except (ValueError, LookupError, TypeError):
        chunks = [(raw, None)]
    return " ".join("".join(_decode_chunk(chunk, charset) for chunk, charset in chunks).split())


def _decode_chunk(chunk: bytes | str, charset: str | None) -> str:
    if isinstance(chunk, str):
        chunk = chunk.encode("utf-8", "surrogateescape")
    elif charset is None:
        # Raw-unicode-escape bytes of a str that held surrogates: give the bytes back.
        chunk = chunk.decode("raw-unicode-escape", "replace").encode("utf-8", "surrogateescape")
    return decode(chunk, charset)[0]


def _file_name(part: Message) -> str:
    """The attachment's name, RFC 2231, encoded words and raw bytes understood; no path in it."""
    value = part.get_param("filename", None, "content-disposition") or part.get_param("name", None)
    if isinstance(value, tuple):
        charset, _, text = value
        raw = str(text).encode("raw-unicode-escape", "replace")
        return _safe_name(decode(raw, charset)[0])
    return _safe_name(_decode_words(str(value))) if value else ""


def _safe_name(name: str) -> str:
    return " ".join(name.replace("\\", "/").rpartition("/")[2].split()).strip(". ")[:200]


def _date(message: Message) -> float | None:
    try:
        parsed = email.utils.parsedate_tz(_header(message, "Date"))
        return calendar.timegm((*parsed[:6], 0, 0, 0)) - (parsed[9] or 0) if parsed else None
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
