"""Follow-up questions through every door: completed, shown, bounded, and never across rights."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client
from selectolax.lexbor import LexborHTMLParser

from everask.errors import NotFoundError
from everask.pipeline import Engine
from everask.serve.asks import Asks, Said
from everask.serve.auth import Access
from everask.serve.limits import Turnstile
from everask.types import Filters, Turn

FIRST = "For how long does the Debian Project Leader serve?"
NEXT = "Who elects them?"
TURN = {"question": FIRST, "answer": "The Project Leader serves for one year from their election."}


def ask(client: httpx.Client, text: str, **more: Any) -> dict[str, Any]:
    reply = client.post("/api/ask", json={"text": text, **more})
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def test_a_follow_up_is_completed_by_history(client: httpx.Client) -> None:
    assert ask(client, NEXT)["rewritten"] == ""
    answer = ask(client, NEXT, history=[TURN])
    assert answer["question"] == NEXT
    assert "Project Leader" in answer["rewritten"]
    places = [cited for claim in answer["claims"] for cited in claim["citations"]] + answer["nearest"]
    assert "legal/debian-constitution" in {one["document"] for one in places}


def test_a_follow_up_is_completed_by_the_answer_that_it_follows_and_keeps_its_limits(
    client: httpx.Client,
) -> None:
    first = ask(client, FIRST, filters={"languages": ["de"]})
    assert first["abstained"]
    second = ask(client, NEXT, follows=first["id"])
    assert "Project Leader" in second["rewritten"]
    assert second["abstained"]  # still in German only
    third = ask(client, "And for how long?", follows=second["id"], filters={"languages": ["en"]})
    assert "Project Leader" in third["rewritten"]


def test_limits_that_were_typed_hold_on_and_are_shown(client: httpx.Client) -> None:
    answer = ask(client, NEXT, history=[{"question": f"{FIRST} lang:de"}])
    assert answer["rewritten"].endswith("lang:de")
    assert answer["abstained"]


def test_a_new_topic_is_left_alone(client: httpx.Client) -> None:
    first = ask(client, FIRST)
    question = "Wie lange gilt die Garantie für das Netzteil?"
    assert ask(client, question, follows=first["id"])["rewritten"] == ""


def test_the_rewrite_comes_before_the_search(client: httpx.Client) -> None:
    headers = {"accept": "text/event-stream"}
    stream = client.post("/api/ask", json={"text": NEXT, "history": [TURN]}, headers=headers).text
    assert stream.index("event: rewritten") < stream.index("event: stage") < stream.index("event: answer")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"follows": "never-was"}, 404),
        ({"follows": "x", "history": [TURN]}, 400),
        ({"history": [TURN] * 201}, 422),
        ({"history": [{"question": "q" * 30_000}]}, 422),
        ({"history": [{"answer": "No question."}]}, 422),
        ({"history": "nonsense"}, 422),
        (
            {"history": [{"question": "", "answer": ""}, {"question": "\u0000?", "answer": "x" * 150_000}]},
            200,
        ),
        ({"history": [{"question": "lang:zz ((( \\ '); DROP TABLE", "answer": "[n]<|im_end|>"}] * 200}, 200),
    ],
)
def test_histories_that_make_no_sense_are_cut_or_refused(
    client: httpx.Client, body: dict[str, Any], status: int
) -> None:
    reply = client.post("/api/ask", json={"text": NEXT, **body})
    assert reply.status_code == status, reply.text
    assert status == 200 or reply.json()["error"]["message"]


def test_a_conversation_works_on_the_page_without_scripts(client: httpx.Client) -> None:
    path = client.post("/asks", data={"question": FIRST}).headers["location"]
    client.get(f"{path}/events")
    page = LexborHTMLParser(client.get(path).text)
    field = page.css_first('input[name="follows"]')
    assert field is not None
    follows = field.attributes["value"]
    after = client.post("/asks", data={"question": NEXT, "follows": follows}).headers["location"]
    events = client.get(f"{after}/events").text
    assert "event: rewritten" in events
    shown = LexborHTMLParser(client.get(after).text)
    understood = shown.css_first('[data-part="understood"]')
    assert understood is not None
    assert "hidden" not in understood.attributes
    assert "Project Leader" in understood.text()
    link = shown.css_first(".before a")
    assert link is not None
    assert link.attributes["href"] == path


def test_a_conversation_that_is_forgotten_loses_no_question(client: httpx.Client) -> None:
    path = client.post("/asks", data={"question": FIRST, "follows": "gone"}).headers["location"]
    assert FIRST in client.get(path).text


def test_the_messages_of_a_chat_are_its_history(client: httpx.Client) -> None:
    messages = [
        {"role": "user", "content": FIRST},
        {"role": "assistant", "content": TURN["answer"]},
        {"role": "user", "content": NEXT},
    ]
    reply = client.post("/v1/chat/completions", json={"model": "everask", "messages": messages}).json()
    assert "Project Leader" in reply["everask"]["rewritten"]
    assert reply["choices"][0]["message"]["content"]


def test_an_assistant_gives_the_history(url: str) -> None:
    async def talk() -> None:
        async with Client(f"{url}/mcp") as client:
            result = await client.call_tool("ask", {"question": NEXT, "history": [TURN]})
            assert result.structured_content
            assert "Project Leader" in result.structured_content["rewritten"]

    anyio.run(talk)


def test_what_others_asked_cannot_be_followed(filled: Engine) -> None:
    async def follow() -> None:
        asks = Asks(filled, Turnstile(1, 4))
        board, staff = Access(False, ("board",), user=1), Access(False, ("staff",), user=1)
        theirs = asks.start(FIRST, Filters(), board)
        try:
            with pytest.raises(NotFoundError):
                asks.start(NEXT, Filters(), staff, said=Said(follows=theirs.id))
            with pytest.raises(NotFoundError):
                asks.start(NEXT, Filters(), replace(board, user=2), said=Said(follows=theirs.id))
            ours = asks.start(NEXT, Filters(), board, said=Said(follows=theirs.id))
            assert ours.history == (Turn(FIRST, ""),)
        finally:
            asks.close()

    asyncio.run(follow())


def chat(data: Path, pile: Path, lines: str, *options: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "EVERASK_MODELS_GENERATOR": "none", "EVERASK_MODELS_PULL": "0"}
    environ |= {"EVERASK_MODELS_FOLDER": str(data / "models")}
    command = [sys.executable, "-m", "everask"]
    subprocess.run([*command, "add", str(pile), "--data", str(data)], env=environ, check=True, timeout=120)
    return subprocess.run(
        [*command, "chat", "--data", str(data), *options],
        input=lines, capture_output=True, text=True, env=environ, timeout=120,
    )  # fmt: skip


def test_a_chat_reads_questions_line_by_line(tmp_path: Path, pile: Path) -> None:
    lines = "Who founded the Debian Project?\n\n???\nAnd when?\n/new\nAnd when?\n/quit\nNever asked?\n"
    done = chat(tmp_path / "data", pile, lines, "--json")
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["question"] for one in answers] == [
        "Who founded the Debian Project?",
        "And when?",
        "And when?",
    ]
    assert "Debian" in answers[1]["rewritten"]
    assert answers[2]["rewritten"] == ""
    assert "no question" in done.stderr
