"""A document that may not be read answers as one that is not there: why-not, saved questions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from everask.index.people_schema import memberships
from everask.pipeline import Engine
from everask.settings import ServeSettings

from .conftest import running
from .people import OWNER_TOKEN, Person, as_person, make_person, open_pile

SECRET = "The zebrafish salary of the director is 912,345 euros a year."


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_pile(tmp_path) as opened:
        yield opened


@pytest.fixture
def url(engine: Engine) -> Iterator[str]:
    with running(engine, ServeSettings(token=OWNER_TOKEN)) as address:
        yield address


def test_why_not_of_a_forbidden_document(engine: Engine, url: str) -> None:
    outsider, insider = make_person(engine, "olga"), make_person(engine, "boris", "board")
    forbidden = next(one.id for one in engine.documents() if "salaries" in one.name)
    question = "What is the salary of the director?"
    with as_person(url, outsider) as client:
        for there, gone in ((forbidden, "0" * len(forbidden)), ("board/salaries", "board/nothing")):
            replies = [
                client.post("/api/why", json={"question": question, "document": one, "words": SECRET})
                for one in (there, gone)
            ]
            bodies = [{**one.json(), "seconds": 0} for one in replies]
            assert bodies[0] == bodies[1] and bodies[0]["lost_at"] == "pile"
            pages = [
                client.get("/why", params={"question": question, "document": one}) for one in (there, gone)
            ]
            assert pages[0].text.replace(there, gone) == pages[1].text
        pasted = client.post("/api/why", json={"question": question, "words": SECRET}).json()
        assert pasted["lost_at"] == "text" and pasted["document"] == ""
        form = {"question": question, "document": forbidden, "start": 0, "end": 5}
        assert client.post("/why/keep", data=form).status_code == 404
        assert client.post("/api/saved", json={"question": question, "words": SECRET}).status_code == 404
    with as_person(url, insider) as client:
        assert client.post("/api/why", json={"question": question, "words": SECRET}).json()["document"]
        assert client.post("/api/saved", json={"question": question, "words": SECRET}).status_code == 201
        assert [one["lost"] for one in client.get("/api/saved").json()] == [False]
        with engine.store.database.writing() as connection:
            connection.execute(memberships.delete())
        assert [one["lost"] for one in client.get("/api/saved").json()] == [True]
    with as_person(url, outsider) as client:
        assert client.get("/api/saved").json() == []


def test_quality_and_settings_are_for_admins(engine: Engine, url: str) -> None:
    member = make_person(engine, "olga")
    admin = make_person(engine, "ada", role="admin")
    for path in ("/quality", "/settings", "/metrics", "/api/quality"):
        assert _status(url, member, path) == 403
        assert _status(url, admin, path) == 200


def _status(url: str, person: Person, path: str) -> int:
    with as_person(url, person) as client:
        return client.get(path).status_code
