"""`<ea-ask>` in a real browser, on pages of another origin that may and may not embed it; and what its
questions may read."""

from __future__ import annotations

import dataclasses
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from everask.errors import SettingsError
from everask.pipeline import Engine
from everask.settings import EmbedSettings, ServeSettings

from .browsing import NARROW
from .conftest import running
from .people import OWNER_TOKEN, make_person, open_pile

SNIPPET = Path(__file__).parents[2] / "docs/embed.md"
AXE = Path(__file__).parent / "vendor/axe.min.js"
QUESTION = "When does the garden open?"


class Site:
    """Another site, with one page and a strict policy."""

    def __init__(self) -> None:
        self.page = ""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.page.encode()
                self.send_response(200)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("content-length", str(len(body)))
                self.send_header("set-cookie", "site=1")
                self.send_header("content-security-policy", site.policy)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.policy = ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def show(self, home: str, *, element: str = "", attributes: str = 'lang="en"', head: str = "") -> str:
        """Write the page as docs/embed.md says; return its address."""
        (snippet,) = re.findall(r"```html\n(.*?)```", SNIPPET.read_text("utf-8"), re.S)
        script, given = snippet.replace("https://ask.example.org", home).strip().splitlines()
        self.policy = f"default-src 'none'; script-src {home}; connect-src {home}; img-src 'self'"
        head = f'<meta charset="utf-8"><title>Help</title>{head}{script}'
        self.page = f"<!doctype html><html {attributes}><head>{head}</head><body><main><h1>Help</h1>"
        self.page += f"{element or given}</main></body></html>"
        return self.origin


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    opened = Site()
    yield opened
    opened.server.shutdown()
    opened.server.server_close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Engine]:
    with open_pile(tmp_path_factory.mktemp("embed")) as opened:
        embed = EmbedSettings(sites=(site.origin,), asks_per_minute=1_000)
        opened.settings = dataclasses.replace(opened.settings, embed=embed)
        make_person(opened, "ada", role="admin")
        yield opened


@pytest.fixture(scope="module")
def url(engine: Engine) -> Iterator[str]:
    with running(engine, ServeSettings(token=OWNER_TOKEN)) as address:
        yield address


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    yield context.new_page()
    context.close()


def ask(page: Page, question: str) -> None:
    page.get_by_role("searchbox").fill(question)
    page.keyboard.press("Enter")
    expect(page.locator("ea-ask .rest a")).to_be_visible()


def test_one_tag_asks_and_shows_the_cited_answer(page: Page, site: Site, url: str) -> None:
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.show(url))
    ask(page, QUESTION)
    body = page.locator("ea-ask .body")
    expect(body.locator(".claims p").first).to_contain_text("nine in the morning")
    expect(body.locator(".support").first).to_contain_text("% supported")
    expect(body.locator("blockquote").first).to_contain_text("The garden opens at nine in the morning")
    mark = body.get_by_role("button", name="Source 1").first
    mark.click()
    focused = "document.querySelector('ea-ask').shadowRoot.activeElement.id"
    assert page.evaluate(focused) == "source-1"
    assert complaints == []
    assert {one.split("/")[2] for one in asked} <= {url.split("/")[2], site.origin.split("/")[2]}
    answer = body.get_by_role("link", name="The whole answer").get_attribute("href")
    assert answer and answer.startswith(f"{url}/embed/asks/")
    with page.context.expect_page() as opened:
        body.get_by_role("link", name="The whole answer").click()
    shown = opened.value
    expect(shown.locator("#source-1")).to_contain_text("The garden opens at nine")
    shown.locator("a.cite").first.click()
    assert shown.url.endswith("#source-1")
    assert page.context.cookies(url) == []


def test_what_the_documents_do_not_say_is_said(page: Page, site: Site, url: str) -> None:
    page.goto(site.show(url))
    ask(page, "Kto jest prezydentem Francji?")
    expect(page.get_by_role("status")).to_have_text("The documents don’t say.")
    ask(page, "What is the zebrafish salary of the director?")
    assert "912,345" not in page.locator("ea-ask .body").inner_text()


def test_it_speaks_the_pages_language_and_has_its_colours(page: Page, site: Site, url: str) -> None:
    head = '<meta name="color-scheme" content="dark">'
    page.goto(site.show(url, attributes='lang="ar" dir="rtl"', head=head))
    box = page.locator("ea-ask input")
    expect(page.get_by_role("button", name="اسأل")).to_be_visible()
    assert box.evaluate("one => getComputedStyle(one).direction") == "rtl"
    colours = "one => [getComputedStyle(one).color, getComputedStyle(document.body).color]"
    assert len(set(box.evaluate(colours))) == 1
    page.goto(
        site.show(url, element='<div lang="de"><ea-ask label="Frag uns" placeholder="Wann?"></ea-ask></div>')
    )
    expect(page.get_by_label("Frag uns")).to_have_attribute("placeholder", "Wann?")
    expect(page.get_by_role("button", name="Fragen")).to_be_visible()


def test_nothing_is_wrong_for_those_who_do_not_see_it(page: Page, site: Site, url: str) -> None:
    page.set_viewport_size({"width": NARROW["width"], "height": NARROW["height"]})
    page.goto(site.show(url))
    ask(page, QUESTION)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [one["id"] for one in found["violations"]] == []


