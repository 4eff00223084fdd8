"""Logging in at a provider: over real HTTP, with one that tells the truth and one that does not."""

from __future__ import annotations

import contextlib
import dataclasses
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import RSAKey

from everask.errors import SettingsError
from everask.index.accounts import Accounts, User
from everask.pipeline import Engine
from everask.settings import OidcSettings, ServeSettings, load_settings

from .browsing import Opener
from .conftest import running
from .people import PASSWORD, open_pile
from .provider import CLIENT, SECRET, Provider, providing

VARIABLE = "EVERASK_OIDC_SECRET"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_pile(tmp_path_factory.mktemp("oidc")) as opened:
        yield opened


@pytest.fixture(scope="module")
def started() -> Iterator[Provider]:
    with pytest.MonkeyPatch.context() as patch, providing("localhost") as made:
        patch.setenv(VARIABLE, SECRET)
        patch.setattr("everask.serve.doors.MAX_LOG_INS", 1_000)
        patch.setattr("everask.serve.oidc.FRESH_SECONDS", -1.0)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            patch.delenv(name, raising=False)
        yield made


@pytest.fixture(scope="module")
def url(shared: Engine, started: Provider) -> Iterator[str]:
    with serving(shared, started) as address:
        yield address


@contextlib.contextmanager
def serving(engine: Engine, provider: Provider, **settings: Any) -> Iterator[str]:
    before = engine.settings
    oidc = OidcSettings(**{"issuer": provider.address, "client_id": CLIENT, **settings})
    engine.settings = dataclasses.replace(before, oidc=oidc)
    with running(engine, ServeSettings()) as address:
        yield address
    engine.settings = before


@pytest.fixture
def provider(started: Provider) -> Provider:
    started.tell_the_truth()
    return started


@pytest.fixture
def engine(shared: Engine) -> Iterator[Engine]:
    yield shared
    for one in accounts(shared).list():
        accounts(shared).remove(one.name)


@pytest.fixture
def browser_like(engine: Engine, url: str) -> Iterator[httpx.Client]:
    with browsing(url) as client:
        yield client


def browsing(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, headers={"accept": "text/html"}, timeout=30, trust_env=False)


def accounts(engine: Engine) -> Accounts:
    return Accounts(engine.store.database)


def log_in(client: httpx.Client, path: str = "/login/oidc?next=/documents") -> httpx.Response:
    """As a browser does: to the provider, back, and no further."""
    reply = client.get(path)
    assert reply.status_code == 303, reply.text
    reply = client.get(reply.headers["location"])
    assert reply.status_code == 302, reply.text
    return client.get(reply.headers["location"])


def may(client: httpx.Client) -> bool:
    return client.get("/api/status").status_code == 200


def user(engine: Engine) -> User:
    (found,) = accounts(engine).list()
    return found


def test_the_first_log_in_makes_a_member_and_groups_follow_the_claim(
    engine: Engine, provider: Provider, browser_like: httpx.Client
) -> None:
    assert browser_like.get("/documents").headers["location"].startswith("/login")
    assert "Log in with localhost" in browser_like.get("/login").text
    provider.person["groups"] = ["board", "staff", "a,b", "\x07", 5]
    reply = log_in(browser_like)
    assert reply.status_code == 200 and 'content="0; url=/documents"' in reply.text
    cookie = next(one for one in reply.headers.get_list("set-cookie") if "everask_session" in one)
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie
    made = user(engine)
    assert (made.name, made.role, made.groups, made.has_password) == (
        "anna",
        "member",
        ("board", "staff"),
        False,
    )
    assert browser_like.get("/api/documents").json()["total"] == 2
    assert browser_like.get("/metrics").status_code == 403

    provider.person["groups"] = ["staff"]
    assert browser_like.get("/api/documents").json()["total"] == 2  # until the next log-in
    assert log_in(browser_like).status_code == 200
    assert user(engine).id == made.id and user(engine).groups == ("staff",)
    assert browser_like.get("/api/documents").json()["total"] == 1

    del provider.person["groups"]  # nor does the provider say more elsewhere
    assert log_in(browser_like).status_code == 200
    assert user(engine).groups == ()


def test_groups_may_stand_in_what_the_provider_says_apart(
    engine: Engine, provider: Provider, browser_like: httpx.Client
) -> None:
    provider.info = {"groups": "board"}
    assert log_in(browser_like).status_code == 200
    assert user(engine).groups == ("board",)
    provider.info = {"groups": "board", "sub": "8"}
    assert log_in(browser_like).status_code == 403


