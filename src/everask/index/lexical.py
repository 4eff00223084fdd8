"""SQLite's lexical table: FTS5 over our own tokens, joined by spaces.

The `ascii` tokenizer takes everything that is not ASCII as part of a token, in any version of
Unicode; with ASCII punctuation named as well, only the separator splits. The table holds no text of
its own (`content=''`): the tokens that a row was made of stay, compressed, with the passage, so that
the row can be taken out exactly. The table is made in `migrations`.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, bindparam, column, exists, func, select, table

from everask.index.blobs import storable, unpack_tokens
from everask.index.schema import MAX_STATEMENTS, documents, passages

MAX_TOKEN = 200
"""Longer tokens are cut, in rows and in queries alike."""
HEADINGS_WEIGHT = 0.5
K1, B = 1.2, 0.75  # as in FTS5's bm25()
RARE_PASSAGES = 2_000
RARE_SHARE = 0.05
MAX_POSTINGS = 12_000
"""Rows that one query ranks; what is over it is only counted in the candidates that are found."""
MAX_FIRST = 50_000
"""Rows that it ranks when even its rarest token has so many."""
POOL = 50
"""Candidates beyond those asked for, where tokens that bring none may still change the order."""
MAX_REMEMBERED = 200_000
_COUNTED = 32  # tokens by one statement

_lexical = table("lexical", column("rowid"), column("rank"), column("lexical"))


class Match(NamedTuple):
    """A passage that words found: its BM25 and the most that the query could reach; the shares of the
    query's words, each counted as rare as it is, that it holds anywhere, and in its headings."""

    passage: int
    score: float
    most: float
    held: float
    headed: float


@dataclass(frozen=True, slots=True)
class Pile:
    """The size and version of what is indexed."""

    epoch: str
    changes: int
    passages: int
    tokens: int


def join(tokens: Iterable[str]) -> str:
    """Tokens as one column of a row, with a space on each side of each, so that they can be counted."""
    return storable("".join(f" {token[:MAX_TOKEN]} " for token in tokens))


def count_tokens(column: str | bytes) -> int:
    """How many tokens a column holds."""
    return (column.count(" ") if isinstance(column, str) else column.count(b" ")) // 2


def quote(token: str) -> str:
    """A token as an FTS5 string: nothing in it is an operator."""
    return '"' + storable(token[:MAX_TOKEN]).replace('"', '""') + '"'


def insert(connection: Connection, rows: Sequence[tuple[int, str, str]]) -> None:
    """Add rows (passage id, body, headings)."""
    if rows:
        connection.exec_driver_sql("INSERT INTO lexical(rowid, body, headings) VALUES (?, ?, ?)", list(rows))


def delete(connection: Connection, rows: Sequence[tuple[int, str, str]]) -> None:
    """Take out rows, given exactly as they were inserted."""
    if rows:
        connection.exec_driver_sql(
            "INSERT INTO lexical(lexical, rowid, body, headings) VALUES ('delete', ?, ?, ?)", list(rows)
        )


