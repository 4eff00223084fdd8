"""Everything in one file, containers unpacked: each document as a filled draft, or why it is not read.

Runs in the worker process only. Knows the kinds of files and how containers nest; no format's inside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from everask.documents.archive import read_member
from everask.documents.draft import Draft, Limits
from everask.documents.kind import LABELS, MEDIA_TYPES, ending_kind, image_type, sniff
from everask.errors import EveraskError, LimitError, UnreadableError


@dataclass(frozen=True, slots=True)
class Part:
    """A document that was read, with the hash and size of its own bytes."""

    draft: Draft
    content: str
    size: int


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or a member of one (`path`), that was not read, and one line that says why."""

    path: str
    message: str


@dataclass(slots=True)
class Allowance:
    """What a whole file may still cost, over all levels of nesting."""

    unpacked_bytes: int
    members: int

    def spend(self, num_bytes: int) -> None:
        """Count one member, before it is unpacked."""
        self.unpacked_bytes -= num_bytes
        self.members -= 1
        if self.members < 0:
            raise LimitError("too many members, those of inner archives included", "Raise limits.members.")
        if self.unpacked_bytes < 0:
            raise LimitError(
                "too large when unpacked, inner archives included", "Raise limits.unpacked_bytes."
            )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece of data stands: its path in the file, how deep, and its own date if it has one."""

    path: str = ""
    depth: int = 0
    modified: float | None = None

    def inner(self, name: str, modified: float | None = None) -> Place:
        """The place of a member."""
        path = f"{self.path}/{name}" if self.path else name
        return Place(path, self.depth + 1, modified if modified is not None else self.modified)


def read_contents(data: bytes, name: str, limits: Limits) -> Iterator[Part | Unread]:
    """Yield every document in a file, in order. A broken member does not stop the others."""
    allowance = Allowance(limits.unpacked_bytes, limits.members)
    yield from _read(data, name, Place(), limits, allowance)


def _read(
    data: bytes, name: str, place: Place, limits: Limits, allowance: Allowance
) -> Iterator[Part | Unread]:
    label = ""
    try:
        kind = sniff(data, name)
        label = LABELS[kind]
        if kind in ("zip", "mbox", "eml"):
            yield from _read_container(kind, data, place, limits, allowance)
        else:
            yield _read_single(kind, data, name, place, limits)
    except EveraskError as error:
        yield Unread(place.path, _line(label, error.message, error.hint))
    except RecursionError:
        yield Unread(place.path, _line(label, "nested too deeply", "Simplify it, or convert it to PDF."))
    except Exception as error:  # noqa: BLE001 the worker's edge: any parser may fail on damaged input in any way
        what = f"damaged, or of an unusual form ({type(error).__name__})"
        yield Unread(place.path, _line(label, what, "Open it in its own program and save it again."))


def _read_single(kind: str, data: bytes, name: str, place: Place, limits: Limits) -> Part:
    from everask.documents.formats import PARSERS

    parser = PARSERS.get(kind)
    if parser is None:
        raise UnreadableError("this kind of file is not read", "Convert it to PDF, text or an office format.")
    draft = Draft(limits, _media_type(kind, data), path=place.path, modified=place.modified)
    claimed = ending_kind(name)
    if claimed and claimed != kind and not {claimed, kind} <= {"text", "code", "json", "jsonl", "csv"}:
        draft.warn(f"its name says {LABELS[claimed]}, its content is {LABELS[kind]}; read by its content")
    parser(data, draft)
    if not draft.text.strip():
        raise UnreadableError("no text in it", _no_text_hint(kind))
    return Part(draft, hashlib.sha256(data).hexdigest(), len(data))


def _read_container(
    kind: str, data: bytes, place: Place, limits: Limits, allowance: Allowance
) -> Iterator[Part | Unread]:
    if place.depth >= limits.depth and kind != "eml":
        raise LimitError(f"nested more than {limits.depth} deep", "Unpack it and add what is inside.")
    if kind == "zip":
        yield from _read_zip(data, place, limits, allowance)
    elif kind == "mbox":
        yield from _read_mailbox(data, place, limits, allowance)
    else:
        yield from _read_message(data, place, limits, allowance)


def _read_zip(data: bytes, place: Place, limits: Limits, allowance: Allowance) -> Iterator[Part | Unread]:
    from everask.documents.zips import open_members

    archive, members = open_members(data, limits)
    found = False
    for member in members:
        found = True
        inner = place.inner(member.path, member.modified)
        if member.is_link:
            yield Unread(inner.path, "a link in an archive, which is not followed. Add what it points to.")
            continue
        allowance.spend(member.info.file_size)
        try:
            unpacked = read_member(archive, member.info, limits)
        except EveraskError as error:
            yield Unread(inner.path, _line("", error.message, error.hint))
            continue
        yield from _read(unpacked, member.path, inner, limits, allowance)
    if not found:
        raise UnreadableError("an empty archive", "There is nothing in it to read.")


def _read_mailbox(data: bytes, place: Place, limits: Limits, allowance: Allowance) -> Iterator[Part | Unread]:
    from everask.documents.mail import split_mailbox

    for number, message in enumerate(split_mailbox(data), start=1):
        allowance.spend(len(message))
        inner = place.inner(str(number))
        try:
            yield from _read_message(message, inner, limits, allowance)
        except EveraskError as error:
            yield Unread(inner.path, _line("E-mail", error.message, error.hint))


def _read_message(data: bytes, place: Place, limits: Limits, allowance: Allowance) -> Iterator[Part | Unread]:
    from everask.documents.mail import parse_message

    draft = Draft(limits, MEDIA_TYPES["eml"], path=place.path, modified=place.modified)
    attachments = parse_message(data, draft)
    if draft.text.strip():
        yield Part(draft, hashlib.sha256(data).hexdigest(), len(data))
    elif not attachments:
        raise UnreadableError("no text in it", "There is nothing to read.")
    for attachment in attachments:
        inner = place.inner(attachment.name, draft.modified)
        if inner.depth > limits.depth:
            yield Unread(inner.path, f"nested more than {limits.depth} deep. Save it and add it by itself.")
            continue
        allowance.spend(len(attachment.data))
        yield from _read(attachment.data, attachment.name, inner, limits, allowance)


def _media_type(kind: str, data: bytes) -> str:
    return (image_type(data) if kind == "image" else None) or MEDIA_TYPES[kind]


def _no_text_hint(kind: str) -> str:
    if kind in ("pdf", "image"):
        return "It may be a scan: install text recognition with pip install 'everask[ocr]' and add it again."
    return "There is nothing to read."


def _line(label: str, message: str, hint: str) -> str:
    """One line: what kind of file, what is wrong, what to do."""
    what = f"{label}: {message}" if label else message
    line = f"{what.rstrip('. ')}. {hint}" if hint else what
    return " ".join(line.split())
