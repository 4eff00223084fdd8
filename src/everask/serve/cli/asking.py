"""`everask ask` and `everask search`, one by one or in batches."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer

from everask.errors import UsageError
from everask.pipeline import Engine, Found, encode_likely
from everask.serve.cli.library import index_targets
from everask.serve.cli.options import (
    After,
    Before,
    Data,
    Files,
    Folder,
    Json,
    Languages,
    OfTopic,
    Types,
    make_filters,
    of_topic,
    open_data,
    open_files,
)
from everask.serve.cli.printing import (
    AnswerPrinter,
    print_hit,
    print_json,
    print_quotes,
    print_understood,
    progress_bar,
    say,
)
from everask.serve.records import answer_record, hit_record
from everask.serve.understanding import understood_record
from everask.types import Answered, ClaimChecked, Filters, Hit, Progressed, QuotesFound

NOTHING_FOUND = 8

Batch = Annotated[
    Path | None,
    typer.Option("--batch", metavar="FILE", help='A file with a line {"id","text"} a question; - is stdin.'),
]


def ask(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATHS QUESTION", help="Files or folders to index first, then the question."),
    ] = None,
    files: Files = None,
    batch: Batch = None,
    languages: Languages = None,
    folder: Folder = None,
    kinds: Types = None,
    after: After = None,
    before: Before = None,
    topic: OfTopic = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Answer a question from your documents, every sentence cited, or say that they don't say.

    With paths before the question, what is new there is indexed first. With --file, a document is asked
    at once, however long, without being indexed.
    """
    filters = make_filters(languages, folder, kinds, after, before)
    *targets, question = words or [""]
    if batch and (words or []):
        targets, question = list(words or []), ""
    if not batch and not question.strip():
        raise UsageError("There is no question.", 'Ask one: everask ask "How long is the warranty?"')
    _check_files(files, targets)
    with open_files(files, data) if files else open_data(data) as engine:
        filters = of_topic(engine, filters, topic)
        if targets:
            index_targets(engine, targets, wait=True)
        if files:
            _encode(engine, None if batch else question)
        engine.prepare_generator()
        if batch:
            _ask_all(engine, batch, filters)
        elif not _ask_one(engine, question, filters, as_json):
            raise typer.Exit(NOTHING_FOUND)


def _check_files(files: list[str] | None, targets: list[str]) -> None:
    if files and targets:
        raise UsageError(
            f"{targets[0]} would be indexed, and --file asks without indexing.",
            'Put the question in quotes, or give each file with --file: everask ask --file a.pdf "Why?"',
        )


def _encode(engine: Engine, question: str | None) -> None:
    """Vectors of what one question may need, or of everything where there are many questions."""
    with progress_bar("Vectors") as advance:
        if question is None:
            engine.wait_for_vectors(lambda done, total: advance(done, total, ""))
        else:
            encode_likely(engine, question, lambda done, total: advance(done, total, ""))


def _ask_one(engine: Engine, question: str, filters: Filters, as_json: bool) -> bool:
    printer = AnswerPrinter()
    answered = False
    print_understood(engine.understand(question, filters))
    with progress_bar("Reading") as advance:
        for event in engine.ask_stream(question, filters):
            if isinstance(event, Progressed):
                advance(event.done, event.total, event.what)
            elif isinstance(event, Answered):
                answered = not event.answer.abstained
                if as_json:
                    print_json(answer_record(event.answer))
                else:
                    printer.end(event.answer)
            elif not as_json and isinstance(event, QuotesFound) and engine.generator:
                print_quotes(event.evidence)
            elif not as_json and isinstance(event, ClaimChecked):
                printer.claim(event.claim)
    return answered


def _ask_all(engine: Engine, batch: Path, filters: Filters) -> None:
    """A line a question; one that asks nothing gets its error, and the others their answers."""
    questions, refused = list(_read_batch(batch)), 0
    with progress_bar("Asking") as advance:
        for done, (identifier, text) in enumerate(questions, 1):
            try:
                record = answer_record(engine.ask(text, filters), identifier)
            except UsageError as error:
                refused += 1
                record = {"id": identifier, "error": {"message": error.message, "hint": error.hint}}
            print_json(record, indent=None)
            advance(done, len(questions), text)
    if refused:
        say(f"{refused} of {len(questions)} lines ask nothing.")
        raise typer.Exit(UsageError.exit_code)


