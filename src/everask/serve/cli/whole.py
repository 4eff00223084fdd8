"""`everask summarise` and `everask compare`: documents in whole, of the pile or read for this alone."""

from __future__ import annotations

import contextlib
import urllib.parse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from everask.answer.wording import LANGUAGE_NAMES
from everask.errors import NotFoundError, UsageError
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
    _check_language(to)
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
    _check_language(to)
    with _open([old, new], data) as (engine, (first, second)):
        for target, found in ((old, first), (new, second)):
            if len(found) > 1:
                raise UsageError(
                    f"{target} is {len(found)} documents, and one is compared with one.",
                    f"Name one of them, such as {found[0].name}.",
                )
        _show(compare_documents(engine, first[0], second[0], to), as_json)


@contextlib.contextmanager
def _open(targets: list[str], data: Path | None) -> Iterator[tuple[Engine, list[list[DocumentInfo]]]]:
    """An engine and the documents of each target: of the pile, or of files that are read for this alone."""
    with contextlib.ExitStack() as stack:
        engine = stack.enter_context(open_data(data))
        found = [_find(engine, target) for target in targets]
        if not all(found):
            files = [_file(target, infos) for target, infos in zip(targets, found, strict=True)]
            engine = stack.enter_context(open_files(files, data))
            found = [_find(engine, file) for file in files]
        yield engine, found


def _file(target: str, infos: Sequence[DocumentInfo]) -> str:
    """What to read where not all targets are in the pile: a file as it was named, or that of a document."""
    if not infos:
        if not Path(target).is_file():
            raise NotFoundError(f"There is no document {target!r}.", "`everask list` shows what is there.")
        return target
    uri = infos[0].uri
    if "#" in uri:
        raise UsageError(
            f"{target} is part of a file of the pile, and the other is a file outside of it.",
            "Add the other to the pile first: everask add FILE",
        )
    return urllib.parse.unquote(uri.removeprefix("file://")) if uri.startswith("file://") else uri


def _find(engine: Engine, target: str) -> list[DocumentInfo]:
    """A document by its name, else all of a file or folder, else what has that name in any folder."""
    try:
        return [engine.find_document(target)]
    except NotFoundError:
        inside = list(engine.documents(Filters(folder=target)))
        on_the_way = inside or list(engine.documents(Filters(folders=(target,))))
        return on_the_way or [one for one in engine.documents() if one.name.rpartition("/")[2] == target]


def _check_language(code: str) -> None:
    if code != "und" and code not in LANGUAGE_NAMES:
        raise UsageError(f"--to {code}: no such language.", f"There are: {', '.join(LANGUAGE_NAMES)}.")


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
