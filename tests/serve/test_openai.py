"""The OpenAI-compatible door: the shapes that its clients read, with exact citations."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from everask.serve.openai import _content
from everask.types import Answer, Citation, Claim, Note

QUESTION = "Who elects the Project Leader?"


def body(question: str, **more: Any) -> dict[str, Any]:
    messages = [
        {"role": "system", "content": "You are a pirate."},
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": question},
    ]
    return {"model": "everask", "messages": messages, **more}


def chunks(reply: httpx.Response) -> list[dict[str, Any]]:
    lines = [line[6:] for line in reply.text.split("\n") if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def check_annotations(client: httpx.Client, content: str, annotations: list[dict[str, Any]]) -> None:
    assert annotations
    for one in annotations:
        assert one["type"] == "file_citation"
        cited = one["file_citation"]
        text = client.get(f"/api/documents/{cited['file_id']}/text").json()["text"]
        assert text[cited["start"] : cited["end"]] == cited["quote"]
        sentence = content[cited["start_index"] : cited["end_index"]]
        assert sentence
        assert sentence == sentence.strip()


def test_models_are_listed(client: httpx.Client) -> None:
    assert [one["id"] for one in client.get("/v1/models").json()["data"]] == ["everask"]
    assert client.get("/v1/models/everask").json()["object"] == "model"
    assert client.get("/v1/models/other").status_code == 404


def test_the_last_user_message_is_answered_and_cited(client: httpx.Client) -> None:
    reply = client.post("/v1/chat/completions", json=body(QUESTION, temperature=0.3)).json()
    message = reply["choices"][0]["message"]
    assert reply["object"] == "chat.completion"
    assert reply["choices"][0]["finish_reason"] == "stop"
    assert not reply["everask"]["abstained"]
    assert client.get(f"/api/asks/{reply['everask']['id']}").json()["question"] == QUESTION
    assert reply["usage"]["total_tokens"] == sum(
        reply["usage"][name] for name in ("prompt_tokens", "completion_tokens")
    )
    check_annotations(client, message["content"], message["annotations"])


def test_a_stream_says_the_same(client: httpx.Client) -> None:
    whole = client.post("/v1/chat/completions", json=body(QUESTION)).json()["choices"][0]["message"]
    asked = body(QUESTION, stream=True, stream_options={"include_usage": True})
    parts = chunks(client.post("/v1/chat/completions", json=asked))
    assert {one["object"] for one in parts} == {"chat.completion.chunk"}
    deltas = [choice["delta"] for one in parts for choice in one["choices"]]
    assert deltas[0]["role"] == "assistant"
    content = "".join(one.get("content", "") for one in deltas)
    annotations = [annotation for one in deltas for annotation in one.get("annotations", [])]
    assert content == whole["content"]
    assert annotations == whole["annotations"]
    assert parts[-1]["usage"]["completion_tokens"] > 0
    assert parts[-2]["choices"][0]["finish_reason"] == "stop"


def test_headings_and_notes_are_part_of_the_reply() -> None:
    """Most clients show the content alone."""
    one, other = (Citation(n, f"id-{n}", n, f"file:///{n}", "en", 0, 9, f"It is {n}.") for n in ("a", "b"))
    claims = (
        Claim("It is a.", 1.0, (one,), verbatim=True, heading="First"),
        Claim("It was a.", 1.0, (one,), verbatim=True, heading="First"),
        Claim("It is b.", 0.9, (other,)),
    )
    note = Note("disagreement", "Your documents differ.", (one, other))
    made = Answer("What?", "", "en", claims, False, "", (), None, "", 1.0, notes=(note,))
    content, annotations = _content(made)
    assert content == "First:\nIt is a.\nIt was a.\n\nIt is b.\n\nYour documents differ."
    places = [(each.file_citation.start_index, each.file_citation.end_index) for each in annotations]
    assert [content[start:end] for start, end in places] == [
        "It is a.", "It was a.", "It is b.", "Your documents differ.", "Your documents differ.",
    ]  # fmt: skip


@pytest.mark.parametrize("stream", [False, True])
def test_what_the_documents_do_not_say(client: httpx.Client, stream: bool) -> None:
    reply = client.post("/v1/chat/completions", json=body("qqxzv zzyzx wubblefrotz?", stream=stream))
    if stream:
        parts = chunks(reply)
        content = "".join(choice["delta"].get("content", "") for one in parts for choice in one["choices"])
        assert parts[-1]["everask"]["abstained"]
    else:
        content = reply.json()["choices"][0]["message"]["content"]
    assert content.startswith("Your documents don't say")
    assert (parts[-1] if stream else reply.json())["everask"]["looked_for"]


def test_questions_in_parts_are_read(client: httpx.Client) -> None:
    parts = [{"type": "image_url", "image_url": {"url": "x"}}, {"type": "text", "text": QUESTION}]
    asked = {"model": "everask", "messages": [{"role": "user", "content": parts}]}
    reply = client.post("/v1/chat/completions", json=asked).json()
    assert client.get(f"/api/asks/{reply['everask']['id']}").json()["question"] == QUESTION


def test_half_a_character_breaks_no_page(client: httpx.Client) -> None:
    content = json.dumps(body(f"{QUESTION} \ud800")).encode()
    sent = client.post("/v1/chat/completions", content=content, headers={"content-type": "application/json"})
    assert sent.status_code == 200
    asked = client.get(f"/api/asks/{sent.json()['everask']['id']}").json()["question"]
    assert asked == f"{QUESTION} ?"
    for path in ("/", f"/asks/{sent.json()['everask']['id']}"):
        assert client.get(path, headers={"accept": "text/html"}).status_code == 200


def test_requests_that_make_no_sense(client: httpx.Client) -> None:
    path = "/v1/chat/completions"
    assert client.post(path, json={**body("x"), "model": "gpt-9"}).status_code == 404
    assert client.post(path, json={"model": "everask", "messages": []}).status_code == 422
    only_system = {"model": "everask", "messages": [{"role": "system", "content": "x"}]}
    assert client.post(path, json=only_system).status_code == 400
