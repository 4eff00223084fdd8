"""Every screen in a real browser: axe, small, dark, right to left, without scripts; votes, keys, export."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .browsing import CHROMIUM, NARROW, WIDE, Opener, ask, fits

AXE = (Path(__file__).parent / "vendor/axe.min.js").read_text("utf-8")
QUESTION = "Who elects the Project Leader?"
NONSENSE = "qqxzv zzyzx wubblefrotz?"
SCREENS = (
    "/",
    "/search?question=key",
    "/documents",
    "/why",
    "/quality",
    "/learning",
    "/settings",
    "/people",
    "/account",
)
LOOKS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"dark": True},
    "arabic": {"language": "ar"},
    "small": {"size": NARROW},
}
pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="dev/install_browser.py installs Chromium"
)


def faults(page: Page) -> list[str]:
    """What axe finds that is serious or critical."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [
        f"{one['id']} {node['html'][:120]}"
        for one in found
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"][:3]
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_every_screen_passes_axe_and_fits(open_page: Opener, look: str) -> None:
    page = open_page("/", **LOOKS[look])
    home = page.url.rstrip("/")
    assert faults(page) == []
    for question in (QUESTION, NONSENSE):
        ask(page, question)
        page.wait_for_timeout(400)  # sentences fade in
        assert faults(page) == [], question
        assert fits(page)
        page.goto(home)
    for path in SCREENS:
        page.request.get(home + path)
        if page.request.get(home + path, headers={"accept": "text/html"}).ok:
            page.goto(home + path)
            assert faults(page) == [], path
            assert fits(page), path


def test_a_document_passes_axe(open_page: Opener, client: Any) -> None:
    page = open_page("/")
    for one in client.get("/api/documents").json()["documents"]:
        page.goto(page.url.partition("/documents")[0].rstrip("/") + one["url"])
        assert faults(page) == [], one["document"]
        assert page.locator("html").get_attribute("lang") == "en"


def test_the_pages_speak_the_readers_language(open_page: Opener) -> None:
    page = open_page("/", language="ar")
    assert page.locator("html").get_attribute("dir") == "rtl"
    expect(page.locator("h1")).not_to_contain_text("documents")
    page.locator(".languages button", has_text="Deutsch").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    page.locator(".top a", has_text="Suchen").click()
    expect(page.locator("html")).to_have_attribute("lang", "de")


def test_votes_without_leaving_the_page(open_page: Opener) -> None:
    page = open_page("/")
    ask(page, QUESTION)
    right = page.locator(".claim .votes button").first
    right.click()
    expect(page.locator(".toast")).to_be_visible()
    expect(page.locator(".claim .votes button").first).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator(".claim .votes button").first).to_have_attribute("aria-pressed", "true")
    page.locator(".claim .votes button").first.click()
    expect(page.locator(".claim .votes button").first).to_have_attribute("aria-pressed", "false")


def test_the_right_words_are_selected_in_the_source(open_page: Opener) -> None:
    page = open_page("/")
    ask(page, QUESTION)
    expect(page.locator(".pane mark").first).to_be_visible()
    page.evaluate("""() => {
      const range = document.createRange();
      range.selectNodeContents(document.querySelector(".pane mark"));
      document.getSelection().removeAllRanges();
      document.getSelection().addRange(range);
    }""")
    page.locator(".pane-foot button").click()
    expect(page.locator(".claim .said")).to_contain_text("Project Leader")
    page.locator(".claim .said button").click()
    expect(page.locator(".claim .said")).to_have_count(0)


def test_voting_without_scripts(open_page: Opener) -> None:
    page = open_page("/", scripts=False)
    page.fill("#question", QUESTION)
    page.click("button.main")
    page.wait_for_selector(".claim .votes")
    page.locator(".claim .votes button").nth(1).click()
    expect(page.locator('.claim .votes [aria-pressed="true"]')).to_contain_text("Wrong")
    page.locator(".claim .more summary").first.click()
    page.locator(".claim .more textarea").first.fill("It is the developers.")
    page.locator(".claim .more button").first.click()
    expect(page.locator(".claim .said")).to_contain_text("It is the developers.")
    page.locator(".claim .said button").click()
    page.locator('.claim .votes [aria-pressed="true"]').click()
    expect(page.locator('.claim .votes [aria-pressed="true"]')).to_have_count(0)


def test_keys_alone(open_page: Opener) -> None:
    page = open_page("/")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator(".made")).to_be_visible()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(page.locator("#sentence-1")).to_be_focused()
    page.keyboard.press("y")
    expect(page.locator(".toast")).to_contain_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "Project Leader" in copied
    assert "debian-constitution" in copied or "Constitution" in copied
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.locator("#sentence-1")).to_be_focused()
    page.keyboard.press("o")
    expect(page.locator(".pane")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".pane")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator(".keys")).to_be_visible()
    assert faults(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#question")).to_be_focused()
    page.keyboard.type("j?")
    expect(page.locator("#question")).to_have_value("j?")


def test_limits_hold_and_are_shown(open_page: Opener) -> None:
    page = open_page("/", size=WIDE)
    page.select_option("select[name=folder]", "legal")
    page.locator(".dates summary").click()
    page.fill("input[name=before]", "1990-01-01")
    ask(page, QUESTION)
    expect(page.locator(".limits").first).to_contain_text("legal")
    expect(page.locator(".silent h2")).to_be_visible()


def test_earlier_questions_are_found_by_typing(open_page: Opener) -> None:
    page = open_page("/")
    ask(page, QUESTION)
    page.goto("/".join(page.url.split("/")[:3]))
    page.fill("#question", "project lead")
    expect(page.locator(".lately .fits").first).to_contain_text(QUESTION)
    page.fill("#question", "nothing like it")
    expect(page.locator(".lately")).to_be_hidden()


def test_print_shows_the_answer_alone(open_page: Opener) -> None:
    page = open_page("/")
    ask(page, QUESTION)
    page.emulate_media(media="print")
    for hidden in (".top", ".foot", ".pane", ".tools", ".keep"):
        expect(page.locator(hidden).first).to_be_hidden()
    expect(page.locator(".claim").first).to_be_visible()


def test_only_the_own_origin_may_be_asked(client: Any) -> None:
    policy = client.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    sources = re.findall(r"(\S+)-src ([^;]+)", policy)
    assert {value for _, value in sources} <= {"'none'", "'self'"}
