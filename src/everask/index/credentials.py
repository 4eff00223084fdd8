"""Tokens of programs and sessions of people, as hashes: what lets a request in as a user or as the owner.

A secret has 256 random bits, so that a plain hash of it cannot be guessed; it is looked up by that hash,
which tells a clock nothing of the secret.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from everask.errors import NotFoundError, UsageError
from everask.index.accounts import User, any_users, plain_name, read_user
from everask.index.blobs import storable
from everask.index.database import Database
from everask.index.people_schema import sessions, tokens, users

SESSION_SECONDS = 30 * 24 * 3600
TOKEN_PREFIX = "everask_"
MAX_TOKENS = 100
"""Of one user."""
MAX_TOKEN_NAME = 200
USED_EVERY = 3600.0
"""Seconds: how exact it is known when a token was last used."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token's entry; the secret is shown once, when it is made. `until` None: until it is revoked."""

    id: str
    user: str
    name: str
    created: float
    until: float | None
    used: float | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who comes. `user` None is the owner; `stale_token` is a token whose use should be noted; `by_token`:
    it is a program that holds a token, not a person who logged in."""

    user: User | None
    stale_token: str | None = None
    by_token: bool = False


class Credentials:
    """The tokens and sessions of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Who comes

    def identify(self, bearer: str, cookie: str, server_token: str) -> tuple[Identity | None, bool]:
        """Who this bearer token or session cookie is of, and whether there are users at all."""
        with self._database.reading() as connection:
            found = _of_token(connection, bearer, server_token) if bearer else None
            if found is None and cookie:
                found = _of_session(connection, cookie, server_token)
            return found, any_users(connection)

    def note_used(self, token: str) -> None:
        """Remember that a token was used now."""
        with self._database.writing() as connection:
            connection.execute(update(tokens).where(tokens.c.id == token).values(used=time.time()))

    # Sessions

    def open_session(self, user: int | None, server_token: str) -> str:
        """A new session's cookie; `user` None is the owner, whose sessions end when the token changes."""
        cookie, now = secrets.token_urlsafe(32), time.time()
        stored = _hash(cookie) if user is not None else _owners_hash(cookie, server_token)
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.until <= now))
            row = {"hash": stored, "user": user, "created": now, "until": now + SESSION_SECONDS}
            connection.execute(insert(sessions).values(row))
        return cookie

    def close_session(self, cookie: str, server_token: str) -> None:
        """Log out."""
        hashes = [_hash(cookie), _owners_hash(cookie, server_token)]
        with self._database.writing() as connection:
            connection.execute(delete(sessions).where(sessions.c.hash.in_(hashes)))

    # Tokens

    def create_token(self, user: User, name: str, days: float | None = None) -> tuple[str, Token]:
        """A new token's secret, and its entry. Raises UsageError where the user has too many."""
        if days is not None and not 0 < days < 36_500:
            raise UsageError("A token is for more than 0 days.", "Leave the days out for one without end.")
        secret, now = TOKEN_PREFIX + secrets.token_urlsafe(32), time.time()
        row = {
            "id": secrets.token_hex(6),
            "user": user.id,
            "name": storable(name.strip()[:MAX_TOKEN_NAME]) or "token",
            "hash": _hash(secret),
            "created": now,
            "until": None if days is None else now + days * 86_400,
        }
        with self._database.writing() as connection:
            held = connection.scalars(select(tokens.c.id).where(tokens.c.user == user.id)).all()
            if len(held) >= MAX_TOKENS:
                raise UsageError(f"{user.name} has {MAX_TOKENS} tokens already.", "Revoke some first.")
            connection.execute(insert(tokens).values(row))
            return secret, _token(connection.execute(_tokens().where(tokens.c.id == row["id"])).one())

    def list_tokens(self, user: str | None = None) -> list[Token]:
        """The tokens of all users, or of one, oldest first."""
        query = _tokens().order_by(tokens.c.created, tokens.c.id)
        if user is not None:
            query = query.where(users.c.name == plain_name(user))
        with self._database.reading() as connection:
            return [_token(row) for row in connection.execute(query)]

    def revoke_token(self, identifier: str, user: int | None = None) -> None:
        """Raises NotFoundError, where a user is named also for a token of another."""
        chosen = delete(tokens).where(tokens.c.id == identifier)
        if user is not None:
            chosen = chosen.where(tokens.c.user == user)
        with self._database.writing() as connection:
            gone = connection.execute(chosen)
        if gone.rowcount == 0:
            raise NotFoundError(f"There is no token {identifier!r}.", "`everask tokens list` shows them.")


def same_secret(wanted: str, given: str) -> bool:
    """Compare in constant time; an empty secret is never right."""
    return bool(wanted) and secrets.compare_digest(_hash(wanted), _hash(given))


def _of_token(connection: Connection, bearer: str, server_token: str) -> Identity | None:
    if same_secret(server_token, bearer):
        return Identity(None, by_token=True)
    now = time.time()
    query = select(tokens).where(tokens.c.hash == _hash(bearer))
    row = connection.execute(query).first()
    if row is None or (row.until is not None and row.until <= now):
        return None
    stale = row.used is None or row.used < now - USED_EVERY
    found = _of_user(connection, row.user)
    return Identity(found, row.id if stale else None, by_token=True) if found else None


def _of_session(connection: Connection, cookie: str, server_token: str) -> Identity | None:
    hashes = [_hash(cookie), *([_owners_hash(cookie, server_token)] if server_token else [])]
    query = select(sessions).where(sessions.c.hash.in_(hashes), sessions.c.until > time.time())
    row = connection.execute(query).first()
    if row is None:
        return None
    found = None if row.user is None else _of_user(connection, row.user)
    return Identity(found) if found or row.user is None else None


def _of_user(connection: Connection, user: int) -> User | None:
    row = connection.execute(select(users).where(users.c.id == user, users.c.active == 1)).first()
    return read_user(connection, row) if row else None


def _tokens() -> Any:
    return select(tokens, users.c.name.label("holder")).join_from(tokens, users)


def _token(row: Row[Any]) -> Token:
    return Token(row.id, row.holder, row.name, row.created, row.until, row.used)


def _owners_hash(cookie: str, server_token: str) -> str:
    return _hash(f"{_hash(server_token)} {cookie}")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
