"""The table of who may do what: every route and tool has its row, and each cell of it is tried."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from starlette.routing import BaseRoute, Mount, Route

from everask.pipeline import Engine
from everask.serve.doors import open_doors
from everask.serve.http import create_app
from everask.serve.mcp import create_mcp
from everask.serve.rules import ROUTES, TOOLS, Level, allows, level_of
from everask.settings import ServeSettings

from .conftest import running
from .people import OWNER_TOKEN, Person, as_person, make_person, open_pile

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/search"): {"json": {"text": "zebrafish salary"}},
    ("POST", "/api/ask"): {"json": {"text": "What is the zebrafish salary of the director?"}},
    ("POST", "/api/why"): {"json": {"question": "zebrafish salary", "expected": "board/salaries"}},
    ("POST", "/v1/chat/completions"): {
        "json": {"model": "everask", "messages": [{"role": "user", "content": "zebrafish salary?"}]}
    },
    ("POST", "/asks"): {"data": {"question": "What is the zebrafish salary of the director?"}},
    ("PUT", "/api/documents/{identifier}/groups"): {"json": {"groups": ["staff"]}},
    ("PUT", "/api/groups"): {"json": {"place": "/nowhere/at/all", "groups": ["staff"]}},
    ("POST", "/people/places"): {"data": {"place": "/nowhere/at/all", "groups": "staff"}},
    ("POST", "/people/{number}"): {"data": {"role": "admin", "active": "true"}},
    ("PATCH", "/api/users/{number}"): {"json": {"role": "admin"}},
}
LONG = {("POST", "/quality"), ("POST", "/api/quality"), ("GET", "/library/events")}
"""Measuring takes minutes, and some streams have no end: who may not is tried, who may is not."""
NOBODYS = "0" * 32


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_pile(tmp_path_factory.mktemp("rules")) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(engine: Engine) -> dict[str, Person]:
    return {
        "member": make_person(engine, "mia", "garden"),
        "reader": make_person(engine, "rob", "board"),
        "admin": make_person(engine, "ada", role="admin"),
    }


@pytest.fixture(scope="module")
def url(engine: Engine, people: dict[str, Person]) -> Iterator[str]:
    with running(engine, ServeSettings(token=OWNER_TOKEN)) as address:
        yield address


@pytest.fixture(scope="module")
def secret(engine: Engine) -> str:
    return engine.find_document("salaries").id


def routes_of(routes: Sequence[BaseRoute], prefix: str = "") -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for route in routes:
        if isinstance(route, Mount):
            found.add(("GET", f"{route.path}/{{path:path}}"))
        elif hasattr(route, "original_router"):  # FastAPI's, of a router that was included
            inner: Any = route
            found |= routes_of(inner.original_router.routes, prefix + inner.include_context.prefix)
        else:
            assert isinstance(route, Route), f"{route} is of a kind that this walk does not know"
            found.update((method, prefix + route.path) for method in (route.methods or set()) - {"HEAD"})
    return found


def sent(client: httpx.Client, method: str, path: str, identifier: str) -> httpx.Response:
    named = path.replace("{identifier}", identifier).replace("{model}", "everask")
    named = named.replace("{path:path}", "1").replace("{number}", "1" if "/pages/" in path else "999")
    query = {"start": "0", "end": "5"} if path.endswith("/boxes") else {}
    return client.request(method, named, params=query, **BODIES.get((method, path), {}))


def test_every_route_has_its_rule_and_every_rule_a_route(engine: Engine) -> None:
    routes = routes_of(create_app(engine, ServeSettings()).routes)
    assert not routes - ROUTES.keys(), "routes without a rule in serve/rules.py"
    assert not ROUTES.keys() - routes, "rules without a route"


def test_every_tool_has_its_rule(engine: Engine) -> None:
    tools = asyncio.run(create_mcp(open_doors(engine, ServeSettings())).list_tools())
    assert {tool.name for tool in tools} == TOOLS.keys()


def test_what_has_no_rule_is_the_owners_alone() -> None:
    for method, path in (("GET", "/new"), ("PUT", "/api/search"), ("DELETE", "/"), ("GET", "/api/../x")):
        assert level_of(method, path) == "owner"
    assert level_of("HEAD", "/openapi.json") == "member"
    assert not allows("owner", "admin", members_may_add=True)
    assert allows("adder", "member", members_may_add=True)
    assert not allows("adder", "member", members_may_add=False)


def expected_refusal(level: Level, who: str) -> int | None:
    """The status that somebody is refused with; None where they may."""
    if level == "anybody" or who == "owner":
        return None
    if who == "nobody":
        return 401
    if level == "owner":
        return 404
    return 403 if level in ("admin", "adder") and who != "admin" else None


@pytest.mark.parametrize("who", ["nobody", "member", "reader", "admin", "owner"])
def test_each_cell_of_the_table(url: str, people: dict[str, Person], who: str) -> None:
    headers = {"authorization": f"Bearer {OWNER_TOKEN}"} if who == "owner" else {}
    with as_person(url, people.get(who), **headers) as client:
        for (method, path), level in ROUTES.items():
            refusal = expected_refusal(level, who)
            if refusal is None and ((method, path) in LONG or path in ("/login", "/logout", "/mcp")):
                continue
            status = sent(client, method, path, NOBODYS).status_code
            if refusal is None:
                assert status not in (401, 403), (method, path, status)
            else:
                assert status == refusal, (method, path, status)


def test_what_is_hidden_is_answered_like_what_is_not_there(
    url: str, people: dict[str, Person], secret: str
) -> None:
    with as_person(url, people["member"]) as client:
        for (method, path), level in ROUTES.items():
            if "{identifier}" not in path or level == "owner":
                continue
            hidden, missing = (sent(client, method, path, one) for one in (secret, NOBODYS))
            assert hidden.status_code == missing.status_code, (method, path)
            assert hidden.content == missing.content, (method, path)
            assert hidden.status_code in (403, 404, 422), (method, path)


def test_who_may_read_it_reads_it(url: str, people: dict[str, Person], secret: str) -> None:
    for who in ("reader", "admin"):
        with as_person(url, people[who]) as client:
            assert "zebrafish" in client.get(f"/api/documents/{secret}/text").text
            assert client.post("/api/search", json={"text": "zebrafish"}).json()["hits"]
            assert client.get("/api/status").json()["documents"] == 2


def test_a_member_learns_nothing_of_what_is_hidden(url: str, people: dict[str, Person]) -> None:
    with as_person(url, people["member"]) as client:
        for (method, path), body in BODIES.items():
            if path.startswith(("/api/documents", "/api/groups", "/asks", "/people", "/api/users")):
                continue
            reply = client.request(method, path, **body)
            assert "912,345" not in reply.text, path
            assert "salaries" not in reply.text.replace("board/salaries", ""), path  # which was sent
        assert client.get("/api/status").json()["documents"] == 1
        assert client.get("/api/documents").json()["total"] == 1
        for page in ("/", "/documents", "/search?question=zebrafish", "/why"):
            assert "salaries" not in client.get(page).text
        spelled = client.post("/api/search", json={"text": "zebrafsh"}).json()
        assert spelled["understood"]["suggestion"] == ""


def test_changes_from_other_sites_are_refused_whoever_is_logged_in(
    url: str, people: dict[str, Person]
) -> None:
    with as_person(url, people["admin"], origin="http://evil.example") as client:
        for method, path in ROUTES:
            if method != "GET":
                assert sent(client, method, path, NOBODYS).status_code == 403, (method, path)
