"""ZIP files of documents: nesting, names, bombs."""

from __future__ import annotations

import io
import zipfile

from everask.documents.contents import Part, Unread, read_contents
from everask.documents.draft import Limits


def pack(*members: tuple[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return buffer.getvalue()


def read(data: bytes, limits: Limits | None = None) -> tuple[list[str], list[Unread]]:
    found = list(read_contents(data, "a.zip", limits or Limits()))
    paths = [item.draft.path for item in found if isinstance(item, Part)]
    return paths, [item for item in found if isinstance(item, Unread)]


def test_members_are_documents_and_litter_is_left_out() -> None:
    data = pack(
        ("a.txt", b"First text."),
        ("folder/b.md", b"# Second"),
        ("__MACOSX/._a.txt", b"junk"),
        (".hidden", b"junk"),
        ("folder/", b""),
    )
    assert read(data) == (["a.txt", "folder/b.md"], [])


def test_names_cannot_lead_out_and_twins_stay_apart() -> None:
    paths, unread = read(pack(("../../etc/passwd", b"x y"), ("/a.txt", b"one"), ("C:\\b.txt", b"two")))
    assert paths == ["etc/passwd", "a.txt", "C:/b.txt"] and not unread


def test_names_packed_by_old_systems() -> None:
    data = pack(("A" * 13 + ".txt", b"text")).replace(b"A" * 13, "Обзор рынка 1".encode("cp866"))
    assert read(data)[0] == ["Обзор рынка 1.txt"]


def test_inner_archives_are_read_to_the_limit() -> None:
    data = pack(("leaf.txt", b"The leaf."))
    for level in range(3):
        data = pack((f"level{level}.zip", data), ("beside.txt", b"Beside."))
    assert len(read(data)[0]) == 4
    paths, unread = read(data, Limits(depth=2))
    assert len(paths) == 2 and "nested more than 2 deep" in unread[0].message


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = pack(*((f"{n}.txt", b"\0" * 5_000_000) for n in range(11)))
    paths, unread = read(bomb, Limits(unpacked_bytes=50_000_000))
    assert not paths and "bytes when unpacked" in unread[0].message


def test_bombs_inside_count_together() -> None:
    inner = pack(("zeros.txt", b"0" * 2_000_000))
    outer = pack(*((f"{n}.zip", inner) for n in range(20)))
    _, unread = read(outer, Limits(unpacked_bytes=10_000_000))
    assert any("inner archives included" in item.message for item in unread)


def test_a_broken_member_does_not_stop_the_others() -> None:
    data = pack(("a.txt", b"Good text here."), ("b.exe", b"MZ\0\0"), ("c.txt", b"Also good."))
    paths, unread = read(data)
    assert paths == ["a.txt", "c.txt"]
    assert [item.path for item in unread] == ["b.exe"]


def test_an_encrypted_member_says_password() -> None:
    data = bytearray(pack(("a.txt", b"secret")))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in read(bytes(data))[1][0].message
