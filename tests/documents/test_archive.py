"""ZIP directories are counted before anything is unpacked."""

from __future__ import annotations

import io
import zipfile

import pytest

from everask.documents.archive import open_archive, read_member
from everask.documents.draft import Limits
from everask.errors import LimitError, UnreadableError


def pack(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_reads_members() -> None:
    archive = open_archive(pack({"a": b"one", "b/c": b"two"}), Limits())
    assert [read_member(archive, name, Limits()) for name in archive.namelist()] == [b"one", b"two"]


def test_too_many_members() -> None:
    with pytest.raises(LimitError, match="members"):
        open_archive(pack({str(number): b"" for number in range(20)}), Limits(members=10))


def test_too_large_and_too_dense() -> None:
    data = pack({"zeros": bytes(40_000_000)})
    with pytest.raises(LimitError, match="unpacked"):
        open_archive(data, Limits(unpacked_bytes=1_000_000))
    with pytest.raises(LimitError, match="times its size"):
        open_archive(data, Limits())


def test_a_directory_that_lies_gains_nothing() -> None:
    data = bytearray(pack({"zeros": bytes(1_000_000)}))
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    archive = open_archive(bytes(data), Limits())
    with pytest.raises(UnreadableError):
        read_member(archive, "zeros", Limits())


def test_damaged_and_encrypted() -> None:
    data = pack({"a": b"some text " * 100})
    for broken in (b"", data[:30], data[: len(data) // 2]):
        with pytest.raises(UnreadableError, match="damaged"):
            open_archive(broken, Limits())
    changed = bytearray(data)
    changed[40] ^= 0xFF
    with pytest.raises(UnreadableError):
        read_member(open_archive(bytes(changed), Limits()), "a", Limits())
    flagged = bytearray(data)
    flagged[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(UnreadableError, match="password"):
        read_member(open_archive(bytes(flagged), Limits()), "a", Limits())
