"""Library, search and document in a real browser: sync, retry, removal, facets, likeness, outline, keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from everask.pipeline import Engine, watching
from everask.settings import ServeSettings, Settings

from .browsing import CHROMIUM, NARROW, Opener, fits
from .conftest import quiet_models, running
from .test_screens import faults

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="dev/install_browser.py installs Chromium"
)
MANUAL = "# Pump {0}\n\nHow the pump works.\n\n## Start\n\nThe pump starts after {0} seconds.\n\n"
MANUAL += "## Stop\n\nPull it.\n"
LEASE = "The tenant of the mill pays the rent for the pump on the first of every month, in advance, by bank."
ARABIC = "المضخة\n\nتعمل المضخة في القبو منذ عشرين عاما بلا توقف، ومفتاحها معلق بجانب الباب.\n"
WAIT = 30_000


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    texts = {f"manuals/pump {number}.md": MANUAL.format(number) for number in range(10, 14)}
    texts |= {f"leases/mill {name}.txt": LEASE for name in "abc"}
    texts |= {
        "letters/keller.txt": "Die Pumpe im Keller läuft seit dem Umbau des Hauses ohne Pause.",
        "letters/qabu.txt": ARABIC,
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<<")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, pile: Path) -> Iterator[str]:
    data = tmp_path_factory.mktemp("data")
    with Engine(Settings(data, models=quiet_models(data / "models"))) as engine:
        engine.add([pile])
        with running(engine, ServeSettings()) as url:
            yield url


def sound(page: Page) -> None:
    assert faults(page) == [] and fits(page)


def test_search_narrows_folds_and_finds_alike(open_page: Opener, home: str) -> None:
    page = open_page("/search?question=pump", home=home)
    copies = page.locator(".copies summary", has_text="2 near-copies")
    expect(copies).to_have_count(1)
    copies.click()
    page.locator(".facet summary", has_text="Folder").click()
    expect(page.locator(".facet[open] li")).to_contain_text(["manuals", "leases"])
    sound(page)
    page.locator(".facet[open] a", has_text="manuals").click()
    expect(page.locator(".facets .chosen")).to_contain_text("manuals")
    expect(page.locator(".hits .title").first).to_contain_text("Pump")
    page.locator(".facets .chosen").click()
    page.wait_for_url("**/search?question=pump")
    page.locator(".like").first.click()
    expect(page.locator(".likeness blockquote")).to_be_visible()
    expect(page.locator(".hits li").first).to_be_visible()
    sound(page)
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page.locator(".hits .title").nth(1)).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("o")
    expect(page.locator(".pane .text")).to_be_visible()


@pytest.mark.parametrize("look", [{"size": NARROW}, {"language": "ar"}, {"dark": True}])
def test_screens_are_sound(open_page: Opener, home: str, look: dict[str, object]) -> None:
    page = open_page("/search?question=pump", home=home, **look)
    sound(page)
    page.locator(".hits .title").first.evaluate("node => window.location.assign(node.href)")
    page.wait_for_url("**/documents/**")
    page.locator(".document-about summary").first.click()
    sound(page)
    page.goto(f"{home}/documents")
    sound(page)


def test_without_scripts_all_can_be_read(open_page: Opener, home: str) -> None:
    page = open_page("/search?question=pump", home=home, scripts=False)
    page.locator(".facet summary", has_text="Folder").click()
    page.locator(".facet[open] a", has_text="manuals").click()
    page.locator(".hits .title").first.click()
    page.wait_for_url("**/documents/**")
    page.goto(f"{home}/search?question=starts")
    page.locator(".hits .title").first.click()
    page.locator(".outline summary").click()
    page.locator(".outline a", has_text="Stop").click()
    expect(page.locator(".text mark")).to_contain_text("Stop")
    page.goto(f"{home}/search?question=rent")
    page.locator(".hits .title").first.click()
    page.locator(".versions summary").click()
    expect(page.locator(".versions li")).to_have_count(2)


def test_a_folder_in_sync_a_retry_and_a_removal(
    open_page: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "REST", 0)
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "gate.txt").write_text("The gate opens at nine.", "utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<<")
    data = tmp_path / "data"
    with Engine(Settings(data, models=quiet_models(data))) as engine, running(engine, ServeSettings()) as url:
        page = open_page("/documents", home=url)
        page.fill("input[name=place]", str(folder))
        page.locator(".place-form button").click()
        expect(page.locator(".list a", has_text="gate")).to_be_visible(timeout=WAIT)
        (folder / "well.txt").write_text("The well is 31 metres deep.", "utf-8")
        expect(page.locator(".list a", has_text="well")).to_be_visible(timeout=WAIT)
        sound(page)
        page.get_by_role("button", name="Pause").click()
        expect(page.locator(".place-state")).to_contain_text("paused")
        (folder / "broken.pdf").write_text("It is whole now.", "utf-8")
        page.locator("#failed button").click()
        expect(page.locator("#failed")).to_have_count(0, timeout=WAIT)
        page.locator(".places summary").click()
        page.locator(".places .danger").click()
        expect(page.locator(".list")).to_have_count(0)
        page.close()
    assert (folder / "gate.txt").exists()
