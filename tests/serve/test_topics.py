"""Topics through the API and the pages: described, found by, corrected, shared, removed; without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from everask.pipeline import Engine
from everask.settings import ModelSettings, ServeSettings, Settings

from .conftest import running
from .people import Person, as_person, make_person

TEXTS = {
    "open/one.txt": "Invoice 17. For the repair of the roof we charge 340 euros, payable in two weeks.",
    "open/two.txt": "Invoice 18. Amount due for window cleaning: 95 euros. Please transfer it by Friday.",
    "open/roses.txt": "Roses are pruned in March, above a bud. Water them in the morning.",
    "open/train.txt": "The night train to Lisbon leaves at nine. Seats must be reserved a day before.",
    "board/salary.txt": "Invoice 20. The board is charged 9,000 euros for the zebrafish, payable in May.",
}
INVOICES = {"name": "Invoices", "description": "bills with an amount to pay"}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("files")
    for name, text in TEXTS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    settings = Settings(tmp_path_factory.mktemp("data"), models=ModelSettings(generator="none"))
    with Engine(settings) as opened:
        opened.add([folder / "board"], groups=["board"])
        opened.add([folder / "open"])
        opened.wait_for_vectors()
        yield opened


@pytest.fixture(scope="module")
def people(engine: Engine) -> dict[str, Person]:
    return {"ann": make_person(engine, "ann", "board"), "ben": make_person(engine, "ben", "staff")}


@pytest.fixture(scope="module")
def url(engine: Engine, people: dict[str, Person]) -> Iterator[str]:
    assert people
    with running(engine, ServeSettings()) as address:
        yield address


@pytest.fixture
def ann(url: str, people: dict[str, Person]) -> Iterator[httpx.Client]:
    with as_person(url, people["ann"]) as client:
        yield client
        for topic in client.get("/api/topics").json():
            client.delete(f"/api/topics/{topic['id']}")


@pytest.fixture
def ben(url: str, people: dict[str, Person]) -> Iterator[httpx.Client]:
    with as_person(url, people["ben"]) as client:
        yield client


def named(client: httpx.Client, topic: int) -> set[str]:
    return {one["document"] for one in client.get(f"/api/topics/{topic}").json()["tagged"]}


def test_a_topic_is_described_found_by_and_corrected(ann: httpx.Client) -> None:
    made = ann.post("/api/topics", json=INVOICES).json()
    assert made["documents"] == 3 and made["wording"] == INVOICES["description"] and made["groups"] is None
    limited = {"text": "euros roses train", "filters": {"topics": [made["id"]]}, "facets": True}
    found = ann.post("/api/search", json=limited).json()
    assert {hit["document"] for hit in found["hits"]} <= named(ann, made["id"])
    assert found["facets"]["topics"] == [{"id": made["id"], "name": "Invoices", "documents": 3}]
    assert found["understood"]["topics"] == [made["id"]]
    (salary,) = (
        one["id"] for one in ann.get("/api/documents").json()["documents"] if one["document"] == "salary"
    )
    mark = f"/api/topics/{made['id']}/marks"
    (tag,) = ann.post(mark, json={"document": salary, "value": -1}).json()
    assert (tag["said"], tag["probability"]) == (-1, 0.0) and "salary" not in named(ann, made["id"])
    (event,) = (one for one in ann.get("/api/events").json() if one["kind"] == "tagged")
    assert event["document"] == salary and event["value"] == -1
    assert ann.delete(f"/api/events/{event['id']}").status_code == 200
    assert ann.get(f"/api/documents/{salary}/topics").json()[0]["said"] == 0
    learned = ann.post(f"/api/topics/{made['id']}/learn").json()
    assert learned["why"] == "few" and learned["before"] == learned["before"]


def test_nobody_sees_what_is_not_theirs(ann: httpx.Client, ben: httpx.Client) -> None:
    private = ann.post("/api/topics", json=INVOICES).json()["id"]
    public = ann.post("/api/topics", json={**INVOICES, "name": "Bills", "groups": []}).json()["id"]
    missing = ben.get("/api/topics/999999")
    for reply in (
        ben.get(f"/api/topics/{private}"),
        ben.delete(f"/api/topics/{private}"),
        ben.post(f"/api/topics/{private}/learn"),
    ):
        assert (reply.status_code, reply.text) == (404, missing.text)
    assert [one["id"] for one in ben.get("/api/topics").json()] == [public]
    assert named(ben, public) == {"one", "two"} and named(ann, public) == {"one", "two", "salary"}
    assert ben.get(f"/api/topics/{public}").json()["documents"] == 2
    salary = next(
        one["id"] for one in ann.get("/api/documents").json()["documents"] if one["document"] == "salary"
    )
    gone = ben.post(f"/api/topics/{public}/marks", json={"document": salary, "value": 1})
    assert gone.status_code == 404
    assert ben.get(f"/api/documents/{salary}/topics").status_code == 404
    assert ben.delete(f"/api/topics/{public}").status_code == 404, "it is somebody else's"
    body = {"text": "euros", "filters": {"topics": [private]}}
    assert (
        ben.post("/api/search", json=body).json()["hits"]
        == []
        != ann.post("/api/search", json=body).json()["hits"]
    )
    strange = ben.post("/api/topics", json={**INVOICES, "groups": ["board"]})
    assert strange.status_code == 400 and "not in all of these groups" in strange.text


def test_the_pages_do_all_of_it_without_scripts(ann: httpx.Client) -> None:
    form = {"name": "<b>Bills</b>", "description": INVOICES["description"], "seen": "groups"}
    page = ann.post("/topics", data=form, follow_redirects=True)
    assert page.status_code == 200 and "&lt;b&gt;Bills&lt;/b&gt;" in page.text and "<b>Bills" not in page.text
    topic = int(str(page.url).rpartition("/")[2])
    assert ann.get(f"/api/topics/{topic}").json()["groups"] == ["board"]
    found = ann.get("/search", params={"question": "euros roses"})
    assert f"topic={topic}" in found.text
    narrowed = ann.get("/search", params={"question": "euros roses", "topic": topic})
    hits = narrowed.text.partition("<ol")[2].partition("</ol>")[0]
    assert "roof" in hits and "bud" not in hits
    roses = next(
        one["id"] for one in ann.get("/api/documents").json()["documents"] if one["document"] == "roses"
    )
    assert "Give it a topic" in ann.get(f"/documents/{roses}").text
    sent = {"number": topic, "document": roses, "value": "1", "next": f"/documents/{roses}"}
    marked = ann.post("/topics/mark", data=sent, follow_redirects=True)
    assert str(marked.url).endswith(roses) and "Take back" in marked.text
    assert "roses" in ann.get(f"/topics/{topic}").text
    assert (
        ann.post("/topics/mark", data={**sent, "next": "https://elsewhere.example/"}).headers["location"]
        == "/"
    )
    assert "Too few corrections" in ann.post(f"/topics/{topic}/learn").text
    gone = ann.post(f"/topics/{topic}/remove", follow_redirects=True)
    assert "There are no topics yet." in gone.text
    assert "Bills" not in ann.get(f"/documents/{roses}").text


def test_bad_input_is_refused(ann: httpx.Client) -> None:
    assert ann.post("/api/topics", json={"name": " ", "description": "x"}).status_code == 400
    assert ann.post("/api/topics", json={**INVOICES, "name": "x" * 101}).status_code == 422
    ann.post("/api/topics", json=INVOICES)
    assert ann.post("/api/topics", json=INVOICES).status_code == 400
    unseen = ann.post("/api/topics", json={**INVOICES, "name": "Bills", "groups": ["office\u009b"]})
    assert unseen.status_code == 400 and "group's name" in unseen.json()["error"]["message"]
    assert ann.get("/api/topics/0").status_code == 422
    assert ann.get("/search", params={"question": "euros", "topic": "²"}).status_code == 200
    assert ann.get("/topics/7/").status_code in (307, 404)


def ask_tool(client: httpx.Client, topic: str) -> dict[str, Any]:
    headers = {
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2025-06-18",
        "mcp-method": "tools/call",
        "mcp-name": "search",
    }
    params = {"name": "search", "arguments": {"text": "euros roses train", "topic": topic}}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    result: dict[str, Any] = client.post("/mcp", json=call, headers=headers).json()["result"]
    return result


def test_an_assistant_names_a_topic(ann: httpx.Client, ben: httpx.Client) -> None:
    topic = ann.post("/api/topics", json=INVOICES).json()["id"]
    found = ask_tool(ann, "invoices")["structuredContent"]["hits"]
    assert found and {hit["document"] for hit in found} <= named(ann, topic)
    refused = ask_tool(ben, "invoices")
    assert refused["isError"] and "no such topic" in refused["content"][0]["text"]
