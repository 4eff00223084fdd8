"""The page of results in a real browser: what was shown is kept, what is opened is told, and nobody waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from everask.index.events import list_events
from everask.index.impressions import list_impressions
from everask.pipeline import Engine
from everask.pipeline.preferring import read_clicks
from everask.settings import ServeSettings, Settings

from .browsing import CHROMIUM, NARROW, WIDE, Opener
from .conftest import quiet_models, running

pytestmark = pytest.mark.skipif(
    not Path(CHROMIUM).exists(), reason="dev/install_browser.py installs Chromium"
)
THINGS = ("lamp", "kettle", "ladder", "mirror", "carpet", "heater")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    pile, data = tmp_path_factory.mktemp("pile"), tmp_path_factory.mktemp("data")
    for thing in THINGS:
        (pile / f"{thing}.md").write_text(f"# {thing}\n\nThe {thing} stands in the attic.\n", "utf-8")
    with Engine(Settings(data, models=quiet_models(data / "models"))) as engine:
        engine.add([pile])
        yield engine


@pytest.fixture(scope="module")
def url(engine: Engine) -> Iterator[str]:
    with running(engine, ServeSettings()) as address:
        yield address


@pytest.mark.parametrize(("size", "beside"), [(WIDE, "beside the first"), (NARROW, "")])
def test_what_is_opened_is_told_with_what_was_shown(
    open_page: Opener, engine: Engine, size: dict[str, int], beside: str
) -> None:
    question = f"attic {size['width']}"
    page = open_page(f"/search?question={question.replace(' ', '+')}", size=size)
    third = page.locator(".hits .title").nth(2)
    with page.expect_response("**/api/events") as told:
        third.click()
    assert told.value.status == 200
    assert json.loads(told.value.request.post_data or "")["question"] == question
    expect(page.locator(".pane .text")).to_be_visible()
    (opened,) = [one for one in list_events(engine.store.database, "opened") if one.question == question]
    assert opened.detail == beside
    engine._recorder.close()  # writes what waits
    with engine.store.database.reading() as connection:
        (shown,) = [one for one in list_impressions(connection) if one.question == question]
    assert len(shown.places) == len(THINGS)
    made = [one for one in read_clicks(engine.store).preferences if one.question == question]
    assert {one.better for one in made} == {shown.places[2].passage}
    assert len(made) == len(THINGS) - (2 if beside else 1)


def test_a_program_leaves_no_list(engine: Engine, url: str) -> None:
    reply = httpx.post(f"{url}/api/search", json={"text": "attic of programs"})
    assert reply.status_code == 200
    engine._recorder.close()
    with engine.store.database.reading() as connection:
        assert not [one for one in list_impressions(connection) if "programs" in one.question]
