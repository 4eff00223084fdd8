"""The REST API on a real pile: what it says is true, and its errors have one shape."""

from __future__ import annotations

import asyncio
import io
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator
from PIL import Image

from everask.serve.description import Description
from everask.serve.rules import ROUTES

QUESTION = "Who elects the Project Leader?"


def document_id(client: httpx.Client, name: str) -> str:
    listed = client.get("/api/documents", params={"limit": 1000}).json()["documents"]
    return next(str(one["id"]) for one in listed if one["document"] == name)


def check_shape(client: httpx.Client, name: str, value: Any) -> None:
    schema = client.get("/openapi.json").json()
    schema["$ref"] = f"#/components/schemas/{name}"
    Draft202012Validator(schema).validate(value)


def test_status_counts_the_pile_and_says_what_failed(client: httpx.Client, folder: Path) -> None:
    status = client.get("/api/status").json()
    check_shape(client, "StatusReply", status)
    assert status["documents"] == 8
    assert {"en", "zh", "ar", "de"} <= status["languages"].keys()
    assert [one["name"] for one in status["failed"]] == ["broken.pdf"]
    assert str(folder) not in client.get("/api/status").text


def test_documents_are_listed_in_parts(client: httpx.Client) -> None:
    whole = client.get("/api/documents").json()
    check_shape(client, "DocumentsReply", whole)
    parts = [client.get("/api/documents", params={"limit": 3, "offset": n}).json() for n in (0, 3, 6, 9)]
    assert [len(one["documents"]) for one in parts] == [3, 3, 2, 0]
    assert [document for one in parts for document in one["documents"]] == whole["documents"]
    assert {one["total"] for one in parts[:3]} == {8}


def test_hits_are_slices_of_their_documents(client: httpx.Client) -> None:
    reply = client.post("/api/search", json={"text": "golden key glass table", "top": 5}).json()
    check_shape(client, "SearchReply", reply)
    assert reply["hits"][0]["document"] == "books/carroll-wonderland"
    for hit in reply["hits"]:
        text = client.get(f"/api/documents/{hit['document_id']}/text").json()["text"]
        assert text[hit["start"] : hit["end"]] == hit["text"]
    marked = {hit["text"][start:end] for hit in reply["hits"] for start, end in hit["marks"]}
    assert {"golden", "glass"} <= marked


def test_filters_limit_a_search(client: httpx.Client) -> None:
    body = {"text": "Garantie Netzteil الضمان", "filters": {"languages": ["ar"]}}
    assert {hit["language"] for hit in client.post("/api/search", json=body).json()["hits"]} == {"ar"}


def test_a_search_explains_itself(client: httpx.Client) -> None:
    reply = client.post("/api/search", json={"text": "Garantie Netzteil", "explain": True}).json()
    check_shape(client, "SearchReply", reply)
    for hit in reply["hits"]:
        assert [reason["kind"] for reason in hit["reasons"]] == ["words", "meaning", "language"]
        assert sum(reason["score"] for reason in hit["reasons"]) == pytest.approx(hit["score"], abs=1e-4)
    plain = client.post("/api/search", json={"text": "Garantie Netzteil"}).json()
    assert not any(hit["reasons"] for hit in plain["hits"])


def test_an_answer_cites_exact_words(client: httpx.Client) -> None:
    reply = client.post("/api/ask", json={"text": QUESTION}).json()
    check_shape(client, "AnswerReply", reply)
    assert not reply["abstained"]
    for claim in reply["claims"]:
        for citation in claim["citations"]:
            text = client.get(f"/api/documents/{citation['document_id']}/text").json()["text"]
            assert text[citation["start"] : citation["end"]] == citation["quote"]
            assert client.get(citation["url"]).status_code == 200
    assert client.get(f"/api/asks/{reply['id']}").json() == reply


def test_a_question_the_documents_do_not_answer(client: httpx.Client) -> None:
    reply = client.post("/api/ask", json={"text": "qqxzv zzyzx wubblefrotz?"}).json()
    assert reply["abstained"]
    assert reply["claims"] == []
    assert reply["why"]


def test_a_page_is_drawn_and_the_quote_has_boxes(client: httpx.Client) -> None:
    hit = client.post("/api/search", json={"text": "golden key glass table", "top": 1}).json()["hits"][0]
    one = f"/api/documents/{hit['document_id']}/pages/{hit['page']}"
    picture = client.get(f"{one}.png")
    assert picture.headers["content-type"] == "image/png"
    width, height = Image.open(io.BytesIO(picture.content)).size
    reply = client.get(f"{one}/boxes", params={"start": hit["start"], "end": hit["end"]}).json()
    check_shape(client, "BoxesReply", reply)
    assert reply["boxes"]
    assert abs(width / height - reply["width"] / reply["height"]) < 0.01
    for box in reply["boxes"]:
        assert 0 <= box["left"] < box["right"] <= reply["width"]
        assert 0 <= box["top"] < box["bottom"] <= reply["height"]
    # Where the boxes are, the page has ink.
    first = reply["boxes"][0]
    scale = width / reply["width"]
    left, top, right, bottom = (round(first[side] * scale) for side in ("left", "top", "right", "bottom"))
    part = Image.open(io.BytesIO(picture.content)).convert("L").crop((left, top, right, bottom))
    assert min(part.tobytes()) < 80
    assert client.get(f"{one}0000.png").status_code == 404


