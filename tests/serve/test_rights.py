"""Random steps over users, groups, documents and their rights, through all doors, against a model.

No word of a document ever reaches who may not read it; what is taken back is gone at the next request.

`EVERASK_RIGHTS_STEPS=20000` makes it as long as a release wants it.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from everask.index.accounts import Change
from everask.pipeline import Engine
from everask.serve.http import create_app
from everask.settings import ServeSettings, Settings

from .conftest import quiet_models
from .people import OWNER_TOKEN, PASSWORD
from .rights_model import NOBODYS, Member, World

STEPS = int(os.environ.get("EVERASK_RIGHTS_STEPS", "400"))
SEED = int(os.environ.get("EVERASK_RIGHTS_SEED", "7"))


async def change_user(world: World, member: Member, change: dict[str, object]) -> None:
    """By the command line's way, or by an admin through one of the two doors."""
    path, door = f"users/{member.number}", world.chance.randrange(3)
    if door == 0:
        world.accounts.change(member.name, Change(**change))  # type: ignore[arg-type]
    elif door == 1:
        reply = await world.client.patch(f"/api/{path}", json=change, headers=world.admin)
        assert reply.status_code == 200, reply.text
    else:
        groups = ",".join(sorted(member.groups))
        form = {"role": "member", "groups": groups, **({"active": "true"} if member.active else {})}
        reply = await world.client.post(f"/people/{member.number}", data=form, headers=world.admin)
        assert reply.status_code == 303, reply.text


async def change_user_groups(world: World) -> None:
    member = world.chance.choice(world.members)
    member.groups = world.some_groups()
    await change_user(world, member, {"groups": sorted(member.groups)})


async def change_active(world: World) -> None:
    member = world.chance.choice(world.members)
    member.active = not member.active if world.chance.random() < 0.3 else True
    await change_user(world, member, {"active": member.active})


async def change_token(world: World) -> None:
    member = world.chance.choice(world.members)
    world.old_tokens.append(member.token)
    if member.active and world.chance.random() < 0.5:
        reply = await world.ask_as(member, "DELETE", f"/api/tokens/{member.token_id}", "revoke")
        assert reply.status_code == 204
    else:
        world.credentials.revoke_token(member.token_id)
    member.token, token = world.credentials.create_token(world.accounts.find(member.name), "test")
    member.token_id = token.id


async def look_at_people(world: World) -> None:
    """Of others a member learns nothing, and changes nothing: neither names nor tokens nor places."""
    member, other = world.chance.sample(world.members, 2)
    for method, path in (
        ("GET", "/people"),
        ("GET", "/api/users"),
        ("GET", f"/api/users/{other.number}/tokens"),
        ("PATCH", f"/api/users/{member.number}"),
        ("DELETE", f"/api/users/{other.number}"),
        ("GET", "/settings"),
        ("GET", "/api/groups"),
    ):
        body = {"json": {"role": "admin"}} if method == "PATCH" else {}
        reply = await world.ask_as(member, method, path, "people", **body)
        assert reply.status_code == (403 if member.active else 401), path
    own = await world.ask_as(member, "GET", "/account", "account")
    if not member.active:
        return
    assert member.name in own.text and other.name not in own.text
    listed = (await world.ask_as(member, "GET", "/api/tokens", "tokens")).json()
    assert [one["id"] for one in listed] == [member.token_id]
    made = await world.ask_as(member, "POST", "/api/tokens", "make a token", json={"name": "more"})
    assert made.status_code == 403, "a token makes no tokens"
    theirs, missing = [
        await world.ask_as(member, "DELETE", f"/api/tokens/{one}", "another's token")
        for one in (other.token_id, "0" * 12)
    ]
    assert (theirs.status_code, theirs.content) == (missing.status_code, missing.content)
    assert theirs.status_code == 404


async def use_old_token(world: World) -> None:
    if world.old_tokens:
        headers = {"authorization": f"Bearer {world.chance.choice(world.old_tokens)}"}
        assert (await world.client.get("/api/documents", headers=headers)).status_code == 401


async def change_document(world: World) -> None:
    paper = world.chance.choice(world.papers)
    if not paper.there:
        world.add(paper, None)  # what was said of its place still holds
        return
    match world.chance.randrange(4):
        case 0 if world.chance.random() < 0.3:
            world.engine.remove(str(paper.path))
            paper.there = False
        case 1 if world.chance.random() < 0.3:
            world.add(paper, None)
        case _:
            paper.groups = world.some_groups()
            world.engine.set_groups(str(paper.path), sorted(paper.groups))


async def change_folder(world: World) -> None:
    folder, groups = world.chance.randrange(4), world.some_groups()
    inside = [paper for paper in world.papers if paper.number % 4 == folder]
    if any(paper.there for paper in inside):
        world.engine.set_groups(str(inside[0].path.parent), sorted(groups))
        for paper in inside:
            paper.groups = groups


