"""Who may come in, at every door."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from starlette.datastructures import Headers

from everask.errors import SettingsError
from everask.pipeline import Engine
from everask.serve.auth import check_settings, host_is_allowed, needs_token, origin_is_own
from everask.settings import ServeSettings

from .conftest import running

TOKEN = "correct-horse-battery"
DOORS = ("/api/status", "/api/documents", "/v1/models", "/", "/search", "/documents", "/openapi.json")


@pytest.fixture(scope="module")
def guarded(filled: Engine) -> Iterator[str]:
    with running(filled, ServeSettings(token=TOKEN)) as address:
        yield address


def test_loopback_needs_no_token_and_any_other_address_does() -> None:
    check_settings(ServeSettings())
    check_settings(ServeSettings(host="::1"))
    for host in ("0.0.0.0", "192.168.1.5", "::", "example.org"):
        with pytest.raises(SettingsError, match="token"):
            check_settings(ServeSettings(host=host))
        check_settings(ServeSettings(host=host, token=TOKEN))
    assert needs_token(ServeSettings(allow_hosts=("ask.example.org",)))


def test_host_names_that_are_not_ours_are_refused() -> None:
    local, public = (
        ServeSettings(),
        ServeSettings(host="0.0.0.0", token=TOKEN, allow_hosts=("ask.example.org",)),
    )
    for host in ("127.0.0.1:8765", "localhost", "[::1]:8765", "LOCALHOST:1"):
        assert host_is_allowed(local, host)
    for host in ("evil.example", "127.0.0.1.evil.example", "192.168.1.5", "", "localhost.evil.example:8765"):
        assert not host_is_allowed(local, host)
    assert host_is_allowed(public, "192.168.1.5:8765")
    assert host_is_allowed(public, "ask.example.org")
    assert not host_is_allowed(public, "evil.example")


def test_other_origins_may_change_nothing() -> None:
    def own(origin: str | None, site: str | None = None) -> bool:
        given = {"host": "127.0.0.1:8765", "origin": origin, "sec-fetch-site": site}
        return origin_is_own(Headers({name: value for name, value in given.items() if value}))

    assert own("http://127.0.0.1:8765")
    assert own(None)
    assert own(None, "same-origin")
    for origin in ("http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8765"):
        assert not own(origin)
    assert not own(None, "cross-site")


def test_rebinding_and_forgery_are_refused_at_the_door(client: httpx.Client) -> None:
    assert client.get("/api/status", headers={"host": "evil.example"}).status_code == 421
    assert client.get("/", headers={"host": "[broken"}).status_code == 421
    forged = {"origin": "http://evil.example"}
    for path in ("/api/ask", "/api/documents", "/asks", "/v1/chat/completions", "/mcp"):
        assert client.post(path, headers=forged).status_code == 403


def test_without_the_token_every_door_is_shut(guarded: str) -> None:
    with httpx.Client(base_url=guarded, trust_env=False) as client:
        for path in DOORS:
            reply = client.get(path)
            assert reply.status_code == 401
            assert reply.json()["error"]["message"] == "A token is needed."
        for path in ("/api/ask", "/api/search", "/v1/chat/completions", "/mcp", "/asks", "/api/documents"):
            assert client.post(path, json={}).status_code == 401
        assert client.get("/api/status", headers={"authorization": "Bearer wrong"}).status_code == 401
        assert client.get("/healthz").json() == {"status": "ok"}


def test_a_bearer_token_opens_and_does_not_make_a_local_owner(guarded: str) -> None:
    headers = {"authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=guarded, headers=headers, trust_env=False) as client:
        assert {client.get(path).status_code for path in DOORS} == {200}


def test_people_log_in_by_a_form_and_out_again(guarded: str) -> None:
    with httpx.Client(base_url=guarded, trust_env=False, headers={"accept": "text/html"}) as client:
        reply = client.get("/documents")
        assert (reply.status_code, reply.headers["location"]) == (303, "/login?next=%2Fdocuments")
        wrong = client.post("/login", data={"token": "wrong"})
        assert wrong.status_code == 403
        assert "not right" in wrong.text
        reply = client.post("/login", data={"token": TOKEN, "next": "/documents"})
        cookie = reply.headers["set-cookie"]
        assert reply.headers["location"] == "/documents"
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert TOKEN not in cookie
        assert client.get("/documents").status_code == 200
        value = client.cookies["everask_session"]
        assert client.post("/logout").headers["location"] == "/login"
        assert client.get("/documents", headers={"cookie": f"everask_session={value}"}).status_code == 303


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "x"])
def test_logging_in_never_leads_to_another_site(guarded: str, path: str) -> None:
    reply = httpx.post(f"{guarded}/login", data={"token": TOKEN, "next": path}, trust_env=False)
    assert reply.headers["location"] == "/"


def test_every_reply_has_the_security_headers(client: httpx.Client) -> None:
    for path in ("/", "/api/status", "/nowhere", "/static/style.css", "/api/documents/none", "/login"):
        headers = client.get(path).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