def search(
    words: Annotated[list[str] | None, typer.Argument(metavar="WORDS", help="What to look for.")] = None,
    files: Files = None,
    batch: Batch = None,
    top: Annotated[int, typer.Option("--top", min=1, max=10_000, help="How many passages.")] = 10,
    output: Annotated[
        Literal["text", "json", "trec"], typer.Option("--format", help="trec is a TREC run.")
    ] = "text",
    by: Annotated[
        Literal["passage", "document"], typer.Option("--by", help="What a line of a TREC run is.")
    ] = "passage",
    languages: Languages = None,
    folder: Folder = None,
    kinds: Types = None,
    after: After = None,
    before: Before = None,
    topic: OfTopic = None,
    explains: Annotated[bool, typer.Option("--explain", help="What each score is made of.")] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Find passages, in any language, with file, page, score, and the matching words marked."""
    filters = make_filters(languages, folder, kinds, after, before)
    query = " ".join(words or [])
    if not batch and not query.strip():
        raise UsageError("There is nothing to look for.", "Give some words: everask search warranty")
    found = False
    with open_files(files, data) if files else open_data(data) as engine:
        filters = of_topic(engine, filters, topic)
        questions = list(_read_batch(batch)) if batch else [("1", query)]
        if files:
            _encode(engine, None if batch else query)
        for identifier, text in questions:
            kind = by if output == "trec" else "passage"
            looks = (output != "trec", explains)
            one = _search_one(engine, text, top, filters, kind, looks)
            found = found or bool(one.hits)
            if not batch:
                print_understood(one.understood)
                _tell_nothing(engine, one)
            _print_hits(identifier, one, "json" if as_json else output, by, batched=batch is not None)
    if not found:
        raise typer.Exit(NOTHING_FOUND)


def _search_one(
    engine: Engine, text: str, top: int, filters: Filters, by: str, looks: tuple[bool, bool]
) -> Found:
    """Hits for one query, with marks, with reasons; by document, the best hit of each of `top` documents."""
    marks, reasons = looks
    if by == "passage":
        return engine.find(text, top, filters, with_marks=marks, with_reasons=reasons)
    found = engine.find(text, 5 * top, filters, with_marks=marks, with_reasons=reasons)
    best: dict[str, Hit] = {}
    for hit in found.hits:
        best.setdefault(hit.document.id, hit)
    return Found(list(best.values())[:top], found.understood)


def _tell_nothing(engine: Engine, found: Found) -> None:
    """That nothing was found, and that vectors are missing if they may be why; silent where hints say why."""
    if found.hits or found.understood.hints:
        return
    pending = engine.status().pending
    why = f" {pending} passages are not searchable by meaning yet (see `everask status`)." if pending else ""
    say(f"Nothing was found.{why}")


def _print_hits(identifier: str, found: Found, output: str, by: str, *, batched: bool) -> None:
    if output == "trec":
        for rank, hit in enumerate(found.hits, 1):
            sys.stdout.write(f"{identifier} Q0 {_trec_id(hit, by)} {rank} {hit.score:.6f} everask\n")
    elif output == "json":
        record = {
            "id": identifier,
            "understood": understood_record(found.understood),
            "hits": [hit_record(hit) for hit in found.hits],
        }
        print_json(record, indent=None if batched else 2)
    else:
        for rank, hit in enumerate(found.hits, 1):
            print_hit(rank, hit)


def _trec_id(hit: Hit, by: str) -> str:
    """A document's name, or name:start-end of a passage; a run's columns are split at white space."""
    name = "".join(f"%{ord(one):02X}" if one.isspace() else one for one in hit.document.name)
    return name if by == "document" else f"{name}:{hit.passage.start}-{hit.passage.end}"


def _read_batch(file: Path) -> Iterator[tuple[str, str]]:
    try:
        lines = (sys.stdin if str(file) == "-" else file.open(encoding="utf-8-sig")).read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: {error}.", "Give a UTF-8 file, a JSON object a line.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            yield str(record["id"]), str(record["text"])
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f'{file}, line {number}: not {{"id", "text"}}.', "Mend the line.") from error
