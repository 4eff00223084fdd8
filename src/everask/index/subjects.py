"""People whom a provider vouches for: found by its word, made at their first log-in, kept as it says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from everask.errors import UsageError
from everask.index.accounts import (
    MAX_NAME,
    User,
    UserRole,
    check_groups,
    insert_user,
    plain_name,
    read_user,
    write_memberships,
)
from everask.index.database import Database
from everask.index.people_schema import users

MAX_GROUPS = 1_000
MAX_NAMESAKES = 1_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a provider says of who logged in: `subject` is its issuer and its own id of the person.

    `names` are what they may be called, the best first. `groups` and `role` are None where the provider has
    no say in them.
    """

    subject: str
    names: tuple[str, ...]
    groups: tuple[str, ...] | None = None
    role: UserRole | None = None


def admit(database: Database, arrival: Arrival, *, may_join: bool) -> User | None:
    """The user whom a provider vouches for, in the groups that it names; None for a stranger.

    A stranger becomes a member where they `may_join`, never somebody who is there already, whatever their
    name. Who was locked out stays as they were.
    """
    with database.writing() as connection:
        row = connection.execute(select(users).where(users.c.subject == arrival.subject)).first()
        if row is not None and not row.active:
            return read_user(connection, row)
        if row is not None:
            _follow(connection, row.id, arrival)
        elif may_join:
            name = _free_name(connection, arrival.names)
            groups = usable_groups(arrival.groups or ())
            insert_user(connection, name, arrival.role or "member", groups, subject=arrival.subject)
        row = connection.execute(select(users).where(users.c.subject == arrival.subject)).first()
        return read_user(connection, row) if row is not None else None


def usable_groups(groups: Iterable[str]) -> tuple[str, ...]:
    """Those that can be groups here; what cannot be one gives no right, and is left out."""
    found: list[str] = []
    for one in groups:
        try:
            found += check_groups([one])
        except UsageError:
            continue
    return tuple(dict.fromkeys(found))[:MAX_GROUPS]


def _follow(connection: Connection, user: int, arrival: Arrival) -> None:
    if arrival.groups is not None:
        write_memberships(connection, user, usable_groups(arrival.groups))
    if arrival.role is not None:
        connection.execute(update(users).where(users.c.id == user).values(role=arrival.role))


def _free_name(connection: Connection, wishes: Iterable[str]) -> str:
    """The first name that is nobody's; a namesake gets a number."""
    wish = next((made for one in wishes if (made := _as_name(one))), "somebody")
    for number in range(1, MAX_NAMESAKES):
        name = wish if number == 1 else f"{wish[: MAX_NAME - 5]}-{number}"
        if connection.scalar(select(users.c.id).where(users.c.name == name)) is None:
            return name
    raise UsageError(f"There are too many users named {wish}.", "Remove some that are not needed.")


def _as_name(wish: str) -> str:
    letters = (one if one.isalnum() or one in "._-@+" else "." for one in plain_name(wish))
    return "".join(letters)[:MAX_NAME].strip(".")
