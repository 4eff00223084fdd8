"""Bad files: each yields one clear line that says what to do, and the rest of the folder is read."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from everask.documents.draft import Limits
from everask.documents.folder import walk
from everask.documents.reader import Reader, ReadResult

LIMITS = Limits(
    file_bytes=50_000_000,
    unpacked_bytes=100_000_000,
    text_chars=2_000_000,
    seconds=20,
    memory_bytes=500_000_000,
)
ROOT = Path(__file__).parent.parent.parent
RELS = '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"/>'


def pack(members: dict[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def office(part: str, xml: bytes) -> bytes:
    return pack({"[Content_Types].xml": "<Types/>", "_rels/.rels": RELS, part: xml})


def laughs() -> bytes:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{entities}]><x>&l9;</x>'.encode()


def zip_bomb() -> bytes:
    return pack({f"{number}.txt": b"\0" * 10_000_000 for number in range(30)})


def nested_zip() -> bytes:
    data = pack({"leaf.txt": "leaf"})
    for level in range(10):
        data = pack({f"{level}.zip": data})
    return data


def encrypted_zip() -> bytes:
    data = bytearray(pack({"a.txt": "secret"}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def encrypted_office() -> bytes:
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600)
    )


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty.pdf": (lambda: b"", "empty file"),
    "blank.txt": (lambda: b" \n \n", "blanks"),
    "encrypted.docx": (encrypted_office, "password"),
    "encrypted.zip": (encrypted_zip, "password"),
    "truncated.docx": (
        lambda: pack({"[Content_Types].xml": "x" * 999, "word/document.xml": "y"})[:200],
        "cut off",
    ),
    "truncated.pdf": (lambda: b"%PDF-1.7\n1 0 obj\n<< /Type /Cat", "PDF"),
    "hollow.docx": (lambda: office("word/document.xml", b"<w:document"), "Word"),
    "hollow.xlsx": (lambda: office("xl/workbook.xml", b"\xff\xff\xff"), "Excel"),
    "entities.docx": (lambda: office("word/document.xml", laughs()), "Word"),
    "program.txt": (lambda: b"\x7fELF\x02\x01\x01" + bytes(100), "program"),
    "old.doc": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "WordDocument".encode("utf-16-le"),
        "save it as .docx",
    ),
    "bomb.zip": (zip_bomb, "bytes when unpacked"),
    "nested.zip": (nested_zip, "nested more than 4 deep"),
    "deep.json": (lambda: b"[" * 500_000 + b"]" * 500_000, "nested too deeply"),
    "noise.bin": (lambda: bytes(range(256)) * 400, "binary"),
    "picture.pdf": (lambda: b"\x89PNG\r\n\x1a\n" + bytes(100), "Image"),
    "long.txt": (lambda: b"word " * 600_000, "limits.text_chars"),
    "archive.tar.gz": (lambda: b"\x1f\x8b\x08\x00" + bytes(50), "Unpack it"),
    "film.mp4": (lambda: b"\0\0\0\x18ftypmp42" + bytes(50), "transcript"),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ReadResult]:
    root = tmp_path_factory.mktemp("bad")
    for name, (make, _) in BAD.items():
        (root / name).write_bytes(make())
    (root / "good.txt").write_text("This one is good.")
    (root / "zz good.md").write_text("# Good\n\nThis one is good too.")
    (root / "deep.html").write_bytes(b"<div>" * 200_000 + b"words at the bottom")
    (root / "mislabelled.pdf").write_text("<html><body><p>A page, not a PDF.")
    (root / "broken.txt").write_bytes("Текст с ошибкой ".encode() + b"\xff\xfe\xff" + "внутри".encode())
    (root / "link.txt").symlink_to("/etc/hostname")
    os.mkfifo(root / "pipe.txt")
    with (root / "huge.txt").open("wb") as file:
        file.truncate(10**11)
    with Reader(LIMITS) as reader:
        return {path.name: result for path, result in reader.read_all(walk(root), root=root)}


@pytest.mark.parametrize("name", BAD)
def test_each_bad_file_gives_one_clear_line(results: dict[str, ReadResult], name: str) -> None:
    result = results[name]
    assert not result.documents
    assert result.error and "\n" not in result.error and "Traceback" not in result.error
    assert BAD[name][1] in result.error, result.error
    assert result.error.endswith(".") or result.error.endswith("'"), result.error
    assert "process that read it" not in result.error


def test_the_rest_of_the_folder_is_read(results: dict[str, ReadResult]) -> None:
    assert "good" in results["good.txt"].documents[0].text
    assert "good too" in results["zz good.md"].documents[0].text
    assert "внутри" in results["broken.txt"].documents[0].text


def test_what_is_no_file_is_named(results: dict[str, ReadResult]) -> None:
    assert "a link" in (results["link.txt"].error or "")
    assert "pipe" in (results["pipe.txt"].error or "")
    assert "limits.file_bytes" in (results["huge.txt"].error or "")


def test_mislabelled_files_are_read_by_content_with_a_warning(results: dict[str, ReadResult]) -> None:
    (document,) = results["mislabelled.pdf"].documents
    assert document.media_type == "text/html" and "its name says PDF" in document.warnings[0]


def test_deep_markup_is_read_or_refused_in_time(results: dict[str, ReadResult]) -> None:
    result = results["deep.html"]
    assert result.documents or (result.error and "HTML" in result.error)


def test_memory_runs_out_in_the_worker_alone() -> None:
    small = Limits(file_bytes=300_000_000, text_chars=200_000_000, memory_bytes=120_000_000, seconds=30)
    with Reader(small) as reader:
        data = b"word and more words \n\n" * 6_000_000
        error = reader.read_bytes(data, name="a.txt", uri="u:1", modified=0.0).error
        assert error and "memory" in error
        assert reader.read_bytes(b"Small text.", name="b.txt", uri="u:2", modified=0.0).documents


EVIL = """
import sys, json
sys.path[:] = json.loads(sys.argv[1])
from everask.documents.confine import confine
from everask.documents.draft import Limits
import ctypes, socket
confine(Limits(), sys.path)
refused = []
for action in (
    lambda: open(sys.argv[2]).read(),
    lambda: open(sys.argv[2] + ".new", "w").write("x"),
    lambda: socket.socket(),
    lambda: bytearray(7_000_000_000),
):
    try:
        action()
        refused.append(False)
    except (OSError, MemoryError):
        refused.append(True)