class Frequencies:
    """In how many passages each token stands, remembered while the pile hardly changes."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._at = Pile("", 0, 0, 0)
        self._languages: tuple[str, ...] | None = None

    def look_up(self, connection: Connection, pile: Pile, tokens: Iterable[str]) -> dict[str, int]:
        """Frequencies of the tokens that exist."""
        if self._is_outdated(pile):
            self._known, self._at, self._languages = {}, pile, None
        if len(self._known) > MAX_REMEMBERED:
            self._known = {}
        known = self._known
        wanted = list(tokens)
        new = [token for token in wanted if token not in known]
        for start in range(0, len(new), _COUNTED):
            known |= _count(connection, new[start : start + _COUNTED])
        return {token: known[token] for token in wanted if known[token]}

    def counter(self, connection: Connection) -> Callable[[Iterable[str]], dict[str, int]]:
        """Looks up frequencies in the pile as it is now."""
        pile = read_pile(connection)
        return lambda tokens: self.look_up(connection, pile, tokens)

    def languages(self, connection: Connection) -> tuple[str, ...]:
        """The languages of the pile, the most frequent first."""
        pile = read_pile(connection)
        if self._is_outdated(pile):
            self._known, self._at, self._languages = {}, pile, None
        if self._languages is None:
            query = select(passages.c.language).group_by(passages.c.language)
            self._languages = tuple(connection.scalars(query.order_by(func.count().desc())))
        return self._languages

    def _is_outdated(self, pile: Pile) -> bool:
        slack = pile.passages // 1000
        return (
            pile.epoch != self._at.epoch
            or pile.changes - self._at.changes > slack
            or abs(pile.passages - self._at.passages) > 10 * slack
        )


def _count(connection: Connection, tokens: Sequence[str]) -> dict[str, int]:
    one = "(SELECT count(*) FROM lexical WHERE lexical MATCH ?)"
    query = f"SELECT {', '.join([one] * len(tokens))}"
    row = connection.exec_driver_sql(query, tuple(map(quote, tokens))).one()
    return dict(zip(tokens, row, strict=True))


def holding(token: str) -> Select[int]:
    """The ids of the passages with a token."""
    return matching(quote(token))


def leading_expression(connection: Connection, tokens: Sequence[str], must: str = "") -> str:
    """What a search by these tokens takes its candidates from, as an FTS5 expression; empty for nothing."""
    if not tokens:
        return must
    found = _count(connection, list(dict.fromkeys(token[:MAX_TOKEN] for token in tokens))[:_COUNTED])
    there = {token: number for token, number in found.items() if number}
    if not there:
        return must
    leading = _leading(there, read_pile(connection).passages)
    return _expression(" OR ", leading, must) if leading else _expression(" AND ", list(there), must)


def matching(expression: str | ColumnElement[str]) -> Select[int]:
    """The ids of the passages that meet an FTS5 expression."""
    return select(_lexical.c.rowid).where(_lexical.c.lexical.op("MATCH")(expression))


def read_pile(connection: Connection) -> Pile:
    """The pile's size and version."""
    row = connection.exec_driver_sql("SELECT epoch, changes, passages, tokens FROM state").one()
    return Pile(*row)


def search(
    connection: Connection,
    tokens: Sequence[str],
    limit: int,
    conditions: Sequence[ColumnElement[bool]],
    frequencies: Frequencies,
    must: str = "",
) -> list[Match]:
    """The best passages by BM25.

    `must` is an FTS5 expression that they all meet; `conditions` then check it.
    """
    pile = read_pile(connection)
    cut = dict.fromkeys(token[:MAX_TOKEN] for token in tokens)
    found = frequencies.look_up(connection, pile, cut)
    if not found or limit < 1:
        return []
    weights = {token: _idf(pile.passages, number) for token, number in found.items()}
    leading = _leading(found, pile.passages)
    rest = len(found) > len(leading)
    if leading:
        pool = _ranked(connection, leading, limit + POOL if rest else limit, conditions, must)
    else:
        pool = _unranked(connection, list(found), limit + POOL, conditions, must)
    if must and len(pool) < limit:
        pool = list(dict.fromkeys([*pool, *_any(connection, must, limit, conditions)]))
    scores = _score(connection, pool, weights, pile)
    best = sorted(scores, key=lambda item: (-item[1], item[0]))[:limit]
    # Words that no passage holds count: a query of which one name alone is found leans on its meaning.
    missing = (len(cut) - len(found)) * _idf(pile.passages, 0)
    weight = max(sum(weights.values()) + missing, 1e-9)
    return [
        Match(passage, score, max(weight * (K1 + 1), score), held / weight, headed / weight)
        for passage, score, held, headed in best
    ]


def _idf(num_passages: int, frequency: int) -> float:
    # Never zero, unlike FTS5's own: in a pile of one document most words stand in most passages.
    return math.log1p((num_passages - frequency + 0.5) / (frequency + 0.5))


def _leading(found: dict[str, int], num_passages: int) -> list[str]:
    """The tokens that candidates are taken from: rare ones first, as many as the time allows."""
    rare = max(RARE_PASSAGES, int(num_passages * RARE_SHARE))
    leading: list[str] = []
    spent = 0
    for token, number in sorted(found.items(), key=lambda item: item[1]):
        if number > MAX_FIRST or (leading and (number > rare or spent + number > MAX_POSTINGS)):
            break
        leading.append(token)
        spent += number
    return leading


