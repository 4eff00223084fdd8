"""The learning screen: what is missing is said, what was trained is shown, promoted and taken back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from everask.index.accounts import Accounts
from everask.index.events import append
from everask.index.learned import Learned, Lineage, put_learned
from everask.pipeline import Engine
from everask.pipeline.jobs import work_on
from everask.pipeline.learning import NEEDED, look_at_learning
from everask.pipeline.promotion import KINDS
from everask.serve import learning as serve_learning
from everask.settings import ServeSettings
from everask.training.__main__ import COURSES
from everask.training.search import KIND
from everask.types import Event

from .browsing import CHROMIUM, NARROW, Opener, fits
from .conftest import running
from .people import OWNER_TOKEN, PASSWORD, as_person, make_person, open_pile
from .test_screens import faults

WEIGHTS = {"twin": 0.1, "weights": {}}
ROWS = [
    {"label": "all", "num_questions": 80, "before": 0.61, "after": 0.68, "low": 0.02, "high": 0.12},
    {"label": "asked", "num_questions": 64, "before": 0.60, "after": 0.69, "low": 0.03, "high": 0.15},
    {"label": "de", "num_questions": 20, "before": 0.66, "after": 0.64, "low": -0.06, "high": 0.02},
]
BETTER = Learned(
    "ranker-2",
    "ranker",
    200.0,
    "undone",
    card={"why": "It is <b>better</b>.", "p": 0.012, "rows": ROWS, "weights": WEIGHTS},
)
WORSE = Learned(
    "ranker-1", "ranker", 100.0, "refused", card={"why": "It may be chance.", "p": 0.4, "rows": ROWS}
)
OWNER = {"authorization": f"Bearer {OWNER_TOKEN}"}
needs_browser = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="dev/install_browser.py installs it")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A pile with a vote, and with two trainings that somebody's votes were in."""
    with open_pile(tmp_path) as opened:
        bob = Accounts(opened.store.database).add("bob", "member", [], PASSWORD)
        garden, salaries = opened.find_document("garden"), opened.find_document("salaries")
        for document, value in ((garden, 1.0), (salaries, 1.0)):
            question = "When does the garden open?"
            place = (question, None, document.id, 0, document.size, value)
            append(opened.store.database, Event("voted", time.time(), bob.id, "", *place))
        with opened.store.database.writing() as connection:
            for made in (WORSE, BETTER):
                put_learned(
                    connection, made, Lineage(frozenset({1}), frozenset({garden.id}), frozenset({bob.id}))
                )
        yield opened


@pytest.fixture
def url(engine: Engine) -> Iterator[str]:
    with running(engine, ServeSettings(token=OWNER_TOKEN)) as address:
        yield address


def test_what_can_be_trained_is_what_the_program_trains() -> None:
    assert set(KINDS) == {KIND, *COURSES}


def test_what_is_missing_is_said(engine: Engine) -> None:
    ada, bob = make_person(engine, "ada", role="admin"), make_person(engine, "eve")
    with running(engine, ServeSettings()) as url:
        with as_person(url, ada) as admin:
            looked = admin.get("/api/learning").json()
            page = admin.get("/learning").text
            refused = admin.post("/api/learning/ranker/train")
        with as_person(url, bob) as member:
            for method, path in (
                ("GET", "/api/learning"),
                ("GET", "/learning"),
                ("POST", "/api/learning/ranker/train"),
                ("POST", "/api/learning/ranker/rollback"),
                ("POST", "/api/learning/promote"),
            ):
                assert member.request(method, path).status_code == 403
    ranker = next(one for one in looked["kinds"] if one["kind"] == "ranker")
    assert (ranker["supply"]["votes"], ranker["supply"]["people"]) == (1, 1)
    assert ranker["supply"]["left_out"] == {"only some may read the document": 1}
    needed = NEEDED["ranker"]
    assert ranker["supply"]["missing_examples"] + ranker["supply"]["examples"] == needed[0]
    assert "Too few." in page and f"{ranker['supply']['missing_examples']} more judged questions" in page
    assert refused.status_code == 400 and "too little" in refused.json()["error"]["message"]
    assert "salaries" not in page and "<b>better" not in page and "&lt;b&gt;better" in page
    assert "0.020" in page.replace("+", "") and "p = 0.012" in page
    checker = next(one for one in looked["kinds"] if one["kind"] == "checker")
    assert checker["trainable"] and checker["supply"]["missing_examples"] == NEEDED["checker"][0]
    assert f"{NEEDED['checker'][0]} more judged sentences are missing to learn from." in page