def test_who_logs_out_is_out(engine: Engine, provider: Provider, browser_like: httpx.Client) -> None:
    log_in(browser_like)
    assert may(browser_like)
    reply = browser_like.post("/logout")
    assert reply.headers["location"] == "/login?left=1" and not may(browser_like)
    assert "Log out at localhost, too" in browser_like.get("/login?left=1").text
    reply = browser_like.get("/login/oidc/out")
    assert reply.headers["location"].startswith(f"{provider.address}/leave?client_id={CLIENT}&")
    reply = browser_like.get(browser_like.get(reply.headers["location"]).headers["location"])
    assert reply.status_code == 200 and "Log in with localhost" in reply.text


def test_who_is_locked_out_stays_out(engine: Engine, provider: Provider, browser_like: httpx.Client) -> None:
    provider.person["groups"] = ["staff"]
    log_in(browser_like)
    accounts(engine).set_active("anna", False)
    assert not may(browser_like)
    provider.person["groups"] = ["board"]
    reply = log_in(browser_like)
    assert reply.status_code == 403 and "locked" in reply.text
    assert not may(browser_like) and user(engine).groups == ("staff",)


def test_nobody_becomes_somebody_who_is_there_already(
    engine: Engine, provider: Provider, browser_like: httpx.Client
) -> None:
    accounts(engine).add("anna", "admin", ["board"], PASSWORD)
    log_in(browser_like)
    assert sorted((one.name, one.role) for one in accounts(engine).list()) == [
        ("anna", "admin"),
        ("anna-2", "member"),
    ]
    assert browser_like.get("/api/documents").json()["total"] == 1


@pytest.mark.parametrize(
    "lie",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"aud": "another-client"}},
        {"claims": {"aud": [CLIENT, "another-client"]}},
        {"claims": {"aud": None}},
        {"claims": {"iss": "https://evil.example"}},
        {"claims": {"exp": 1_000_000_000}},
        {"claims": {"exp": None}},
        {"claims": {"exp": "soon"}},
        {"claims": {"sub": None}},
        {"claims": {"sub": ""}},
        {"claims": {"sub": {"a": 1}}},
        {"claims": {"azp": "another-client"}},
        {"signs": "none"},
        {"signs": "HS256"},
        {"answers_with": {"state": "another"}},
        {"answers_with": {"iss": "https://evil.example"}},
        {"answers_with": {"code": "another"}},
        {"refuses": "access_denied"},
    ],
    ids=str,
)
def test_a_word_that_does_not_hold_lets_nobody_in(
    engine: Engine, provider: Provider, browser_like: httpx.Client, lie: dict[str, Any]
) -> None:
    for name, value in lie.items():
        setattr(provider, name, value)
    reply = log_in(browser_like)
    assert reply.status_code == 403, reply.text
    assert "text/html" in reply.headers["content-type"] and "evil.example" not in reply.text
    assert not may(browser_like) and accounts(engine).list() == []


