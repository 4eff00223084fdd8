"""Whether a sentence denies what its quote says, or says what the quote denies.

A quote may say "not" of one thing and speak of another. So what a denial is about is looked for: the words
near it. A sentence without a denial must not take words that the quote's denial is about, and a denial of a
sentence must stand in the quote beside the same words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from importlib import resources

from everask.text import analyse
from everask.text.telling import weigh

_TABLE = json.loads((resources.files("everask.answer") / "negation.json").read_text("utf-8"))
_DENIALS: Mapping[str, str] = _TABLE["denials"]
# "no more than" says how much, and denies nothing.
_AT_MOST = re.compile("|".join(_TABLE["at_most"]), re.IGNORECASE)
_CLAUSE_END = re.compile("|".join(_TABLE["clause_end"]), re.IGNORECASE)
_TELLING = 0.34
_MOSTLY, _ALL = 0.6, 0.99


def denies(sentence: str, quote: str, language: str) -> bool:
    """Whether exactly one of the two denies what both speak of."""
    pattern = _DENIALS.get(language)
    if pattern is None:
        return False
    said = _clauses(sentence, language, pattern)
    quoted = _clauses(quote, language, pattern)
    if not any(one[0] for one in said) and not any(one[0] for one in quoted):
        return False
    whole = set[str]().union(*(tokens for _, tokens in said))
    for denied, tokens in said:
        if denied and any(one and other and _shared(other, tokens) >= _MOSTLY for one, other in quoted):
            continue
        share = {at: _shared(tokens, other) for at, (_, other) in enumerate(quoted)}
        best = max(share.values(), default=0.0)
        nearest = [quoted[at][0] for at, value in share.items() if value >= max(best - 0.05, 0.01)]
        if nearest and not any(one == denied for one in nearest):
            return True
        if not nearest and denied and not any(one for one, _ in quoted):
            return True
    # Something that the quote denies, and nothing but that, is said without the denial.
    return any(
        denied and tokens and _shared(tokens, whole) > _ALL and not any(one for one, _ in said)
        for denied, tokens in quoted
    )


def denies_at(text: str, start: int, end: int, language: str) -> bool:
    """Whether the clause of a text that holds what stands from `start` to `end` has a word that denies."""
    pattern = _DENIALS.get(language)
    if pattern is None:
        return False
    borders = [0, *(place for one in _CLAUSE_END.finditer(text) for place in one.span()), len(text)]
    first = max(one for one in borders if one <= start)
    last = min((one for one in borders if one >= end), default=len(text))
    clause = _AT_MOST.sub(" ", text[first:last].casefold())
    return bool(re.search(pattern, f" {clause} "))


def _clauses(text: str, language: str, pattern: str) -> list[tuple[bool, set[str]]]:
    """Of each clause, whether it denies and its telling words."""
    text = _AT_MOST.sub(" ", text.casefold())
    found: list[tuple[bool, set[str]]] = []
    for clause in _CLAUSE_END.split(text):
        denied = bool(re.search(pattern, f" {clause} "))
        rest = re.sub(pattern, " ", f" {clause} ")
        weights = weigh(set(analyse(rest, language)))
        tokens = {token for token, weight in weights.items() if weight > _TELLING}
        if tokens or denied:
            if not tokens and found:  # "…, not": it belongs to what came before
                found[-1] = (found[-1][0] or denied, found[-1][1])
            else:
                found.append((denied, tokens))
    return found


def _shared(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one) if one else 0.0
