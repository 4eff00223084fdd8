"""`everask summarise` and `everask compare`: documents in whole, of the pile or read for this alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from everask.errors import NotFoundError
from everask.pipeline import Engine
from everask.pipeline.whole import compare as compare_documents
from everask.pipeline.whole import summarise as summarise_documents
from everask.serve.cli.options import Data, Json, open_data, open_files
from everask.serve.cli.printing import AnswerPrinter, print_json, progress_bar
from everask.serve.records import answer_record
from everask.types import Answered, AnswerEvent, ClaimChecked, DocumentInfo, Filters, Progressed

NOTHING_FOUND = 8
_DOCUMENT = "A document's name, path or URL, or a file that is read now and not kept."
To = Annotated[
    str,
    typer.Option("--to", metavar="CODE", help="The language to write in, as de; default: the document's."),
]


def summarise(
    target: Annotated[str, typer.Argument(metavar="DOCUMENT|FOLDER", help=_DOCUMENT)],
    to: To = "und",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Summarise a document or a folder, every line cited.

    With a language model short sentences, each checked; without one the sentences that say most.
    """
    with _open([target], data) as (engine, (found,)):
        _show(summarise_documents(engine, found, to), as_json)


def compare(
    old: Annotated[str, typer.Argument(metavar="OLD", help=_DOCUMENT)],
    new: Annotated[str, typer.Argument(metavar="NEW", help=_DOCUMENT)],
    to: To = "und",
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show what changed from one document to another: figures first, then sentences; both sides cited."""
    with _open([old, new], data) as (engine, (first, second)):
        _show(compare_documents(engine, first[0], second[0], to), as_json)


@contextlib.contextmanager
def _open(targets: list[str], data: Path | None) -> Iterator[tuple[Engine, list[list[DocumentInfo]]]]:
    """An engine and the documents of each target: of the pile, or of files that are read for this alone."""
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(open_data(data))
        found = [_find(engine, target) for target in targets]
        if any(not infos for infos in found):
            missing = [target for target, infos in zip(targets, found, strict=True) if not infos]
            for target in missing:
                if not Path(target).is_file():
                    raise NotFoundError(
                        f"There is no document {target!r}.", "`everask list` shows what is there."
                    )
            engine = stack.enter_context(open_files(targets, data))
            found = [_find(engine, target) for target in targets]
        yield engine, found


def _find(engine: Engine, target: str) -> list[DocumentInfo]:
    """One document by its name, else all that are in a file or folder."""
    try:
        return [engine.find_document(target)]
    except NotFoundError:
        return list(engine.documents(Filters(folder=target)))


def _show(events: Iterator[AnswerEvent], as_json: bool) -> None:
    printer = AnswerPrinter()
    answered = False
    with progress_bar("Reading") as advance:
        for event in events:
            if isinstance(event, Progressed):
                advance(event.done, event.total, event.what)
            elif isinstance(event, ClaimChecked) and not as_json:
                printer.claim(event.claim)
            elif isinstance(event, Answered):
                answered = not event.answer.abstained
                if as_json:
                    print_json(answer_record(event.answer))
                else:
                    printer.end(event.answer)
    if not answered:
        raise typer.Exit(NOTHING_FOUND)
