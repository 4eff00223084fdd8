"""JSON and JSONL as readable lines "key: value", one block a record.

The text is extracted, not the source: keys and values as they read, without quotes and braces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from everask.documents.decode import decode
from everask.documents.draft import Draft
from everask.errors import UnreadableError

# The decoder recurses in C and says RecursionError itself; this bounds our own walk.
_MAX_DEPTH = 200
_RECORD_CHARS = 2_000


def parse_json(data: bytes, draft: Draft) -> None:
    """One JSON value: a list of objects gives a block a record, an object a block a long member."""
    text, _ = decode(data)
    try:
        value = json.loads(text.lstrip("\ufeff"))
    except RecursionError as error:
        raise UnreadableError("JSON nested too deeply", "Flatten it and add it again.") from error
    except ValueError as error:
        if _add_lines(text, draft):
            return
        raise UnreadableError(f"broken JSON: {error}", "Repair it, or rename it to .txt.") from error
    _add_value(value, draft)


def parse_jsonl(data: bytes, draft: Draft) -> None:
    """One record a line; a broken line is skipped with a warning."""
    text, _ = decode(data)
    if not _add_lines(text, draft):
        raise UnreadableError("no line of it is JSON", "Repair it, or rename it to .txt.")


def _add_lines(text: str, draft: Draft) -> bool:
    """Read JSONL; True when at least half of the lines are JSON values."""
    good = bad = 0
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            bad += 1
            if bad > 3 and bad > good:
                return False
            draft.warn(f"line {number} is not JSON and was left out")
            continue
        good += 1
        _add_record(value, draft)
    return good > bad


def _add_value(value: Any, draft: Draft) -> None:
    if isinstance(value, list):
        for item in value:
            _add_record(item, draft)
    elif isinstance(value, dict):
        short: dict[str, Any] = {}
        for key, member in value.items():
            if isinstance(member, list) and any(isinstance(item, (dict, list)) for item in member):
                _add_record(short, draft)
                short = {}
                draft.heading(str(key), 1)
                _add_value(member, draft)
            else:
                short[str(key)] = member
        _add_record(short, draft)
    else:
        _add_record(value, draft)


def _add_record(value: Any, draft: Draft) -> None:
    """Add one record; a long one becomes several blocks, so that passages can end between them."""
    lines: list[str] = []
    size = 0
    for line in _lines("", value):
        if size + len(line) > _RECORD_CHARS and lines:
            draft.add("text", "\n".join(lines))
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    draft.add("text", "\n".join(lines))


def _lines(key: str, value: Any) -> Iterator[str]:
    """Walk a value without recursion: "a.b: text" for each leaf, in order."""
    stack: list[tuple[str, Any, int]] = [(key, value, 0)]
    while stack:
        path, item, depth = stack.pop()
        if depth > _MAX_DEPTH:
            raise UnreadableError("JSON nested too deeply", "Flatten it and add it again.")
        if isinstance(item, dict):
            children = [(f"{path}.{name}" if path else str(name), child) for name, child in item.items()]
            stack.extend((name, child, depth + 1) for name, child in reversed(children))
        elif isinstance(item, list):
            if all(not isinstance(child, (dict, list)) for child in item):
                if joined := ", ".join(_leaf(child) for child in item if child not in (None, "")):
                    yield f"{path}: {joined}" if path else joined
            else:
                stack.extend((path, child, depth + 1) for child in reversed(item))
        elif item not in (None, ""):
            yield f"{path}: {_leaf(item)}" if path else _leaf(item)


def _leaf(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A lone surrogate ("\ud800" in the file) cannot be stored as UTF-8.
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "" if value is None else str(value)