def _ranked(
    connection: Connection,
    tokens: list[str],
    limit: int,
    conditions: Sequence[ColumnElement[bool]],
    must: str,
) -> list[int]:
    """The best passages with any of some tokens."""
    wanted, rank = _expression(" OR ", tokens, must), f"bm25(1.0, {HEADINGS_WEIGHT})"
    if not conditions:  # mostly; text costs less than building a statement
        plain = "SELECT rowid FROM lexical WHERE lexical MATCH ? AND rank MATCH ? ORDER BY rank LIMIT ?"
        return [row[0] for row in connection.exec_driver_sql(plain, (wanted, rank, limit)).all()]
    asked = {"wanted": wanted, "rank": rank, "limit": limit}
    return list(connection.scalars(_best_that(tuple(conditions)), asked))


@functools.lru_cache(MAX_STATEMENTS)
def _best_that(conditions: tuple[ColumnElement[bool], ...]) -> Select[int]:
    """The best :limit rows by :rank that match :wanted and meet the conditions."""
    return (
        select(_lexical.c.rowid)
        .where(
            _lexical.c.lexical.op("MATCH")(bindparam("wanted")),
            _lexical.c.rank.op("MATCH")(bindparam("rank")),
            *_allowed(conditions),
        )
        .order_by(_lexical.c.rank)
        .limit(bindparam("limit"))
    )


def _unranked(
    connection: Connection,
    tokens: list[str],
    limit: int,
    conditions: Sequence[ColumnElement[bool]],
    must: str,
) -> list[int]:
    """For queries of nothing but very common tokens: passages with all of them, or with any."""
    for operator in (" AND ", " OR "):
        ids = _any(connection, _expression(operator, tokens, must), limit, conditions)
        if len(ids) >= limit:
            break
    return ids


def _any(
    connection: Connection, expression: str, limit: int, conditions: Sequence[ColumnElement[bool]]
) -> list[int]:
    """Some passages that meet an expression, in no order."""
    query = select(_lexical.c.rowid).where(_lexical.c.lexical.op("MATCH")(expression), *_allowed(conditions))
    return list(connection.scalars(query.limit(limit)))


def _expression(operator: str, tokens: Sequence[str], must: str) -> str:
    some = operator.join(map(quote, tokens))
    return f"({some}) AND ({must})" if must else some


def _allowed(conditions: Sequence[ColumnElement[bool]]) -> list[ColumnElement[bool]]:
    # Correlated, so that rows are looked at in the order of their rank, and no more than needed.
    if not conditions:
        return []
    inside = select(passages.c.id).join_from(passages, documents)
    return [exists(inside.where(passages.c.id == _lexical.c.rowid, *conditions))]


def _score(
    connection: Connection, ids: list[int], weights: dict[str, float], pile: Pile
) -> list[tuple[int, float, float, float]]:
    """BM25 of some tokens in some passages, from the tokens that are kept with them; and the weight of
    those that each holds, anywhere and in its headings."""
    average = max(pile.tokens, 1) / max(pile.passages, 1)
    padded = [(f" {token} ".encode("utf-8", "surrogatepass"), weight) for token, weight in weights.items()]
    scores: list[tuple[int, float, float, float]] = []
    wanted = "SELECT p.id, p.data FROM json_each(?) AS wanted JOIN passages AS p ON p.id = wanted.value"
    for passage, data in connection.exec_driver_sql(wanted, (json.dumps(ids),)).all():
        body, headings = unpack_tokens(data)
        norm = K1 * (1 - B + B * (count_tokens(body) + count_tokens(headings)) / average)
        total = held = headed = 0.0
        for token, weight in padded:
            in_headings = headings.count(token) if headings else 0
            times = body.count(token) + HEADINGS_WEIGHT * in_headings
            if times:
                total += weight * times * (K1 + 1) / (times + norm)
                held += weight
                headed += weight if in_headings else 0.0
        scores.append((passage, total, held, headed))
    return scores
