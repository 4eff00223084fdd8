"""A real server on a loopback port over a real pile: a PDF, a CSV, texts and a broken file."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from everask.pipeline import Engine
from everask.serve.http import create_app
from everask.settings import ModelSettings, ServeSettings, Settings

from .browsing import browser as browser
from .browsing import open_page as open_page

EXAMPLES = Path(__file__).parents[2] / "examples/documents"
FILES = (
    "books/carroll-wonderland.pdf",
    "books/tang-poems.txt",
    "data/debian-releases.csv",
    "legal/debian-constitution.txt",
    "legal/debian-social-contract.txt",
)
TEXTS = {
    "ar/garantie.txt": "الضمان\n\nمدة ضمان مزود الطاقة أربعة وعشرون شهرا من تاريخ الشراء.\n",
    "de/garantie.txt": "Garantie\n\nDie Garantie für das Netzteil gilt 24 Monate ab dem Kaufdatum.\n",
    "<img src=x onerror=alert(1)>.md": "# <script>alert(1)</script>\n\nThe quokka is <b>not</b> a cat.\n",
}
BROKEN = "broken.pdf"


def quiet_models(folder: Path) -> ModelSettings:
    """No encoder and no language model: words and quotes alone, so that these tests are quick."""
    return ModelSettings(generator="none", pull=False, folder=str(folder))


@contextlib.contextmanager
def running(engine: Engine, settings: ServeSettings) -> Iterator[str]:
    """A server on a free port; gives its address."""
    config = uvicorn.Config(
        create_app(engine, settings), host="127.0.0.1", port=0, log_level="error", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pile."""
    pile = tmp_path_factory.mktemp("pile")
    for name in FILES:
        (pile / name).parent.mkdir(exist_ok=True)
        shutil.copy(EXAMPLES / name, pile / name)
    for name, text in TEXTS.items():
        (pile / name).parent.mkdir(exist_ok=True)
        (pile / name).write_text(text, "utf-8")
    (pile / BROKEN).write_bytes(b"%PDF-1.7\n1 0 obj\n<<")
    return pile


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Engine]:
    """An engine with the pile."""
    data = tmp_path_factory.mktemp("data")
    with Engine(Settings(data, models=quiet_models(data / "models"))) as opened:
        opened.add([folder])
        yield opened


@pytest.fixture(scope="session")
def url(filled: Engine) -> Iterator[str]:
    """The address of a server over the pile."""
    with running(filled, ServeSettings(max_upload_bytes=2_500_000)) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    """A client of that server."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as opened:
        yield opened
