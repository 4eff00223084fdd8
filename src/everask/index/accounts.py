"""Users and the groups they are in. Passwords are stored as argon2's hashes; who reads the store can come in
as nobody. Tokens and sessions are in `credentials.py`. Knows nothing of requests.
"""

from __future__ import annotations

import functools
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Row, delete, exists, insert, select, update

from everask.errors import NotFoundError, UsageError
from everask.index.blobs import storable
from everask.index.database import Database
from everask.index.people_schema import memberships, sessions, users

UserRole = Literal["admin", "member"]
MIN_PASSWORD = 8
MAX_PASSWORD = 1_000
MAX_NAME = 80
MAX_GROUP = 200
_BESIDE_LETTERS = frozenset("._-@+")


@dataclass(frozen=True, slots=True)
class User:
    """A person with an account. `groups` are whose documents a member may read; an admin reads all."""

    id: int
    name: str
    role: UserRole
    active: bool
    created: float
    groups: tuple[str, ...]
    has_password: bool


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of a user; None leaves it as it is. `groups` are these and no others."""

    role: UserRole | None = None
    active: bool | None = None
    groups: Sequence[str] | None = None


class Accounts:
    """The users of one store. Each change holds for the next look at it, in every process.

    `who` is a name or an id. With `keep_admin` a change is refused that would leave no admin who may come in.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def exist(self) -> bool:
        """Whether there is any user, active or not."""
        with self._database.reading() as connection:
            return any_users(connection)

    def list(self) -> list[User]:
        """All users, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(users).order_by(users.c.name)).all()
            return [read_user(connection, row) for row in rows]

    def find(self, who: str | int) -> User:
        """Raises NotFoundError."""
        with self._database.reading() as connection:
            return _find(connection, who)

    def add(self, name: str, role: UserRole, groups: Sequence[str], password: str) -> User:
        """Make a user. Raises UsageError for a name that is taken or none, and for a weak password."""
        hashed = hash_password(check_password(password, name))
        with self._database.writing() as connection:
            return insert_user(connection, name, role, groups, password=hashed)

    def remove(self, who: str | int, *, keep_admin: bool = False) -> None:
        """Remove a user with tokens, sessions, answers and all else that is theirs."""
        with self._database.writing() as connection:
            found = _find(connection, who)
            connection.execute(delete(users).where(users.c.id == found.id))
            if keep_admin:
                _check_admin_left(connection, found)

    def change(self, who: str | int, change: Change, *, keep_admin: bool = False) -> User:
        """Change a user, all of it or nothing. Raises UsageError for a wrong group, NotFoundError."""
        told = {"role": change.role, "active": None if change.active is None else int(change.active)}
        values = {name: value for name, value in told.items() if value is not None}
        with self._database.writing() as connection:
            found = _find(connection, who)
            if values:
                connection.execute(update(users).where(users.c.id == found.id).values(values))
            if change.groups is not None:
                write_memberships(connection, found.id, change.groups)
            if keep_admin:
                _check_admin_left(connection, found)
            return _find(connection, found.id)

    def set_active(self, who: str | int, active: bool) -> User:
        """Let a user in, or no longer; what is theirs stays."""
        return self.change(who, Change(active=active))

    def set_role(self, who: str | int, role: UserRole) -> User:
        """Make a user an admin or a member."""
        return self.change(who, Change(role=role))

    def set_groups(self, who: str | int, groups: Sequence[str]) -> User:
        """Put a user into these groups and no others."""
        return self.change(who, Change(groups=groups))

    def set_password(self, who: str | int, password: str) -> User:
        """Change a password; whoever is logged in with the old one is logged out. Blocking, for 50 ms."""
        found = self.find(who)
        hashed = hash_password(check_password(password, found.name))
        with self._database.writing() as connection:
            connection.execute(update(users).where(users.c.id == found.id).values(password=hashed))
            connection.execute(delete(sessions).where(sessions.c.user == found.id))
            return _find(connection, found.id)

    def log_in(self, name: str, password: str) -> User | None:
        """The user whose name and password these are; None takes as long. Blocking, for about 50 ms."""
        with self._database.reading() as connection:
            row = connection.execute(select(users).where(users.c.name == plain_name(name))).first()
            found = read_user(connection, row) if row else None
        known = row.password if row and row.active and row.password else ""
        fits = _fits(known or _nobody(), password[:MAX_PASSWORD])
        return found if fits and known else None


def any_users(connection: Connection) -> bool:
    """Whether there is any user."""
    return bool(connection.scalar(select(exists(select(users.c.id)))))


def read_user(connection: Connection, row: Row[Any]) -> User:
    """A user's record from its row."""
    groups = select(memberships.c.group).where(memberships.c.user == row.id).order_by(memberships.c.group)
    return User(
        id=row.id,
        name=row.name,
        role=row.role,
        active=bool(row.active),
        created=row.created,
        groups=tuple(connection.scalars(groups)),
        has_password=bool(row.password),
    )


