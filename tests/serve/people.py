"""A small pile with secrets in it, and people who may read some of it, for tests of rights."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import httpx

from everask.index.accounts import Accounts, User, UserRole
from everask.index.credentials import Credentials
from everask.pipeline import Engine
from everask.settings import ServeSettings, Settings

from .conftest import quiet_models

PASSWORD = "three quiet rivers"
OWNER_TOKEN = "the-owners-own-long-token"
TEXTS = {
    "board/salaries.txt": "Salaries\n\nThe zebrafish salary of the director is 912,345 euros a year.\n",
    "open/garden.txt": "Garden\n\nThe garden opens at nine in the morning on every day of the week.\n",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account and a token."""

    user: User
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


def make_person(engine: Engine, name: str, *groups: str, role: UserRole = "member") -> Person:
    database = engine.store.database
    user = Accounts(database).add(name, role, groups, PASSWORD)
    return Person(user, Credentials(database).create_token(user, "test")[0])


def open_pile(folder: Path, *, serve: ServeSettings | None = None) -> Engine:
    """An engine over the pile, in which the folder `board` is for the board alone."""
    for name, text in TEXTS.items():
        (folder / "pile" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "pile" / name).write_text(text, "utf-8")
    settings = Settings(folder / "data", models=quiet_models(folder / "models"))
    engine = Engine(settings)
    engine.add([folder / "pile/board"], groups=["board"])
    engine.add([folder / "pile/open"])
    return engine


def as_person(url: str, person: Person | None, **headers: str) -> httpx.Client:
    sent = {**(person.headers if person else {}), **headers}
    return httpx.Client(base_url=url, headers=sent, timeout=60, trust_env=False)
