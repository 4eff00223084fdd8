"""Whatever a document, a model or a person writes stays text: payloads × places, in pages and exports."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from everask.pipeline import Engine
from everask.serve.rendering import answer_view, render
from everask.serve.report import markdown_of, report_of
from everask.serve.report_docx import docx_of
from everask.serve.wording import NAMES
from everask.settings import ServeSettings, Settings
from everask.types import Answer, Citation, Claim, Note

from .conftest import quiet_models, running

PAYLOADS = (
    "<xss-a>",
    '"><xss-a onfocus=x autofocus>',
    "' onmouseover='x",
    "</title></script></textarea></style><xss-a>",
    "<img src=x onerror=x>",
    "<svg/onload=x>",
    "{{ 7 * 191 }}{% raw %}",
    "javascript:x(1)",
    "<!--<xss-a>",
    "]]><xss-a/>&xss;",
    "&lt;xss-a&gt;",
    "[x](javascript:x)![x](//x.example/x)<https://x.example>",
    "\u202e\u2066<xss-a>\x00\x1b[31m",
    "data: x\n\nevent: answer\ndata: <xss-a>",
)
SAFE_TAGS = {"xss-a", "img"}


def check(html: str, where: str) -> None:
    """No element, handler or address of a payload is in a page."""
    page = LexborHTMLParser(html)
    for node in page.css("*"):
        assert node.tag not in SAFE_TAGS, where
        for name, value in node.attributes.items():
            assert not name.startswith("on"), where
            if name in {"href", "src", "action", "formaction", "events", "data-source"}:
                assert str(value).startswith(("/", "#")), (where, value)
                assert not str(value).startswith("//"), (where, value)
    assert "1337" not in html, where


def answer_of(payload: str) -> Answer:
    """An answer that has it everywhere."""
    cited = Citation(payload, "d" * 8, payload, "x", "en", 0, 9, payload, 3)
    claims = (
        Claim(payload, 0.9, (cited,), unsupported=((0, 3),), heading=payload),
        Claim(payload, 0.6, (cited,), verbatim=True),
    )
    notes = (Note("disagreement", payload, (cited,)),)
    return Answer(payload, payload, "en", claims, False, payload, (), payload, "h", 1.0, payload, notes)


class Asked:
    """What a template wants of an ask."""

    id = "abc"

    def __init__(self, payload: str) -> None:
        self.question = self.rewritten = payload


@pytest.mark.parametrize("payload", PAYLOADS)
def test_answers_are_text_in_every_piece_and_export(payload: str) -> None:
    answer = answer_of(payload)
    pile = {"documents": 2, "languages": {"en": 1}, "failed": [{"name": payload, "message": payload}]}
    for language in NAMES:
        values = {"ask": Asked(payload), "answer": answer_view(answer), "pile": pile, "votes": {}, "said": {}}
        check(render("answer.html", {**values, "limits": [payload]}, language), "answer.html")
        check(render("rewritten.html", {"rewritten": payload}, language), "rewritten.html")
        check(render("failed.html", {"message": payload, "hint": payload}, language), "failed.html")
    report = report_of(payload, answer, "en", 0.0)
    written = markdown_of(report)
    assert not re.search(r"(?<!\\)<", written)
    assert not re.search(r"(?<!\\)\]\(", written)
    with zipfile.ZipFile(io.BytesIO(docx_of(report))) as archive:
        document = etree.fromstring(archive.read("word/document.xml"))
    assert {etree.QName(one).localname for one in document.iter()} <= {
        "document", "body", "p", "pPr", "pStyle", "r", "rPr", "t", "br", "lang", "sectPr", "bidi", "rtl",
    }  # fmt: skip


@pytest.fixture(scope="module")
def wicked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over documents whose names, titles, cells and texts are payloads."""
    folder, data = tmp_path_factory.mktemp("wicked"), tmp_path_factory.mktemp("data")
    for number, payload in enumerate(PAYLOADS):
        plain = payload.replace("\x00", "")
        name = re.sub(r"[/\x00-\x1f]", "_", payload)[:60]
        (folder / f"{name} {number}.md").write_text(
            f"# {plain}\n\nThe quokka {number} is {plain}.\n", "utf-8"
        )
        (folder / f"table {number}.csv").write_text(
            f'kind,"{plain}"\n"{plain}",quokka\n'.replace("\n\n", " ")
        )
        (folder / f"page {number}.html").write_text(
            f"<title>{plain.replace('<', '&lt;')}</title><p>quokka &lt;xss-a&gt; {number}</p>", "utf-8"
        )
    with (
        Engine(Settings(data, models=quiet_models(data / "models"))) as engine,
        running(engine, ServeSettings()) as address,
    ):
        engine.add([Path(folder)])
        yield address


def test_documents_are_text_on_every_page(wicked: str) -> None:
    with httpx.Client(
        base_url=wicked, timeout=60, trust_env=False, headers={"accept": "text/html"}
    ) as client:
        documents = client.get("/api/documents", params={"limit": 100}).json()["documents"]
        assert len(documents) >= 2 * len(PAYLOADS)
        paths = ["/", "/documents", "/search?question=quokka", "/search?question=%3Cxss-a%3E"]
        for one in documents:
            paths += [one["url"], f"{one['url']}/source?mark=0-5"]
        for path in paths:
            check(client.get(path).text, path)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_people_write_is_text(wicked: str, payload: str) -> None:
    with httpx.Client(
        base_url=wicked, timeout=60, trust_env=False, headers={"accept": "text/html"}
    ) as client:
        path = client.post("/asks", data={"question": f"quokka {payload}"}).headers["location"]
        stream = client.get(f"{path}/events").text
        assert {line.partition(":")[0] for line in stream.splitlines()} <= {
            "id",
            "event",
            "data",
            "retry",
            "",
        }
        assert not re.search(r"<xss-a|<img|<svg/", stream)
        form = {"kind": "commented", "ask": path.rpartition("/")[2], "claim": "0", "detail": payload}
        client.post("/events", data={**form, "next": path})
        for where in (path, "/", f"/search?question={quote(payload)}", f"/{quote(payload)}", "/why"):
            check(client.get(where).text, where)
        check(client.post("/language", data={"language": payload, "next": payload}).text, "language")
