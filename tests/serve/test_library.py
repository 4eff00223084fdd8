"""The library: places kept in sync, failures tried again, taking out; without scripts."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from everask.pipeline import Engine
from everask.settings import ServeSettings, Settings

from .conftest import quiet_models, running


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    settings = Settings(tmp_path / "data", models=quiet_models(tmp_path / "models"))
    with (
        Engine(settings) as engine,
        running(engine, ServeSettings()) as url,
        httpx.Client(base_url=url, timeout=60, trust_env=False, follow_redirects=True) as opened,
    ):
        yield opened


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.5)


def keys(page: str, action: str) -> list[str]:
    return re.findall(rf'action="/library/{action}">\s*<input type="hidden" name="key" value="(\w+)"', page)


def test_a_folder_is_kept_in_sync_paused_and_taken_out(client: httpx.Client, tmp_path: Path) -> None:
    folder = tmp_path / "pile"
    folder.mkdir()
    (folder / "gate.txt").write_text("The gate opens at nine.", "utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<<")
    page = client.post("/library/places", data={"place": str(folder), "sync": "true"})
    assert page.status_code == 200
    wait_for(lambda: ">in sync<" in client.get("/documents").text)
    page_text = client.get("/documents").text
    assert str(folder) in page_text and "broken.pdf" in page_text
    (folder / "broken.pdf").write_text("The well is deep.", "utf-8")
    (retry,) = keys(page_text, "retry")
    assert "broken.pdf" not in client.post("/library/retry", data={"key": retry}).text.partition("<table")[0]
    (place,) = keys(page_text, "place")
    assert "paused" in client.post("/library/place", data={"key": place, "action": "pause"}).text
    gone = client.post("/library/place", data={"key": place, "action": "remove"}).text
    assert "gate" not in gone and str(folder) not in gone
    assert client.post("/library/place", data={"key": place, "action": "look"}).status_code == 400
    assert (folder / "gate.txt").exists()


def test_only_what_is_there_and_whole_can_be_added(client: httpx.Client) -> None:
    assert client.post("/library/places", data={"place": "pile"}).status_code == 400
    assert (
        client.post("/library/places", data={"place": "/nowhere/at all", "sync": "true"}).status_code == 404
    )


def test_progress_is_told_as_it_happens(client: httpx.Client) -> None:
    with client.stream("GET", "/library/events") as reply:
        lines = reply.iter_lines()
        assert next(lines).startswith("retry:") and next(
            line for line in lines if line.startswith("event: look")
        )
