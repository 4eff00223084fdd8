"""Why-not, Quality and Settings: over HTTP and in a real browser, with and without scripts."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from everask.index.events import list_events
from everask.index.measurements import Figure, put_figures
from everask.index.saved import list_saved
from everask.pipeline import Engine
from everask.pipeline.quality import METRICS
from everask.settings import ServeSettings, Settings

from .browsing import CHROMIUM, NARROW, Opener, fits
from .conftest import quiet_models, running
from .test_screens import faults

WORDS = "The garage closes at nine in the evening"
QUESTION = "When does the garage close?"
TOKEN = "settings-canary-token"
needs_browser = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="dev/install_browser.py installs it")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An engine without models over documents of which some say much the same."""
    pile = tmp_path / "pile"
    pile.mkdir()
    (pile / "garage.txt").write_text(f"House rules\n\n{WORDS}, <b>always</b>.\n", "utf-8")
    for number in range(12):
        text = f"When does the garage number {number} close? The close garage does close at hour {number}."
        (pile / f"rival{number}.txt").write_text(text, "utf-8")
    data = tmp_path / "data"
    with Engine(Settings(data, models=quiet_models(data / "models"))) as opened:
        opened.add([pile])
        yield opened


@pytest.fixture
def url(engine: Engine) -> Iterator[str]:
    """The address of a server over it."""
    with running(engine, ServeSettings()) as address:
        yield address


@pytest.fixture
def client(url: str) -> Iterator[httpx.Client]:
    """A client of that server."""
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as opened:
        yield opened


def test_why_over_http_and_kept_as_an_example(client: httpx.Client, engine: Engine) -> None:
    body = {"question": QUESTION, "words": WORDS}
    why = client.post("/api/why", json=body).json()
    assert why["lost_at"] == "ranked" and why["document"] == "garage"
    assert why["steps"][-1]["figures"]["fused"] > 8 and why["steps"][-1]["state"] == "lost"
    form = {"question": QUESTION, "document": why["document_id"], "start": why["start"], "end": why["end"]}
    kept = client.post("/why/keep", data={**form, "save": "true"})
    assert kept.status_code == 303 and "kept=true" in kept.headers["location"]
    (event,) = list_events(engine.store.database, "why_not")
    assert (event.question, event.document_id, event.user) == (QUESTION, why["document_id"], None)
    (saved,) = list_saved(engine.store.database)
    assert (saved.start, saved.end) == (why["start"], why["end"]) and saved.passage is not None
    assert client.post("/api/why", json=body).json()["lost_at"] != "ranked"
    bad = client.post("/why/keep", data={**form, "end": 10**9})
    assert bad.status_code == 400
    assert client.post("/why/keep", data={**form, "document": "0" * 64}).status_code == 404


def test_the_answer_page_and_search_lead_there(client: httpx.Client) -> None:
    made = client.post("/api/ask", json={"text": QUESTION}).json()
    page = client.get("/why", params={"ask": made["id"]})
    assert page.status_code == 200 and QUESTION in page.text
    page = client.get("/why", params={"ask": made["id"], "document": "garage"})
    assert "Lost:" in page.text and "&lt;b&gt;" not in page.text
    assert client.get("/why", params={"ask": "unknown", "document": "garage"}).status_code == 404
    assert f"/why?ask={made['id']}" in client.get(f"/asks/{made['id']}").text
    assert "/why?question=" in client.get("/search", params={"question": QUESTION}).text


def test_saved_questions_and_measuring(client: httpx.Client, engine: Engine) -> None:
    made = client.post("/api/saved", json={"question": QUESTION, "words": WORDS})
    assert made.status_code == 201 and made.json()["start"] is not None
    none = client.post("/api/saved", json={"question": "What does a train cost?"})
    assert none.json()["document_id"] is None
    assert client.post("/api/saved", json={"question": "x", "document": "nothing"}).status_code == 404
    assert len(client.get("/api/saved").json()) == 2
    begun = client.post("/api/quality", json={"questions": 5, "minutes": 1})
    assert begun.status_code == 200
    for _ in range(300):
        state = client.get("/api/quality").json()
        if not state["running"]:
            break
        time.sleep(0.1)
    assert state["failure"] == "" and state["figures"]
    page = client.get("/quality").text
    assert "Fewer than 30 questions" in page and "<svg" in page and "style=" not in page
    assert client.delete(f"/api/saved/{made.json()['id']}").status_code == 204
    assert client.delete(f"/api/saved/{made.json()['id']}").status_code == 404
    assert client.post(f"/saved/{none.json()['id']}/remove").status_code == 303
    assert client.post("/saved", data={"question": QUESTION, "words": WORDS}).status_code == 303
    assert len(list_saved(engine.store.database)) == 1


