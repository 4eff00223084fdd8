"""Opening ZIP-based files safely: the directory is counted before anything is unpacked.

Every format that is a ZIP inside (DOCX, XLSX, ODT, EPUB, plain ZIP) comes through here. `zipfile`
itself never gives out more bytes of a member than its directory declares, so a directory that is
within the limits bounds what reading can cost; `read_member` counts again all the same.
"""

from __future__ import annotations

import io
import zipfile
import zlib

from everask.documents.draft import Limits
from everask.errors import LimitError, UnreadableError

# Office XML packs 10 to 40 times; DEFLATE's own limit is about 1,032. A small file may pack
# better than any real one without harm, so the ratio counts only above a floor.
_MAX_RATIO = 250
_RATIO_FLOOR_BYTES = 30_000_000
_CHUNK_BYTES = 1 << 20


def open_archive(data: bytes, limits: Limits) -> zipfile.ZipFile:
    """Open a ZIP whose directory keeps to the limits on members, unpacked size and ratio.

    Raises:
        UnreadableError: it is no ZIP, or its directory is damaged.
        LimitError: too many members, or too large when unpacked.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError) as error:
        raise UnreadableError(
            "damaged archive: its directory cannot be read", "Get the file again; it may be cut off."
        ) from error
    members = archive.infolist()
    if len(members) > limits.members:
        raise LimitError(
            f"archive with {len(members):,} members, more than {limits.members:,}",
            "Raise limits.members to read it.",
        )
    unpacked = sum(member.file_size for member in members)
    if unpacked > limits.unpacked_bytes:
        raise LimitError(
            f"archive of {unpacked:,} bytes when unpacked, more than {limits.unpacked_bytes:,}",
            "Raise limits.unpacked_bytes to read it.",
        )
    if unpacked > _RATIO_FLOOR_BYTES and unpacked > _MAX_RATIO * len(data):
        raise LimitError(
            f"archive that unpacks to {unpacked // max(1, len(data)):,} times its size",
            "It looks like a decompression bomb and is not read.",
        )
    return archive


def read_member(archive: zipfile.ZipFile, name: str | zipfile.ZipInfo, limits: Limits) -> bytes:
    """Unpack one member, counting the bytes as they come.

    Raises:
        KeyError: there is no such member.
        UnreadableError: the member is encrypted or damaged.
        LimitError: it gives more than `limits.unpacked_bytes`.
    """
    info = archive.getinfo(name) if isinstance(name, str) else name
    if info.flag_bits & 0x1:
        raise UnreadableError(
            f"{info.filename!r} in it is protected by a password", "Remove the password and add it again."
        )
    parts: list[bytes] = []
    total = 0
    try:
        with archive.open(info) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                total += len(chunk)
                if total > limits.unpacked_bytes:
                    raise LimitError(
                        f"{info.filename!r} in it unpacks to more than {limits.unpacked_bytes:,} bytes",
                        "Raise limits.unpacked_bytes to read it.",
                    )
                parts.append(chunk)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise UnreadableError(
            f"damaged archive: {info.filename!r} in it cannot be unpacked",
            "Get the file again; it may be cut off.",
        ) from error
    return b"".join(parts)