async def look_at_document(world: World) -> None:
    member, paper = world.chance.choice(world.members), world.chance.choice(world.papers)
    tail = world.chance.choice(("", "/text", "/original", "/pages/1/boxes?start=0&end=9"))
    page = world.chance.random() < 0.3
    path = (
        "/documents/{}" + world.chance.choice(("", "/source?mark=0-9"))
        if page
        else "/api/documents/{}" + tail
    )
    reply = await world.ask_as(member, "GET", path.format(paper.id), "document")
    if not member.active:
        return
    if paper not in world.readable(member):
        missing = await world.ask_as(member, "GET", path.format(NOBODYS), "missing document")
        assert (reply.status_code, reply.content) == (missing.status_code, missing.content)
    elif tail == "/text" and not page:
        assert paper.canary in reply.text
        world.found += 1


async def search(world: World) -> None:
    member, paper = world.chance.choice(world.members), world.chance.choice(world.papers)
    text = world.chance.choice(
        (f"{paper.topic} secret name", "secret", f"{paper.topic[:-1]} name", "last May")
    )
    reply = await world.ask_as(
        member, "POST", "/api/search", "search", json={"text": text, "top": 50, "explain": True}
    )
    if not member.active or reply.status_code == 429:  # a machine that is busy elsewhere sheds it
        return
    readable = world.readable(member)
    if text.startswith(paper.topic) and paper in readable:
        assert paper.canary in reply.text
        world.found += 1
    if text.startswith(f"{paper.topic[:-1]} ") and paper not in readable:
        assert paper.topic not in reply.text  # no better spelling of a word that they cannot know


async def look_at_pages(world: World) -> None:
    member = world.chance.choice(world.members)
    path = world.chance.choice(("/", "/documents", "/search?question=secret", "/search", "/asks/" + NOBODYS))
    await world.ask_as(member, "GET", path, f"page {path[:8]}")


async def count(world: World) -> None:
    member = world.chance.choice(world.members)
    status = await world.ask_as(member, "GET", "/api/status", "status")
    listed = await world.ask_as(member, "GET", "/api/documents?limit=1000", "list")
    if member.active:
        number = len(world.readable(member))
        assert status.json()["documents"] == listed.json()["total"] == number
        assert sum(status.json()["languages"].values()) == status.json()["passages"]
        assert (status.json()["passages"] == 0) == (number == 0)
        assert {one["id"] for one in listed.json()["documents"]} == {p.id for p in world.readable(member)}


async def ask(world: World) -> None:
    member, paper = world.chance.choice(world.members), world.chance.choice(world.papers)
    question = f"What is the secret name of the {paper.topic}?"
    if world.chance.random() < 0.3:
        message = {"model": "everask", "messages": [{"role": "user", "content": question}]}
        await world.ask_as(member, "POST", "/v1/chat/completions", "chat", json=message)
        return
    body = {"text": question}
    if member.asks and world.chance.random() < 0.3:
        body = {"text": "And its secret name?", "follows": world.chance.choice(member.asks)}
    headers = {"accept": "text/event-stream"} if world.chance.random() < 0.3 else {}
    headers |= {"authorization": f"Bearer {member.token}"}
    reply = await world.client.post("/api/ask", json=body, headers=headers)
    world.check(member, reply, "ask")
    if not member.active or "accept" in headers or reply.status_code != 200:
        return
    member.asks.append(reply.json()["id"])
    if "follows" not in body and paper in world.readable(member):
        assert paper.canary in reply.text
        world.found += 1
    if reply.json()["claims"] and world.chance.random() < 0.5:
        where = reply.json()["claims"][0]["citations"][0]
        correction = {"kind": "corrected", "ask": reply.json()["id"], "claim": 0}
        correction |= {"document": where["document_id"], "start": where["start"], "end": where["end"]}
        await world.ask_as(member, "POST", "/api/events", "correct", json=correction)


async def look_at_answers(world: World) -> None:
    member, other = world.chance.sample(world.members, 2)
    await world.ask_as(member, "GET", "/api/asks", "history")
    await world.ask_as(member, "GET", "/api/events", "events")
    if not other.asks or not member.active:
        return
    identifier = world.chance.choice(other.asks)
    for path in ("/api/asks/{}", "/asks/{}", "/asks/{}/events", "/asks/{}/export"):
        theirs = await world.ask_as(member, "GET", path.format(identifier), "another's answer")
        missing = await world.ask_as(member, "GET", path.format(NOBODYS), "missing answer")
        assert (theirs.status_code, theirs.content) == (missing.status_code, missing.content)
        await world.ask_as(other, "GET", path.format(identifier), "own answer")


