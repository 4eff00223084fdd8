"""Metrics, logs and health: they say how the server does, and nothing of what it was told."""

from __future__ import annotations

import itertools
import json
import logging
import shutil
import socket
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from everask.pipeline import Engine
from everask.serve.connections import Connections, watch_connections
from everask.serve.logs import LOGGERS, REQUESTS, SafeFormatter, set_up_logs
from everask.settings import ServeSettings, Settings

from .conftest import quiet_models, running

TOKEN = "canary-token-5f1d0c77"
PASSWORD = "canary-password-9a20"
SENTENCE = "The canary sentence of the treasurer names nine silver spoons."
QUESTION = "Who keeps the canary question about spoons?"
SECRETS = (TOKEN, PASSWORD, SENTENCE, QUESTION, "treasurer", "spoons", "canaryfile")


@pytest.fixture
def logged(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What the server wrote to stderr since this was last called."""
    loggers = [logging.getLogger(name) for name in (*LOGGERS, REQUESTS)]
    before = [(one.handlers, one.level, one.propagate) for one in loggers]
    yield lambda: capsys.readouterr().err
    for one, kept in zip(loggers, before, strict=True):
        one.handlers, one.level, one.propagate = kept


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Engine]:
    """An engine over one document with a secret in it."""
    pile = tmp_path / "pile"
    pile.mkdir()
    (pile / "canaryfile.txt").write_text(SENTENCE, "utf-8")
    data = tmp_path / "data"
    with Engine(Settings(data, models=quiet_models(data / "models"))) as engine:
        engine.add([pile])
        yield engine


def test_nothing_secret_in_logs_and_metrics(canary: Engine, logged: Callable[[], str]) -> None:
    document = next(canary.documents()).id
    headers = {"authorization": f"Bearer {TOKEN}"}
    answers = set()
    with running(canary, ServeSettings(token=TOKEN)) as url, httpx.Client(base_url=url, timeout=60) as client:
        set_up_logs("json")  # as `run_server` does; the server of these tests set up others
        for number, wrong in itertools.product(range(20), (False, True)):
            sent = {} if wrong else headers
            client.post(
                "/api/search", json={"text": QUESTION, "filters": {"folder": "canaryfile"}}, headers=sent
            )
            made = client.post("/api/ask", json={"text": f"{QUESTION} {number}"}, headers=sent)
            answers.add(made.json().get("id", ""))
            client.get(f"/documents/{document}", headers=sent)
            client.get(f"/api/documents/{SENTENCE}", headers=sent)
            client.post("/login", data={"token": PASSWORD}) if number < 2 else None
            client.get("/search", params={"question": QUESTION}, headers=sent)
            client.post("/api/ask", content=SENTENCE, headers=sent)
            client.request("SPOONS", "/treasurer", headers=sent)
        metrics = client.get("/metrics", headers=headers)
        assert client.get("/metrics").status_code == 401
    written = logged()
    lines = [json.loads(line) for line in written.splitlines()]
    requests = [one for one in lines if one["event"] == "request"]
    assert len(requests) > 200  # a method that nobody knows is refused before there is a request
    assert {"/api/search", "/documents/{identifier}", "(none)"} <= {one["route"] for one in requests}
    assert {200, 401, 404, 422} <= {one["status"] for one in requests}
    assert all(one["seconds"] >= 0 and len(one["request"]) == 16 for one in requests)
    told = written + metrics.text
    assert metrics.status_code == 200 and 'everask_requests_total{method="POST",route="/api/search"' in told
    assert "everask_documents 1.0" in told
    for secret in (*SECRETS, document, *(answers - {""})):
        assert secret.casefold() not in told.casefold(), secret


def test_a_crash_is_logged_without_its_message(
    canary: Engine, logged: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object, **__: object) -> None:
        raise ValueError(f"cannot read {SENTENCE}")

    monkeypatch.setattr(canary.store, "lexical", crash)
    with running(canary, ServeSettings()) as url, httpx.Client(base_url=url) as client:
        set_up_logs("json")
        assert client.post("/api/search", json={"text": QUESTION}).status_code == 500
    written = logged()
    lines = [json.loads(line) for line in written.splitlines()]
    assert any(one.get("error", [""])[0] == "ValueError" for one in lines)
    assert any("crash" in frame for one in lines for frame in one.get("frames", []))
    assert any(one.get("status") == 500 and one["route"] == "/api/search" for one in lines)
    assert "treasurer" not in written
    assert str(Path.home()) not in written


def test_lines_for_people_hide_messages_too() -> None:
    try:
        raise ValueError(SENTENCE)
    except ValueError:
        record = logging.LogRecord("everask", logging.ERROR, "x", 1, "failed", (), sys.exc_info())
    line = SafeFormatter("text").format(record)
    assert "failed < ValueError" in line and "test_observing.py:" in line and SENTENCE not in line


def test_health_and_readiness(canary: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with running(canary, ServeSettings()) as url, httpx.Client(base_url=url) as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["store"], ready.json()["encoder"]) == (200, "ok", "missing")
        assert ready.json()["generator"] == "off"
        usage = namedtuple("usage", "total used free")
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(100, 99, 1))
        full = client.get("/readyz")
        assert (full.status_code, full.json()["disk"], full.json()["status"]) == (503, "failing", "failing")
        monkeypatch.undo()
        monkeypatch.setattr(canary.store, "counts", lambda: (_ for _ in ()).throw(OSError("gone")))
        broken = client.get("/readyz")
        assert (broken.status_code, broken.json()["store"]) == (503, "failing")
        assert client.get("/healthz").status_code == 200


def test_connections_to_elsewhere_are_counted() -> None:
    made = Connections(0.0)
    made.hear("socket.connect", (None, ("127.0.0.1", 80)))
    made.hear("socket.connect", (None, "/run/socket"))
    made.hear("open", ("file",))
    assert made.number == 0
    made.hear("socket.connect", (None, ("203.0.113.7", 443)))
    made.hear("socket.connect", (None, ("2001:db8::1", 443, 0, 0)))
    made.hear("socket.connect", (None, ("203.0.113.7", 443)))
    assert (made.number, made.hosts) == (3, {"203.0.113.7": 2, "2001:db8::1": 1})


def test_the_hook_sees_real_connections() -> None:
    made = watch_connections()
    assert made is watch_connections()
    before = made.number
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as one:
        one.settimeout(0.01)
        with pytest.raises(OSError):
            one.connect(("192.0.2.1", 9))
    assert made.number == before + 1
