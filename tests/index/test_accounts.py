"""Users, tokens and sessions in the store, and which groups may read what is at a place."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from everask.errors import NotFoundError, UsageError
from everask.index import Store
from everask.index.accounts import Accounts
from everask.index.credentials import Credentials
from everask.index.database import FILE_NAME
from everask.index.granting import grant, groups_of_place, list_places

from .pile import make_document, make_source, pair

PASSWORD = "three quiet rivers"


def test_a_password_fits_one_user_while_they_may_come(store: Store) -> None:
    accounts = Accounts(store.database)
    assert not accounts.exist()
    made = accounts.add("Ána", "member", ["staff", "staff", " legal "], PASSWORD)
    assert made.groups == ("legal", "staff")
    assert accounts.log_in("Ána", PASSWORD) == made
    assert accounts.log_in("A\u0301na", PASSWORD) == made
    for name, password in (("Ána", "wrong wrong"), ("nobody", PASSWORD), ("", ""), ("Ána", "")):
        assert accounts.log_in(name, password) is None
    accounts.set_active("Ána", False)
    assert accounts.log_in("Ána", PASSWORD) is None


def test_names_passwords_and_groups_that_cannot_be(store: Store) -> None:
    accounts = Accounts(store.database)
    accounts.add("ana", "member", [], PASSWORD)
    for name in ("", "a b", "a/b", "x" * 81, "<b>", "ana"):
        with pytest.raises(UsageError):
            accounts.add(name, "member", [], PASSWORD)
    for password in ("short", "x" * 1_001, "LongName"):
        with pytest.raises(UsageError):
            accounts.add("longname", "member", [], password)
    for group in ("", " ", "a,b", "x" * 201, "a\nb", "\u202e"):
        with pytest.raises(UsageError):
            accounts.set_groups("ana", [group])
    with pytest.raises(NotFoundError):
        accounts.remove("nobody")


def test_a_new_user_never_gets_the_number_of_one_who_is_gone(store: Store) -> None:
    accounts = Accounts(store.database)
    first = accounts.add("ana", "member", [], PASSWORD)
    accounts.remove("ana")
    assert accounts.add("ana", "member", [], PASSWORD).id > first.id


def test_tokens_and_sessions_hold_until_they_are_taken_back(store: Store) -> None:
    accounts, keys = Accounts(store.database), Credentials(store.database)
    ana = accounts.add("ana", "member", ["staff"], PASSWORD)

    def comes(bearer: str = "", cookie: str = "") -> str | None:
        found, _ = keys.identify(bearer, cookie, "the server's")
        return None if found is None else found.user.name if found.user else "(owner)"

    secret, token = keys.create_token(ana, "laptop")
    cookie, owners = keys.open_session(ana.id, "the server's"), keys.open_session(None, "the server's")
    assert comes(secret) == comes(cookie=cookie) == "ana"
    assert comes("the server's") == comes(cookie=owners) == "(owner)"
    assert comes(cookie) is comes(cookie=secret) is comes("wrong") is comes() is None
    assert keys.identify("", owners, "another")[0] is None, "the owner's session ends with the token"
    assert keys.identify("", owners, "")[0] is None
    accounts.set_active("ana", False)
    assert comes(secret) is comes(cookie=cookie) is None
    accounts.set_active("ana", True)
    keys.revoke_token(token.id)
    assert comes(secret) is None
    keys.close_session(owners, "the server's")
    assert comes(cookie=owners) is None
    accounts.set_password("ana", "four loud rivers")
    assert comes(cookie=cookie) is None
    secret, _ = keys.create_token(ana, "phone")
    accounts.remove("ana")
    assert comes(secret) is None
    assert keys.list_tokens() == []


def test_what_is_too_old_lets_nobody_in(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Credentials(store.database)
    ana = Accounts(store.database).add("ana", "member", [], PASSWORD)
    secret, _ = keys.create_token(ana, "a day", days=1)
    cookie = keys.open_session(ana.id, "")
    later = time.time() + 31 * 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    assert keys.identify(secret, "", "")[0] is None
    assert keys.identify("", cookie, "")[0] is None


def test_the_store_holds_no_secret(store: Store) -> None:
    keys = Credentials(store.database)
    ana = Accounts(store.database).add("ana", "member", [], PASSWORD)
    secret, _ = keys.create_token(ana, "laptop")
    cookie = keys.open_session(ana.id, "the server's")
    with sqlite3.connect(store.folder / FILE_NAME) as connection:
        dump = "\n".join(connection.iterdump())
    assert "$argon2id$" in dump
    for one in (PASSWORD, secret, secret.removeprefix("everask_"), cookie, "the server's"):
        assert one not in dump


def test_the_nearest_place_decides_also_for_what_comes_later(store: Store) -> None:
    def put(uri: str, text: str = "A sentence about warranties.") -> None:
        store.put_source(make_source(uri), [pair(make_document(uri, text))])

    def groups(uri: str) -> tuple[str, ...]:
        return store.find_document(uri).groups

    put("file:///pile/a/x.txt")
    put("file:///pile/ab/y.txt")
    with store.database.writing() as connection:
        assert grant(connection, "file:///pile/a/", ["staff", "legal"]) == 1
        assert grant(connection, "file:///pile/a/open", []) == 0
    assert groups("file:///pile/a/x.txt") == ("staff", "legal")
    assert groups("file:///pile/ab/y.txt") == ()
    put("file:///pile/a/x.txt", "Another sentence.")
    put("file:///pile/a/new.zip#member.txt")
    put("file:///pile/a/open/z.txt")
    assert groups("file:///pile/a/x.txt") == groups("file:///pile/a/new.zip#member.txt") == ("staff", "legal")
    assert groups("file:///pile/a/open/z.txt") == ()
    store.remove_source("file:///pile/a/x.txt")
    put("file:///pile/a/x.txt")
    assert groups("file:///pile/a/x.txt") == ("staff", "legal")
    with store.database.writing() as connection:
        assert grant(connection, "file:///pile", ["board"]) == 4
        assert list_places(connection) == [("file:///pile", ("board",))]
        assert groups_of_place(connection, "file:///pile/a/open/z.txt") == ("board",)
        assert groups_of_place(connection, "file:///piled") == ()
    assert store.counts(("staff",)).documents == 0
    assert store.counts(("board",)).passages == store.counts().passages == 4


def test_a_restored_backup_has_its_users_and_rights(store: Store, tmp_path: Path) -> None:
    Accounts(store.database).add("ana", "member", ["staff"], PASSWORD)
    with store.database.writing() as connection:
        grant(connection, "file:///pile", ["staff"])
    store.backup(tmp_path / "copy")
    with Store.open(tmp_path / "copy", create=False) as copied:
        assert Accounts(copied.database).find("ana").groups == ("staff",)
        with copied.database.reading() as connection:
            assert groups_of_place(connection, "file:///pile/x") == ("staff",)
