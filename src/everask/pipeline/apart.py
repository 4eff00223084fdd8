"""Files that are asked at once, apart from the pile: read, split and indexed in a place that is thrown away.

The ordinary search, reader and answer work on it. Only making vectors is different: a long document has
more passages than a person waits for. All get a rough vector (encoder/static.py), which costs next to
nothing and works across languages, where no words are shared; what a search by words and rough vectors
then finds is encoded in full. Beside what else was tried: docs/benchmarks.md, long documents.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from everask.answer import AnswerSettings
from everask.encoder import load_means
from everask.errors import NotFoundError, StoreError, UnreadableError, UsageError
from everask.index import Store
from everask.pipeline.adding import AddReport, Progress, absolute, is_url
from everask.pipeline.encoding import encode_rough
from everask.pipeline.engine import Engine
from everask.pipeline.taught import in_use
from everask.retrieve import search
from everask.settings import ModelSettings, Settings, default_data_folder, load_settings

Note = Callable[[str], None]

NUM_LIKELY = 100
"""Passages that are encoded in full for one question: one to two seconds on two cores."""

ANSWER_ABOVE = 0.3
"""Across languages 0.76 of what is answerable is answered from here on, 0.62 from a pile's 0.45."""

_ALL = 1_000_000


@contextlib.contextmanager
def open_apart(
    files: Sequence[str], data: Path | None, progress: Progress | None = None, note: Note | None = None
) -> Iterator[Engine]:
    """An engine that holds these files and nothing else, with the settings of the data folder `data`.

    Of the pile there, only what search was taught is looked up. What is made for the files is removed at
    the end. A file that cannot be read is told to `note`.

    Raises UsageError for a folder, NotFoundError for what is not there, UnreadableError where no file
    could be read.
    """
    for file in files:
        _check(file)
    note = note or (lambda message: None)
    settings = load_settings(default_data_folder() if data is None else data.expanduser())
    models = _models(settings, note)
    with contextlib.ExitStack() as stack:
        made = tempfile.TemporaryDirectory(prefix="everask-", ignore_cleanup_errors=True)
        place = stack.enter_context(made)
        settings = replace(settings, data=Path(place), models=models, answer=_expecting(settings.answer))
        engine = stack.enter_context(Engine(settings, note))
        _tell(engine.add(files, progress), note)
        yield engine


def _expecting(settings: AnswerSettings) -> AnswerSettings:
    """Who names a file expects it to answer: less is enough than in a pile, where the user set nothing."""
    if settings.answer_above != AnswerSettings().answer_above:
        return settings
    return replace(settings, answer_above=ANSWER_ABOVE)


def encode_likely(
    engine: Engine,
    question: str,
    progress: Callable[[int, int], None] | None = None,
    num_likely: int = NUM_LIKELY,
) -> int:
    """Make the vectors that this question needs; return how many. Without an encoder there are none.

    All passages where they are few. An encoder without rough vectors has words alone to choose by, and
    makes all of them too where the question is in another language than most of the text.
    """
    encoder, store, query = engine.encoder, engine.store, engine.query(question)
    if encoder is None:
        return 0
    waiting = store.pending(encoder.id, _ALL)
    spoken = Counter(language for _, _, language in waiting).most_common(1)
    can_choose = encoder.rough is not None or (spoken and spoken[0][0] == query.language)
    if can_choose and len(waiting) > num_likely:
        if encoder.rough is not None:
            encode_rough(store, encoder, engine.settings.data, None)
            store.maintain(encoder.rough.id, load_means(encoder.id))
        hits = search(query, store, encoder, top=num_likely, with_marks=False)
        likely = {hit.passage.id for hit in hits}
        waiting = [one for one in waiting if one[0] in likely]
    if waiting:
        vectors = encoder.encode_passages([text for _, text, _ in waiting], progress)
        store.put_vectors(encoder.id, [number for number, _, _ in waiting], vectors)
    store.maintain(encoder.id, load_means(encoder.id))
    return len(waiting)


def _models(settings: Settings, note: Note) -> ModelSettings:
    """The models that the pile is searched with: those of the settings, or what it was taught."""
    try:
        with Store.open(settings.data, create=False) as store:
            return in_use(settings.models, store, note)
    except StoreError:
        return settings.models


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
