"""Who may do what: the one table of all routes and tools, and the one decision by it.

What is not in the table is for the owner alone, and a test walks the application's routes and the assistants'
tools, so that a new one without a rule fails. Which documents somebody may read is no matter of this table:
the store decides it inside each query, and what it hides is answered like what is not there.
"""

from __future__ import annotations

import functools
import re
from typing import Literal

from starlette.routing import compile_path

Role = Literal["owner", "admin", "member"]
Level = Literal["anybody", "member", "reader", "adder", "admin", "owner"]
"""Who may: anybody; members and those above them; the same, of what they may read or of what is their own;
the same, where `serve.members_may_add` lets members; admins and the owner; the owner."""

ROUTES: dict[tuple[str, str], Level] = {
    ("GET", "/healthz"): "anybody",
    ("GET", "/readyz"): "anybody",
    ("GET", "/login"): "anybody",
    ("POST", "/login"): "anybody",
    ("GET", "/login/oidc"): "anybody",
    ("GET", "/login/oidc/back"): "anybody",
    ("GET", "/login/oidc/out"): "anybody",
    ("GET", "/embed/ask.js"): "anybody",
    ("GET", "/embed/words/{language}"): "anybody",
    ("POST", "/embed/asks"): "anybody",
    ("GET", "/embed/asks/{identifier}"): "anybody",
    ("POST", "/logout"): "member",
    ("GET", "/static/{path:path}"): "anybody",
    ("POST", "/language"): "anybody",
    ("GET", "/metrics"): "admin",
    ("GET", "/openapi.json"): "member",
    ("GET", "/api/status"): "reader",
    ("GET", "/api/documents"): "reader",
    ("POST", "/api/documents"): "adder",
    ("GET", "/api/documents/{identifier}"): "reader",
    ("DELETE", "/api/documents/{identifier}"): "admin",
    ("GET", "/api/documents/{identifier}/groups"): "admin",
    ("PUT", "/api/documents/{identifier}/groups"): "admin",
    ("GET", "/api/groups"): "admin",
    ("PUT", "/api/groups"): "admin",
    ("POST", "/documents/{identifier}/groups"): "admin",
    ("GET", "/api/documents/{identifier}/text"): "reader",
    ("GET", "/api/documents/{identifier}/original"): "reader",
    ("GET", "/api/documents/{identifier}/pages/{number}.png"): "reader",
    ("GET", "/api/documents/{identifier}/pages/{number}/boxes"): "reader",
    ("POST", "/api/search"): "reader",
    ("POST", "/api/ask"): "reader",
    ("GET", "/api/asks"): "reader",
    ("GET", "/api/asks/{identifier}"): "reader",
    ("DELETE", "/api/asks/{identifier}"): "reader",
    ("POST", "/api/why"): "reader",
    ("POST", "/api/events"): "reader",
    ("GET", "/api/events"): "reader",
    ("DELETE", "/api/events/{number}"): "reader",
    ("POST", "/events"): "reader",
    ("GET", "/asks/{identifier}/export"): "reader",
    ("POST", "/asks/{identifier}/gloss"): "reader",
    ("POST", "/api/asks/{identifier}/glosses"): "reader",
    ("GET", "/api/saved"): "reader",
    ("POST", "/api/saved"): "reader",
    ("DELETE", "/api/saved/{number}"): "reader",
    ("GET", "/api/quality"): "admin",
    ("POST", "/api/quality"): "admin",
    ("GET", "/api/users"): "admin",
    ("POST", "/api/users"): "admin",
    ("GET", "/api/users/{number}"): "admin",
    ("PATCH", "/api/users/{number}"): "admin",
    ("DELETE", "/api/users/{number}"): "admin",
    ("GET", "/api/users/{number}/tokens"): "admin",
    ("DELETE", "/api/users/{number}/tokens/{identifier}"): "admin",
    ("GET", "/api/tokens"): "reader",
    ("POST", "/api/tokens"): "reader",
    ("DELETE", "/api/tokens/{identifier}"): "reader",
    ("PUT", "/api/password"): "reader",
    ("GET", "/api/learning"): "admin",
    ("POST", "/api/learning/stop"): "admin",
    ("POST", "/api/learning/promote"): "admin",
    ("POST", "/api/learning/{kind}/train"): "admin",
    ("POST", "/api/learning/{kind}/rollback"): "admin",
    ("GET", "/learning"): "admin",
    ("POST", "/learning"): "admin",
    ("GET", "/v1/models"): "member",
    ("GET", "/v1/models/{model}"): "member",
    ("POST", "/v1/chat/completions"): "reader",
    ("GET", "/mcp"): "member",
    ("POST", "/mcp"): "member",
    ("DELETE", "/mcp"): "member",
    ("GET", "/"): "reader",
    ("POST", "/asks"): "reader",
    ("GET", "/asks/{identifier}"): "reader",
    ("GET", "/asks/{identifier}/events"): "reader",
    ("GET", "/search"): "reader",
    ("GET", "/search/marks"): "reader",
    ("GET", "/why"): "reader",
    ("POST", "/why/keep"): "reader",
    ("POST", "/saved"): "reader",
    ("POST", "/saved/{number}/remove"): "reader",
    ("GET", "/quality"): "admin",
    ("POST", "/quality"): "admin",
    ("GET", "/settings"): "admin",
    ("POST", "/settings"): "admin",
    ("GET", "/api/settings"): "admin",
    ("PUT", "/api/settings/{name}"): "admin",
    ("DELETE", "/api/settings/{name}"): "admin",
    ("GET", "/people"): "admin",
    ("POST", "/people"): "admin",
    ("POST", "/people/places"): "admin",
    ("POST", "/people/{number}"): "admin",
    ("POST", "/people/{number}/password"): "admin",
    ("POST", "/people/{number}/remove"): "admin",
    ("POST", "/people/{number}/tokens/{identifier}/remove"): "admin",
    ("GET", "/account"): "reader",
    ("POST", "/account/tokens"): "reader",
    ("POST", "/account/tokens/{identifier}/remove"): "reader",
    ("POST", "/account/password"): "reader",
    ("GET", "/api/topics"): "reader",
    ("POST", "/api/topics"): "reader",
    ("GET", "/api/topics/{number}"): "reader",
    ("DELETE", "/api/topics/{number}"): "reader",
    ("POST", "/api/topics/{number}/marks"): "reader",
    ("POST", "/api/topics/{number}/learn"): "reader",
    ("GET", "/api/documents/{identifier}/topics"): "reader",
    ("GET", "/topics"): "reader",
    ("POST", "/topics"): "reader",
    ("POST", "/topics/mark"): "reader",
    ("GET", "/topics/{number}"): "reader",
    ("POST", "/topics/{number}/learn"): "reader",
    ("POST", "/topics/{number}/remove"): "reader",
    ("GET", "/documents"): "reader",
    ("POST", "/documents"): "adder",
    ("GET", "/documents/{identifier}"): "reader",
    ("GET", "/documents/{identifier}/source"): "reader",
    ("POST", "/documents/{identifier}/remove"): "admin",
    ("POST", "/library/places"): "admin",
    ("POST", "/library/place"): "admin",
    ("POST", "/library/retry"): "admin",
    ("GET", "/library/events"): "admin",
}
TOOLS: dict[str, Level] = {"search": "reader", "ask": "reader", "show": "reader", "list": "reader"}


def level_of(method: str, path: str) -> Level:
    """Who may send this request; the owner alone where no rule says."""
    method = "GET" if method == "HEAD" else method
    plain = ROUTES.get((method, path))
    if plain is not None and "{" not in path:
        return plain
    for pattern, level in _patterns(method):
        if pattern.match(path):
            return level
    return "owner"


def methods_at(path: str) -> tuple[str, ...]:
    """The methods that a path has; none where there is no such path."""
    methods = sorted({method for method, _ in ROUTES})
    return tuple(one for one in methods if any(pattern.match(path) for pattern, _ in _patterns(one)))


def allows(level: Level, role: Role | None, *, members_may_add: bool) -> bool:
    """Whether somebody of this role may; None is who is not known."""
    if level == "anybody" or role == "owner":
        return True
    if role is None or level == "owner":
        return False
    if role == "admin" or level in ("member", "reader"):
        return True
    return level == "adder" and members_may_add


@functools.cache
def _patterns(method: str) -> list[tuple[re.Pattern[str], Level]]:
    return [(compile_path(path)[0], level) for (of, path), level in ROUTES.items() if of == method]
