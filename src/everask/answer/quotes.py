"""Answers in the documents' own words, and the form of every citation."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from everask.answer.figures import read_figures
from everask.answer.filter import clean
from everask.answer.orders import without_orders
from everask.generator.chat import strip_controls
from everask.text import analyse
from everask.types import Citation, Claim, Evidence

# A further quote must be at least this likely, against the first, and say something new.
_MIN_AGAINST_BEST = 0.45
_MAX_SHARED = 0.7
_MAX_ROW_CHARS = 700
# What stands before an item of a list; "3." stays, for it may begin a date.
_BULLET = re.compile(r"^(?:[-–—•*‣▪◦·●■□►➢✓✔※]\s+|\(?(?:\d{1,2}|[a-zA-Z])\)\s+)+")
_EMPTY_CELL = re.compile(r":\s*(?:[-–—]|n/?a)?\s*$", re.IGNORECASE)


def cite(evidence: Evidence) -> Citation:
    """The citation of exactly the words of `evidence`."""
    document = evidence.hit.document
    return Citation(
        document=document.name,
        document_id=document.id,
        title=document.title,
        uri=document.uri,
        language=evidence.hit.passage.language,
        start=evidence.start,
        end=evidence.end,
        quote=evidence.text,
        page=evidence.hit.passage.page,
    )


def quote_claim(evidence: Evidence, *, as_written: bool = False) -> Claim:
    """The evidence itself as a sentence of the answer; its support is the chance that it answers.

    A row is shown with its header beside the values, for "74 | W | 3695" says nothing; it is cited bare.
    Orders to machines are left out, unless it is wanted `as_written`; the citation has every character.
    """
    text = clean(" ".join((labelled_row(evidence) or evidence.text).split()))
    # Orders first: the control tokens tell where a forged reply ends.
    text = " ".join(strip_controls(text if as_written else without_orders(text)).split())
    text = _BULLET.sub("", text) or text
    return Claim(text, round(min(1.0, evidence.probability), 3), (cite(evidence),), verbatim=True)


def labelled_row(evidence: Evidence) -> str:
    """A table's row with its header beside each value; "" for what is no row or too long to be read."""
    passage = evidence.hit.passage
    if passage.kind != "table":
        return ""
    row = evidence.context.removeprefix(" > ".join(passage.headings)).removeprefix(" · ")
    if len(row) > _MAX_ROW_CHARS:
        return ""
    said = [cell for cell in row.split(" | ") if not _EMPTY_CELL.search(cell)]
    return " | ".join(said) if said else row


def choose_quotes(evidence: Sequence[Evidence], limit: int, shown: Collection[str] = ()) -> list[Evidence]:
    """The best quote, and others that are nearly as likely and add something."""
    chosen: list[Evidence] = []
    for one in evidence:
        if len(chosen) == limit:
            break
        if one.text in shown:
            continue
        if chosen and one.probability < _MIN_AGAINST_BEST * chosen[0].probability:
            break
        if not any(repeats(one, other) for other in chosen):
            chosen.append(one)
    return chosen


def repeats(one: Evidence, other: Evidence) -> bool:
    """Whether two pieces of evidence say nearly the same; with other figures they do not."""
    if _figures(one) != _figures(other):
        return False
    left = set(analyse(one.text, one.hit.passage.language))
    right = set(analyse(other.text, other.hit.passage.language))
    return len(left & right) > _MAX_SHARED * min(len(left), len(right))


def _figures(evidence: Evidence) -> tuple[object, ...]:
    found = read_figures(evidence.text, (evidence.hit.passage.language, "en"))
    return (
        frozenset(one.readings for one in found.figures),
        frozenset(one.readings for one in found.dates),
    )
