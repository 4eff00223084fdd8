"""Answers as they are made: events in order, resumed where they were cut off, stopped when nobody is left."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from everask.pipeline import Engine
from everask.serve.doors import NUM_ASKS
from everask.settings import ModelSettings, ServeSettings, Settings

from .conftest import running
from .slow_model import SlowModel, slow_model

QUESTION = "Who elects the Project Leader?"
WARRANTY = "Wie lange gilt die Garantie für das Netzteil?"


@dataclass
class Event:
    name: str
    data: str
    number: int


def parse(text: str) -> list[Event]:
    events = []
    for block in text.split("\n\n"):
        fields = [line.partition(": ")[::2] for line in block.split("\n") if not line.startswith(":")]
        data = "\n".join(value for name, value in fields if name == "data")
        found = dict(fields)
        if "event" in found:
            events.append(Event(found["event"], data, int(found["id"])))
    return events


@pytest.fixture(scope="module")
def model() -> Iterator[SlowModel]:
    with slow_model() as server:
        yield server


@pytest.fixture(scope="module")
def slow(model: SlowModel, tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[str]:
    """A server whose language model takes a minute for an answer; two may wait."""
    data = tmp_path_factory.mktemp("slow")
    models = ModelSettings(
        generator="none", pull=False, folder=str(data), remote_url=model.url, remote_model="slow"
    )
    with Engine(Settings(data, models=models)) as engine:
        engine.add([folder / "de", folder / "legal"])
        with running(engine, ServeSettings(max_waiting=2)) as address:
            yield address


def test_the_stream_says_what_the_json_says(client: httpx.Client) -> None:
    reply = client.post("/api/ask", json={"text": QUESTION}, headers={"accept": "text/event-stream"})
    assert reply.headers["content-type"].startswith("text/event-stream")
    events = parse(reply.text)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    names = [event.name for event in events]
    assert names[:2] == ["stage", "stage"]
    assert names.index("quotes") < names.index("claim") < names.index("answer") == len(names) - 1
    answer = json.loads(events[-1].data)
    assert [json.loads(event.data) for event in events if event.name == "claim"] == answer["claims"]
    assert client.get(f"/api/asks/{answer['id']}").json() == answer


def test_a_reader_that_was_cut_off_goes_on_where_it_was(client: httpx.Client) -> None:
    path = client.post("/asks", data={"question": QUESTION}).headers["location"]
    whole = parse(client.get(f"{path}/events").text)
    for cut in range(len(whole) + 1):
        rest = parse(client.get(f"{path}/events", headers={"last-event-id": str(cut)}).text)
        assert rest == whole[cut:]
    for odd in ("999999", "-1", "x", "9" * 30):
        assert len(parse(client.get(f"{path}/events", headers={"last-event-id": odd}).text)) <= len(whole)


def test_the_live_pieces_make_the_page(client: httpx.Client) -> None:
    path = client.post("/asks", data={"question": QUESTION}).headers["location"]
    events = parse(client.get(f"{path}/events").text)
    answer = next(event.data for event in events if event.name == "answer")
    page = client.get(path).text
    assert squeeze(answer) in squeeze(page)
    # The page has votes behind each sentence, which the pieces get with the whole answer.
    claims = [squeeze(event.data).rpartition("</")[0].strip() for event in events if event.name == "claim"]
    assert claims
    assert all(claim in squeeze(page) for claim in claims)


def squeeze(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def chat(stream: bool) -> dict[str, object]:
    return {"model": "everask", "stream": stream, "messages": [{"role": "user", "content": WARRANTY}]}


def mcp_call() -> dict[str, object]:
    params = {"name": "ask", "arguments": {"question": WARRANTY}}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


LEAVERS = {
    "json": ("/api/ask", {"text": WARRANTY}, "application/json"),
    "events": ("/api/ask", {"text": WARRANTY}, "text/event-stream"),
    "chat": ("/v1/chat/completions", chat(stream=False), "application/json"),
    "chat stream": ("/v1/chat/completions", chat(stream=True), "text/event-stream"),
    "mcp": ("/mcp", mcp_call(), "application/json, text/event-stream"),
}


def send(address: str, method: str, path: str, body: object, accept: str) -> socket.socket:
    """A request by hand, so that the connection can be dropped at any moment."""
    host, port = address.removeprefix("http://").split(":")
    content = json.dumps(body).encode() if body else b""
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: {host}:{port}\r\naccept: {accept}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    connection = socket.create_connection((host, int(port)), timeout=30)
    connection.sendall(head.encode() + content)
    return connection


@pytest.mark.parametrize("leaver", LEAVERS)
def test_a_client_that_leaves_stops_its_generation(slow: str, model: SlowModel, leaver: str) -> None:
    model.reset()
    path, body, accept = LEAVERS[leaver]
    connection = send(slow, "POST", path, body, accept)
    assert model.started.wait(30), "nothing was generated"
    assert not model.broken.is_set()
    connection.close()
    left_at = time.monotonic()
    assert model.broken.wait(10), "the generation went on"
    assert model.broken_at - left_at < 2.0


def test_a_page_loaded_again_goes_on_and_one_that_is_left_stops(slow: str, model: SlowModel) -> None:
    model.reset()
    with httpx.Client(base_url=slow, timeout=30, trust_env=False) as client:
        path = client.post("/asks", data={"question": WARRANTY}).headers["location"]
        first = send(slow, "GET", f"{path}/events", None, "text/event-stream")
        assert model.started.wait(30)
        assert first.recv(100)
        assert client.get(path).status_code == 200
        first.close()
        time.sleep(1.0)
        second = send(slow, "GET", f"{path}/events", None, "text/event-stream")
        assert not model.broken.wait(1.0), "loading the page again stopped the generation"
        second.close()
        assert model.broken.wait(5)
        model.reset()
        third = send(slow, "GET", f"{path}/events", None, "text/event-stream")
        assert model.started.wait(30), "coming back starts it again"
        data = b""
        while b"event: restarted" not in data and (more := third.recv(1 << 16)):
            data += more
        assert b"event: restarted" in data
        third.close()
        assert model.broken.wait(5)


def test_state_answers_at_once_while_an_answer_is_written(slow: str, model: SlowModel) -> None:
    model.reset()
    connection = send(slow, "POST", "/api/ask", {"text": WARRANTY}, "text/event-stream")
    assert model.started.wait(30)
    with httpx.Client(base_url=slow, trust_env=False) as client:
        client.get("/api/status")
        seconds = []
        for _ in range(20):
            started = time.monotonic()
            assert client.get("/api/status").status_code == 200
            seconds.append(time.monotonic() - started)
    connection.close()
    # The best of twenty, because the machine that runs the tests may be busy with other things.
    assert min(seconds) < 0.05
    assert model.broken.wait(10)


def test_who_asks_while_answers_are_written_has_quotes_at_once(slow: str, model: SlowModel) -> None:
    model.reset()
    connections = [send(slow, "POST", "/api/ask", {"text": WARRANTY}, "text/event-stream") for _ in range(2)]
    assert model.started.wait(20)
    with httpx.Client(base_url=slow, timeout=30, trust_env=False) as client:
        path = client.post("/asks", data={"question": WARRANTY}).headers["location"]
        assert "24 Monate" in client.get(path).text
    for connection in connections:
        connection.close()


def test_too_many_questions_are_turned_away_with_a_time_to_come_back(slow: str, model: SlowModel) -> None:
    connections = [
        send(slow, "POST", "/api/ask", {"text": WARRANTY}, "text/event-stream") for _ in range(NUM_ASKS + 2)
    ]
    with httpx.Client(base_url=slow, timeout=30, trust_env=False) as client:
        deadline = time.monotonic() + 20
        while client.get("/api/status").json()["waiting"] < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        reply = client.post("/api/ask", json={"text": WARRANTY})
        assert reply.status_code == 429
        assert 1 <= int(reply.headers["retry-after"]) <= 120
        assert reply.json()["error"]["hint"].startswith("Try again")
        page = client.post("/asks", data={"question": WARRANTY}, headers={"accept": "text/html"})
        assert (page.status_code, "too much to do" in page.text) == (429, True)
        for connection in connections:
            connection.close()
        deadline = time.monotonic() + 10
        while client.get("/api/status").json()["waiting"] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert client.post("/asks", data={"question": WARRANTY}).status_code == 303
