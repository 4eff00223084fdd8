"""Sums and counts over the tables of the pile: which tables, what was computed, and from which rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from everask.answer.whole.columns import columns_of
from everask.answer.whole.computing import Result, compute
from everask.answer.whole.interpretation import can_explain, interpret
from everask.answer.whole.plans import Unclear
from everask.answer.whole.question import Asked, take_apart
from everask.answer.whole.sentences import plain
from everask.answer.whole.tables import Row, Table, tables_of
from everask.answer.whole.wording import how_computed, phrase, result_lines
from everask.documents.kind import MEDIA_TYPES
from everask.pipeline.encoders import one_state
from everask.pipeline.whole_parts import Made, Parts, WholeQuestion, answer_of
from everask.retrieve import search
from everask.types import (
    Answered,
    AnswerEvent,
    Citation,
    Claim,
    ClaimChecked,
    Document,
    DocumentInfo,
    Note,
    Query,
    StageStarted,
)

MAX_CITED_ROWS = 8
MAX_LOOKED_AT = 12
"""Documents whose tables are looked at."""
MAX_DATA_FILES = 200
MAX_CHARS = 5_000_000
"""A larger document is not computed with."""
MAX_SECONDS = 30.0
_NUM_HITS = 20
_DATA_KINDS = ("csv", "tsv", "xlsx", "xlsm", "ods", "json", "jsonl")
_MIN_TOLD, _CLEARLY_MORE = 1.2, 0.3


def answer_from_tables(
    parts: Parts, asked: WholeQuestion, cancelled: Callable[[], bool]
) -> Iterator[AnswerEvent] | None:
    """The stream of a computed answer, or a refusal that says what is unclear, or None: no table accounts
    for every word of the question."""
    question = take_apart(asked.text, asked.language)
    if not question.operations:
        return None
    started = time.monotonic()
    results: list[Result] = []
    unclear: list[tuple[Unclear, Table]] = []
    for table in _tables(parts, asked, question, cancelled):
        if cancelled():
            return iter(())
        if time.monotonic() - started > MAX_SECONDS:
            return None  # another table might fit better: no guess, an ordinary answer
        if not can_explain(question, table):
            continue
        columns = columns_of(table)
        made = interpret(question, table, columns)
        if made is None:
            continue
        result = made if isinstance(made, Unclear) else compute(made, table, columns)
        if isinstance(result, Result):
            results.append(result)
        elif made.told >= _MIN_TOLD and result.candidates:
            unclear.append((result, table))
    if results:
        return _stream(asked, _choose(results), started)
    if unclear:
        best, _ = max(unclear, key=lambda one: one[0].told)
        return _refuse(asked, [plain(name) for name in best.candidates], started)
    return None


def _tables(
    parts: Parts, asked: WholeQuestion, question: Asked, cancelled: Callable[[], bool]
) -> Iterator[Table]:
    """The tables that may answer: of data files that are named or few, and of what a search finds."""
    wanted: dict[str, None] = {}
    kinds = asked.filters.media_types or tuple(
        {MEDIA_TYPES[one] for one in _DATA_KINDS if one in MEDIA_TYPES}
    )
    data = list(_first(parts.store.documents(replace(asked.filters, media_types=kinds), asked.groups)))
    tokens = frozenset[str]().union(*(word.tokens for word in question.words if not word.filler))
    for info in data:
        if len(data) <= MAX_LOOKED_AT or tokens & _name_tokens(info):
            wanted[info.id] = None
    query = Query(asked.text, asked.language, asked.filters, asked.groups)
    settings = parts.settings.search
    with one_state(parts):
        hits = search(query, parts.store, parts.encoder, top=_NUM_HITS, settings=settings, with_marks=False)
    for hit in hits:
        if hit.passage.kind == "table" or hit.document.id in wanted:
            wanted[hit.document.id] = None
    for identifier in list(wanted)[: 2 * MAX_LOOKED_AT]:
        if cancelled():
            return
        document = parts.store.document(identifier, asked.groups)
        if len(document.text) <= MAX_CHARS:
            yield from tables_of(document)


def _first(infos: Iterator[DocumentInfo]) -> Iterator[DocumentInfo]:
    for _, info in zip(range(MAX_DATA_FILES), infos, strict=False):
        yield info


def _name_tokens(info: DocumentInfo) -> frozenset[str]:
    text = f"{info.name} {info.title}".replace("/", " ").replace("-", " ").replace("_", " ")
    return frozenset(token for word in take_apart(text, info.language).words for token in word.tokens)


def _choose(results: Sequence[Result]) -> Result | list[str]:
    """The result that the question's words name best; the names of the tables where two are as good."""
    ranked = sorted(results, key=lambda one: -one.plan.told)
    rivals = [one for one in ranked if one.plan.told > ranked[0].plan.told - _CLEARLY_MORE]
    values = {tuple((item.label, item.value) for item in one.items) for one in rivals}
    if len(values) == 1:
        return ranked[0]
    return list(dict.fromkeys(_name(one.table) for one in rivals))


def _stream(asked: WholeQuestion, chosen: Result | list[str], started: float) -> Iterator[AnswerEvent]:
    if not isinstance(chosen, Result):
        yield from _refuse(asked, chosen, started)
        return
    yield StageStarted("reading")
    claims: list[Claim] = []
    items = [one for one in chosen.items if one.rows]
    lines = result_lines(chosen, asked.language)
    groups = (
        [one.rows for one in items] if len(lines) == len(items) else [sum((one.rows for one in items), ())]
    )
    rows = groups if len(groups) == len(lines) else [sum(groups, ())] * len(lines)
    for line, some in zip(lines, rows, strict=True):
        cited = _cite_rows(chosen.table, some)
        claims.append(Claim(line, 1.0, cited))
        yield ClaimChecked(claims[-1])
    every = tuple(dict.fromkeys(citation for claim in claims for citation in claim.citations))
    note = Note("computed", how_computed(chosen, asked.language), every[:MAX_CITED_ROWS])
    yield Answered(answer_of(asked, Made(claims, notes=(note,)), started))


def _refuse(asked: WholeQuestion, names: Sequence[str], started: float) -> Iterator[AnswerEvent]:
    yield StageStarted("reading")
    why = phrase("unclear", asked.language, {"names": ", ".join(f"“{name}”" for name in names if name)})
    yield Answered(answer_of(asked, Made((), why), started))


def _cite_rows(table: Table, rows: Sequence[Row]) -> tuple[Citation, ...]:
    """The first rows that a figure came from; the header row where it came from none."""
    document = table.document
    return tuple(_cite(document, row) for row in rows[:MAX_CITED_ROWS] or table.rows[:1])


def _cite(document: Document, row: Row) -> Citation:
    return Citation(
        document.name,
        document.id,
        document.title,
        document.uri,
        document.language,
        row.start,
        row.end,
        document.text[row.start : row.end],
        row.page,
    )


def _name(table: Table) -> str:
    title = plain(table.title)
    return f"{plain(table.document.name)} · {title}" if title else plain(table.document.name)