async def why(world: World) -> None:
    member, paper = world.chance.choice(world.members), world.chance.choice(world.papers)
    words = f"The secret name of the {paper.topic} is"
    question = f"What is the secret name of the {paper.topic}?"
    for body in (
        {"question": question, "document": paper.id},
        {"question": question, "words": words},
    ):
        await world.ask_as(member, "POST", "/api/why", "why", json=body)


async def assist(world: World) -> None:
    member, paper = world.chance.choice(world.members), world.chance.choice(world.papers)
    name, arguments = world.chance.choice(
        [
            ("search", {"text": f"{paper.topic} secret"}),
            ("list", {}),
            ("show", {"document_id": paper.id}),
            ("ask", {"question": f"What is the secret name of the {paper.topic}?"}),
        ]
    )
    headers = {
        "authorization": f"Bearer {member.token}",
        "accept": "application/json, text/event-stream",
        "mcp-protocol-version": "2025-06-18",
    }
    call = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": name, "arguments": arguments},
    }
    reply = await world.client.post("/mcp", json=call, headers=headers)
    world.check(member, reply, f"mcp {name}")
    if member.active and name == "show":
        assert (paper.canary in reply.text) == (paper in world.readable(member))


async def look_at_topics(world: World) -> None:
    """Topics of this member and of others: described, given to groups, marked, counted, searched by."""
    member, paper = world.chance.choice(world.members), world.chance.choice(world.papers)
    if world.chance.random() < 0.3:
        seen = world.chance.choice((None, [], sorted(member.groups)))
        body = {"name": f"topic {world.chance.random()}", "description": "secret names", "groups": seen}
        await world.ask_as(member, "POST", "/api/topics", "describe", json=body)
    listed = await world.ask_as(member, "GET", "/api/topics", "topics")
    if not member.active or not listed.json():
        return
    topic = world.chance.choice(listed.json())
    mark = {"document": paper.id, "value": world.chance.choice((1, 1, -1, 0))}
    reply = await world.ask_as(member, "POST", f"/api/topics/{topic['id']}/marks", "mark", json=mark)
    assert reply.status_code == (200 if paper in world.readable(member) else 404)
    shown = await world.ask_as(member, "GET", f"/api/topics/{topic['id']}", "topic")
    assert shown.json()["documents"] == len(shown.json()["tagged"])
    limited = {"text": f"secret {paper.topic}", "filters": {"topics": [topic["id"]]}, "facets": True}
    await world.ask_as(member, "POST", "/api/search", "search by topic", json=limited)
    await world.ask_as(member, "GET", f"/topics/{topic['id']}", "topic's page")
    other = world.chance.choice(world.members)
    if other.active and topic["id"] not in [
        one["id"] for one in (await world.ask_as(other, "GET", "/api/topics", "topics")).json()
    ]:
        theirs = await world.ask_as(other, "GET", f"/api/topics/{topic['id']}", "another's topic")
        missing = await world.ask_as(other, "GET", "/api/topics/999999999", "missing topic")
        assert (theirs.status_code, theirs.content) == (missing.status_code, missing.content)


ACTS: list[tuple[int, Callable[[World], Awaitable[None]]]] = [
    (4, change_user_groups),
    (2, change_active),
    (2, change_token),
    (1, use_old_token),
    (3, look_at_people),
    (6, change_document),
    (1, change_folder),
    (16, look_at_document),
    (12, search),
    (4, look_at_pages),
    (6, count),
    (6, ask),
    (6, look_at_answers),
    (3, why),
    (8, assist),
    (5, look_at_topics),
]


async def walk(engine: Engine, folder: Path, steps: int, seed: int) -> World:
    """Take the steps."""
    app = create_app(engine, ServeSettings(token=OWNER_TOKEN, keep_asks=50))
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as client,
    ):
        world = World(engine, client, folder, seed)
        world.start()
        weights, acts = [weight for weight, _ in ACTS], [act for _, act in ACTS]
        for step in range(steps):
            act = world.chance.choices(acts, weights)[0]
            try:
                await act(world)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, step {step}, {act.__name__}: {error}") from error
        return world


def test_no_step_leaks(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="everask")
    settings = Settings(tmp_path / "data", models=quiet_models(tmp_path / "models"))
    with Engine(settings) as engine:
        world = asyncio.run(walk(engine, tmp_path / "pile", STEPS, SEED))
    print(
        f"{STEPS} steps, {sum(world.done.values())} replies looked through, {world.found} found: {world.done}"
    )
    assert world.found > STEPS / 60, "the doors also say what may be known"
    log = caplog.text
    assert not any(f"xq{paper.number}v" in log for paper in world.papers)
    assert not any(member.token in log for member in world.members)
    assert OWNER_TOKEN not in log and PASSWORD not in log
