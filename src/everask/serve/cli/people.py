"""`everask users`, `everask tokens` and `everask groups`: who may come in, and who may read what."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.text import Text

from everask.errors import UsageError
from everask.index.accounts import Accounts, User
from everask.index.credentials import Credentials, Token
from everask.index.granting import list_places
from everask.serve.cli.options import Data, Json, open_data
from everask.serve.cli.printing import out, print_json, printable, readable

users = typer.Typer(
    help="People who may come in, once there are any.", no_args_is_help=True, rich_markup_mode=None
)
tokens = typer.Typer(
    help="Tokens by which programs come in as a user.", no_args_is_help=True, rich_markup_mode=None
)
groups = typer.Typer(
    help="Which groups may read which documents.", no_args_is_help=True, rich_markup_mode=None
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
InGroups = Annotated[list[str] | None, typer.Argument(metavar="GROUP", help="None: no group.")]


@users.command("add")
def add_user(
    name: Name,
    group: Annotated[list[str] | None, typer.Option("--group", help="A group they are in (repeat).")] = None,
    admin: Annotated[bool, typer.Option("--admin", help="May read all, add, remove and set groups.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a user. The password is asked for, or read from stdin. From then on everybody has to log in."""
    with open_data(data) as engine:
        accounts = Accounts(engine.store.database)
        made = accounts.add(name, "admin" if admin else "member", group or [], _ask_password())
    _show_users([made], as_json)


@users.command("list")
def list_users(data: Data = None, as_json: Json = False) -> None:
    """List the users with their groups."""
    with open_data(data) as engine:
        _show_users(Accounts(engine.store.database).list(), as_json, many=True)


@users.command("remove")
def remove_user(name: Name, data: Data = None, as_json: Json = False) -> None:
    """Remove a user with tokens, sessions, answers and votes. Holds at their next request."""
    with open_data(data) as engine:
        Accounts(engine.store.database).remove(name)
    if as_json:
        print_json({"removed": name})
    else:
        out.print(Text(printable(f"{name} is removed.")))


@users.command("passwd")
def change_password(name: Name, data: Data = None, as_json: Json = False) -> None:
    """Change a password, asked for or read from stdin; who is logged in with the old one is logged out."""
    with open_data(data) as engine:
        changed = Accounts(engine.store.database).set_password(name, _ask_password())
    _show_users([changed], as_json)


@users.command("groups")
def change_groups(name: Name, group: InGroups = None, data: Data = None, as_json: Json = False) -> None:
    """Put a user into these groups and no others. Holds at their next request."""
    with open_data(data) as engine:
        changed = Accounts(engine.store.database).set_groups(name, group or [])
    _show_users([changed], as_json)


@users.command("change")
def change_user(
    name: Name,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Let them in, or no longer.")
    ] = None,
    admin: Annotated[bool | None, typer.Option("--admin/--member", help="What they may do.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Lock a user out without removing them, or change what they may do. Holds at their next request."""
    with open_data(data) as engine:
        accounts = Accounts(engine.store.database)
        changed = accounts.find(name)
        if active is not None:
            changed = accounts.set_active(name, active)
        if admin is not None:
            changed = accounts.set_role(name, "admin" if admin else "member")
    _show_users([changed], as_json)


@tokens.command("create")
def create_token(
    user: Annotated[str, typer.Argument(metavar="USER", help="As whom the program comes in.")],
    name: Annotated[str, typer.Option("--name", help="What it is for.")] = "token",
    days: Annotated[
        float | None, typer.Option("--days", help="How long it lasts. Default: for ever.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a token and print it, this once: only its hash is kept."""
    with open_data(data) as engine:
        database = engine.store.database
        secret, made = Credentials(database).create_token(Accounts(database).find(user), name, days)
    if as_json:
        print_json({**_token_record(made), "token": secret})
    else:
        out.print(secret, soft_wrap=True)


@tokens.command("list")
def list_tokens(
    user: Annotated[str | None, typer.Option("--user", help="Of this user alone.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List tokens: what for, since when, until when, last used when."""
    with open_data(data) as engine:
        found = Credentials(engine.store.database).list_tokens(user)
    _show([_token_record(one) for one in found], map(_token_cells, found), as_json)


@tokens.command("revoke")
def revoke_token(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="From `everask tokens list`.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a token worthless, from its next request on."""
    with open_data(data) as engine:
        Credentials(engine.store.database).revoke_token(identifier)
    if as_json:
        print_json({"revoked": identifier})
    else:
        out.print(Text(printable(f"{identifier} is revoked.")))


@groups.command("set")
def set_groups(
    target: Annotated[str, typer.Argument(metavar="PATH", help="A folder, file, URL, name or id.")],
    group: InGroups = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Let these groups alone read what is there, and what will be; without any, everybody who comes in.

    What was set below PATH before is replaced.
    """
    with open_data(data) as engine:
        number = engine.set_groups(target, group or [])
    if as_json:
        print_json({"target": target, "groups": group or [], "documents": number})
    else:
        out.print(f"{number} documents.")


@groups.command("list")
def list_granted(data: Data = None, as_json: Json = False) -> None:
    """List the places of which it was said who may read them. All others are for everybody who comes in."""
    with open_data(data) as engine, engine.store.database.reading() as connection:
        places = list_places(connection)
    records = [{"place": place, "groups": list(names)} for place, names in places]
    cells = [(readable(place), ", ".join(names) or "(everybody)") for place, names in places]
    _show(records, cells, as_json)


def _ask_password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise UsageError("There is no password on stdin.", "Write it on the first line.")
    return password


def _show_users(shown: Sequence[User], as_json: bool, *, many: bool = False) -> None:
    records = [dataclasses.asdict(one) for one in shown]
    _show(records if many else records[0], map(_user_cells, shown), as_json)


def _show(records: object, rows: Iterable[Sequence[str]], as_json: bool) -> None:
    """Records for a program, or a line of cells each for a person."""
    if as_json:
        print_json(records)
        return
    for cells in rows:
        out.print(Text(printable("  ".join(cells))))


def _user_cells(one: User) -> list[str]:
    state = [] if one.active else ["(locked out)"]
    return [one.name, one.role, ", ".join(one.groups) or "(no group)", *state]


def _token_cells(one: Token) -> list[str]:
    until = _day(one.until) if one.until else "without end"
    used = _day(one.used) if one.used else "never used"
    return [one.id, one.user, one.name, _day(one.created), until, used]


def _token_record(token: Token) -> dict[str, Any]:
    return dataclasses.asdict(token)


def _day(at: float) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(at))
