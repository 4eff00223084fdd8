"""People on the web and over the API: users, groups and places for admins, tokens and passwords for each."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from everask.index.accounts import Accounts
from everask.pipeline import Engine
from everask.settings import ServeSettings

from .browsing import CHROMIUM, NARROW, Opener, fits
from .conftest import running
from .people import OWNER_TOKEN, PASSWORD, Person, as_person, make_person, open_pile
from .test_screens import faults

NEW = "four loud brooks"
needs_browser = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="dev/install_browser.py installs it")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with open_pile(tmp_path) as opened:
        yield opened


@pytest.fixture
def url(engine: Engine) -> Iterator[str]:
    with running(engine, ServeSettings()) as address:
        yield address


@contextlib.contextmanager
def log_in(url: str, name: str, password: str = PASSWORD) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as client:
        assert client.post("/login", data={"name": name, "password": password}).status_code == 303
        yield client


@pytest.fixture
def ada(engine: Engine) -> Person:
    return make_person(engine, "ada", role="admin")


def test_an_admin_manages_users_over_the_api(url: str, ada: Person) -> None:
    with as_person(url, ada) as admin:
        body = {"name": "bob", "password": PASSWORD, "groups": ["board"]}
        made = admin.post("/api/users", json=body)
        assert made.status_code == 201 and PASSWORD not in made.text and "argon2" not in made.text
        bob = made.json()
        assert (bob["role"], bob["groups"], bob["active"]) == ("member", ["board"], True)
        assert admin.post("/api/users", json=body).status_code == 400, "the name is taken"
        assert admin.post("/api/users", json={**body, "name": "a b"}).status_code == 400
        path = f"/api/users/{bob['id']}"
        with log_in(url, "bob") as client:
            assert client.get("/api/documents").json()["total"] == 2
            admin.patch(path, json={"groups": []})
            assert client.get("/api/documents").json()["total"] == 1, "at the next request"
            assert admin.patch(path, json={"active": False}).json()["active"] is False
            assert client.get("/api/documents").status_code == 401
            admin.patch(path, json={"active": True})
            assert client.get("/api/documents").status_code == 200
            assert admin.patch(path, json={"password": NEW}).status_code == 200
            assert client.get("/api/documents").status_code == 401, "the old password's sessions are over"
        weak = admin.patch(path, json={"password": "bob bob bob", "role": "admin", "groups": ["a,b"]})
        assert weak.status_code == 400 and admin.get(path).json()["role"] == "member", "all or nothing"
        assert [one["name"] for one in admin.get("/api/users").json()] == ["ada", "bob"]
        assert admin.delete(path).status_code == 204
        assert admin.get(path).status_code == admin.delete(path).status_code == 404
        assert admin.get("/api/users/99999999999999999999").status_code == 422


def test_the_last_admin_stays(url: str, engine: Engine, ada: Person) -> None:
    path = f"/api/users/{ada.user.id}"
    with as_person(url, ada) as admin:
        for change in ({"role": "member"}, {"active": False}, {"role": "member", "groups": ["x"]}):
            refused = admin.patch(path, json=change)
            assert refused.status_code == 400 and "last admin" in refused.json()["error"]["message"]
        assert admin.delete(path).status_code == 400
        form = {"role": "member", "active": "true"}
        assert "last admin" in admin.post(f"/people/{ada.user.id}", data=form).text
        assert "last admin" in admin.post(f"/people/{ada.user.id}/remove").text
        assert admin.get(path).json()["role"] == "admin" and not admin.get(path).json()["groups"]
        eve = make_person(engine, "eve", role="admin")
        Accounts(engine.store.database).set_active("eve", False)
        assert admin.delete(path).status_code == 400, "who is locked out is no admin who may come in"
        Accounts(engine.store.database).set_active("eve", True)
        assert admin.patch(path, json={"role": "member"}).status_code == 200
        assert admin.get("/api/users").status_code == 403, "at the next request"
    with as_person(url, eve) as admin:
        assert admin.delete(path).status_code == 204


def test_a_token_is_made_by_a_person_and_shown_once(url: str, engine: Engine, ada: Person) -> None:
    make_person(engine, "bob", "board")
    with log_in(url, "bob") as bob:
        until = time.time() + 3 * 86_400
        made = bob.post("/api/tokens", json={"name": "laptop", "until": until}).json()
        assert made["until"] == pytest.approx(until, abs=5)
        program = {"authorization": f"Bearer {made['token']}"}
        with httpx.Client(base_url=url, headers=program, timeout=60, trust_env=False) as client:
            assert client.get("/api/documents").json()["total"] == 2
            refused = client.post("/api/tokens", json={"name": "more"})
            assert refused.status_code == 403, "a token makes no tokens"
            listed = client.get("/api/tokens")
            assert made["token"] not in listed.text and made["id"] in listed.text
            assert bob.delete(f"/api/tokens/{made['id']}").status_code == 204
            assert client.get("/api/documents").status_code == 401
        assert bob.post("/api/tokens", json={"name": "past", "until": 1000.0}).status_code == 400
        assert bob.post("/api/tokens", json={"name": "x", "until": 1e300}).status_code == 422
        shown = bob.post("/account/tokens", data={"name": "<b>phone</b>", "until": ""})
        (secret,) = re.findall(r"everask_[\w-]{40,}", shown.text)
        assert "&lt;b&gt;phone" in shown.text and secret not in bob.get("/account").text
        with as_person(url, ada) as admin:
            (bobs,) = [one for one in admin.get("/api/users").json() if one["name"] == "bob"]
            tokens = admin.get(f"/api/users/{bobs['id']}/tokens").json()
            phone = next(one["id"] for one in tokens if one["name"] == "<b>phone</b>")
            assert admin.delete(f"/api/tokens/{phone}").status_code == 404, "not ada's own"
            assert admin.delete(f"/api/users/{ada.user.id}/tokens/{phone}").status_code == 404
            assert admin.delete(f"/api/users/{bobs['id']}/tokens/{phone}").status_code == 204
            assert secret not in admin.get("/people").text


def test_a_password_is_changed_by_who_knows_it(url: str, engine: Engine, ada: Person) -> None:
    make_person(engine, "bob")
    with log_in(url, "bob") as bob, log_in(url, "bob") as other:
        wrong = bob.put("/api/password", json={"current": "not at all it", "new": NEW})
        assert wrong.status_code == 403
        assert bob.put("/api/password", json={"current": PASSWORD, "new": "short"}).status_code == 422
        page = bob.post("/account/password", data={"current": PASSWORD, "new": NEW})
        assert page.status_code == 303 and bob.get("/api/documents").status_code == 200
        assert other.get("/api/documents").status_code == 401, "logged out"
        with log_in(url, "bob", NEW) as again:
            assert again.get("/api/documents").status_code == 200
        for _ in range(25):
            last = bob.put("/api/password", json={"current": "a wrong guess", "new": PASSWORD})
            if last.status_code == 429:
                break
        assert last.status_code == 429 and last.headers["retry-after"]


def test_the_owner_has_no_account(engine: Engine) -> None:
    owner = {"authorization": f"Bearer {OWNER_TOKEN}"}
    with running(engine, ServeSettings(token=OWNER_TOKEN)) as url, as_person(url, None, **owner) as client:
        assert client.post("/api/tokens", json={"name": "x"}).status_code == 400
        assert "as the owner" not in client.get("/account").text, "nobody has an account yet"
        made = client.post("/api/users", json={"name": "bob", "password": PASSWORD})
        assert made.status_code == 201, "the owner's token stays, so the first may be a member"
        assert "as the owner" in client.get("/account").text


def test_places_and_groups(url: str, engine: Engine, ada: Person, tmp_path: Path) -> None:
    rob = make_person(engine, "rob", "board")
    with as_person(url, ada) as admin:
        page = admin.get("/people").text
        assert str(tmp_path / "pile/board") in page and ">board<" in page and "rob" in page
        with as_person(url, rob) as client:
            assert 'class="group">board<' in admin.get("/documents").text
            assert 'class="group">' not in client.get("/documents").text
        form = {"place": str(tmp_path / "pile/board"), "groups": "legal, staff"}
        assert admin.post("/people/places", data=form).status_code == 303
        with as_person(url, rob) as client:
            assert client.get("/api/documents").json()["total"] == 1
        for place, status in (("relative/path", 400), ("/nowhere/at/all", 404)):
            reply = admin.post("/people/places", data={"place": place, "groups": "x"})
            assert reply.status_code in (400, status) and "fault" in reply.text


def test_changes_from_another_site_are_refused(url: str, ada: Person) -> None:
    with as_person(url, ada, origin="http://evil.example") as admin:
        assert admin.post("/people", data={"name": "x", "password": NEW}).status_code == 403
        assert admin.post("/account/tokens", data={"name": "x"}).status_code == 403


@needs_browser
@pytest.mark.parametrize("look", [{}, {"size": NARROW, "language": "ar"}, {"scripts": False}])
def test_from_nobody_to_people_in_a_browser(
    open_page: Opener, engine: Engine, look: dict[str, object]
) -> None:
    page = open_page("/people", **look)
    assert page.locator("#role").input_value() == "admin"
    page.fill("#name", "ada")
    page.fill("#password", PASSWORD)
    page.locator("section[aria-labelledby=new-user] button").click()
    expect(page.locator(".people li")).to_have_count(1)  # logged in as the user who was made
    page.fill("#name", "bob")
    page.fill("#password", PASSWORD)
    page.fill("#groups", "board, staff")
    page.locator("section[aria-labelledby=new-user] button").click()
    bob = page.locator(".people li").nth(1)
    expect(bob.locator(".group")).to_have_count(2)
    bob.locator("summary").first.click()
    bob.locator("input[name=groups]").fill("staff")
    bob.locator("form").first.locator("button").click()
    expect(page.locator(".people li").nth(1).locator(".group")).to_have_count(1)
    if look.get("scripts", True):
        page.locator(".people li").nth(1).locator("summary").first.click()
        assert faults(page) == [] and fits(page)
    page.locator(".within a").nth(2).click()
    page.fill("#token-name", "laptop")
    page.locator("section[aria-labelledby=tokens] form.fields button").click()
    expect(page.locator(".secret code")).to_contain_text("everask_")
    if look.get("scripts", True):
        assert faults(page) == [] and fits(page)
    page.locator("table form button").click()
    expect(page.locator("table")).to_have_count(0)
