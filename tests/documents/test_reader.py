"""The reader: documents out of files of any name, and a pool that no file can hurt."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import socket
import threading
import time
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from everask.documents.child import Child, ChildDiedError
from everask.documents.draft import Limits
from everask.documents.folder import walk
from everask.documents.reader import Reader, ReadResult
from everask.documents.records import Origin, build_document
from everask.documents.worker import LENGTH
from everask.errors import UnreadableError

LIMITS = Limits(seconds=30, memory_bytes=600_000_000)


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    with Reader(LIMITS) as found:
        yield found


def read_text(reader: Reader, path: Path, root: Path) -> ReadResult:
    path.write_text("The warranty lasts two years from the day of purchase.")
    return reader.read(path, root=root)


def test_a_document_names_its_place_and_its_content(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "manuals").mkdir()
    path = tmp_path / "manuals/a b.v1.txt"
    path.write_text("Die Garantie gilt zwei Jahre ab dem Tag des Kaufs.", encoding="utf-8")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    result = reader.read(path, root=tmp_path)
    (document,) = result.documents
    content = hashlib.sha256(path.read_bytes()).hexdigest()
    assert result.error is None and result.content == document.content == content
    assert document.name == "manuals/a b.v1" and document.title == "a b.v1"
    assert document.uri == f"file://{tmp_path}/manuals/a%20b.v1.txt"
    assert document.id == hashlib.sha256(f"{document.uri}\0{content}".encode()).hexdigest()[:32]
    assert document.language == "de" and document.media_type == "text/plain"
    assert document.modified == 1_000_000_000 and document.size == path.stat().st_size


def test_members_have_names_and_uris_of_their_own(reader: Reader) -> None:
    mail = (
        b"From: a@example.org\nTo: b@example.org\nSubject: Offer\nMIME-Version: 1.0\n"
        b"Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/plain\n\nSee the table.\n"
        b"--x\nContent-Type: text/csv\nContent-Disposition: attachment; filename=p.csv\n\na,b\n1,2\n--x--\n"
    )
    result = reader.read_bytes(mail, name="in/offer.eml", uri="upload:offer.eml", modified=5.0)
    assert [document.name for document in result.documents] == ["in/offer", "in/offer#p"]
    assert [document.uri for document in result.documents] == [
        "upload:offer.eml",
        "upload:offer.eml#p.csv",
    ]


def test_members_that_are_not_read_for_one_reason_share_a_line(reader: Reader) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("read.txt", "The pump starts at 3 bar.")
        for number in range(9):
            archive.writestr(f"{number}.gz", gzip.compress(b"packed"))
    result = reader.read_bytes(packed.getvalue(), name="in.zip", uri="upload:in.zip", modified=5.0)
    assert len(result.documents) == 1
    assert [line.split(": ")[0] for line in result.warnings] == ["0.gz, 1.gz, 2.gz and 6 more"]


NAMES = [
    b"new\nline.txt",
    "bidi\u202egnp.txt".encode(),
    b"not utf-8 \xff\xfe.txt",
    b"x" * 251 + b".txt",
    b"<script>alert(1)</script>.txt".replace(b"/", b""),
    b"quote\" 'and' %41 #1 ?.txt",
    unicodedata.normalize("NFC", "caf\u00e9.txt").encode(),
    unicodedata.normalize("NFD", "caf\u00e9.txt").encode(),
    "保証書.txt".encode(),
    b"-rf.txt",
    b"no ending",
    b"tab\tand\x07bell.txt",
]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_odd_names(reader: Reader, tmp_path: Path, name: bytes) -> None:
    path = tmp_path / os.fsdecode(name)
    result = read_text(reader, path, tmp_path)
    (document,) = result.documents
    assert result.error is None
    for shown in (document.name, document.title, document.uri):
        shown.encode("utf-8")
        assert shown.isprintable() or unicodedata.normalize("NFC", shown).isprintable()
    assert document.uri.isascii()


def test_normal_form_twins_are_two_documents(reader: Reader, tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        (tmp_path / unicodedata.normalize(form, "é.txt")).write_text("One text, twice.")
    found = list(reader.read_all(walk(tmp_path), root=tmp_path))
    assert len({result.documents[0].id for _, result in found}) == 2


def test_links_devices_pipes_and_folders_are_never_opened(reader: Reader, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe")
    started = time.monotonic()
    for path, says in (
        (tmp_path / "link", "a link, which is not followed"),
        (tmp_path / "pipe", "a device, pipe or socket"),
        (Path("/dev/zero"), "a device, pipe or socket"),
        (tmp_path, "a folder"),
        (tmp_path / "gone.txt", "not there any more"),
    ):
        result = reader.read(path, root=tmp_path)
        assert result.error and says in result.error and not result.documents
    assert time.monotonic() - started < 5


def test_the_size_limit_holds_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    with path.open("wb") as file:
        file.truncate(10**12)
    with Reader(LIMITS) as reader:
        error = reader.read(path, root=tmp_path).error
    assert error and "1,000,000,000,000 bytes" in error and "limits.file_bytes" in error


def test_a_killed_worker_costs_one_file_a_retry(tmp_path: Path) -> None:
    with Reader(LIMITS, num_workers=1) as reader:
        path = tmp_path / "a.txt"
        assert read_text(reader, path, tmp_path).documents
        for child in reader._idle:
            os.kill(child._process.pid, 9)
        assert read_text(reader, path, tmp_path).documents


def test_a_worker_that_hangs_is_killed_in_time() -> None:
    child = Child(Limits(seconds=0.5))
    os.kill(child._process.pid, 19)
    started = time.monotonic()
    with pytest.raises(UnreadableError, match=r"takes longer than 0\.5 s"):
        list(child.read("a.txt", b"text", 4))
    assert time.monotonic() - started < 3
    assert child._process.poll() is not None


def test_a_worker_that_dies_says_how() -> None:
    child = Child(LIMITS)
    list(child.read("a.txt", b"text text", 9))
    os.kill(child._process.pid, 11)
    with pytest.raises(ChildDiedError, match="SIGSEGV"):
        list(child.read("a.txt", b"text text", 9))
    child.kill()


@pytest.mark.parametrize(
    "frame", [b"no json", b"[" * 100_000, b"7", b"\xff\xfe", b'{"document":', b'{"document": 7}']
)
def test_a_worker_that_lies_ends_and_the_next_file_is_safe(tmp_path: Path, frame: bytes) -> None:
    with Reader(LIMITS, num_workers=1) as reader:
        child = reader._idle[0]
        child._socket, theirs = socket.socketpair()
        with theirs:
            theirs.sendall(LENGTH.pack(len(frame)) + frame)
            theirs.sendall(LENGTH.pack(14) + b'{"end": "xyz"}')
            result = read_text(reader, tmp_path / "a.txt", tmp_path)
        assert "broken answer" in (result.error or "")
        assert child._process.poll() is not None
        assert read_text(reader, tmp_path / "a.txt", tmp_path).documents


def test_an_endless_answer_is_cut(tmp_path: Path) -> None:
    child = Child(LIMITS)
    child._socket, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(LENGTH.pack(10**15))
        with pytest.raises(UnreadableError, match="too much text"):
            list(child.read("a.txt", b"text", 4))


def test_nonsense_from_a_worker_is_refused() -> None:
    good = {
        "text": "abc", "path": "", "content": "0", "title": "", "media_type": "text/plain", "size": 3,
        "modified": None, "blocks": [["text", 0, 3, 0, None, None]], "pages": [], "warnings": [],
    }  # fmt: skip
    origin = Origin("file:///a", "a", 0.0)
    assert build_document(good, origin).blocks[0].end == 3
    for bad in (
        {"blocks": [["text", 0, 4, 0, None, None]]},
        {"blocks": [["text", 2, 1, 0, None, None]]},
        {"blocks": [["evil", 0, 1, 0, None, None]]},
        {"blocks": [["text", 0, 1, 0, None, [0, 9]]]},
        {"blocks": 7},
        {"pages": [[1, 0, 3, 1, 1, "text", [[0, 9, 0, 0, 1, 1]]]]},
        {"text": None},
        {"size": "3"},
        {"warnings": [3]},
    ):
        with pytest.raises(UnreadableError):
            build_document({**good, **bad}, origin)


def test_many_files_at_once_in_bounded_memory(reader: Reader, tmp_path: Path) -> None:
    for number in range(200):
        (tmp_path / f"{number}.txt").write_text(f"File number {number}.")
    found = {path.name: result for path, result in reader.read_all(walk(tmp_path), root=tmp_path)}
    assert len(found) == 200
    assert all(f"number {name[:-4]}." in result.documents[0].text for name, result in found.items())
    started = reader.read_all(walk(tmp_path), root=tmp_path)
    next(started)
    started.close()  # type: ignore[attr-defined]


def test_threads_share_a_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with Reader(LIMITS, num_workers=2) as reader:
        results: list[ReadResult] = []
        path.write_text("One text for all.")
        threads = [
            threading.Thread(target=lambda: results.append(reader.read(path, root=tmp_path)))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(results) == 8 and all(result.documents for result in results)
    assert "closed" in (reader.read(path, root=tmp_path).error or "")


def test_the_first_result_comes_soon(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("A text.")
    started = time.monotonic()
    with Reader(LIMITS) as reader:
        assert reader.read(path, root=tmp_path).documents
        assert time.monotonic() - started < 4  # 0.2 s on a quiet machine; this one may be busy