def test_a_new_key_of_the_provider_counts_and_another_key_does_not(
    engine: Engine, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("everask.serve.oidc.FRESH_SECONDS", 60.0)
    with serving(engine, provider) as address, browsing(address) as client:
        assert log_in(client).status_code == 200
        provider.key = RSAKey.generate_key(2048, {"kid": "two"})
        assert log_in(client).status_code == 403
        assert provider.heard == ["keys"]  # which are not asked for at each token that names another
        monkeypatch.setattr("everask.serve.oidc.KEYS_SECONDS", -1.0)
        assert log_in(client).status_code == 200 and provider.heard == ["keys", "keys"]
        provider.signs_with = RSAKey.generate_key(2048, {"kid": "two"})
        assert log_in(client).status_code == 403


def test_a_log_in_that_was_not_begun_here_ends_nowhere(
    provider: Provider, url: str, browser_like: httpx.Client
) -> None:
    away = browser_like.get("/login/oidc").headers["location"]
    back = browser_like.get(away).headers["location"]
    with httpx.Client(trust_env=False, headers={"accept": "text/html"}) as another:
        reply = another.get(back)  # the attacker's own log-in, sent to somebody as a link
        assert reply.status_code == 403 and not may_at(another, url)
        reply = another.get(back, headers={"cookie": "everask_provider=e30.e30.e30"})
        assert reply.status_code == 403
    assert browser_like.get(back).status_code == 200
    assert browser_like.get(back).status_code == 403  # once


def may_at(client: httpx.Client, url: str) -> bool:
    return client.get(f"{url}/api/status").status_code == 200


@pytest.mark.parametrize(
    "place", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:1"]
)
def test_no_way_back_leads_elsewhere(provider: Provider, browser_like: httpx.Client, place: str) -> None:
    reply = log_in(browser_like, f"/login/oidc?{urllib.parse.urlencode({'next': place})}")
    assert reply.status_code == 200 and 'content="0; url=/"' in reply.text and "evil" not in reply.text


@pytest.mark.parametrize(
    "said",
    [
        {"token_endpoint": "https://elsewhere.example/token"},
        {"token_endpoint": "http://169.254.169.254/token"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://127.0.0.1:1/keys"},
        {"authorization_endpoint": "https://evil.example/"},
        {"authorization_endpoint": 5},
        {"issuer": "https://evil.example"},
    ],
    ids=str,
)
def test_what_the_provider_says_of_itself_leads_nowhere_else(
    provider: Provider, browser_like: httpx.Client, said: dict[str, Any]
) -> None:
    provider.metadata = said
    reply = browser_like.get("/login/oidc")
    if reply.status_code == 303:
        reply = browser_like.get(browser_like.get(reply.headers["location"]).headers["location"])
    assert reply.status_code == 503 and not may(browser_like)


def test_a_provider_that_is_down_is_said_and_the_rest_goes_on(
    engine: Engine, provider: Provider, browser_like: httpx.Client
) -> None:
    provider.down = True
    reply = browser_like.get("/login/oidc")
    assert reply.status_code == 503 and "localhost does not answer" in reply.text
    provider.down = False
    away = browser_like.get("/login/oidc").headers["location"]
    back = browser_like.get(away).headers["location"]
    provider.down = True
    assert browser_like.get(back).status_code == 503
    accounts(engine).add("ben", "member", [], PASSWORD)
    browser_like.post("/login", data={"name": "ben", "password": PASSWORD})
    assert may(browser_like)


def test_strangers_stay_out_and_the_claim_says_who_is_an_admin(engine: Engine, provider: Provider) -> None:
    provider.person["realm_access"] = {"roles": ["keepers"]}
    claim = {"groups_claim": "realm_access.roles", "admin_group": "keepers"}
    with serving(engine, provider, members_join=False, **claim) as address, browsing(address) as client:
        reply = log_in(client)
        assert reply.status_code == 403 and "no account" in reply.text and accounts(engine).list() == []
    with serving(engine, provider, **claim) as address, browsing(address) as client:
        assert log_in(client).status_code == 200
        assert user(engine).role == "admin" and client.get("/metrics").status_code == 200
        provider.person["realm_access"] = {"roles": []}
        log_in(client)
        assert user(engine).role == "member" and client.get("/metrics").status_code == 403


def test_whoever_tries_too_often_waits(
    engine: Engine, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("everask.serve.doors.MAX_LOG_INS", 3)
    with serving(engine, provider) as address, browsing(address) as client:
        for _ in range(5):
            assert log_in(client).status_code == 200
        seen = [client.get("/login/oidc").status_code for _ in range(5)]
        assert seen == [303, 303, 303, 429, 429]


def test_a_real_browser_comes_back_from_another_site_and_is_in(
    open_page: Opener, engine: Engine, provider: Provider, url: str
) -> None:
    page = open_page(f"{url}/login?next=/search", home="")
    page.get_by_role("link", name="Log in with localhost").click()
    page.wait_for_url(f"{url}/search")
    assert page.get_by_role("button", name="Log out").is_visible()


def test_without_a_provider_nothing_is_asked_and_nobody_logs_in(shared: Engine, provider: Provider) -> None:
    with serving(shared, provider, issuer="") as address:
        assert httpx.get(f"{address}/api/status").status_code == 200
        for place in ("", "/back?code=1&state=1", "/out"):
            assert httpx.get(f"{address}/login/oidc{place}").status_code == 404
    assert provider.heard == []


@pytest.mark.parametrize(
    "text",
    [
        'issuer = "http://id.example.org"\nclient_id = "a"',
        'issuer = "https://user@id.example.org"\nclient_id = "a"',
        'issuer = "https://id.example.org"',
        'issuer = "https://id.example.org"\nclient_id = "a"\naddress = "ask.example.org"',
    ],
)
def test_settings_that_are_not_safe_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "everask.toml").write_text(f"[oidc]\n{text}\n", "utf-8")
    with pytest.raises(SettingsError, match="oidc"):
        load_settings(tmp_path, {})