def insert_user(
    connection: Connection,
    name: str,
    role: UserRole,
    groups: Iterable[str],
    *,
    password: str = "",
    subject: str | None = None,
) -> User:
    """Write a user. Raises UsageError for a name that is taken or none."""
    name = plain_name(name)
    if not name or len(name) > MAX_NAME or not all(one.isalnum() or one in _BESIDE_LETTERS for one in name):
        raise UsageError(
            f"{name[:MAX_NAME]!r} cannot be a user's name.",
            f"Use 1 to {MAX_NAME} letters, figures and . _ - @ +.",
        )
    if connection.scalar(select(users.c.id).where(users.c.name == name)) is not None:
        raise UsageError(f"There is a user {name} already.", "`everask users list` shows who there is.")
    connection.execute(
        insert(users).values(
            name=name, password=password, subject=subject, role=role, active=1, created=time.time()
        )
    )
    made = _find(connection, name)
    write_memberships(connection, made.id, groups)
    return _find(connection, name)


def write_memberships(connection: Connection, user: int, groups: Iterable[str]) -> None:
    """Put a user into these groups and no others."""
    connection.execute(delete(memberships).where(memberships.c.user == user))
    rows = [{"user": user, "group": one} for one in check_groups(groups)]
    if rows:
        connection.execute(insert(memberships), rows)


def check_groups(groups: Iterable[str]) -> tuple[str, ...]:
    """Names of groups, each once. Raises UsageError for what cannot be one."""
    made = tuple(dict.fromkeys(unicodedata.normalize("NFC", one.strip()) for one in groups))
    for one in made:
        if not one or len(one) > MAX_GROUP or "," in one or not one.isprintable():
            raise UsageError(
                f"{one[:MAX_GROUP]!r} cannot be a group's name.",
                f"Use 1 to {MAX_GROUP} characters that can be seen, and no comma.",
            )
    return tuple(map(storable, made))


def check_password(password: str, name: str) -> str:
    """Raises UsageError for one that is too easy to guess; no other rules, as NIST SP 800-63B advises."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise UsageError(
            f"A password has {MIN_PASSWORD} to {MAX_PASSWORD} characters.", "A few random words do well."
        )
    if password.casefold() == plain_name(name).casefold():
        raise UsageError("The password is the user's name.", "A few random words do well.")
    return password


def hash_password(password: str) -> str:
    """Argon2id, with the library's memory and time. Blocking, for about 50 ms."""
    return PasswordHasher().hash(password.encode("utf-8", "replace"))


def plain_name(name: str) -> str:
    """A name as it is stored and looked up."""
    return storable(unicodedata.normalize("NFC", name.strip()))


def _fits(hashed: str, password: str) -> bool:
    try:
        return PasswordHasher().verify(hashed, password.encode("utf-8", "replace"))
    except (VerificationError, InvalidHashError):
        return False


@functools.cache
def _nobody() -> str:
    """A hash that no password fits: who is unknown is refused as late as who mistypes."""
    return hash_password(f"{time.time_ns()} of nobody")


def _find(connection: Connection, who: str | int) -> User:
    named = users.c.id == who if isinstance(who, int) else users.c.name == plain_name(who)
    row = connection.execute(select(users).where(named)).first()
    if row is None:
        raise NotFoundError(f"There is no user {who!r}.", "`everask users list` shows who there is.")
    return read_user(connection, row)


def _check_admin_left(connection: Connection, before: User) -> None:
    """Raises UsageError where the last admin who may come in was `before`, and is so no more."""
    if before.role != "admin" or not before.active:
        return
    admins = select(exists(select(users.c.id).where(users.c.role == "admin", users.c.active == 1)))
    if not connection.scalar(admins):
        raise UsageError(
            f"{before.name} is the last admin who may come in.",
            "Make somebody else an admin first, or use the command line: `everask users`.",
        )
