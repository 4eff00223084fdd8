"""Votes, corrections and comments: kept, shown to who made them alone, given to search, taken back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from everask.index.events import MAX_OF_AN_ASK, list_events
from everask.pipeline import Engine
from everask.quoted import QuotedPlace, ShownSentence
from everask.serve.acts import as_shown
from everask.types import Citation, Claim, Event

QUESTION = "Who elects the Project Leader?"


@pytest.fixture
def answer(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.post("/api/ask", json={"text": QUESTION}).json()
    assert found["claims"]
    return found


def test_a_vote_is_kept_with_its_place_and_the_last_one_counts(
    client: httpx.Client, answer: dict[str, Any], filled: Engine
) -> None:
    vote = {"kind": "voted", "ask": answer["id"], "claim": 0}
    first = client.post("/api/events", json={**vote, "value": 1}).json()
    cited = answer["claims"][0]["citations"][0]
    assert (first["document"], first["start"], first["end"]) == (
        cited["document_id"], cited["start"], cited["end"],
    )  # fmt: skip
    assert first["question"] == QUESTION
    second = client.post("/api/events", json={**vote, "value": -1}).json()
    page = client.get(f"/asks/{answer['id']}").text
    assert page.count('aria-pressed="true"') == 1
    gone = client.delete(f"/api/events/{second['id']}")
    assert gone.status_code == 200
    assert client.get("/api/events", params={"ask": answer["id"]}).json() == []
    assert client.delete(f"/api/events/{second['id']}").status_code == 404
    assert 'aria-pressed="true"' not in client.get(f"/asks/{answer['id']}").text


def test_a_vote_keeps_the_sentence_as_it_was_shown_and_its_places(
    client: httpx.Client, answer: dict[str, Any], filled: Engine
) -> None:
    """Of a quote the places alone: they say what it was. What a client sends as the sentence is not asked."""
    vote = {"kind": "voted", "ask": answer["id"], "claim": 0, "value": 1}
    assert client.post("/api/events", json={**vote, "sentence": "Mine."}).status_code == 422
    kept = client.post("/api/events", json=vote).json()
    event = next(one for one in list_events(filled.store.database) if one.id == kept["id"])
    claim = answer["claims"][0]
    cited = [(one["document_id"], one["start"], one["end"]) for one in claim["citations"]]
    assert claim["verbatim"] and kept["sentence"] == ""
    assert event.shown is not None and event.shown.text == ""
    assert [(one.document_id, one.start, one.end) for one in event.shown.quotes] == cited
    written = as_shown(Claim("In own words.", 0.9, (Citation("n", "d", "t", "u", "en", 3, 9, "quoted"),)))
    assert written == ShownSentence("In own words.", (QuotedPlace("d", 3, 9),))
    client.delete(f"/api/events/{kept['id']}")


def test_a_correction_finds_its_words_in_the_document(client: httpx.Client, answer: dict[str, Any]) -> None:
    cited = answer["claims"][0]["citations"][0]
    text = client.get(f"/api/documents/{cited['document_id']}/text").json()["text"]
    right = text[cited["end"] : cited["end"] + 300].strip().split(". ")[0]
    sent = {"kind": "corrected", "ask": answer["id"], "claim": 0, "words": "  ".join(right.split())}
    kept = client.post("/api/events", json=sent).json()
    assert text[kept["start"] : kept["end"]].split() == kept["detail"].split()
    assert kept["detail"].split()[0] == right.split()[0]
    wrong = client.post("/api/events", json={**sent, "words": "not at all in there qqq"})
    assert wrong.status_code == 400
    client.delete(f"/api/events/{kept['id']}")


def test_comments_are_forms_too(client: httpx.Client, answer: dict[str, Any]) -> None:
    form = {
        "kind": "commented",
        "ask": answer["id"],
        "claim": "0",
        "detail": "<b>Not</b> quite",
        "next": f"/asks/{answer['id']}#sentence-1",
    }
    reply = client.post("/events", data=form)
    assert reply.status_code == 303
    assert reply.headers["location"] == form["next"]
    page = client.get(f"/asks/{answer['id']}").text
    assert "&lt;b&gt;Not&lt;/b&gt; quite" in page
    kept = client.get("/api/events", params={"ask": answer["id"]}).json()[0]
    client.post("/events", data={"remove": str(kept["id"]), "next": "//evil.example/"})
    assert client.get("/api/events", params={"ask": answer["id"]}).json() == []


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"claim": 99, "value": 1}, 400),
        ({"value": None}, 400),
        ({"value": 2}, 422),
        ({"value": 1, "claim": None}, 400),
        ({"value": 1, "ask": ""}, 400),
        ({"value": 1, "ask": "nothing"}, 404),
        ({"value": 1, "document": "nothing"}, 404),
        ({"kind": "commented"}, 400),
        ({"kind": "commented", "detail": "x" * 4_001}, 422),
        ({"kind": "stolen"}, 422),
        ({"value": 1, "extra": 1}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: httpx.Client, answer: dict[str, Any], change: dict[str, Any], status: int
) -> None:
    sent = {"kind": "voted", "ask": answer["id"], "claim": 0, **change}
    assert client.post("/api/events", json=sent).status_code == status


def test_nobody_fills_the_store(client: httpx.Client, answer: dict[str, Any], filled: Engine) -> None:
    from everask.index.events import append

    for _ in range(MAX_OF_AN_ASK):
        append(filled.store.database, Event("shown", 1.0, ask=answer["id"], question="?"))
    sent = {"kind": "voted", "ask": answer["id"], "claim": 0, "value": 1}
    reply = client.post("/api/events", json=sent)
    assert reply.status_code == 400
    assert "Take some back" in reply.json()["error"]["hint"]
