"""The pages in a real browser: asking, looking, keyboard, small screens, right to left, nothing foreign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from everask.pipeline import Engine
from everask.settings import ModelSettings, ServeSettings, Settings

from .browsing import CHROMIUM, NARROW, Opener, ask, fits
from .conftest import quiet_models, running
from .slow_model import SlowModel, slow_model

SECONDS = 20
QUESTION = "Who elects the Project Leader?"
ALICE = "golden key glass table"

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="dev/install_browser.py installs Chromium"
)


def test_ask_and_see_the_exact_place_beside_the_answer(open_page: Opener) -> None:
    page = open_page("/")
    expect(page.locator("#question")).to_be_focused()
    ask(page, QUESTION)
    expect(page.locator("h1")).to_have_text(QUESTION)
    expect(page.locator(".claim").first).to_be_visible()
    expect(page.locator(".pane mark").first).to_be_visible()
    page.locator(".cite").last.click()
    expect(page.locator(".pane")).to_be_focused()
    expect(page.locator(".cite.current").last).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".pane")).to_be_hidden()
    expect(page.locator(".cite").last).to_be_focused()


def test_the_permalink_is_the_same_with_and_without_scripts(open_page: Opener) -> None:
    page = open_page("/")
    ask(page, QUESTION)
    said = ".claim blockquote, .claim .sentence, .claim figcaption"
    claims = page.locator(said).all_inner_texts()
    path = "/asks/" + page.url.rpartition("/")[2]
    for scripts in (True, False):
        again = open_page(path, scripts=scripts)
        assert again.locator(said).all_inner_texts() == claims
    again.locator(".cite").first.click()
    expect(again.locator("mark").first).to_be_visible()
    assert "/documents/" in again.url


def test_asking_without_scripts(open_page: Opener) -> None:
    page = open_page("/", scripts=False)
    page.fill("#question", QUESTION)
    page.click("button.main")
    expect(page.locator(".claim").first).to_be_visible()


def test_silence_is_designed(open_page: Opener) -> None:
    page = open_page("/")
    ask(page, "qqxzv zzyzx wubblefrotz?")
    expect(page.locator(".silent h2")).to_have_text("Your documents don’t say.")


def test_a_page_of_a_pdf_is_shown_with_its_words_boxed(open_page: Opener) -> None:
    page = open_page("/search?question=" + ALICE.replace(" ", "+"))
    box = page.locator(".pane rect.box-mark").first
    expect(box).to_be_visible()
    loaded = "document.querySelector('.pane image').getBoundingClientRect().height > 100"
    page.wait_for_function(loaded)
    expect(box).to_be_in_viewport()
    page.locator(".pane a", has_text="Open the document").click()
    page.wait_for_url("**/documents/**")
    expect(page.locator("mark").first).to_be_in_viewport()


def test_an_address_that_ends_in_offsets_alone_marks_them(open_page: Opener, client: httpx.Client) -> None:
    hit = client.post("/api/search", json={"text": QUESTION}).json()["hits"][0]
    page = open_page(f"/documents/{hit['document_id']}#{hit['start']}-{hit['end']}")
    expect(page.locator("mark").first).to_be_in_viewport()
    assert " ".join(page.locator("mark").first.inner_text().split()) in " ".join(hit["text"].split())


def test_everything_can_be_reached_by_keyboard(open_page: Opener) -> None:
    page = open_page("/documents")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.outerHTML.slice(0, 60)"))
    for wanted in ('href="/"', 'href="/search"', 'type="file"', 'href="/documents/'):
        assert any(wanted in one for one in reached), wanted
    page.goto(page.url.removesuffix("documents"))
    page.locator(".brand").focus()
    page.keyboard.press("/")
    expect(page.locator("#question")).to_be_focused()


@pytest.mark.parametrize("dark", [False, True])
def test_small_screens(open_page: Opener, dark: bool, client: httpx.Client) -> None:
    page = open_page("/", size=NARROW, dark=dark)
    assert fits(page)
    ask(page, QUESTION)
    assert fits(page)
    expect(page.locator(".pane")).to_be_hidden()
    page.locator(".cite").first.click()
    expect(page.locator(".pane mark").first).to_be_in_viewport()
    assert fits(page)
    documents = client.get("/api/documents").json()["documents"]
    for path in ("/documents", "/search?question=key", *(one["url"] for one in documents)):
        page.goto("/".join(page.url.split("/")[:3]) + path)
        assert fits(page), path


def test_right_to_left(open_page: Opener) -> None:
    page = open_page("/")
    ask(page, "ما مدة ضمان مزود الطاقة؟")
    for selector in ("h1", ".claim blockquote"):
        assert page.locator(selector).first.evaluate("node => getComputedStyle(node).direction") == "rtl"
    assert page.locator(".claim blockquote").first.get_attribute("lang") == "ar"


def test_dark_and_light_are_readable(open_page: Opener) -> None:
    for dark in (False, True):
        page = open_page("/documents", dark=dark)
        for selector in ("h1", ".list td", ".pile", ".top a"):
            assert page.locator(selector).first.evaluate(CONTRAST) >= 4.5, (selector, dark)


# WCAG's contrast of a node's text with the page behind it.
CONTRAST = """node => {
  const channels = (color) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((value) => value / 255);
  };
  const light = (color) => channels(color).map((value) =>
    value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  ).reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const ink = light(getComputedStyle(node).color);
  const paper = light(getComputedStyle(document.documentElement).backgroundColor);
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
}"""


def test_names_and_texts_from_documents_run_nothing(open_page: Opener, client: httpx.Client) -> None:
    page = open_page("/documents")
    expect(page.locator(".list", has_text="onerror")).to_be_visible()
    page.get_by_role("link", name="alert(1)").first.click()
    expect(page.locator("h1")).to_contain_text("<script>alert(1)</script>")
    page.goto(page.url.partition("/documents")[0] + "/search?question=quokka")
    expect(page.locator(".pane mark").first).to_be_visible()


def test_upload_by_button_and_by_drop(browser: Browser, open_page: Opener, tmp_path: Path) -> None:
    data = tmp_path / "data"
    with (
        Engine(Settings(data, models=quiet_models(data))) as engine,
        running(engine, ServeSettings()) as address,
    ):
        page = open_page("/", home=address)
        expect(page.locator(".pile")).to_contain_text("nothing here yet")
        page.goto(f"{address}/documents")
        files = [tmp_path / "cellar.txt", tmp_path / "broken.pdf"]
        files[0].write_text("The cellar holds 31 barrels.\n")
        files[1].write_text("%PDF-1.7 and nothing else")
        page.set_input_files("input[type=file]", files)
        expect(page.locator(".progress .done")).to_contain_text("added")
        expect(page.locator(".progress .failed .note")).not_to_be_empty(timeout=30_000)
        expect(page.locator(".list a", has_text="cellar")).to_be_visible()
        expect(page.locator("#failed")).to_contain_text("broken.pdf")
        page.evaluate(DROP, ["attic.txt", "The attic holds 7 owls.\n"])
        expect(page.locator(".progress .done", has_text="attic.txt")).to_be_visible(timeout=30_000)
        page.locator(".list a", has_text="attic").click()
        page.locator("summary", has_text="Remove").click()
        page.get_by_role("button", name="Remove it").click()
        page.wait_for_url("**/documents")
        expect(page.locator(".list a", has_text="attic")).to_have_count(0)
        page.close()


DROP = """([name, text]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([text], name, { type: "text/plain" }));
  for (const kind of ["dragover", "drop"]) {
    const given = { dataTransfer: transfer, bubbles: true, cancelable: true };
    document.body.dispatchEvent(new DragEvent(kind, given));
  }
}"""


@pytest.fixture(scope="module")
def model() -> Iterator[SlowModel]:
    with slow_model() as server:
        yield server


def test_quotes_come_first_and_a_reload_goes_on(
    open_page: Opener, model: SlowModel, tmp_path: Path, folder: Path
) -> None:
    data = tmp_path / "data"
    models = ModelSettings(
        generator="none", pull=False, folder=str(data), remote_url=model.url, remote_model="slow"
    )
    with Engine(Settings(data, models=models)) as engine:
        engine.add([folder / "de"])
        with running(engine, ServeSettings()) as address:
            page = open_page("/", home=address)
            page.fill("#question", "Wie lange gilt die Garantie für das Netzteil?")
            page.keyboard.press("Enter")
            expect(page.locator(".found blockquote").first).to_contain_text("24 Monate")
            expect(page.locator(".stage")).to_contain_text("Writing")
            # The first sentence is shown, and spoken, as soon as it is checked.
            expect(page.locator(".claim .sentence")).to_contain_text("24 Monate")
            expect(page.locator("[aria-live]").first).to_contain_text("24 Monate")
            page.reload()
            expect(page.locator(".found blockquote").first).to_contain_text("24 Monate")
            expect(page.locator(".stage")).to_contain_text("Writing")
            assert not model.broken.is_set()
            page.goto(f"{address}/documents")
            assert model.broken.wait(5), "leaving the page stops the generation"
            page.close()


def test_logging_in(browser: Browser, open_page: Opener, filled: Engine) -> None:
    with running(filled, ServeSettings(token="a-long-token")) as address:
        page = open_page("/documents", home=address)
        expect(page.locator("h1")).to_have_text("Log in")
        page.fill("#token", "a-long-token")
        page.keyboard.press("Enter")
        page.wait_for_url("**/documents")
        expect(page.locator("h1")).to_have_text("Library")
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login")
        page.close()
