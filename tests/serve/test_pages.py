"""The pages as they come from the server, before any script: readable, marked, safe."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from everask.pipeline import gathering
from everask.serve.pages.frame import SLOT
from everask.serve.rendering import WEB, flow, pieces
from everask.types import Evidence

QUESTION = "Who elects the Project Leader?"
NONSENSE = "qqxzv zzyzx wubblefrotz?"
ODD_NAME = "<img src=x onerror=alert(1)>"
MAX_SCRIPT_BYTES = 60_000


@pytest.fixture
def asked(client: httpx.Client) -> str:
    """The address of a finished answer."""
    path = client.post("/asks", data={"question": QUESTION}).headers["location"]
    client.get(f"{path}/events")
    return path


def parse(client: httpx.Client, path: str) -> LexborHTMLParser:
    reply = client.get(path, headers={"accept": "text/html"})
    assert reply.headers["content-type"].startswith("text/html")
    return LexborHTMLParser(reply.text)


def first(node: LexborHTMLParser | LexborNode, selector: str) -> LexborNode:
    found = node.css_first(selector)
    assert found is not None, selector
    return found


def words(node: LexborNode) -> str:
    return " ".join(node.text().split())


def test_the_front_page_says_how_the_pile_is(client: httpx.Client) -> None:
    page = parse(client, "/")
    assert "8 documents, 4 languages" in words(first(page, ".pile"))
    assert "1 could not be read" in words(first(page, ".pile"))
    assert first(page, "textarea").attributes["dir"] == "auto"


def test_an_answer_is_whole_without_scripts(client: httpx.Client, asked: str) -> None:
    page = parse(client, asked)
    assert words(first(page, "h1")) == QUESTION
    assert page.css(".claim")
    for claim in page.css(".claim"):
        link = str(first(claim, "a.cite").attributes["href"]).partition("#")[0]
        marked = " ".join(words(mark) for mark in parse(client, link).css("mark"))
        assert words(first(claim, "blockquote")) in marked
    assert not page.css("noscript meta")


def test_a_page_of_an_unfinished_answer_looks_again_by_itself(client: httpx.Client) -> None:
    path = client.post("/asks", data={"question": QUESTION}).headers["location"]
    for _ in range(50):
        text = client.get(path).text
        if "http-equiv" not in text:
            break
        assert '<meta http-equiv="refresh" content="2">' in text
    assert "claim" in client.get(path).text


def test_a_page_that_is_asked_for_at_once_holds_its_quotes(client: httpx.Client) -> None:
    path = client.post("/asks", data={"question": QUESTION}).headers["location"]
    page = parse(client, path)
    assert "Leader" in words(first(page, "blockquote"))
    assert str(page.html).rstrip().endswith("</html>")


def test_a_question_may_hold_what_stands_where_quotes_come(client: httpx.Client) -> None:
    path = client.post("/asks", data={"question": f"{SLOT} {QUESTION}"}).headers["location"]
    page = parse(client, path)
    assert words(first(page, "h1")) == f"{SLOT} {QUESTION}"
    assert len(page.css("h1")) == 1
    assert first(page, ".found, .claims")


def test_a_page_does_not_wait_long_for_its_quotes(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = threading.Event()

    def never(*_: object, **__: object) -> list[Evidence]:
        finding.wait(20)
        return []

    monkeypatch.setattr(gathering, "find_evidence", never)
    path = client.post("/asks", data={"question": QUESTION}).headers["location"]
    page = parse(client, path)
    finding.set()
    assert "hidden" in first(page, ".found").attributes
    assert not page.css("blockquote")
    assert first(page, "ea-answer").attributes["events"] == f"{path}/events"
    assert "event: answer" in client.get(f"{path}/events").text


def test_silence_is_said_plainly(client: httpx.Client) -> None:
    path = client.post("/asks", data={"question": NONSENSE}).headers["location"]
    client.get(f"{path}/events")
    page = parse(client, path)
    assert words(first(page, ".silent h2")) == "Your documents don’t say."
    assert "8 documents (" in words(first(page, ".searched"))
    assert "1 file" in words(first(page, ".unread summary"))
    assert not page.css(".claim")


def test_hits_have_their_words_marked(client: httpx.Client) -> None:
    page = parse(client, "/search?question=golden+key+glass+table")
    marked = {words(mark) for mark in page.css(".hits mark")}
    assert {"golden", "glass"} <= marked
    nothing = parse(client, f"/search?question={NONSENSE}")
    assert words(first(nothing, ".silent h2")) == "Nothing was found."


def test_a_document_opens_at_the_quote(client: httpx.Client) -> None:
    hit = client.post("/api/search", json={"text": "golden key glass table"}).json()["hits"][0]
    page = parse(client, hit["url"].partition("#")[0])
    assert first(page, "mark").attributes["id"] == f"{hit['start']}-{hit['end']}"
    assert words(first(page, "mark")) in " ".join(hit["text"].split())
    assert page.css("svg rect.box-mark")
    assert f"Page {hit['page']} of 83" in words(first(page, ".turn"))
    part = LexborHTMLParser(
        client.get(f"/documents/{hit['document_id']}/source?mark={hit['start']}-{hit['end']}").text
    )
    assert part.css("mark")
    assert part.css("svg rect.box-mark")


@pytest.mark.parametrize("mark", ["5-2", "x", "0-99999999999", "99999999-99999999999", "-", "1-2-3", "१-२"])
def test_marks_that_lead_nowhere_do_no_harm(client: httpx.Client, mark: str) -> None:
    listed = client.get("/api/documents").json()["documents"]
    for document in (one for one in listed if one["document"] in {"books/carroll-wonderland", ODD_NAME}):
        for path in (f"/documents/{document['id']}", f"/documents/{document['id']}/source"):
            assert client.get(path, params={"mark": mark}).status_code == 200
        assert client.get(f"/documents/{document['id']}", params={"part": 10**6}).status_code == 200


def test_rows_are_tables_and_headings_are_headings(client: httpx.Client) -> None:
    listed = {one["document"]: one["url"] for one in client.get("/api/documents").json()["documents"]}
    table = parse(client, listed["data/debian-releases"])
    assert len(table.css("table")) == 1
    assert words(table.css("td")[0]) == "version"
    assert parse(client, listed[ODD_NAME]).css("[role=heading]")


def test_text_of_documents_never_becomes_markup(client: httpx.Client) -> None:
    listed = {one["document"]: one for one in client.get("/api/documents").json()["documents"]}
    document = listed[ODD_NAME]
    asked = client.post("/asks", data={"question": "<b>quokka</b> <script>alert(1)</script>"}).headers[
        "location"
    ]
    stream = client.get(f"{asked}/events").text
    paths = [
        "/",
        "/documents",
        document["url"],
        f"{document['url']}/source",
        asked,
        "/search?question=quokka",
    ]
    for text in (stream, *(client.get(path, headers={"accept": "text/html"}).text for path in paths)):
        assert "<script>alert" not in text
        assert "<img" not in text
        assert "<b>" not in text
    assert "<script>alert(1)</script>" in words(first(parse(client, document["url"]), "h1"))


def test_pages_hold_nothing_inline_and_nothing_foreign(client: httpx.Client, asked: str) -> None:
    listed = client.get("/api/documents").json()["documents"]
    paths = ["/", "/search?question=key", "/documents", asked, *(one["url"] for one in listed), "/nowhere"]
    for path in paths:
        page = parse(client, path)
        for node in page.css("*"):
            assert "style" not in node.attributes
            assert not [name for name in node.attributes if name.startswith("on")]
            for name in ("src", "href", "action", "events", "data-source"):
                assert str(node.attributes.get(name, "/")).startswith(("/", "#"))
        assert all("src" in script.attributes for script in page.css("script"))
        assert not page.css("style")


def test_errors_are_pages_for_people(client: httpx.Client) -> None:
    for path in ("/documents/nothing", "/asks/nothing", "/nowhere"):
        reply = client.get(path, headers={"accept": "text/html"})
        assert reply.status_code == 404
        assert "<h1" in reply.text


def test_static_files_are_served_and_templates_are_not(client: httpx.Client) -> None:
    assert client.get("/static/style.css").headers["content-type"].startswith("text/css")
    assert client.get("/static/elements/answer.js").headers["content-type"].startswith("text/javascript")
    for path in ("templates/ask.html", "templates", "elements/../templates/ask.html", "%2e%2e/auth.py"):
        assert client.get(f"/static/{path}").status_code == 404


def test_the_scripts_stay_within_their_budget() -> None:
    scripts = sorted((WEB / "elements").glob("*.js"))
    assert sum(path.stat().st_size for path in scripts) <= MAX_SCRIPT_BYTES
    for path in (*scripts, WEB / "style.css"):
        text = path.read_text("utf-8")
        assert len(text.splitlines()) <= 400
        assert not re.search(r"https?://|@import|url\(", text)


def test_text_flows_and_marks_cut_it(tmp_path: Path) -> None:
    assert flow("a line\n   broken  here\n\n\n  next") == "a line broken  here\nnext"
    parts = pieces("golden key", [(102, 104), (107, 120), (0, 50), (104, 104)], offset=100)
    assert [(one.text, one.marked, one.first) for one in parts] == [
        ("go", False, False),
        ("ld", True, True),
        ("en ", False, False),
        ("key", True, True),
    ]