def test_a_group_of_which_not_all_is_known(client: httpx.Client, engine: Engine) -> None:
    silent = Figure(1.0, "0.3.0", "own saved", "without", 0.5, 0.2, 0.8, 4)
    put_figures(engine.store.database, [silent])
    page = client.get("/quality")
    assert page.status_code == 200 and "saved questions" in page.text


def test_one_measuring_at_a_time(
    client: httpx.Client, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("everask.serve.measuring.measure_pile", lambda engine, budget, hear: time.sleep(1))
    assert client.post("/quality").status_code == 303
    refused = client.post("/api/quality", json={})
    assert refused.status_code == 429 and refused.headers["retry-after"]


def test_settings_hide_secrets(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERASK_SERVE_TOKEN", TOKEN)
    monkeypatch.setenv("EVERASK_SEARCH_NUM_TWINS", "30")
    secret = ServeSettings(token=TOKEN)
    settings = Settings(
        engine.settings.data,
        models=quiet_models(engine.settings.data / "models"),
        serve=secret,
    )
    engine.settings = settings
    with running(engine, secret) as url, httpx.Client(base_url=url) as client:
        assert client.get("/settings", headers={"accept": "application/json"}).status_code == 401
        page = client.get("/settings", headers={"authorization": f"Bearer {TOKEN}"}).text
    assert TOKEN not in page and "(set)" in page
    row = re.search(
        r'<tr class="(\w+)" id="search.num_twins"><th scope="row"><code title="EVERASK_SEARCH_NUM_TWINS"',
        page,
    )
    assert row and row[1] == "environment"
    assert "Connections made: " in page and "e5-small" in page


@needs_browser
def test_why_in_a_browser(open_page: Opener) -> None:
    page = open_page(f"/search?question={QUESTION.replace(' ', '+')}", size=NARROW)
    page.get_by_role("link", name="You expected something else?").click()
    page.get_by_label("Words that you expected").fill(WORDS)
    page.get_by_role("button", name="Follow it").click()
    expect(page.get_by_role("heading", name="Lost: Ranking")).to_be_visible()
    expect(page.locator(".step.lost")).to_contain_text("the first 8 are read")
    assert faults(page) == [] and fits(page)
    page.get_by_role("button", name="Keep as an example").click()
    expect(page.get_by_role("status")).to_contain_text("Kept")
    page.get_by_role("link", name="Quality").click()
    expect(page.locator(".saved li")).to_contain_text(QUESTION)


@needs_browser
@pytest.mark.parametrize("scripts", [True, False])
def test_quality_in_a_browser(open_page: Opener, engine: Engine, scripts: bool) -> None:
    for at, value in ((1.0, 0.6), (2.0, 0.8)):
        for metric in METRICS:
            put_figures(
                engine.store.database,
                [
                    Figure(at, "0.3.0", "own", metric, value, value - 0.1, value + 0.1, 40),
                    Figure(at, "0.3.0", "own language:th file:scan", metric, 0.2, 0.1, 0.3, 20),
                ],
            )
    page = open_page("/quality", scripts=scripts, size=NARROW)
    expect(page.locator(".summary")).to_contain_text("80% found")
    expect(page.locator(".summary")).to_contain_text("weak: Thai, scan")
    expect(page.locator("svg.plot polyline")).to_have_count(4)
    assert not scripts or (faults(page) == [] and fits(page))
    page.get_by_role("button", name="Measure now").click()
    if scripts:
        expect(page.get_by_role("button", name="Measure now")).to_be_visible(timeout=60_000)
        assert page.locator("svg.plot circle").count() > 8


@needs_browser
def test_settings_in_a_browser(open_page: Opener) -> None:
    page = open_page("/settings", size=NARROW)
    expect(page.get_by_role("heading", name="Connections made")).to_be_visible()
    page.get_by_text("[serve]").click()
    expect(page.get_by_title("EVERASK_SERVE_MAX_UPLOAD_BYTES")).to_be_visible()
    assert faults(page) == [] and fits(page)
