"""Files that are asked at once, apart from the pile: read, split and indexed in a place that is thrown away.

The ordinary search, reader and answer work on it. Only making vectors is different: a long document has
more passages than a person waits for, so those are encoded that may answer this question; which, and what
else was tried, is in docs/benchmarks.md (long documents).
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from everask.encoder import load_means
from everask.errors import NotFoundError, UnreadableError, UsageError
from everask.pipeline.adding import AddReport, Progress, absolute, is_url
from everask.pipeline.engine import Engine
from everask.retrieve import choose_likely
from everask.settings import default_data_folder, load_settings

Note = Callable[[str], None]

_EVERYTHING = 1_000_000


@contextlib.contextmanager
def open_apart(
    files: Sequence[str], data: Path | None, progress: Progress | None = None, note: Note | None = None
) -> Iterator[Engine]:
    """An engine that holds these files and nothing else, with the settings of the data folder `data`.

    The pile there is not opened. What is made for the files is removed at the end. A file that cannot be
    read is told to `note`.

    Raises UsageError for a folder, NotFoundError for what is not there, UnreadableError where no file
    could be read.
    """
    for file in files:
        _check(file)
    note = note or (lambda message: None)
    settings = load_settings(default_data_folder() if data is None else data.expanduser())
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="everask-", ignore_cleanup_errors=True)
        )
        engine = stack.enter_context(Engine(replace(settings, data=Path(place)), note))
        _tell(engine.add(files, progress), note)
        yield engine


def encode_likely(
    engine: Engine, question: str, progress: Callable[[int, int], None] | None = None
) -> tuple[int, int]:
    """Make the vectors that this question needs: (how many passages have one, how many there are).

    The rest is found by words alone. Without an encoder nothing is done.
    """
    encoder = engine.encoder
    if encoder is None:
        return (0, engine.store.counts().passages)
    waiting = engine.store.pending(encoder.id, _EVERYTHING)
    total = engine.store.counts().passages
    query = engine.query(question)
    chosen = choose_likely(query, engine.store, encoder, waiting)
    if chosen:
        vectors = encoder.encode_passages([text for _, text, _ in chosen], progress)
        engine.store.put_vectors(encoder.id, [number for number, _, _ in chosen], vectors)
    engine.store.maintain(encoder.id, load_means(encoder.id))
    return (total - len(waiting) + len(chosen), total)


def _check(file: str) -> None:
    if is_url(file):
        return
    path = absolute(file)
    if not path.exists():
        raise NotFoundError(f"{file} is not there.", "Check the path.")
    if path.is_dir():
        raise UsageError(
            f"{file} is a folder, and --file reads files.", 'Index it: everask ask FOLDER "the question"'
        )


def _tell(report: AddReport, note: Note) -> None:
    if not report.documents:
        name, why = report.failed[0] if report.failed else ("the file", "nothing in it could be read")
        raise UnreadableError(f"{name}: {why}")
    for name, why in report.failed:
        note(f"Left out: {name}: {why}")
