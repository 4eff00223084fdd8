"""TREC's files: runs, judgements (qrels) and our own queries. A wrong line is named with its number."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

from everask.errors import UsageError
from everask.evaluate.metrics import Run

RUN_LINE = "QUERY Q0 DOCUMENT RANK SCORE TAG"
JUDGEMENT_LINE = "QUERY 0 DOCUMENT GRADE"


def read_run(path: Path) -> dict[str, dict[str, float]]:
    """Scores of documents by query. Raises UsageError with file and line."""
    run: dict[str, dict[str, float]] = {}
    for number, line in _lines(path):
        columns = line.split()
        if len(columns) != 6:
            raise _wrong(path, number, f"{len(columns)} columns, not 6", f"Write it as: {RUN_LINE}.")
        query, _, document, _, written, _ = columns
        score = _number(path, number, written, "score")
        if document in run.setdefault(query, {}):
            raise _wrong(path, number, f"{document} twice for query {query}", "Keep one of the lines.")
        run[query][document] = score
    if not run:
        raise UsageError(f"{path} holds no run: it is empty.", f"A line of it is: {RUN_LINE}.")
    return run


def read_judgements(path: Path) -> dict[str, dict[str, int]]:
    """Grades of documents by query. Raises UsageError with file and line."""
    judgements: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        columns = line.split()
        if len(columns) != 4:
            hint = f"Write it as: {JUDGEMENT_LINE}; white space in a name as %20."
            raise _wrong(path, number, f"{len(columns)} columns, not 4", hint)
        query, _, document, written = columns
        grade = _number(path, number, written, "grade")
        if grade != int(grade):
            raise _wrong(path, number, f"the grade {written} is not a whole number", "Write 0, 1, 2 ….")
        if document in judgements.setdefault(query, {}):
            raise _wrong(path, number, f"{document} twice for query {query}", "Keep one of the lines.")
        judgements[query][document] = int(grade)
    if not any(grade > 0 for grades in judgements.values() for grade in grades.values()):
        raise UsageError(f"{path} judges nothing to be right.", f"A line of it is: {JUDGEMENT_LINE}.")
    return judgements


def read_queries(path: Path) -> dict[str, str]:
    """Texts of queries by id, from lines of JSON. Raises UsageError with file and line."""
    queries: dict[str, str] = {}
    for number, line in _lines(path):
        try:
            record = json.loads(line)
            key, text = str(record["id"]), str(record["text"])
        except (ValueError, KeyError, TypeError) as error:
            raise _wrong(path, number, 'not {"id": …, "text": …}', "Mend the line.") from error
        if key in queries:
            raise _wrong(path, number, f"query {key} a second time", "Give every query an id of its own.")
        queries[key] = text
    if not queries:
        raise UsageError(f"{path} holds no queries: it is empty.", 'A line of it is {"id": …, "text": …}.')
    return queries


def write_run(run: Run, path: Path, tag: str = "everask") -> None:
    """A run as TREC's tools read it, best first."""
    with path.open("w", encoding="utf-8") as file:
        for query, scores in run.items():
            ordered = sorted(scores, key=lambda name: (-scores[name], name))
            for rank, document in enumerate(ordered, 1):
                columns = (escape(query), "Q0", escape(document), rank, f"{scores[document]:.6f}", tag)
                file.write(" ".join(map(str, columns)) + "\n")


def escape(name: str) -> str:
    """A name for a column, which white space would end."""
    return "".join(f"%{ord(one):02X}" if one.isspace() else one for one in name)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.", "Give a UTF-8 text file.") from error
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _number(path: Path, line: int, written: str, what: str) -> float:
    try:
        value = float(written)
    except ValueError as error:
        raise _wrong(path, line, f"the {what} {written} is not a number", "Mend the line.") from error
    if not math.isfinite(value):
        raise _wrong(path, line, f"the {what} {written} is not a number", "Mend the line.")
    return value


def _wrong(path: Path, line: int, what: str, hint: str) -> UsageError:
    return UsageError(f"{path}, line {line}: {what}.", hint)