def test_promotion_and_the_way_back(url: str, engine: Engine) -> None:
    with as_person(url, None, **OWNER) as owner:
        assert owner.post("/api/learning/promote", json={"name": "ranker-1"}).status_code == 400, "refused"
        assert owner.post("/api/learning/promote", json={"name": "ranker-9"}).status_code == 404
        assert owner.post("/api/learning/ranker/rollback").status_code == 400, "nothing serves yet"
        looked = owner.post("/api/learning/promote", json={"name": "ranker-2"}).json()
        ranker = next(one for one in looked["kinds"] if one["kind"] == "ranker")
        assert ranker["serves"] == "ranker-2" and ranker["can_roll_back"]
        assert looked["changes"][0]["what"] == "promoted"
        assert ranker["history"][0]["stale"] == ""
        Accounts(engine.store.database).remove("bob")
        ranker = next(one for one in owner.get("/api/learning").json()["kinds"] if one["kind"] == "ranker")
        assert ranker["history"][0]["stale"].startswith("A person whose votes"), "bob is gone"
        looked = owner.post("/api/learning/ranker/rollback").json()
        ranker = next(one for one in looked["kinds"] if one["kind"] == "ranker")
        assert ranker["serves"] is None and ranker["history"][0]["state"] == "undone"
        assert owner.post("/api/learning/stop").status_code == 404, "none goes on"
        assert owner.post("/api/learning/nothing/train").status_code == 422


def test_a_training_is_started_once(url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(serve_learning, "start_training", lambda data, kind: started.append(kind))
    enough = [
        replace(one, supply=replace(one.supply, examples_needed=0, questions_needed=0))
        for one in look_at_learning(engine.store)
    ]
    monkeypatch.setattr(serve_learning, "look_at_learning", lambda store: enough)
    with as_person(url, None, **OWNER) as owner:
        assert owner.post("/api/learning/ranker/train").status_code == 202
        assert owner.post("/learning", data={"action": "train", "kind": "ranker"}).status_code == 303
        assert started == ["ranker", "ranker"]
        with work_on(engine.settings.data, "ranker", {}) as job:
            job.reach("collect", 3, 10)
            looked = owner.get("/api/learning").json()
            assert (looked["running"], looked["done"], looked["total"]) == (True, 3, 10)
            page = owner.get("/learning").text
            assert "<progress" in page and "Train, and compare" not in page
            again = owner.post("/api/learning/ranker/train")
            assert again.status_code == 400 and "goes on" in again.json()["error"]["message"]
            job.end("refused", "It may be chance.")


@needs_browser
@pytest.mark.parametrize(
    "look", [{}, {"dark": True}, {"size": NARROW, "language": "ar"}, {"scripts": False, "size": NARROW}]
)
def test_in_a_browser(open_page: Opener, engine: Engine, look: dict[str, object]) -> None:
    page = open_page("/login?next=/learning", **look)
    page.fill("#token", OWNER_TOKEN)
    page.locator("form", has=page.locator("#token")).locator("button").click()
    page.wait_for_url("**/learning")
    ranker = page.locator("#ranker")
    expect(ranker.locator("svg.bar")).to_have_count(3)
    expect(ranker.locator("svg.bar.better")).to_have_count(2)
    if look.get("scripts", True):
        assert faults(page) == [] and fits(page)
    ranker.locator(".choices button[value=promote]").click()
    expect(page.locator(".changes li")).to_have_count(1)  # without scripts the page is loaded anew
    Accounts(engine.store.database).remove("bob")
    page.reload()
    expect(page.locator("#ranker .stale").first).to_be_visible()
    expect(page.locator(".changes li")).to_have_count(1)
    if look.get("scripts", True):
        assert faults(page) == [] and fits(page)
    page.locator("#ranker .choices button[value=take_back]").click()
    expect(page.locator(".changes li")).to_have_count(2)
