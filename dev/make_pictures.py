"""The pictures of the tour: docs/images/*.png, taken in headless Chromium over the examples.

python dev/make_pictures.py DATA [NAME...] where DATA is a data folder with the examples in it. It is copied,
so that votes and people of the pictures stay out of it. What people did is made up (no figure of a picture is
a measurement); the answers are real.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from everask.index.accounts import Accounts, Change
from everask.index.credentials import Credentials
from everask.index.events import append
from everask.index.learned import Learned, Lineage, put_learned
from everask.pipeline import Engine
from everask.serve.http import create_app
from everask.settings import ServeSettings, load_settings
from everask.types import Event

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs/images"
sys.path.insert(0, str(ROOT))
WIDE, SMALL = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
HIGH = {"width": 1280, "height": 1180}
PASSWORD = "three quiet rivers"
ROWS = [
    {"label": "all", "num_questions": 96, "before": 0.612, "after": 0.668, "low": 0.021, "high": 0.094},
    {"label": "asked", "num_questions": 64, "before": 0.598, "after": 0.671, "low": 0.026, "high": 0.123},
    {"label": "de", "num_questions": 31, "before": 0.634, "after": 0.652, "low": -0.022, "high": 0.061},
]
SAVED = (
    ("Who elects the Project Leader?", "The Project Leader is elected by the Developers."),
    ("What does a train to Berlin cost?", ""),
)
READY = """() => [...document.images].every((one) => one.complete && one.naturalWidth > 0)
  && [...document.querySelectorAll("svg image")].every((one) => performance.getEntriesByType("resource")
    .some((entry) => entry.name.endsWith(one.getAttribute("href")) && entry.responseEnd > 0))"""


@contextlib.contextmanager
def running(engine: Engine) -> Iterator[str]:
    """A server; gives its address."""
    config = uvicorn.Config(create_app(engine, ServeSettings()), host="127.0.0.1", port=0, log_level="error")
    server = uvicorn.Server(config)
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True


def live_there(engine: Engine) -> None:
    """People with groups and tokens, and what they did."""
    accounts, keys = Accounts(engine.store.database), Credentials(engine.store.database)
    accounts.add("ada", "admin", [], PASSWORD)
    anna = accounts.add("anna", "member", ["legal", "staff"], PASSWORD)
    accounts.add("bao", "member", ["staff"], PASSWORD)
    accounts.change("bao", Change(active=False))
    keys.create_token(anna, "laptop", 90)
    keys.create_token(accounts.find("ada"), "nightly report", 30)
    engine.set_groups(str(ROOT / "examples/documents/legal"), ["legal"])


def learn_there(engine: Engine) -> None:
    """Votes, and two trainings that were compared."""
    documents = [one for one in engine.documents() if one.language in ("en", "de")][:40]
    for number, one in enumerate(documents):
        question = f"What does {one.title or one.name} say of part {number % 7}?"
        kind = "corrected" if number % 5 == 0 else "voted"
        value = None if kind == "corrected" else 1.0
        user = None if number % 3 else 2
        place = (question, None, one.id, 0, min(one.size, 400), value)
        append(engine.store.database, Event(kind, time.time(), user, "", *place))  # type: ignore[arg-type]
    now = time.time()
    lineage = Lineage(frozenset(range(1, 31)), frozenset(one.id for one in documents), frozenset({2}))
    card = {"why": "It is better.", "p": 0.004, "rows": ROWS, "weights": {}}
    worse = {**card, "why": "The difference of 0.004 may be chance (p = 0.31).", "p": 0.31}
    with engine.store.database.writing() as connection:
        put_learned(connection, Learned("ranker-1", "ranker", now - 9e5, "refused", card=worse), lineage)
        put_learned(connection, Learned("ranker-2", "ranker", now - 3e5, "undone", card=card), lineage)


class Camera:
    """One browser; a fresh page for each picture."""

    def __init__(self, browser: Browser, home: str, names: set[str]) -> None:
        self.browser, self.home, self.names = browser, home, names

    def take(
        self,
        name: str,
        path: str,
        act: Callable[[Page], None] | None = None,
        *,
        size: dict[str, int] = WIDE,
        dark: bool = False,
        language: str = "en",
        who: str = "",
    ) -> None:
        """One picture, once every image on the page is there."""
        if self.names and name not in self.names:
            return
        context = self.browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            color_scheme="dark" if dark else "light",
            locale=language,
        )
        page = context.new_page()
        if who:
            page.goto(f"{self.home}/login")
            page.fill("#name", who)
            page.fill("#password", PASSWORD)
            page.click("form.login button.main")
            page.wait_for_url(f"{self.home}/")
        page.goto(self.home + path)
        if act:
            act(page)
        with contextlib.suppress(PlaywrightTimeout):  # what is told without waiting may stay open
            page.wait_for_load_state("networkidle", timeout=5_000)
        page.wait_for_function(READY, timeout=60_000)
        page.wait_for_timeout(600)
        target = IMAGES / f"{name}.png"
        page.screenshot(path=str(target))
        context.close()
        with Image.open(target) as image:
            few = image.convert("RGB").quantize(256, method=Image.Quantize.MEDIANCUT)
        few.save(target, optimize=True)
        print(name, target.stat().st_size)


def asking(question: str) -> Callable[[Page], None]:
    """Ask it, and wait for the whole answer with its source beside it."""

    def act(page: Page) -> None:
        page.fill("#question", question)
        page.keyboard.press("Enter")
        page.wait_for_url("**/asks/*")
        page.wait_for_selector(".made", timeout=400_000)

    return act


def opening(*selectors: str) -> Callable[[Page], None]:
    """Open what folds."""

    def act(page: Page) -> None:
        for one in selectors:
            page.locator(one).first.click()

    return act


def showing(selector: str, *open_before: str) -> Callable[[Page], None]:
    """Open what folds, and have one place in the middle."""

    def act(page: Page) -> None:
        opening(*open_before)(page)
        page.locator(selector).first.evaluate("(one) => one.scrollIntoView({ block: 'center' })")

    return act


def measuring(page: Page) -> None:
    """Save two questions, and measure twice: a history has two points at least."""
    for question, words in SAVED:
        page.fill("form[action='/saved'] [name=question]", question)
        page.fill("form[action='/saved'] [name=words]", words)
        page.locator("form[action='/saved'] button").click()
    for _ in range(2):
        page.locator(".measure button.main").click()
        page.wait_for_selector(".measure progress")
        page.wait_for_selector(".measure button.main", timeout=400_000)


def take_all(camera: Camera, engine: Engine) -> None:
    """Those without people first."""
    hatter = "Why is the Mad Hatter always at tea time?"
    camera.take("answer", "/", asking(hatter))
    camera.take("answer-dark", "/", asking(hatter), dark=True)
    camera.take("answer-small", "/", asking("Who elects the Project Leader?"), size=SMALL)
    camera.take("right-to-left", "/", asking("كيف تنظم أوميجاتي أعمال الترجمة؟"), language="ar")
    camera.take("not-said", "/", asking("How many parking spaces does the hotel in Lisbon have?"))
    camera.take("ask", "/")
    camera.take("ask-arabic", "/", language="ar")
    camera.take("search", "/search?question=sort+a+table+by+two+columns")
    sentence = '[id="answer.max_sentences"]'
    camera.take(
        "settings", "/settings", showing(sentence, 'summary:has-text("[answer]")', f"{sentence} summary")
    )
    asked = {"question": "How do I undo a change in the text?", "words": "White Rabbit with pink eyes"}
    camera.take("why", f"/why?{urlencode(asked)}", size=HIGH)
    camera.take("quality", "/quality", measuring, size=HIGH)
    live_there(engine)
    learn_there(engine)
    camera.take("learning", "/learning", who="ada", size=HIGH)
    camera.take("library", "/documents", showing(".for"), who="ada")
    camera.take(
        "people", "/people", opening("#user-2 summary"), who="ada", size={"width": 1280, "height": 1000}
    )
    camera.take("account", "/account", who="anna")


def main() -> None:
    """All pictures, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    from tests.serve.browsing import ARGUMENTS, CHROMIUM

    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(given.data, Path(folder) / "data")
        with (
            Engine(load_settings(Path(folder) / "data")) as engine,
            running(engine) as home,
            sync_playwright() as play,
        ):
            browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            take_all(Camera(browser, home, set(given.names)), engine)
            browser.close()


if __name__ == "__main__":
    main()
