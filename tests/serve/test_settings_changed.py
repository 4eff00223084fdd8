"""Settings that are changed: in the file with all else kept, by the API, by the page, by the command line."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from everask.errors import SettingsError
from everask.pipeline import Engine
from everask.pipeline.settings_file import put_setting
from everask.serve.settings_view import setting_rows
from everask.settings import ServeSettings, Settings, load_settings

from .browsing import CHROMIUM, NARROW, Opener, fits
from .conftest import running
from .people import OWNER_TOKEN, as_person, make_person, open_pile
from .test_accounts import everask
from .test_screens import faults

FILE = """# Ours, since 2026.
[search]
num_twins = 5  # enough for two languages

[serve]
token = "a-canary-that-no-page-shows"
"""
needs_browser = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="dev/install_browser.py installs it")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_pile(tmp_path) as opened:
        yield opened


@pytest.fixture
def url(engine: Engine) -> Iterator[str]:
    with running(engine, ServeSettings()) as address:
        yield address


def test_all_else_in_the_file_stays(tmp_path: Path) -> None:
    file = tmp_path / "everask.toml"
    file.write_text(FILE, "utf-8")
    file.chmod(0o640)
    made = put_setting(tmp_path, "search.num_twins", "7", {})
    assert made.search.num_twins == load_settings(tmp_path, {}).search.num_twins == 7
    assert file.read_text("utf-8") == FILE.replace("= 5", "= 7")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    put_setting(tmp_path, "serve.allow_hosts", "a.example, b.example", {})
    put_setting(tmp_path, "answer.answer_above", "0.5", {})
    put_setting(tmp_path, "serve.members_may_add", "true", {})
    table = tomllib.loads(file.read_text("utf-8"))
    assert table["serve"]["allow_hosts"] == ["a.example", "b.example"]
    assert table["answer"] == {"answer_above": 0.5} and table["serve"]["members_may_add"] is True
    for name in ("serve.allow_hosts", "answer.answer_above", "serve.members_may_add"):
        put_setting(tmp_path, name, None, {})
    put_setting(tmp_path, "rank.seconds", None, {})  # was not there
    assert load_settings(tmp_path, {}).answer.answer_above == 0.38
    assert "# enough for two languages" in file.read_text("utf-8")
    assert sorted(one.name for one in tmp_path.iterdir()) == [".everask.toml.lock", "everask.toml"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("search.num_twins", "-1"),
        ("search.num_candidates", "many"),
        ("search.num_candidates", "1000000000"),
        ("answer.answer_above", "nan"),
        ("answer.answer_above", "inf"),
        ("answer.answer_above", "1.5"),
        ("rank.use", "sometimes"),
        ("serve.port", "99999"),
        ("passages.least", "5000"),
        ("models.pull", "perhaps"),
        ("models.encoder", "a\x00b"),
        ("models.encoder", "a\nb"),
        ("search.num_twin", "3"),
        ("search", "3"),
        ("nothing.at.all", "3"),
    ],
)
def test_what_does_not_fit_is_not_written(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / "everask.toml"
    file.write_text(FILE, "utf-8")
    with pytest.raises(SettingsError):
        put_setting(tmp_path, name, text, {})
    assert file.read_text("utf-8") == FILE


def test_a_file_that_is_no_toml_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "everask.toml").write_text("[search\nnum_twins = 5", "utf-8")
    with pytest.raises(SettingsError):
        put_setting(tmp_path, "search.num_twins", "7", {})
    assert (tmp_path / "everask.toml").read_text("utf-8") == "[search\nnum_twins = 5"


@pytest.mark.skipif(os.name == "nt", reason="POSIX modes")
def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    put_setting(tmp_path, "search.num_twins", "7", {})
    assert stat.S_IMODE((tmp_path / "everask.toml").stat().st_mode) == 0o600


def test_every_setting_can_be_written_as_it_is_shown(tmp_path: Path) -> None:
    shown = load_settings(tmp_path, {})
    for row in setting_rows(shown, shown):
        assert row.is_secret == (row.name == "serve.token")
        put_setting(tmp_path, row.name, row.text, {})
    again = load_settings(tmp_path, {})
    put_setting(tmp_path, "search.num_twins", None, {})
    assert again == Settings(tmp_path)


def test_over_the_api(url: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as owner:
        made = owner.put("/api/settings/evidence.num_hits", json={"value": "3"}).json()
        assert (made["value"], made["origin"], made["live"], made["next"]) == ("3", "file", True, None)
        assert engine.settings.evidence.num_hits == 3, "at once"
        made = owner.put("/api/settings/serve.keep_asks", json={"value": "9"}).json()
        assert (made["value"], made["next"], made["live"]) == ("500", "9", False)
        assert engine.settings.serve.keep_asks == 500, "from the next start on"
        monkeypatch.setenv("EVERASK_EVIDENCE_NUM_HITS", "5")
        made = owner.put("/api/settings/evidence.num_hits", json={"value": "4"}).json()
        assert (made["value"], made["origin"]) == ("5", "environment"), "which goes before the file"
        monkeypatch.delenv("EVERASK_EVIDENCE_NUM_HITS")
        assert owner.delete("/api/settings/evidence.num_hits").json()["origin"] == "default"
        refused = owner.put("/api/settings/answer.max_quotes", json={"value": "0"})
        assert refused.status_code == 400 and "from 1 to" in refused.json()["error"]["message"]
        page = owner.post("/settings", data={"name": "answer.max_quotes", "action": "set", "value": "<b>"})
        assert page.status_code == 400 and "answer.max_quotes must be int" in page.text
        assert "<b>" not in page.text
        assert owner.put("/api/settings/no.such", json={"value": "0"}).status_code == 404
        secret = owner.put("/api/settings/serve.token", json={"value": "mine now"})
        assert secret.status_code == 403
        assert owner.put("/api/settings/models.remote_url", json={"value": ""}).status_code == 200


def test_an_admin_changes_neither_who_comes_in_nor_where_questions_go(url: str, engine: Engine) -> None:
    ada = make_person(engine, "ada", role="admin")
    with as_person(url, ada) as admin:
        listed = {one["name"]: one for one in admin.get("/api/settings").json()}
        for name, one in listed.items():
            reply = admin.put(f"/api/settings/{name}", json={"value": one["value"].replace("–", "")})
            assert (reply.status_code == 200) == one["changeable"], name
            assert reply.status_code in (200, 403), name
        for name in ("serve.host", "serve.token", "models.remote_url", "models.remote_key_variable"):
            assert not listed[name]["changeable"]
        assert listed["serve.members_may_add"]["changeable"] and listed["answer.max_quotes"]["changeable"]
    bob = make_person(engine, "bob")
    with as_person(url, bob) as member:
        assert member.put("/api/settings/answer.max_quotes", json={"value": "1"}).status_code == 403


def test_secrets_are_nowhere(engine: Engine) -> None:
    (engine.settings.data / "everask.toml").write_text(FILE, "utf-8")
    reset = {"name": "rank.seconds", "action": "reset"}
    owner = {"authorization": f"Bearer {OWNER_TOKEN}"}
    with running(engine, ServeSettings(token=OWNER_TOKEN)) as url, as_person(url, None, **owner) as client:
        for path in ("/settings", "/api/settings"):
            assert "a-canary-that" not in client.get(path).text
        failed = client.post("/settings", data={"name": "serve.token", "action": "reset"})
        assert failed.status_code == 403 and "a-canary-that" not in failed.text
        (engine.settings.data / "everask.toml").write_text("[[broken", "utf-8")
        assert "cannot be read any more" in client.get("/settings").text
        assert client.post("/settings", data=reset).status_code == 400


def test_by_the_command_line(tmp_path: Path) -> None:
    assert everask(tmp_path, "settings", "set", "search.num_twins", "7").returncode == 0
    assert '"7"' in everask(tmp_path, "settings", "list").stdout
    assert everask(tmp_path, "settings", "set", "search.num_twins", "x").returncode != 0
    assert everask(tmp_path, "settings", "reset", "search.num_twins").returncode == 0
    assert load_settings(tmp_path, {}).search.num_twins == 30


@needs_browser
@pytest.mark.parametrize("look", [{}, {"size": NARROW, "language": "ar"}, {"scripts": False, "dark": True}])
def test_in_a_browser(open_page: Opener, engine: Engine, look: dict[str, object]) -> None:
    page = open_page("/settings", **look)
    section = page.locator("details", has=page.locator("summary", has_text="[answer]"))
    section.locator("summary").first.click()
    row = page.locator("tr", has_text="answer.max_quotes")
    row.locator("summary").click()
    row.locator("input[name=value]").fill("2")
    row.locator("button[value=set]").click()
    expect(page.get_by_role("status")).to_be_visible()
    assert engine.settings.answer.max_quotes == 2
    row.locator("summary").click()
    if look.get("scripts", True):
        assert faults(page) == [] and fits(page)
