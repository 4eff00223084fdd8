"""What people see: answers, hits, progress. Colour only on a terminal; untrusted text is made printable."""

from __future__ import annotations

import json
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from everask.serve.understanding import limits_in_words
from everask.types import Answer, Citation, Claim, Evidence, Hit, Understood

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Advance = Callable[[int, int, str], None]


def printable(text: str) -> str:
    """Text of a document or a file name on one line, without control or direction-changing characters."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def readable(uri: str) -> str:
    """A source's address as a person knows it: a path without percent signs, or the URL."""
    return printable(urllib.parse.unquote(uri.removeprefix("file://")) if uri.startswith("file:") else uri)


def say(message: str) -> None:
    """Tell a person something, on stderr."""
    err.print(Text(printable(message), style="dim"))


def print_json(record: Any, *, indent: int | None = 2) -> None:
    """One JSON value on stdout, readable in every script."""
    sys.stdout.write(json.dumps(record, ensure_ascii=False, indent=indent) + "\n")
    sys.stdout.flush()


@contextmanager
def progress_bar(label: str) -> Iterator[Advance]:
    """A bar on stderr, when it is a terminal; silent otherwise. Call with (done, total, name)."""
    if not err.is_terminal:
        yield lambda done, total, name: None
        return
    columns = (
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[name]}"),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(label, total=None, name="")

        def advance(done: int, total: int, name: str) -> None:
            bar.update(task, completed=done, total=total, name=printable(name)[-50:])

        yield advance


def print_quotes(evidence: tuple[Evidence, ...]) -> None:
    """Quotes that were found, on stderr, while the answer is written."""
    if err.is_terminal:
        for one in evidence[:3]:
            err.print(Text(f"  “{printable(one.text)[:160]}” {one.hit.document.name}", style="dim"))


def print_understood(understood: Understood) -> None:
    """What was made of a text that was more than words, on stderr; nothing for one that was not."""
    limits = limits_in_words(understood)
    if limits and understood.text:
        say(" · ".join([f"Looking for: {understood.text}", *limits]))
    for hint in understood.hints:
        say(hint)
    if understood.suggestion:
        say(f"Did you mean: {understood.suggestion}")


MAX_NOTE_MARKS = 6
_CERTAIN = 0.995
"""From here on it would be told as 100%."""


class AnswerPrinter:
    """Prints claims as they come, numbers their citations, and prints the sources at the end."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._citations: list[Citation] = []
        self._shown: set[int] = set()
        self._heading = ""

    def claim(self, claim: Claim) -> None:
        """One checked sentence with its citation marks."""
        if claim.heading != self._heading:
            self._heading = claim.heading
            out.print(Text(printable(claim.heading), style="bold"))
        marks = "".join(f"[{self._number(one)}]" for one in claim.citations)
        line = Text(f"“{printable(claim.text)}”" if claim.verbatim else printable(claim.text))
        sure = f" {claim.support:.0%} sure" if claim.support < _CERTAIN else ""
        line.append(f" {marks}", style="bold cyan").append(sure, style="dim")
        out.print(line)
        # What was just read need not be read again below, where the sources are.
        read = printable(claim.text)
        self._shown.update(
            self._number(one) for one in claim.citations if claim.verbatim or printable(one.quote) in read
        )

    def end(self, answer: Answer) -> None:
        """The abstention, or the sources."""
        if answer.abstained:
            out.print(Text(printable(answer.text or answer.why), style="bold"))
            for line in answer.looked_for:
                out.print(Text(f"  {printable(line)}", style="dim"))
            if answer.nearest:
                out.print(Text(f"Nearest passages ({answer.chance:.0%} that they answer):", style="dim"))
            for one in answer.nearest[:3]:
                out.print(
                    Text(
                        f"  {_place(one.hit.document.name, one.hit.passage.page)}: {_short(one.text)}",
                        style="dim",
                    )
                )
            return
        if answer.why:
            # Nobody abstained: it is why the answer is quotes and no sentence of the model's.
            say(f"Answering with quotes: {answer.why}")
        for note in answer.notes:
            marks = "".join(f"[{self._number(one)}]" for one in note.citations[:MAX_NOTE_MARKS])
            out.print(Text(printable(note.text), style="italic").append(f" {marks}".rstrip(), style="cyan"))
        out.print()
        for line in self._sources():
            out.print(Text(line, style="dim"))

    def _sources(self) -> Iterator[str]:
        """A line for each source; one for all whose words were shown already, of one page."""
        together: dict[str, list[int]] = {}
        for number in sorted(self._shown):
            citation = self._citations[number - 1]
            together.setdefault(_place(citation.document, citation.page), []).append(number)
        for number, citation in enumerate(self._citations, 1):
            place = _place(citation.document, citation.page)
            if number not in self._shown:
                yield f"[{number}] {place}: “{printable(citation.quote)}”"
            elif number == together[place][0]:
                yield f"{''.join(f'[{one}]' for one in together[place])} {place}"

    def _number(self, citation: Citation) -> int:
        key = (citation.document_id, citation.start, citation.end)
        if key not in self._numbers:
            self._citations.append(citation)
            self._numbers[key] = len(self._citations)
        return self._numbers[key]


def print_hit(rank: int, hit: Hit) -> None:
    """A passage with file, page, score, and the matching words marked."""
    head = Text(f"{rank}. ", style="bold").append(_place(hit.document.name, hit.passage.page), style="bold")
    head.append(f"  {hit.score:.3f}  {hit.passage.language}", style="dim")
    out.print(head)
    if hit.reasons:
        out.print(Text(f"   {printable(reasons_in_words(hit))}", style="dim"))
    out.print(Text("   ").append_text(marked(hit)))


def reasons_in_words(hit: Hit) -> str:
    """What a hit's score is made of, on one line: `words 0.31: 'garantie' ×2 · meaning 0.52: cosine 0.48`."""
    told = (f"{one.kind} {one.score:+.2f}: {one.because}" for one in hit.reasons)
    return " · ".join(told)


def marked(hit: Hit) -> Text:
    """A passage's text, its matching words bold on a terminal and between » « elsewhere."""
    text = Text()
    position = 0
    left, right = ("", "") if out.is_terminal else ("»", "«")
    for start, end in hit.marks:
        text.append(_between(hit.passage.text[position:start]))
        text.append(f"{left}{printable(hit.passage.text[start:end])}{right}", style="bold yellow")
        position = end
    return text.append(_between(hit.passage.text[position:]))


def _between(text: str) -> str:
    """Printable text that keeps the space at its ends, where a mark follows or went before."""
    left, right = " " * text[:1].isspace(), " " * text[-1:].isspace()
    return f"{left}{printable(text)}{right}" if text.strip() else left


def _place(document: str, page: int | None) -> str:
    return printable(document) + (f", p. {page}" if page else "")


def _short(text: str) -> str:
    line = printable(text)
    return line if len(line) <= 160 else line[:159] + "…"
