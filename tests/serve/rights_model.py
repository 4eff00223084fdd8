"""The model of users, groups and documents that random steps of rights are compared with."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from everask.index.accounts import Accounts
from everask.index.credentials import Credentials
from everask.pipeline import Engine

from .people import PASSWORD

NUM_USERS, NUM_DOCUMENTS = 8, 16
GROUPS = ("board", "staff", "legal", "guests")
TOPICS = (
    *("harbour", "lighthouse", "orchard", "glacier", "violin", "pottery", "sawmill", "telescope"),
    *("vineyard", "windmill", "quarry", "bakery", "aquarium", "foundry", "printing", "tannery"),
)
NOBODYS = "0" * 32


@dataclass(slots=True)
class Paper:
    """A document of the model: where it is, who may read it, and the words that give it away."""

    number: int
    path: Path
    groups: frozenset[str] = frozenset()
    there: bool = False
    version: int = 0
    id: str = ""

    @property
    def canary(self) -> str:
        return f"xq{self.number}v{self.version}zj"

    @property
    def topic(self) -> str:
        return TOPICS[self.number]

    def write(self) -> None:
        self.version += 1
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(
            f"The {self.topic}\n\nThe secret name of the {self.topic} is {self.canary} since last May.\n"
        )


@dataclass(slots=True)
class Member:
    """A user of the model."""

    name: str
    groups: frozenset[str]
    token: str
    token_id: str
    number: int
    active: bool = True
    asks: list[str] = field(default_factory=list)


class World:
    """The model and the server, side by side."""

    def __init__(self, engine: Engine, client: httpx.AsyncClient, folder: Path, seed: int) -> None:
        self.engine, self.client, self.chance = engine, client, random.Random(seed)
        self.accounts = Accounts(engine.store.database)
        self.credentials = Credentials(engine.store.database)
        self.papers = [Paper(n, folder / f"f{n % 4}" / f"k{n}wy.txt") for n in range(NUM_DOCUMENTS)]
        self.members: list[Member] = []
        self.old_tokens: list[str] = []
        self.admin: dict[str, str] = {}
        self.done: Counter[str] = Counter()
        self.found = 0

    def start(self) -> None:
        for paper in self.papers:
            paper.write()
        self.engine.add(sorted({paper.path.parent for paper in self.papers}))
        for paper in self.papers:
            paper.groups, paper.there = self.some_groups(), True
            self.engine.set_groups(str(paper.path), sorted(paper.groups))
            paper.id = self.engine.find_document(str(paper.path)).id
        for number in range(NUM_USERS):
            groups = self.some_groups()
            user = self.accounts.add(f"user{number}", "member", sorted(groups), PASSWORD)
            secret, token = self.credentials.create_token(user, "test")
            self.members.append(Member(user.name, groups, secret, token.id, user.id))
        ada = self.accounts.add("ada", "admin", [], PASSWORD)
        self.admin = {"authorization": f"Bearer {self.credentials.create_token(ada, 'test')[0]}"}

    def some_groups(self) -> frozenset[str]:
        return frozenset(self.chance.sample(GROUPS, self.chance.choice((0, 1, 1, 2))))

    def add(self, paper: Paper, groups: frozenset[str] | None) -> None:
        paper.write()
        self.engine.add([paper.path], groups=None if groups is None else sorted(groups))
        if groups is not None:
            paper.groups = groups
        paper.there, paper.id = True, self.engine.find_document(str(paper.path)).id

    def readable(self, member: Member) -> list[Paper]:
        return [
            paper
            for paper in self.papers
            if paper.there and (not paper.groups or paper.groups & member.groups)
        ]

    def check(self, member: Member, reply: httpx.Response, where: str) -> None:
        """No word of what this member may not read, of no version of it."""
        self.done[where] += 1
        assert reply.status_code < 500, (where, reply.text)
        allowed = {paper.canary for paper in self.readable(member)}
        names = {paper.path.stem for paper in self.readable(member)}
        for paper in self.papers:
            for version in range(max(1, paper.version - 3), paper.version + 1):
                canary = f"xq{paper.number}v{version}zj"
                assert canary not in reply.text or canary in allowed, (where, member, paper)
            assert paper.path.stem not in reply.text or paper.path.stem in names, (where, member, paper)

    async def ask_as(
        self, member: Member, method: str, path: str, where: str, **rest: object
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {member.token}"}
        reply = await self.client.request(method, path, headers=headers, **rest)  # type: ignore[arg-type]
        if not member.active:
            assert reply.status_code == 401, where
        self.check(member, reply, where)
        return reply