def test_a_site_that_is_not_listed_gets_nothing(page: Page, url: str) -> None:
    stranger = Site()
    try:
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.goto(stranger.show(url))
        expect(page.get_by_role("link", name="Ask the documents")).to_be_visible()  # what stands inside it
        assert page.evaluate("customElements.get('ea-ask') === undefined")
        send = "url => fetch(url, {method: 'POST', body: '{\"text\": \"x\"}'}).then(() => 1, () => 0)"
        assert page.evaluate(send, f"{url}/embed/asks") == 0
        assert any("CORS" in one for one in complaints)
    finally:
        stranger.server.shutdown()
        stranger.server.server_close()


def sent(url: str, origin: str | None, text: str = QUESTION, **headers: str) -> httpx.Response:
    given = {**({"origin": origin} if origin else {}), **headers}
    return httpx.post(f"{url}/embed/asks", json={"text": text}, headers=given, timeout=60, trust_env=False)


def test_cors_is_for_listed_sites_and_for_the_box_alone(url: str, site: Site) -> None:
    ways = {"access-control-request-method": "POST", "access-control-request-headers": "content-type"}
    reply = httpx.options(f"{url}/embed/asks", headers={"origin": site.origin, **ways})
    assert reply.status_code == 204 and reply.headers["access-control-allow-origin"] == site.origin
    assert "access-control-allow-credentials" not in reply.headers
    for origin in ("http://evil.example", "null", site.origin.upper(), f"{site.origin}.evil.example", "*"):
        reply = httpx.options(f"{url}/embed/asks", headers={"origin": origin, **ways})
        assert reply.status_code == 405 and "access-control-allow-origin" not in reply.headers
        assert sent(url, origin).status_code == 403
        reply = httpx.get(f"{url}/embed/ask.js", headers={"origin": origin})
        assert "access-control-allow-origin" not in reply.headers
    for path in ("/api/status", "/api/search", "/", "/asks", "/login"):
        for method in ("GET", "POST", "OPTIONS"):
            reply = httpx.request(method, f"{url}{path}", headers={"origin": site.origin})
            assert "access-control-allow-origin" not in reply.headers, path
            assert method != "POST" or reply.status_code == 403, path


def test_who_asks_there_is_nobody_whatever_they_send(url: str, site: Site, engine: Engine) -> None:
    secret = "What is the zebrafish salary of the director?"
    for headers in ({}, {"authorization": f"Bearer {OWNER_TOKEN}"}, {"cookie": "everask_session=x"}):
        reply = sent(url, site.origin, secret, **headers)
        assert reply.status_code == 200 and "912,345" not in reply.text and "salaries" not in reply.text
    reply = sent(url, site.origin)
    assert "nine in the morning" in reply.text and "event: draft" not in reply.text
    (identifier,) = set(re.findall(r'"id":"([\w-]+)"', reply.text))
    owner = {"authorization": f"Bearer {OWNER_TOKEN}"}
    assert httpx.get(f"{url}/api/asks/{identifier}", headers=owner).status_code == 404
    assert httpx.get(f"{url}/api/asks", headers=owner).json()["asks"] == []
    assert "nine in the morning" in httpx.get(f"{url}/embed/asks/{identifier}").text
    garden = engine.find_document("garden")
    engine.set_groups(garden.id, ["board"])  # taken back: it holds at the next request
    try:
        assert httpx.get(f"{url}/embed/asks/{identifier}").status_code == 404
        assert "nine in the morning" not in sent(url, site.origin).text
    finally:
        engine.set_groups(garden.id, [])


def test_groups_that_are_named_are_read_and_too_many_questions_wait(engine: Engine, site: Site) -> None:
    before = engine.settings
    embed = EmbedSettings(sites=(site.origin,), groups=("board",), asks_per_minute=2)
    engine.settings = dataclasses.replace(before, embed=embed)
    try:
        with running(engine, ServeSettings(token=OWNER_TOKEN)) as url:
            text = "What is the zebrafish salary of the director?"
            assert "912,345" in sent(url, site.origin, text).text
            assert sent(url, site.origin, "?").status_code in (200, 400)
            reply = sent(url, site.origin)
            assert reply.status_code == 429 and int(reply.headers["retry-after"]) <= 60
            assert reply.headers["access-control-allow-origin"] == site.origin
    finally:
        engine.settings = before


def test_where_no_site_is_listed_there_is_nothing(url: str, engine: Engine, site: Site) -> None:
    before = engine.settings
    engine.settings = dataclasses.replace(before, embed=EmbedSettings())
    try:
        with running(engine, ServeSettings(token=OWNER_TOKEN)) as address:
            assert sent(address, None).status_code == 404
            assert sent(address, site.origin).status_code == 403
            for path in ("ask.js", "words/de", "asks/x"):
                assert httpx.get(f"{address}/embed/{path}").status_code == 404
    finally:
        engine.settings = before


@pytest.mark.parametrize(
    "site", ["help.example.org", "https://help.example.org/", "*", "https://a@b/c", "null"]
)
def test_only_origins_can_be_listed(site: str) -> None:
    with pytest.raises(SettingsError, match=r"embed\.sites"):
        EmbedSettings(sites=(site,))
