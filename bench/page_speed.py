"""How fast the pages are, in a real browser on loopback: first paint, and from asking to the first quote.

    python bench/page_speed.py [--num 12]

Serves the examples with the encoder and without a language model (quotes come before its first word) from a
process of its own, and opens pages in headless Chromium, each time in a new context: nothing is in the
browser's cache. A question is asked some time after the page came, for people type; and at once, while the
browser still takes both cores to get ready for its next page. All once while vectors are made in the
background, once when they are there. Counts what a page asks for, and that it is all of this origin. Writes
its table into docs/benchmarks.md.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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
SETTLE_SECONDS = 5.0
"""Until the models are read, after the start."""
TYPING_MS = 1500
"""Nobody writes a question in less."""
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
    while not (shown := float(page.evaluate(PAINT))):
        page.wait_for_timeout(5)
    context.close()
    return shown, len(asked), sum(not one.startswith(HOME) for one in asked)


def first_quote(browser: Browser, question: str, typing_ms: int) -> float:
    """Milliseconds from pressing Enter to the first quote on the screen."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(HOME)
    page.fill("#question", question)
    page.wait_for_timeout(typing_ms)
    started = time.perf_counter()
    page.keyboard.press("Enter")
    page.wait_for_selector(QUOTE, state="visible", timeout=60_000)
    taken = 1000 * (time.perf_counter() - started)
    context.close()
    return taken


def measure(num: int) -> tuple[dict[str, list[float]], int, int]:
    """Milliseconds by what was timed; the most requests that a page made, and how many left the origin."""
    lines = (EXAMPLES / "questions.jsonl").read_text("utf-8").splitlines()
    questions = [str(json.loads(line)["text"]) for line in lines][: num + 1]
    found: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        requests = foreign = 0
        for name, path in SCREENS.items():
            seen = [paint(browser, path) for _ in range(num + 1)][1:]
            found[f"{name}: first paint"] = [one[0] for one in seen]
            requests, foreign = max(requests, seen[0][1]), foreign + sum(one[2] for one in seen)
        for name, typing_ms in (("", TYPING_MS), (", asked at once", 0)):
            first_quote(browser, questions[0], typing_ms)
            quoted = [first_quote(browser, one, typing_ms) for one in questions[1:]]
            found[f"from Enter to the first quote{name}"] = quoted
        browser.close()
    return found, requests, foreign


def wait_for(holds: Callable[[], bool], seconds: float) -> float:
    """Seconds until it held. SystemExit where it never did."""
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        with suppress(httpx.TransportError):
            if holds():
                return time.perf_counter() - started
        time.sleep(0.02)
    raise SystemExit("The server does not answer.")


def is_encoded() -> bool:
    """Whether all passages have their vectors."""
    time.sleep(1)
    return int(httpx.get(f"{HOME}/api/status", trust_env=False).json()["pending"]) == 0


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num", type=int, default=12)
    num = parser.parse_args().num
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)):
        started = wait_for(lambda: httpx.get(f"{HOME}/healthz", trust_env=False).is_success, 60)
        time.sleep(SETTLE_SECONDS)
        busy, _, _ = measure(num)
        wait_for(is_encoded, 600)
        rest, requests, foreign = measure(num)
    table = [
        f"| on loopback, {num} times each | median, s | worst, s | while vectors are made: median | worst |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, values in rest.items():
        cells = (statistics.median(values), max(values), statistics.median(busy[name]), max(busy[name]))
        table.append(f"| {name} | {' | '.join(f'{one / 1000:.2f}' for one in cells)} |")
    table += ["", f"A page makes at most {requests} requests; {foreign} of all left the origin."]
    table[-1] += f" The server listened {started:.1f} s after its start."
    report = dated(f"python bench/page_speed.py --num {num}", "\n".join(table))
    write_between(BEGIN, END, report, heading="## Speed of the pages")


if __name__ == "__main__":
    main()
