"""How fast the pages are, in a real browser on loopback: first paint, and from asking to the first quote.

    python bench/page_speed.py [--num 12]

Serves the examples with the encoder and without a language model (quotes come before its first word) from a
process of its own, and opens pages in headless Chromium, each time in a new context: nothing is in the
browser's cache. Counts what a page asks for, and that it is all of this origin. Writes its table into
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from marked_page import dated, write_between
from playwright.sync_api import Browser, sync_playwright

BEGIN, END = "<!-- page_speed:begin -->", "<!-- page_speed:end -->"
EXAMPLES = Path(__file__).parents[1] / "examples"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PORT = 8477
HOME = f"http://127.0.0.1:{PORT}"
SCREENS = {"Ask": "/", "Search": "/search?question=golden+key", "Library": "/documents"}
PAINT = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
QUOTE = ".found blockquote, .claim blockquote, .claim .sentence, .silent .quotes blockquote"


@contextmanager
def serving(data: Path) -> Iterator[None]:
    """The examples behind a server."""
    run = [sys.executable, "-m", "everask"]
    subprocess.run([*run, "add", str(EXAMPLES / "documents"), "--data", str(data)], check=True)
    environment = {**os.environ, "EVERASK_MODELS_GENERATOR": "none"}
    command = [*run, "serve", "--port", str(PORT), "--data", str(data)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            yield
        finally:
            server.terminate()


def paint(browser: Browser, path: str) -> tuple[float, int, int]:
    """Milliseconds to the first paint of a page, how many requests it made, and how many left its origin."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(HOME + path)
    page.wait_for_function(f"({PAINT}) > 0")
    shown = float(page.evaluate(PAINT))
    context.close()
    return shown, len(asked), sum(not one.startswith(HOME) for one in asked)


def first_quote(browser: Browser, question: str) -> float:
    """Milliseconds from pressing Enter to the first quote on the screen."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(HOME)
    page.fill("#question", question)
    started = time.perf_counter()
    page.keyboard.press("Enter")
    page.wait_for_selector(QUOTE, state="visible", timeout=60_000)
    taken = 1000 * (time.perf_counter() - started)
    context.close()
    return taken


def row(name: str, values: list[float]) -> str:
    """A row of the table: the median and the worst, in seconds."""
    return f"| {name} | {statistics.median(values) / 1000:.2f} | {max(values) / 1000:.2f} |"


def measure(num: int) -> list[str]:
    """The table's lines."""
    lines = (EXAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
    questions = [str(json.loads(line)["text"]) for line in lines][: num + 1]
    table = [f"| on loopback, {num} times each | median, s | worst, s |", "|---|---|---|"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        requests = foreign = 0
        for name, path in SCREENS.items():
            seen = [paint(browser, path) for _ in range(num + 1)][1:]
            table.append(row(f"{name}: first paint", [one[0] for one in seen]))
            requests, foreign = max(requests, seen[0][1]), foreign + sum(one[2] for one in seen)
        first_quote(browser, questions[0])  # loads the encoder
        table.append(
            row("from Enter to the first quote", [first_quote(browser, one) for one in questions[1:]])
        )
        browser.close()
    return [*table, "", f"A page makes at most {requests} requests; {foreign} of all left the origin."]


def wait_for_server() -> None:
    """Until it answers."""
    for _ in range(600):
        try:
            if httpx.get(f"{HOME}/healthz", trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise SystemExit("The server did not start.")


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num", type=int, default=12)
    num = parser.parse_args().num
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)):
        wait_for_server()
        lines = measure(num)
    report = dated(f"python bench/page_speed.py --num {num}", "\n".join(lines))
    write_between(BEGIN, END, report, heading="## Speed of the pages")


if __name__ == "__main__":
    main()
