"""Commands that fill and look after the pile: add, list, show, remove, status, backup, restore."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from everask.errors import UsageError
from everask.index.erasing import erase
from everask.pipeline import AddProgress, AddReport, Engine
from everask.pipeline.background import encode_in_background
from everask.pipeline.engine import restore as restore_backup
from everask.pipeline.watching import watch as watch_places
from everask.serve.cli.options import Data, Json, open_data
from everask.serve.cli.printing import out, print_json, printable, progress_bar, readable
from everask.serve.records import document_record, source_record
from everask.settings import default_data_folder

UNREADABLE = 4


def index_targets(
    engine: Engine,
    targets: list[str],
    *,
    wait: bool,
    retry: bool = False,
    groups: list[str] | None = None,
) -> AddReport:
    """Add with a progress bar; with `wait`, vectors too."""
    with progress_bar("Reading") as advance:

        def show(progress: AddProgress) -> None:
            advance(progress.done, progress.total, progress.name)

        report = engine.add(targets, show, retry=retry, groups=groups)
    if wait:
        with progress_bar("Vectors") as advance:
            engine.wait_for_vectors(lambda done, total: advance(done, total, ""))
    return report


def add(
    targets: Annotated[list[str], typer.Argument(metavar="PATH|URL", help="Files, folders, pages.")],
    wait: Annotated[bool, typer.Option("--wait", help="Return when vectors are done too.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep it in sync while `everask serve` or `everask watch` runs.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Read again what failed before.")] = False,
    group: Annotated[
        list[str] | None,
        typer.Option("--group", help="Who alone may read it on a server with users, now and later (repeat)."),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Index files, folders and pages. Safe to repeat or interrupt; only what changed is read again.

    Documents are findable by words at once; vectors follow in the background (see `everask status`).
    """
    with open_data(data) as engine:
        report = index_targets(engine, targets, wait=wait, retry=retry, groups=group)
        if watch:
            watch_places(engine, targets)
        pending = engine.status().pending
        if pending and not wait:
            encode_in_background(engine.settings.data)
    if as_json:
        print_json({**dataclasses.asdict(report), "pending": pending})
    else:
        print_report(report, pending)
    if report.failed and not report.documents and not report.unchanged:
        raise typer.Exit(UNREADABLE)


def print_report(report: AddReport, pending: int) -> None:
    """What an addition did, in a line, and a line for each failure."""
    out.print(
        f"{report.added} added, {report.changed} changed, {report.removed} removed, "
        f"{report.unchanged} unchanged, {len(report.failed)} failed, in {report.seconds:.1f} s."
    )
    for name, message in report.failed:
        out.print(Text(f"  failed: {printable(name)}: {printable(message)}"))
    if pending:
        out.print(f"{pending} passages wait for vectors; words find them already.")


def list_documents(data: Data = None, as_json: Json = False) -> None:
    """List the documents in the pile."""
    with open_data(data) as engine:
        if as_json:
            print_json([document_record(info) for info in engine.documents()])
            return
        for info in engine.documents():
            line = f"{info.name}  {info.language}  {info.media_type}  {info.num_passages} passages"
            out.print(Text(printable(line)))
        for source in engine.sources():
            if source.status == "failed":
                out.print(Text(f"failed: {readable(source.uri)}: {printable(source.message)}", style="red"))


def show(
    document: Annotated[str, typer.Argument(help="A document's name, path, URL or id.")],
    text: Annotated[bool, typer.Option("--text", help="Print the extracted text, exactly.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Show a document: its entry, or the extracted text that offsets of citations point into."""
    with open_data(data) as engine:
        info = engine.find_document(document)
        if text and not as_json:
            # Bytes, because a terminal's encoding and newline rules must not change a character.
            sys.stdout.buffer.write(engine.document(info.id).text.encode("utf-8", "surrogatepass"))
            return
        record = document_record(info)
        if text:
            record["text"] = engine.document(info.id).text
    if as_json:
        print_json(record)
        return
    record["modified"] = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(info.modified))
    for name, value in record.items():
        out.print(Text(printable(f"{name}: {value}")))


def remove(
    target: Annotated[str, typer.Argument(metavar="PATH", help="A file, folder, URL, name or id.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Take a file, folder or page out of the pile. Nothing is deleted from your disk.

    Answers that show its words go too, and its bytes in the data folder are overwritten. It is watched no
    longer, and stays out of a watched folder until you add it again.
    """
    with open_data(data) as engine:
        removed = engine.remove(target)
        erase(engine.store.database)
    if as_json:
        print_json({"removed": removed})
    else:
        out.print(f"{removed} removed.")


def status(data: Data = None, as_json: Json = False) -> None:
    """Show the state of the pile: documents, languages, vectors still to do, what failed and why."""
    with open_data(data) as engine:
        state = engine.status()
        failed = [source_record(one) for one in engine.sources() if one.status != "ok"]
    if as_json:
        print_json({**dataclasses.asdict(state), "not_ok": failed})
        return
    languages = ", ".join(f"{name} {count}" for name, count in state.languages.items())
    out.print(Text(printable(f"Data folder: {state.data} ({state.bytes_on_disk / 1e6:.1f} MB)")))
    out.print(f"Documents: {state.documents}, passages: {state.passages}")
    out.print(f"Languages: {languages or 'none yet'}")
    out.print(f"Searchable by words: all {state.passages} passages")
    out.print(f"by meaning, roughly: {state.rough + state.vectors}")
    out.print(f"by meaning, fully: {state.vectors}, {state.pending} to do")
    out.print(Text(f"Encoder: {state.encoder or 'none'}; language model: {state.generator or 'none'}"))
    for name, message in (*state.failed, *state.partial):
        out.print(Text(f"  {readable(name)}: {printable(message)}"))


def backup(
    target: Annotated[Path, typer.Argument(help="The folder to write; must not exist yet.")],
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write a consistent copy of the store, while it is in use."""
    with open_data(data) as engine:
        engine.backup(target)
    if as_json:
        print_json({"backup": str(target)})
    else:
        out.print(Text(f"Backed up to {target}."))


def restore(
    source: Annotated[Path, typer.Argument(exists=True, help="A folder that `everask backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Replace the store that is there.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Put a backup in place of the store. A damaged backup is refused before anything changes.

    A store that holds something is replaced only with --force.
    """
    folder = data or default_data_folder()
    if not force and folder.is_dir():
        with open_data(data) as engine:
            if engine.status().documents:
                raise UsageError(
                    f"{folder} holds a store.", "Replace it with --force, or name another --data."
                )
    restore_backup(source, folder)
    if as_json:
        print_json({"restored": str(folder)})
    else:
        out.print(Text(f"Restored to {folder}."))
