"""People log in, members upload, answers outlive the server, and what is taken back is gone at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from everask.index.accounts import Accounts
from everask.index.credentials import Credentials
from everask.pipeline import Engine
from everask.serve.kept import unpack
from everask.serve.limits import Attempts
from everask.settings import ServeSettings
from everask.types import AnswerEvent, StageStarted

from .conftest import running
from .people import OWNER_TOKEN, PASSWORD, as_person, make_person, open_pile

QUESTION = "What is the zebrafish salary of the director?"
GUARDED = ServeSettings(token=OWNER_TOKEN, members_may_add=True)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_pile(tmp_path) as opened:
        yield opened


def test_without_users_the_person_at_the_machine_is_the_owner(engine: Engine) -> None:
    with running(engine, ServeSettings()) as url, as_person(url, None) as client:
        assert client.get("/api/documents").json()["total"] == 2
        bob = make_person(engine, "bob")
        assert client.get("/api/documents").status_code == 401, "from the first user on, at once"
        assert client.get("/api/documents", headers=bob.headers).json()["total"] == 1


def test_a_session_outlives_the_server_and_not_the_password(engine: Engine) -> None:
    make_person(engine, "bob", "board")
    form = {"name": "bob", "password": PASSWORD, "next": "/documents"}
    with running(engine, GUARDED) as url, as_person(url, None) as client:
        wrong = client.post("/login", data={**form, "password": "wrong wrong wrong"})
        unknown = client.post("/login", data={**form, "name": "nobody"})
        assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)
        assert wrong.status_code == 403
        assert client.post("/login", data=form).headers["location"] == "/documents"
        cookie = dict(client.cookies)
    with running(engine, GUARDED) as url, as_person(url, None) as client:
        client.cookies.update(cookie)
        assert client.get("/api/documents").json()["total"] == 2
        Accounts(engine.store.database).set_password("bob", "another few words")
        assert client.get("/api/documents").status_code == 401


def test_guessing_is_slowed_down(engine: Engine) -> None:
    attempts = Attempts(3, 60.0)
    for _ in range(3):
        attempts.count("from a", "as bob")
    attempts.forgive("from a", "as bob")
    attempts.count("from a", "as bob")
    with pytest.raises(Exception, match="Too many tries"):
        attempts.count("from b", "as bob")
    attempts.count("from b", "as ann")


def test_members_upload_into_their_own_groups(engine: Engine) -> None:
    bob, ann = make_person(engine, "bob", "board", "staff"), make_person(engine, "ann", "staff")
    none = make_person(engine, "eve")
    with running(engine, GUARDED) as url:

        def upload(person: Any, **data: str) -> httpx.Response:
            files = {"files": ("salaries.txt", b"The walrus budget is eleven thousand.\n")}
            with as_person(url, person) as client:
                return client.post("/api/documents", files=files, data=data)

        assert upload(none).status_code == 403
        assert upload(ann, groups="board").status_code == 403
        assert upload(bob, groups="board").json()["added"] == 1
        with as_person(url, ann) as client:
            assert client.post("/api/search", json={"text": "walrus budget"}).json()["hits"] == []
        assert upload(ann).json()["added"] == 1
        with as_person(url, ann) as client:
            (hit,) = client.post("/api/search", json={"text": "walrus budget"}).json()["hits"]
            assert hit["document"] == "ann - salaries", "no number that tells of hidden namesakes"
            assert client.delete(f"/api/documents/{hit['document_id']}").status_code == 403


def test_an_answer_outlives_the_server_for_who_asked_alone(engine: Engine) -> None:
    bob, ann = make_person(engine, "bob", "board"), make_person(engine, "ann", "board")
    with running(engine, GUARDED) as url, as_person(url, bob) as client:
        asked = client.post("/api/ask", json={"text": QUESTION}).json()
        assert "912,345" in asked["answer"]
        events = client.get(f"/asks/{asked['id']}/events").text
    path = f"/api/asks/{asked['id']}"
    with running(engine, GUARDED) as url:
        with as_person(url, bob) as client:
            assert client.get(path).json() == asked
            assert client.get(f"/asks/{asked['id']}/events").text == events
            assert [one["id"] for one in client.get("/api/asks").json()["asks"]] == [asked["id"]]
            follow = client.post("/api/ask", json={"text": "And his salary?", "follows": asked["id"]}).json()
            assert follow["id"] != asked["id"]
        for person in (ann, None):
            headers = {} if person else {"authorization": f"Bearer {OWNER_TOKEN}"}
            with as_person(url, person, **headers) as client:
                assert client.get(path).status_code == 404
                assert client.delete(path).status_code == 404
                assert client.get("/api/asks").json()["asks"] == []
        engine.set_groups("salaries", ["others"])
        with as_person(url, bob) as client:
            assert client.get(path).status_code == 404
            engine.set_groups("salaries", ["board"])
            assert client.get(path).status_code == 200
            assert client.delete(path).status_code == 204
            assert client.get(path).status_code == 404
            client.post("/api/ask", json={"text": QUESTION})
            engine.remove("salaries")
            assert client.get("/api/asks").json()["asks"] == []
    with engine.store.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM ask_documents").scalar() == 0


@pytest.mark.parametrize("taken", ["nothing", "token", "group", "user", "document"])
def test_what_is_taken_back_ends_a_running_stream(
    engine: Engine, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = make_person(engine, "bob", "board")
    accounts, keys = Accounts(engine.store.database), Credentials(engine.store.database)
    (hit,) = engine.search("zebrafish salary", 1)
    first = next(iter(engine.ask_stream(QUESTION)))
    whole = [one for one in engine.ask_stream(QUESTION) if not isinstance(one, StageStarted)]
    go_on = threading.Event()

    def slowly(*_: object, **__: object) -> Iterator[AnswerEvent]:
        yield first
        go_on.wait(30)
        yield from whole

    monkeypatch.setattr(Engine, "ask_stream", slowly)
    with (
        running(engine, GUARDED) as url,
        as_person(url, bob, accept="text/event-stream") as client,
        client.stream("POST", "/api/ask", json={"text": QUESTION}) as reply,
    ):
        lines, text = reply.iter_lines(), ""
        while "event: stage" not in text:
            text += next(lines)
        match taken:
            case "token":
                keys.revoke_token(keys.list_tokens("bob")[0].id)
            case "group":
                accounts.set_groups("bob", [])
            case "user":
                accounts.remove("bob")
            case "document":
                engine.set_groups(hit.document.id, ["others"])
        go_on.set()
        text += "".join(lines)
    assert ("912,345" in text) == ("event: answer" in text) == (taken == "nothing")


def test_what_a_later_version_cannot_read_is_forgotten() -> None:
    assert unpack(b"") is unpack(b"nothing") is None


def everask(data: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "EVERASK_MODELS_PULL": "0", "EVERASK_MODELS_GENERATOR": "none"}
    command = [sys.executable, "-m", "everask", *arguments, "--data", str(data), "--json"]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=environ)


def test_the_command_line_makes_users_and_tokens(tmp_path: Path) -> None:
    assert everask(tmp_path, "users", "add", "bob", "--group", "board").returncode == 2
    made = json.loads(everask(tmp_path, "users", "add", "bob", "--group", "board", stdin=PASSWORD).stdout)
    assert (made["role"], made["groups"]) == ("member", ["board"])
    token = json.loads(everask(tmp_path, "tokens", "create", "bob", "--days", "1").stdout)
    listed = everask(tmp_path, "tokens", "list").stdout
    assert token["id"] in listed and token["token"] not in listed
    assert everask(tmp_path, "tokens", "revoke", token["id"]).returncode == 0
    assert everask(tmp_path, "users", "remove", "bob").returncode == 0
    assert everask(tmp_path, "users", "passwd", "bob", stdin=PASSWORD).returncode == 3