def test_the_original_is_only_an_attachment(client: httpx.Client, folder: Path) -> None:
    reply = client.get(f"/api/documents/{document_id(client, 'books/carroll-wonderland')}/original")
    assert reply.content == (folder / "books/carroll-wonderland.pdf").read_bytes()
    assert reply.headers["content-disposition"].startswith("attachment;")
    assert reply.headers["content-security-policy"].startswith("sandbox;")
    odd = client.get(f"/api/documents/{document_id(client, '<img src=x onerror=alert(1)>')}/original")
    assert "<img" not in odd.headers["content-disposition"]


def test_what_is_missing_is_always_missing_in_the_same_words(client: httpx.Client) -> None:
    known = document_id(client, "books/tang-poems")
    paths = [
        "nothing",
        "0" * 32,
        "books%2Ftang-poems",
        "..%2F..%2Fetc%2Fpasswd",
        "%00",
        known.upper(),
        known[:-1],
    ]
    replies = [client.get(f"/api/documents/{path}") for path in paths]
    replies += [client.get(f"/api/documents/{path}/text") for path in paths]
    replies += [client.delete(f"/api/documents/{path}") for path in paths]
    missing = {
        (reply.status_code, reply.text)
        for reply in replies
        if reply.json()["error"]["message"] != "Not Found."
    }
    assert len(missing) == 1
    assert missing.pop()[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/search", {}, 422),
        ("POST", "/api/search", {"text": "x", "top": 10**9}, 422),
        ("POST", "/api/search", {"text": "x", "filters": {"colour": "red"}}, 422),
        ("POST", "/api/ask", {"text": "   "}, 400),
        ("POST", "/api/ask", {"text": "x" * 5_000}, 422),
        ("POST", "/api/documents", {"paths": ["etc/passwd"]}, 400),
        ("POST", "/api/documents", {"paths": ["/definitely/not/there"]}, 404),
        ("POST", "/api/documents", {"urls": ["file:///etc/passwd"]}, 400),
        ("POST", "/api/documents", {"what": 1}, 400),
        ("PUT", "/api/search", {}, 405),
        ("GET", "/api/nothing", None, 404),
        ("GET", "/api/asks/nothing", None, 404),
        ("GET", "/api/documents?limit=0", None, 422),
    ],
)
def test_errors_have_one_shape(
    client: httpx.Client, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    reply = client.request(method, path, json=body)
    assert reply.status_code == status
    assert reply.json().keys() == {"error"}
    assert reply.json()["error"].keys() == {"message", "hint"}
    assert "Traceback" not in reply.text


def test_bodies_that_are_too_large_are_refused(client: httpx.Client) -> None:
    assert client.post("/api/search", content=b"x" * 2_000_000).status_code == 413
    assert client.post("/api/search", content=iter([b"x" * 600_000] * 3)).status_code == 413
    files = {"files": ("large.txt", b"x" * 3_000_000)}
    reply = client.post("/api/documents", files=files)
    assert reply.status_code == 413
    assert reply.json()["error"]["hint"]


def test_the_api_is_described_in_full(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    paths = {path for path in schema["paths"] if path.startswith("/api/")}
    assert paths == {path for _, path in ROUTES if path.startswith("/api/")}
    for name, component in schema["components"]["schemas"].items():
        for field, described in component.get("properties", {}).items():
            if name.endswith("Reply") and field not in {"error", "hits", "documents", "id", "text", "status"}:
                assert "description" in described or "$ref" in described, f"{name}.{field}"


def test_the_description_is_made_once_and_beside_the_event_loop(client: httpx.Client) -> None:
    made = Description(made_app := FastAPI(openapi_url=None))
    threads: list[str] = []

    def openapi() -> dict[str, Any]:
        threads.append(threading.current_thread().name)
        time.sleep(0.1)
        return {"openapi": "3.1.0"}

    made_app.openapi = openapi  # type: ignore[method-assign]
    made_app.router.routes.append(made.route())

    async def ask_thrice() -> list[httpx.Response]:
        transport = httpx.ASGITransport(made_app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as asked:
            return await asyncio.gather(*(asked.get("/openapi.json") for _ in range(3)))

    assert [one.json() for one in asyncio.run(ask_thrice())] == [{"openapi": "3.1.0"}] * 3
    assert len(threads) == 1 and threads != [threading.main_thread().name]
    described = client.get("/openapi.json")
    assert described.headers["content-type"] == "application/json" and len(described.json()["paths"]) > 40