refused.append(ctypes.CDLL(None).socket(2, 1, 0) == -1)
refused.append(ctypes.CDLL(None).syscall(425, 8, bytes(200)) == -1)
print(json.dumps(refused))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's own guards are those of Linux")
def test_a_worker_that_is_taken_over_reads_writes_and_connects_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    path = json.dumps([str(Path(entry).absolute()) for entry in sys.path])
    command = [sys.executable, "-I", "-S", "-c", EVIL, path, str(tmp_path / "secret")]
    done = subprocess.run(command, env={}, capture_output=True, text=True, timeout=60, check=True)
    read, write, connect, memory, raw_connect, io_uring = json.loads(done.stdout)
    assert write and connect and memory
    assert not (tmp_path / "secret.new").exists()
    if Path("/sys/kernel/security").exists() and not raw_connect:
        pytest.skip("this kernel has no seccomp")
    assert read and raw_connect and io_uring


def test_seeded_mutants_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    command = [
        sys.executable,
        str(ROOT / "bench/fuzz_documents.py"),
        "--count",
        "240",
        "--seed",
        "7",
        "--json",
    ]
    command += ["--folder", str(ROOT / "tests/data/documents")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=250, env=environment, check=True)
    counts = json.loads(done.stdout)
    assert counts.get("silent", 0) == 0 and counts.get("crashed", 0) == 0, done.stderr
    assert counts["longest"] < 30
