"""A real browser for the tests: pages that may ask no other host, and may complain of nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1360, "height": 860}
NARROW = {"width": 360, "height": 740}
Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a file of tests: as long as it runs, its loop lets no other begin in this thread."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser, url: str) -> Iterator[Opener]:
    """Opens a page of the server; at the end, no page may have complained or asked another host."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def watch(page: Page, home: str) -> None:
        def on_console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                complaints.append(message.text)

        def on_request(request: Request) -> None:
            if not request.url.startswith(home):
                complaints.append(f"foreign request: {request.url}")

        page.on("console", on_console)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on("request", on_request)

    def open_one(
        path: str,
        *,
        size: dict[str, int] = WIDE,
        scripts: bool = True,
        dark: bool = False,
        language: str = "en-GB",
        home: str = url,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            java_script_enabled=scripts,
            color_scheme="dark" if dark else "light",
            locale=language,
        )
        contexts.append(context)
        page = context.new_page()
        watch(page, home)
        page.goto(home + path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert complaints == []


def ask(page: Page, question: str) -> None:
    """Ask as a person does, and wait for the whole answer."""
    page.fill("#question", question)
    page.keyboard.press("Enter")
    page.wait_for_url("**/asks/*")
    expect(page.locator(".made")).to_be_visible()


def fits(page: Page) -> bool:
    """Whether nothing is wider than the screen."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
