"""A calculator for what texts say they calculate: each "48 / 2 = 24" is worked out and compared.

Whole numbers and fractions, exactly; signs, brackets, powers, per cents ("20% of 50"), units that stand
behind numbers ("10 apples + 5 apples = 15 apples"), single capital letters that stand for an earlier
value ("A = 3 + 4 = 7 … A * 2 = 14"), and whole numbers of another base where one is named ("5 + 8 = 14" in
base 9). Knows nothing of quotes: whether the numbers are the right ones to calculate with is not asked here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

_TOKEN = re.compile(
    r"(?P<mixed>\d+ \d+/\d+)|(?P<unit>/ ?[^\W\d_]{2,}|(?<=[^\W\d_])/[^\W\d_]+)"
    r"|(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)|(?P<equals>[=≈])|(?P<operator>\*\*|[-+*/×÷·^−–])"
    r"|(?P<bracket>[()\[\]{}])|(?P<percent>%)|(?P<money>[$€£¥₹])|(?P<word>[^\W\d_]+)|(?P<end>[.;:!?\n,]|[^\s])"
)
_OPERATORS = {"×": "*", "÷": "/", "·": "*", "−": "-", "–": "-", "**": "^"}
_BRACKETS = {"[": "(", "{": "(", "]": ")", "}": ")"}
_MOST_UNIT_WORDS = 3
_MOST_POWER = 64
_LARGEST = 10**30
_BASE = re.compile(
    r"\b(?:base|basis|основани\w+)[ -]?(?P<before>\d{1,2})\b"
    r"|(?P<behind>\d{1,2}) ?(?:进制|進制|進法|進数|진법)"
    r"|\b(?P<named>binary|octal) (?:numbers?|digits?|system)\b",
    re.IGNORECASE,
)
_NAMED_BASES = {"binary": 2, "octal": 8}
_TEN = 10

Values = Mapping[str, Fraction]


@dataclass(frozen=True, slots=True)
class Calculation:
    """A chain of sides that are said to be equal, as it is written; `value` is what the last one says, by the
    first side that can be worked out they should all be `worked_out`."""

    text: str
    value: Fraction
    worked_out: Fraction
    is_right: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Side:
    """One side: its value, how exactly it is written, and where it stands. `name` is the letter that it is;
    it `calculates` where it is more than a number."""

    value: Fraction | None
    decimals: int | None
    is_percent: bool
    start: int
    end: int
    name: str = ""
    calculates: bool = False


def base_of(question: str) -> int:
    """The base, 2 to 10, that a question wants its numbers read in: 10 where it names none, or several."""
    found = {
        _NAMED_BASES[one["named"].lower()] if one["named"] else int(one["before"] or one["behind"])
        for one in _BASE.finditer(question)
    }
    base = found.pop() if len(found) == 1 else _TEN
    return base if 2 <= base < _TEN else _TEN


def check_calculations(text: str, values: Values | None = None, base: int = _TEN) -> list[Calculation]:
    """The calculations of a text, each worked out; `values` are those of letters. In another `base` than 10
    every number is a whole one of its digits; one with other digits or a point is read as no number."""
    known = dict(values or {})
    found: list[Calculation] = []
    for sides, is_rough in _chains(text, known, base):
        made = _compare(text, sides, rough=is_rough)
        if made is not None:
            found.append(made)
            if made.name:
                known[made.name] = made.value
    return found


def check_steps(steps: Sequence[str]) -> list[list[Calculation]]:
    """The calculations of each step of a longer one; letters keep what earlier steps gave them."""
    known: dict[str, Fraction] = {}
    checked: list[list[Calculation]] = []
    for step in steps:
        made = check_calculations(step, known)
        known |= {one.name: one.value for one in made if one.name}
        checked.append(made)
    return checked


def work_out(expression: str, values: Values | None = None) -> Fraction | None:
    """The value of an expression; None where it is none, or has no value."""
    tokens = [one for one in _tokens(expression) if one.kind not in {"money", "end", "equals"}]
    return _evaluate(tokens, values or {}) if tokens else None


def _tokens(text: str, base: int = _TEN) -> list[_Token]:
    found: list[_Token] = []
    for match in _TOKEN.finditer(text):
        kind, written = match.lastgroup or "end", match.group()
        if kind == "word" and written in ("x", "X") and text[match.end() :].lstrip()[:1] in "0123456789($€£":
            kind, written = "operator", "*"
        if kind == "unit":
            kind = "word"
        if base != _TEN and kind in ("number", "mixed"):
            kind, written = _based(written, base)
        if kind == "mixed":
            kind, written = "number", written.replace(" ", "+")
        if kind == "word" and written == "of" and found and found[-1].kind == "percent":
            kind, written = "operator", "*"
        written = _OPERATORS.get(written, _BRACKETS.get(written, written))
        found.append(_Token(kind, written, *match.span()))
    return found


def _based(written: str, base: int) -> tuple[str, str]:
    """A number of another base as its kind and what it is with the usual digits."""
    try:
        return "number", str(int(written, base))
    except ValueError:
        return "end", written


def _chains(text: str, values: Values, base: int) -> Iterator[tuple[list[_Side], bool]]:
    """Sides that signs of equality join, and whether one of the signs says "about"."""
    tokens = _tokens(text, base)
    signs = [at for at, one in enumerate(tokens) if one.kind == "equals"]
    sides: list[_Side] = []
    rough, upto = False, -1
    for at in signs:
        if sides and upto != at:  # the last chain ended before this sign
            yield sides, rough
            sides, rough = [], False
        if not sides:
            left = _side_before(tokens, at, values)
            if left is None:
                continue
            sides = [left]
        rough = rough or tokens[at].text == "≈"
        right, upto = _side_after(tokens, at + 1, values)
        if right is None:
            yield sides, rough
            sides, rough = [], False
        else:
            sides.append(right)
    if sides:
        yield sides, rough


def _side_before(tokens: Sequence[_Token], at: int, values: Values) -> _Side | None:
    """The longest expression that ends right before a place; None for one with what has no value in it."""
    start, wants_operand, words, depth = at, True, 0, 0
    for place in range(at - 1, -1, -1):
        one, after = tokens[place], tokens[place + 1]
        adjacent = one.end == after.start
        if wants_operand and (one.kind == "number" or _is_letter(one)):
            start, wants_operand, words = place, False, 0
        elif not wants_operand and after.text == "(" and adjacent and one.kind == "number":
            start = place  # "3(4 + 5)"
        elif one.kind == "word" and wants_operand and words < _MOST_UNIT_WORDS and len(one.text) > 1:
            words += 1
        elif one.kind == "percent" and wants_operand:
            words = 0
        elif one.kind == "money" and not wants_operand:
            start = place
        elif one.text == ")" and wants_operand:
            depth, words = depth + 1, 0
        elif one.text == "(" and not wants_operand and depth > 0:
            start, depth = place, depth - 1
        elif one.text == "-" and not wants_operand:
            is_sign = adjacent and (place == 0 or tokens[place - 1].kind not in {"number", "percent"})
            is_sign = is_sign and (place == 0 or tokens[place - 1].text != ")")
            start, wants_operand = (place, False) if is_sign else (start, True)
        elif one.kind == "operator" and not wants_operand:
            wants_operand = True
        else:
            break
    else:
        place = -1
    opened = start < at and wants_operand and start > 0 and tokens[start - 1].kind == "operator"
    if opened and place >= 0 and (tokens[place].kind == "word" or tokens[place].text == ")"):
        return None
    if 0 < start < at and tokens[start - 1].text == ":" and tokens[start - 1].end == tokens[start].start:
        return None  # a time of day
    return _make_side(tokens[start:at], values)


def _side_after(tokens: Sequence[_Token], at: int, values: Values) -> tuple[_Side | None, int]:
    """The longest expression that begins at a place, and the place of the sign of equality behind it."""
    place, end, wants_operand, depth = at, at, True, 0
    while place < len(tokens):
        one = tokens[place]
        if wants_operand and (one.kind == "money" or one.text in ("+", "-", "(")):
            depth += one.text == "("
        elif wants_operand and (one.kind == "number" or _is_letter(one)):
            wants_operand = False
            end = place + 1 if depth == 0 else end
        elif not wants_operand and one.text == ")" and depth > 0:
            depth -= 1
            end = place + 1 if depth == 0 else end
        elif not wants_operand and one.kind == "percent":
            end = place + 1 if depth == 0 else end
        elif not wants_operand and one.kind == "operator":
            wants_operand = True
        elif not wants_operand and one.text == "(" and one.start == tokens[place - 1].end:
            wants_operand, depth = True, depth + 1
        elif not wants_operand and one.kind == "word" and len(one.text) > 1:
            behind = tokens[place : place + _MOST_UNIT_WORDS + 1]
            joins = next((each for each in behind if each.kind != "word"), None)
            if joins is None or joins.kind not in {"operator", "equals"}:
                break
        else:
            break
        place += 1
    stopped = tokens[place] if place < len(tokens) else None
    if stopped is not None and stopped.kind == "word" and (wants_operand or len(stopped.text) == 1):
        return None, -1  # "= 15 * p", "= 3x"
    sign = next((at for at in range(end, len(tokens)) if tokens[at].kind != "word"), len(tokens))
    is_sign = sign < len(tokens) and tokens[sign].kind == "equals" and sign - end <= _MOST_UNIT_WORDS
    return _make_side(tokens[at:end], values), sign if is_sign else -1


def _is_letter(token: _Token) -> bool:
    return token.kind == "word" and len(token.text) == 1 and token.text.isupper()


def _make_side(tokens: Sequence[_Token], values: Values) -> _Side | None:
    kept = [one for one in tokens if one.kind not in {"money", "end"}]
    kept = [one for one in kept if one.kind != "word" or _is_letter(one)]
    while kept and kept[0].kind == "operator" and kept[0].text not in "+-":
        kept = kept[1:]
    if not kept:
        return None
    value = _evaluate(kept, values)
    is_number = len([one for one in kept if one.kind == "number"]) == 1 and len(kept) <= 3
    written = next((one.text for one in kept if one.kind == "number"), "")
    decimals = len(written.partition(".")[2]) if is_number else None
    name = kept[0].text if len(kept) == 1 and kept[0].kind == "word" else ""
    if value is None and not name:
        return None
    percent = any(one.kind == "percent" for one in kept) and is_number
    more = len([one for one in kept if one.kind in {"number", "word"}]) > 1
    return _Side(value, decimals, percent, tokens[0].start, tokens[-1].end, name, more)


def _compare(text: str, sides: Sequence[_Side], *, rough: bool) -> Calculation | None:
    """Whether all sides that have a value have the same. "60 people = 120" calculates nothing."""
    while sides and not (sides[0].calculates or sides[0].name):
        sides = sides[1:]
    name = sides[0].name if sides else ""
    # A letter that begins a chain is given its value there, whatever it had before.
    known = [one for at, one in enumerate(sides) if one.value is not None and not (name and at == 0)]
    if len(known) < 2 and not (name and known):
        return None
    first, last = known[0], known[-1]
    assert first.value is not None and last.value is not None
    is_right = all(_agree(left, right, rough=rough) for left, right in pairwise(known))
    written = text[sides[0].start : sides[-1].end]
    return Calculation(written, last.value, first.value, is_right, name)


def _agree(left: _Side, right: _Side, *, rough: bool) -> bool:
    """Whether two values are the same, as exactly as the right one is written."""
    one, other = left.value, right.value
    assert one is not None and other is not None
    factors = [Fraction(1)]
    if left.is_percent != right.is_percent:
        factors.append(Fraction(100) if right.is_percent else Fraction(1, 100))
    for factor in factors:
        difference = abs(one - other * factor)
        places = right.decimals
        exact = difference == 0
        # A result with decimals may be rounded or cut; one without must be exact, unless it says "about".
        near = (
            places is not None
            and (places > 0 or rough)
            and _is_shortened(one, other * factor, places, factor)
        )
        if exact or near or (rough and difference <= abs(one) / 50):
            return True
    return False


def _is_shortened(exact: Fraction, written: Fraction, places: int, factor: Fraction) -> bool:
    """Whether a value with so many decimals is another one, rounded or cut."""
    unit = factor / 10**places
    difference = abs(exact - written)
    return difference <= unit / 2 or (difference < unit and abs(written) < abs(exact))


def _evaluate(tokens: Sequence[_Token], values: Values) -> Fraction | None:
    try:
        value, rest = _sum(list(tokens), values)
    except (ValueError, ZeroDivisionError, IndexError):
        return None
    return None if rest or abs(value) > _LARGEST else value


def _sum(tokens: list[_Token], values: Values) -> tuple[Fraction, list[_Token]]:
    value, tokens = _product(tokens, values)
    while tokens and tokens[0].text in ("+", "-"):
        sign = tokens[0].text
        other, tokens = _product(tokens[1:], values)
        value = value + other if sign == "+" else value - other
    return value, tokens


def _product(tokens: list[_Token], values: Values) -> tuple[Fraction, list[_Token]]:
    value, tokens = _power(tokens, values)
    while tokens and (tokens[0].text in ("*", "/") or tokens[0].text == "("):
        if tokens[0].text == "(":  # "3 (4 + 5)"
            other, tokens = _power(tokens, values)
            value *= other
            continue
        sign = tokens[0].text
        other, tokens = _power(tokens[1:], values)
        value = value * other if sign == "*" else value / other
    return value, tokens


def _power(tokens: list[_Token], values: Values) -> tuple[Fraction, list[_Token]]:
    if tokens[0].text in ("+", "-"):
        value, rest = _power(tokens[1:], values)
        return (-value if tokens[0].text == "-" else value), rest
    value, tokens = _atom(tokens, values)
    if tokens and tokens[0].text == "^":
        exponent, tokens = _power(tokens[1:], values)
        if exponent.denominator != 1 or abs(exponent) > _MOST_POWER or abs(value) > _LARGEST:
            raise ValueError("a power that is not worked out")
        value = value ** int(exponent)
    return value, tokens


def _atom(tokens: list[_Token], values: Values) -> tuple[Fraction, list[_Token]]:
    one, rest = tokens[0], tokens[1:]
    if one.text == "(":
        value, rest = _sum(rest, values)
        if not rest or rest[0].text != ")":
            raise ValueError("a bracket that is not closed")
        rest = rest[1:]
    elif one.kind == "number":
        value = sum(map(Fraction, one.text.replace(",", "").split("+")), Fraction(0))
    elif one.kind == "word" and one.text in values:
        value = values[one.text]
    else:
        raise ValueError("no number")
    if rest and rest[0].kind == "percent":
        value, rest = value / 100, rest[1:]
    return value, rest
