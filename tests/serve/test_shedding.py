"""Too much at once: who is turned away is told when to come back, in their language; then all is well."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from everask.pipeline import Engine
from everask.serve import doors
from everask.settings import ServeSettings, Settings

from .conftest import quiet_models, running

GERMAN = {"accept": "text/html", "accept-language": "de"}
METRICS = "/metrics"


class Held:
    """An engine whose searches and additions wait until they are let go."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.engine = engine
        self.go = threading.Event()
        self.begun = threading.Semaphore(0)
        for owner, name in ((engine.store, "lexical"), (engine, "add")):
            monkeypatch.setattr(owner, name, self._slow(getattr(owner, name)))

    def _slow(self, work: object) -> object:
        def wait(*values: object, **named: object) -> object:
            self.begun.release()
            assert self.go.wait(60)
            return work(*values, **named)  # type: ignore[operator]

        return wait


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    """One place at work and one in the queue, for searches and for additions."""
    for name in ("NUM_SEARCHES", "MAX_WAITING_SEARCHES", "NUM_ADDITIONS", "MAX_WAITING_ADDITIONS"):
        monkeypatch.setattr(doors, name, 1)
    monkeypatch.setattr(doors, "LONGEST_WAIT", 60.0)
    (tmp_path / "key.txt").write_text("The golden key lies under the mat.", "utf-8")
    with Engine(Settings(tmp_path / "data", models=quiet_models(tmp_path / "models"))) as engine:
        engine.add([tmp_path / "key.txt"])
        made = Held(engine, monkeypatch)
        yield made
        made.go.set()


def search(client: httpx.Client, number: int = 0) -> httpx.Response:
    """Each number is another program: one alone may not take all places."""
    headers = {"user-agent": f"program {number}"}
    return client.post("/api/search", json={"text": "golden key"}, headers=headers)


def upload(client: httpx.Client, number: int = 0) -> httpx.Response:
    """A file of its own."""
    headers = {"user-agent": f"program {number}"}
    files = {"files": (f"{number}.txt", f"File {number} is about spoons.".encode())}
    return client.post("/api/documents", files=files, headers=headers)


def waiting(client: httpx.Client, work: str, number: int) -> bool:
    """Whether so many wait, by the metrics."""
    return f'everask_waiting{{work="{work}"}} {number}.0' in client.get(METRICS).text


def fill(
    client: httpx.Client, held: Held, pool: ThreadPoolExecutor, work: str
) -> list[Future[httpx.Response]]:
    """Take the place at work and the one in the queue."""
    send = search if work == "search" else upload
    taken = [pool.submit(send, client, 1)]
    assert held.begun.acquire(timeout=60)
    taken.append(pool.submit(send, client, 2))
    while not waiting(client, work, 1):
        pass
    return taken


@pytest.mark.parametrize("work", ["search", "add"])
def test_one_too_many_is_told_when_to_come_back(held: Held, work: str) -> None:
    send = search if work == "search" else upload
    with (
        running(held.engine, ServeSettings()) as url,
        httpx.Client(base_url=url, timeout=120, trust_env=False) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        taken = fill(client, held, pool, work)
        refused = send(client, 3)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 120
        assert set(refused.json()["error"]) == {"message", "hint"}
        told = client.get(METRICS).text
        assert f'everask_turned_away_total{{work="{work}"}} 1.0' in told
        assert f'everask_running{{work="{work}"}} 1.0' in told
        assert client.get("/healthz").status_code == 200
        held.go.set()
        assert [one.result().status_code for one in taken] == [200, 200]
        assert send(client, 4).status_code == 200
        assert waiting(client, work, 0)


def test_people_read_it_in_their_language(held: Held) -> None:
    with (
        running(held.engine, ServeSettings()) as url,
        httpx.Client(base_url=url, timeout=120, trust_env=False) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        fill(client, held, pool, "search")
        asked = {"question": "golden <b>key</b>"}
        page = client.get("/search", params=asked, headers=GERMAN)
        assert page.status_code == 429 and page.headers["retry-after"]
        assert '<html lang="de"' in page.text and "Everask hat gerade zu viel zu tun." in page.text
        assert f"In {page.headers['retry-after']} s noch einmal versuchen." in page.text
        assert 'href="/search?question=golden' in page.text and "<b>" not in page.text
        fill(client, held, pool, "add")
        sent = {"files": ("3.txt", b"Nothing of it.")}
        page = client.post("/documents", files=sent, headers={**GERMAN, "user-agent": "program 3"})
        assert page.status_code == 429 and "Everask hat gerade zu viel zu tun." in page.text
        held.go.set()


def test_who_waits_too_long_is_turned_away(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "LONGEST_WAIT", 0.05)
    with (
        running(held.engine, ServeSettings()) as url,
        httpx.Client(base_url=url, timeout=120, trust_env=False) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        first = pool.submit(search, client, 1)
        assert held.begun.acquire(timeout=60)
        late = search(client, 2)
        assert late.status_code == 429 and late.headers["retry-after"]
        held.go.set()
        assert first.result().status_code == 200
        assert search(client, 2).status_code == 200


def test_questions_are_shed_with_a_page(held: Held) -> None:
    with (
        running(held.engine, ServeSettings(max_waiting=0)) as url,
        httpx.Client(base_url=url, timeout=120, trust_env=False) as client,
        ThreadPoolExecutor(4) as pool,
    ):
        for number in range(doors.NUM_ASKS):
            body = {"text": f"Where is key {number}?"}
            pool.submit(client.post, "/api/ask", json=body)
            assert held.begun.acquire(timeout=60)
        refused = client.post("/api/ask", json={"text": "Where?"})
        assert refused.status_code == 429 and refused.headers["retry-after"]
        page = client.post("/asks", data={"question": "Where?"}, headers=GERMAN)
        assert page.status_code == 429 and "Everask hat gerade zu viel zu tun." in page.text
        assert 'everask_turned_away_total{work="ask"} 2.0' in client.get(METRICS).text
        held.go.set()
