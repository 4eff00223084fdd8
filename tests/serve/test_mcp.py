"""The door for assistants, spoken to by the official client, over HTTP and over stdio."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

QUESTION = "Who elects the Project Leader?"
SERVER = """
import sys
from pathlib import Path
from everask.pipeline import Engine
from everask.serve.mcp import run_stdio
from everask.settings import ModelSettings, Settings
data = Path(sys.argv[1])
with Engine(Settings(data, models=ModelSettings(generator="none", pull=False, folder=str(data)))) as engine:
    engine.add([sys.argv[2]])
    run_stdio(engine)
"""


@asynccontextmanager
async def over_http(url: str) -> AsyncIterator[Client]:
    async with Client(f"{url}/mcp") as client:
        yield client


def test_four_tools_are_offered_and_described(url: str) -> None:
    async def look() -> None:
        async with over_http(url) as client:
            tools = (await client.list_tools()).tools
            assert {tool.name for tool in tools} == {"search", "ask", "show", "list"}
            for tool in tools:
                assert tool.description
                assert tool.output_schema
                assert tool.annotations
                assert tool.annotations.read_only_hint
                for described in tool.input_schema["properties"].values():
                    assert described["description"]

    anyio.run(look)


def test_an_assistant_asks_and_checks_the_source(url: str) -> None:
    async def ask() -> None:
        async with over_http(url) as client:
            answer = await call(client, "ask", {"question": QUESTION})
            assert not answer["abstained"]
            citation = answer["claims"][0]["citations"][0]
            place = {"document_id": citation["document_id"], "start": citation["start"]}
            length = citation["end"] - citation["start"]
            shown = await call(client, "show", {**place, "length": length})
            assert shown["text"] == citation["quote"]

    anyio.run(ask)


def test_an_assistant_searches_and_lists(url: str, client: httpx.Client) -> None:
    async def look() -> None:
        async with over_http(url) as assistant:
            found = await call(assistant, "search", {"text": "golden key glass table", "top": 3})
            assert found["hits"][0]["document"] == "books/carroll-wonderland"
            arabic = await call(assistant, "search", {"text": "الضمان garantie", "languages": ["ar"]})
            assert {hit["language"] for hit in arabic["hits"]} == {"ar"}
            listed = await call(assistant, "list", {"limit": 3})
            assert (len(listed["documents"]), listed["total"]) == (3, 8)
            assert listed["documents"] == client.get("/api/documents?limit=3").json()["documents"]

    anyio.run(look)


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("show", {"document_id": "../../etc/passwd"}, "no such document"),
        ("ask", {"question": "  "}, "question is empty"),
        ("search", {"text": "x", "top": 10**6}, "top"),
    ],
)
def test_failures_are_told_in_plain_words(url: str, tool: str, arguments: dict[str, Any], said: str) -> None:
    async def fail() -> None:
        async with over_http(url) as client:
            reply = await client.call_tool(tool, arguments)
            assert reply.is_error
            assert said in str(reply.content)
            assert "Traceback" not in str(reply.content)

    anyio.run(fail)


def test_the_same_over_stdio(tmp_path: Path, folder: Path) -> None:
    parameters = StdioServerParameters(
        command=sys.executable, args=["-c", SERVER, str(tmp_path), str(folder / "de")]
    )

    async def ask() -> None:
        async with Client(stdio_client(parameters)) as client:
            listed = await call(client, "list", {})
            assert [one["document"] for one in listed["documents"]] == ["garantie"]

    anyio.run(ask)


async def call(client: Client, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    reply = await client.call_tool(tool, arguments)
    assert not reply.is_error, reply.content
    assert reply.structured_content is not None
    return dict(reply.structured_content)
