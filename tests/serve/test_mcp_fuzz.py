"""The assistants' tools under arguments that fit their description, nearly fit it, and do not at all: each
call is answered in the described shape or refused in words, and nothing inside breaks."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
CRASHES = ("Something went wrong inside", "Traceback", "/src/everask", "site-packages")
NUM = int(os.environ.get("EVERASK_MCP_EXAMPLES", "50"))
QUIET = list(HealthCheck)
IDS = itertools.count(1)
TEXT = some.text(max_size=40) | some.sampled_from(
    ["", "\0", "garantie lang:de", '"', "-", "a" * 5_000, "after:9999999999", "\u202e", "folder:\x00"]
)
NUMBER = some.integers(-3, 300) | some.sampled_from([1 << 53, 1 << 64, -(1 << 70)])
JSON = some.recursive(
    some.none() | some.booleans() | NUMBER | some.floats(allow_nan=False) | TEXT,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


def send(client: httpx.Client, message: object) -> httpx.Response:
    return client.post("/mcp", content=json.dumps(message), headers=HEADERS)


def call(client: httpx.Client, method: str, parameters: object) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "id": next(IDS), "method": method, "params": parameters}
    reply = send(client, message)
    assert reply.status_code < 500, reply.text
    assert not any(one in reply.text for one in CRASHES), reply.text
    found: dict[str, Any] = reply.json()
    return found


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def tools(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = call(client, "tools/list", {})["result"]["tools"]
    return found


def value(described: dict[str, Any], known: str) -> some.SearchStrategy[object]:
    """Mostly of the described kind; a document's id is sometimes one that there is."""
    kinds = {one.get("type") for one in described.get("anyOf", [described])}
    fitting: some.SearchStrategy[object] = JSON
    if "string" in kinds:
        fitting = TEXT | some.just(known)
    elif "integer" in kinds:
        fitting = NUMBER
    elif "array" in kinds:
        turns = some.fixed_dictionaries({"question": TEXT}, optional={"answer": TEXT, "more": JSON})
        fitting = some.lists(TEXT, max_size=3) | some.lists(turns, max_size=3)
    else:
        place = some.fixed_dictionaries({"document_id": TEXT | some.just(known), "start": NUMBER})
        fitting = place | JSON
    return fitting if kinds - {None, "null"} == set() else some.one_of(fitting, fitting, fitting, JSON)


@settings(max_examples=NUM, deadline=None, derandomize=NUM < 100, suppress_health_check=QUIET)
@given(data=some.data())
def test_tools_answer_as_described_or_say_what_is_wrong(
    client: httpx.Client, tools: list[dict[str, Any]], data: some.DataObject
) -> None:
    documents = client.get("/api/documents").json()["documents"]
    tool = data.draw(some.sampled_from(tools))
    described = tool["inputSchema"]["properties"]
    known = data.draw(some.sampled_from([one["id"] for one in documents]))
    required = set(tool["inputSchema"].get("required", ()))
    chosen = {name for name in described if name in required or data.draw(some.booleans())}
    arguments = {name: data.draw(value(described[name], known)) for name in sorted(chosen)}
    found = call(client, "tools/call", {"name": tool["name"], "arguments": arguments})
    result = found.get("result")
    if result is None:
        assert found["error"]["message"]
    elif result.get("isError"):
        assert result["content"][0]["text"].strip()
    else:
        jsonschema.validate(result["structuredContent"], tool["outputSchema"])


@settings(max_examples=NUM // 2, deadline=None, derandomize=NUM < 100, suppress_health_check=QUIET)
@given(message=JSON, method=TEXT, parameters=JSON)
def test_messages_that_make_no_sense_are_refused(
    client: httpx.Client, message: object, method: str, parameters: object
) -> None:
    whole = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    named = {**whole, "method": "tools/call", "params": {"name": method, "arguments": parameters}}
    for sent in (message, whole, named):
        reply = send(client, sent)
        assert reply.status_code < 500, (sent, reply.text)
        assert not any(one in reply.text for one in CRASHES), (sent, reply.text)
