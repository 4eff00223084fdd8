"""What many tests share: a small pile of real sentences in several languages and formats."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import everask
from everask.pipeline import Engine

# Made for the tests, but for the first sentence, which is a fact about Debian.
PILE = {
    "en/about.md": "# About Debian\n\nThe Debian Project was founded by Ian Murdock in August 1993.\n\n"
    "The mascot of the installer is not a duck. Packages are signed with OpenPGP keys.\n",
    "de/garantie.txt": "Garantie\n\nDie Garantie für das Netzteil gilt 24 Monate ab dem Kaufdatum.\n\n"
    "Der Akku ist von der Garantie ausgenommen.\n",
    "zh/打印机.html": "<html><head><title>打印机</title></head><body><h1>打印机设置</h1>"
    "<p>打印机的默认管理员密码是八位数字，印在机器背面。</p><p>每次更换墨盒后需要校准。</p></body></html>",
    "data/offices.csv": "City,Employees,Opened\nLisbon,42,2011\nOsaka,117,2004\nNairobi,58,2019\n",
}


@pytest.fixture
def pile(tmp_path: Path) -> Path:
    """A folder of four small documents in four formats."""
    folder = tmp_path / "pile"
    for name, text in PILE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """An empty engine that answers with quotes."""
    monkeypatch.setenv("EVERASK_MODELS_GENERATOR", "none")
    with everask.open(tmp_path / "store") as opened:
        yield opened
