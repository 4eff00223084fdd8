"""What is said of whole documents in Everask's own words, in the asker's language; English for the others."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from functools import cache
from importlib import resources
from typing import Any, Literal, cast

from everask.answer.separators import COMMA_DECIMAL
from everask.answer.whole.computing import EXACT_DIGITS, Result, Value
from everask.answer.whole.operations import Operation
from everask.answer.whole.plans import Condition
from everask.answer.whole.sentences import plain

Phrase = Literal[
    "unclear", "which", "two", "languages", "none", "equal", "read", "partly", "unread", "incomplete",
    "counted", "shown", "figures", "changed", "added", "removed", "say",
]  # fmt: skip
_OPERATIONS: tuple[Operation, ...] = (
    "count", "distinct", "sum", "average", "min", "max", "difference", "change",
)  # fmt: skip
_MAX_NAME = 80


def phrase(name: Phrase, language: str, values: Mapping[str, object] | None = None) -> str:
    """A fixed sentence with its values."""
    return cast(str, _in(name, language)).format_map(
        {key: str(value) for key, value in (values or {}).items()}
    )


def result_lines(result: Result, language: str) -> list[str]:
    """The figures of a result, each with what it is: one line, or one for each row or group."""
    names = _operation(result, language)
    items = result.items
    if result.plan.operation in ("difference", "change") and len(items) == 3:
        first, second = items[1], items[2]
        value, more, less = (show_value(one.value, result, language) for one in items)
        return [f"{names}: {value} ({plain(first.label)} {more} − {plain(second.label)} {less})"]
    if len(items) == 1 and not items[0].label:
        return [f"{names}: {show_value(items[0].value, result, language)}"]
    return [
        f"{names}: {plain(one.label)[:_MAX_NAME]}: {show_value(one.value, result, language)}" for one in items
    ]


def how_computed(result: Result, language: str) -> str:
    """How a figure came about: the rows, what was left out, and why."""
    name = plain(result.table.document.name)
    title = plain(result.table.title)
    told = [
        _in("rows", language).format_map(
            {"n": result.num_rows, "name": f"{name} · {title}" if title else name}
        )
    ]
    if result.without:
        told.append(_in("without", language).format_map({"n": result.without}))
    if result.totals:
        told.append(_in("totals", language).format_map({"n": result.totals}))
    return "; ".join(told)


def show_value(value: Value, result: Result, language: str) -> str:
    """A figure in the language's form, with its unit, rounded as far as its column is exact."""
    if not isinstance(value, Decimal):
        return str(value)
    with localcontext() as context:
        context.prec = 2 * EXACT_DIGITS
        places = result.places if result.places is not None else 0
        rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    text = f"{rounded:f}"
    if result.plan.operation == "average" and "." in text:
        text = text.rstrip("0").rstrip(".")
    about = "≈ " if rounded != value else ""
    text = text.replace(".", ",") if language in COMMA_DECIMAL else text
    return f"{about}{text}{_unit(result.unit)}"


def _unit(unit: str) -> str:
    return unit if unit in ("%", "") else f" {unit}"


def _operation(result: Result, language: str) -> str:
    """The operation, its columns and its conditions: `Sum “Area km2”, “Country” = France, Italy`."""
    words = cast(list[str], _in("ops", language))
    header = result.table.header
    parts = [words[_OPERATIONS.index(result.plan.operation)]]
    if result.plan.targets and result.plan.operation != "count":
        parts[0] += " " + ", ".join(f"“{plain(header[one])}”" for one in result.plan.targets)
    by_column: dict[tuple[int, str], list[Condition]] = {}
    for one in result.plan.conditions:
        by_column.setdefault((one.column, one.sign), []).append(one)
    for (column, sign), some in by_column.items():
        values = ", ".join(plain(_shown(one.value, language)) for one in some)
        shown = {">=": "≥", "<=": "≤"}.get(sign, "∋" if some[0].part else sign)
        parts.append(f"“{plain(header[column])}” {shown} {values}")
    return ", ".join(parts)


def _shown(value: str | Decimal, language: str) -> str:
    text = f"{value:f}" if isinstance(value, Decimal) else value
    return text.replace(".", ",") if isinstance(value, Decimal) and language in COMMA_DECIMAL else text


def _in(name: str, language: str) -> Any:
    lines = _wording()[name]
    return lines.get(language, lines["en"])


@cache
def _wording() -> dict[str, Any]:
    file = resources.files("everask.answer.whole") / "wording.json"
    return cast(dict[str, Any], json.loads(file.read_text("utf-8")))
