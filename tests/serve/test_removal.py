"""Removed means gone: a word of a removed document is looked for through every door and in every byte."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from everask.index.erasing import erase
from everask.pipeline import Engine
from everask.settings import ServeSettings, Settings

from .conftest import quiet_models, running

WORD = "quizzaciously"
TEXT = f"The lamp in the {WORD} hall burns for 400 hours.\n\nThe {WORD} key hangs beside it.\n"
QUESTION = f"How long does the lamp in the {WORD} hall burn?"
OTHERS = {f"note {number}.txt": f"Note {number} is about the garden and the gate." for number in range(40)}


@pytest.fixture
def opened(tmp_path: Path) -> Engine:
    folder = tmp_path / "pile"
    folder.mkdir()
    for name, text in OTHERS.items():
        (folder / name).write_text(text, "utf-8")
    engine = Engine(Settings(tmp_path / "data", models=quiet_models(tmp_path / "models")))
    engine.add([folder])
    return engine


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.2)


def holds(folder: Path, packed: list[bytes]) -> list[str]:
    """The files whose bytes, or whose name, hold the word, or what it was packed into."""
    files = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    wanted = [WORD.encode(), *packed]
    return [
        str(path) for path, data in files.items() if any(one in data for one in wanted) or WORD in path.name
    ]


def packed_of(engine: Engine, document: str) -> list[bytes]:
    """A document's compressed texts, blocks and passages, as they stand in the store."""
    with engine.store.database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT data FROM texts WHERE document = (SELECT number FROM documents WHERE id = ?1) UNION ALL"
            " SELECT data FROM passages WHERE document = (SELECT number FROM documents WHERE id = ?1)",
            (document,),
        )
        return [bytes(data) for (data,) in rows]


def everything(client: httpx.Client, ask: str, document: str) -> dict[str, str]:
    """What every door says that could know of the document."""
    gets = [
        "/",
        "/documents",
        "/api/documents",
        "/api/status",
        "/api/asks",
        "/api/events",
        "/search?question=lamp+hall+burns",
        "/search?question=quizzaciousli",
        f"/asks/{ask}",
        f"/api/asks/{ask}",
        f"/asks/{ask}/export",
        f"/documents/{document}",
        f"/documents/{document}/source?mark=0-20",
        f"/api/documents/{document}/text",
        f"/api/documents/{document}/original",
        f"/api/documents/{document}/pages/1.png",
    ]
    found = {path: client.get(path).text for path in gets}
    found["search"] = client.post("/api/search", json={"text": "lamp hall burns", "top": 50}).text
    found["spelling"] = client.post("/api/search", json={"text": "quizzaciousli hall"}).text
    found["ask"] = client.post("/api/ask", json={"text": "How long does the lamp in the hall burn?"}).text
    return found


def test_a_removed_document_is_gone_everywhere(opened: Engine, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with opened, running(opened, ServeSettings()) as url:
        client = httpx.Client(base_url=url, timeout=60, trust_env=False)
        files = {"files": (f"{WORD} lamp.txt", TEXT.encode())}
        assert client.post("/api/documents", files=files).json()["added"] == 1
        (hit, *_) = client.post("/api/search", json={"text": WORD}).json()["hits"]
        asked = client.post("/api/ask", json={"text": QUESTION}).json()
        document, ask = hit["document_id"], asked["id"]
        assert WORD in asked["answer"] and WORD in client.get(f"/asks/{ask}").text
        vote = {"kind": "voted", "ask": ask, "claim": 0, "value": 1}
        assert client.post("/api/events", json=vote).status_code < 300
        packed = packed_of(opened, document)
        assert holds(data, [])
        assert len(packed) >= 2 and all(holds(data, [one]) for one in packed)
        assert client.delete(f"/api/documents/{document}").status_code == 200
        told = everything(client, ask, document)
        assert [path for path, text in told.items() if WORD in text] == []
        wait_for(lambda: erase(opened.store.database))
        assert holds(data, packed) == []
    assert holds(data, packed) == []


def test_what_others_hold_is_found_as_before(opened: Engine, tmp_path: Path) -> None:
    with opened:
        before = [hit.document.name for hit in opened.search("garden gate", top=50)]
        (tmp_path / "lamp.txt").write_text(TEXT, "utf-8")
        opened.add([tmp_path / "lamp.txt"])
        assert opened.search(WORD)
        opened.remove(str(tmp_path / "lamp.txt"))
        assert erase(opened.store.database)
        assert [hit.document.name for hit in opened.search("garden gate", top=50)] == before
        assert opened.store.check() == [] and not opened.search(WORD)
