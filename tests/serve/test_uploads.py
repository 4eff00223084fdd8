"""Uploads: kept whole under safe names, indexed, removed with their document."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from everask.pipeline import Engine
from everask.serve.uploads import keep_upload, plain_name
from everask.settings import ServeSettings, Settings

from .conftest import quiet_models, running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[tuple[httpx.Client, Path]]:
    data = tmp_path / "data"
    with (
        Engine(Settings(data, models=quiet_models(data))) as engine,
        running(engine, ServeSettings()) as address,
        httpx.Client(base_url=address, timeout=60, trust_env=False) as client,
    ):
        yield client, data / "uploads"


@given(st.text(max_size=300))
def test_a_name_is_one_visible_path_component(name: str) -> None:
    plain = plain_name(name)
    assert plain
    assert plain == Path(plain).name
    assert not plain.startswith(".")
    assert plain not in {".", ".."}
    assert all(one.isprintable() or one.isspace() for one in plain)
    assert len(plain.encode()) <= 210


@pytest.mark.parametrize(
    ("given_name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\Vertrag.docx", "Vertrag.docx"),
        ("..", "upload"),
        ("", "upload"),
        (".bashrc", "bashrc"),
        ("a\u202egpj.exe", "a_gpj.exe"),
        ("line\nbreak.txt", "line_break.txt"),
        ("报告 2026.pdf", "报告 2026.pdf"),
    ],
)
def test_names_that_would_escape(given_name: str, kept: str) -> None:
    assert plain_name(given_name) == kept


def test_two_files_of_one_name_are_both_kept(tmp_path: Path) -> None:
    paths = [keep_upload(tmp_path, "a.txt", io.BytesIO(text)) for text in (b"one", b"two", b"three")]
    assert [path.name for path in paths] == ["a.txt", "a (2).txt", "a (3).txt"]
    assert [path.read_bytes() for path in paths] == [b"one", b"two", b"three"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a (2).txt", "a (3).txt", "a.txt"]


def test_an_upload_is_found_at_once_and_gone_when_removed(fresh: tuple[httpx.Client, Path]) -> None:
    client, uploads = fresh
    text = "The cellar of the lighthouse holds 31 barrels of rum.\n"
    files = [
        ("files", ("../../cellar.txt", text)),
        ("files", ("cellar.txt", text)),
        ("files", ("e.pdf", "%PDF-1")),
    ]
    reply = client.post("/api/documents", files=files).json()
    assert (reply["added"], reply["documents"]) == (2, 2)
    assert [one["name"] for one in reply["failed"]] == ["e.pdf"]
    assert sorted(path.name for path in uploads.iterdir()) == ["cellar (2).txt", "cellar.txt", "e.pdf"]
    hits = client.post("/api/search", json={"text": "barrels"}).json()["hits"]
    assert len(hits) == 2
    answer = client.post("/api/ask", json={"text": "How many barrels does the cellar hold?"}).json()
    assert client.get(f"/api/asks/{answer['id']}").status_code == 200
    for hit in hits:
        assert client.delete(f"/api/documents/{hit['document_id']}").json() == {"removed": 1}
        assert client.get(f"/api/documents/{hit['document_id']}").status_code == 404
        assert client.get(hit["url"]).status_code == 404
    assert client.post("/api/search", json={"text": "barrels"}).json()["hits"] == []
    for path in (f"/api/asks/{answer['id']}", answer["url"], f"{answer['url']}/events"):
        assert client.get(path).status_code == 404, "an answer goes with the words that it quotes"
    assert [path.name for path in uploads.iterdir()] == ["e.pdf"]


def test_uploading_without_scripts(fresh: tuple[httpx.Client, Path]) -> None:
    client, _ = fresh
    reply = client.post("/documents", files={"files": ("cellar.txt", "There are 31 barrels.\n")})
    assert (reply.status_code, reply.headers["location"]) == (303, "/documents")
    page = client.get("/documents").text
    assert "cellar" in page
    assert client.post("/documents", data={}).status_code == 400


def test_the_owner_may_name_a_folder(fresh: tuple[httpx.Client, Path], folder: Path) -> None:
    client, _ = fresh
    reply = client.post("/api/documents", json={"paths": [str(folder / "de")]}).json()
    assert (reply["added"], reply["failed"]) == (1, [])
    listed = client.get("/api/documents").json()["documents"]
    identifier = listed[0]["id"]
    assert client.post(f"/documents/{identifier}/remove").headers["location"] == "/documents"
    assert (folder / "de/garantie.txt").is_file(), "an original that was not uploaded stays"


def test_no_page_is_fetched_from_a_private_address(fresh: tuple[httpx.Client, Path]) -> None:
    client, _ = fresh
    reply = client.post("/api/documents", json={"urls": [f"{client.base_url}api/status"]}).json()
    assert (len(reply["failed"]), reply["documents"]) == (1, 0)
    assert client.get("/api/status").json()["documents"] == 0
