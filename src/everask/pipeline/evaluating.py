"""Search as it is measured: a suite in a store of its own, or queries of the user's over the user's store.

What is measured is the engine's own search. Knows no metric.
"""

from __future__ import annotations

import re
import tempfile
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from everask.encoder import load_means
from everask.errors import NotFoundError, UsageError
from everask.evaluate.suites import LOADERS, MORE, Suite
from everask.index import Store
from everask.pipeline.engine import Engine
from everask.pipeline.manuals import MANUALS, load_manual_suites
from everask.settings import Settings
from everask.types import Block, Citation, Document, Hit, Passage, Source

DEPTH = 100
SUITES = (*LOADERS, *MORE, *MANUALS)
_BATCH = 256
_SPAN = re.compile(r"(.+)[#:](\d+)-(\d+)")

Run = dict[str, dict[str, float]]
Progress = Callable[[int, int, str], None]


class PassageEncoder(Protocol):
    """What filling a store needs of an encoder."""

    @property
    def id(self) -> str: ...

    def encode_passages(self, texts: Sequence[str], /) -> NDArray[np.float32]: ...


class RememberingEncoder:
    """Vectors of passages, kept while suites that share passages follow one another."""

    def __init__(self, encoder: PassageEncoder) -> None:
        self._encoder = encoder
        self._known: dict[str, NDArray[np.float32]] = {}

    @property
    def id(self) -> str:
        """The encoder's id."""
        return self._encoder.id

    def encode_passages(self, texts: Sequence[str], /) -> NDArray[np.float32]:
        """(N, D) vectors; only new texts are encoded."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(zip(new, self._encoder.encode_passages(new), strict=True))
        return np.stack([self._known[text] for text in texts])


def find_suites(name: str, folders: Sequence[Path]) -> tuple[list[Suite], list[str]]:
    """The suites of that name, or of all, each from the first folder that has its files; and what is missing.

    Raises UsageError for a name that is none, NotFoundError where there is nothing at all.
    """
    if name != "all" and name not in SUITES:
        raise UsageError(f"There is no suite {name}.", f"There are: all, {', '.join(SUITES)}.")
    found: list[Suite] = []
    missing: list[NotFoundError] = []
    for one in SUITES if name == "all" else (name,):
        try:
            found += _load(one, folders)
        except NotFoundError as error:
            missing.append(error)
    if not found:
        raise missing[0]
    return found, [str(error) for error in missing]


def _load(name: str, folders: Sequence[Path]) -> list[Suite]:
    load = {**LOADERS, **MORE}.get(name)
    error: NotFoundError | None = None
    for folder in folders:
        try:
            return load(folder) if load else load_manual_suites(name, folder)
        except NotFoundError as missing:
            error = error or missing
    raise error or NotFoundError("No folder holds the suites' files.", "Name one with --sets.")


def fill_store(
    suite: Suite, store: Store, encoder: PassageEncoder | None, means: Mapping[str, Any]
) -> dict[int, str]:
    """Put a suite's passages into an empty store, with vectors; return each passage's key by its number,
    in the order in which they were encoded."""
    source = Source("file:///suite", "file:///suite", (0, 0, 0), "0" * 64, "ok", "", len(suite.passages), 0.0)
    store.put_source(source, _entries(suite))
    names = {passage.id: info.name for info in store.documents() for passage in store.passages(info.id)}
    if encoder is None:
        return names
    order: list[int] = []
    while waiting := store.pending(encoder.id, _BATCH):
        rows = encoder.encode_passages([text for _, text, _ in waiting])
        numbers = [number for number, _, _ in waiting]
        store.put_vectors(encoder.id, numbers, rows)
        order += numbers
    store.maintain(encoder.id, means)
    return {number: names[number] for number in order}


def _entries(suite: Suite) -> Iterator[tuple[Document, list[Passage]]]:
    for number, (key, item) in enumerate(suite.passages.items()):
        length = len(item.text)
        document = Document(
            id=f"{number:032x}",
            name=key,
            uri=f"file:///suite/{number}",
            title="",
            media_type="text/plain",
            content=f"{number:064x}",
            language=item.language,
            modified=0.0,
            size=length,
            text=item.text,
            blocks=(Block("text", 0, length),),
        )
        headings = (item.title,) if item.title else ()
        yield (
            document,
            [Passage(0, document.id, 0, 0, length, item.text, item.text, item.language, headings)],
        )


class SuiteSearch:
    """Runs suites, each in a temporary store, by the engine that the settings describe."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._vectors: RememberingEncoder | None = None

    def run(self, suite: Suite, progress: Progress | None = None) -> Run:
        """The passages found for each query, judged as the suite judges. `progress` gets (done, of, name)."""
        run: Run = {}
        with (
            tempfile.TemporaryDirectory(prefix="everask-suite-") as folder,
            Engine(replace(self._settings, data=Path(folder))) as engine,
        ):
            if engine.encoder is not None and self._vectors is None:
                self._vectors = RememberingEncoder(engine.encoder)
            means = load_means(self._vectors.id) if self._vectors else {}
            fill_store(suite, engine.store, self._vectors, means)
            for done, (key, item) in enumerate(suite.queries.items(), 1):
                hits = engine.search(item.text, DEPTH, with_marks=False)
                run[key] = {hit.document.name: hit.score for hit in hits}
                if progress:
                    progress(done, len(suite.queries), suite.name)
        return suite.judged(run)


@dataclass(frozen=True, slots=True)
class StoreRun:
    """What the user's own store found, in the judgements' own names; documents that it does not hold."""

    run: Run
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A judged document, or a span of it, by the name that the judgements have for it."""

    name: str
    document: str
    span: tuple[int, int] | None

    def holds(self, hit: Hit) -> bool:
        """Whether a passage is of it."""
        if hit.document.id != self.document:
            return False
        return self.span is None or (hit.passage.start < self.span[1] and hit.passage.end > self.span[0])

    def holds_place(self, place: Citation) -> bool:
        """Whether the words cited are of it."""
        if place.document_id != self.document:
            return False
        return self.span is None or (place.start < self.span[1] and place.end > self.span[0])


def search_judged(
    engine: Engine,
    queries: Mapping[str, str],
    judgements: Mapping[str, Mapping[str, int]],
    progress: Progress | None = None,
) -> StoreRun:
    """Search for each judged query. A judged document is named by id, name, path or URL, with `#start-end`
    after it where only those characters are meant.

    Raises NotFoundError when the store holds none of the judged documents, UsageError for judgements of
    queries that are not there.
    """
    if lost := [key for key in judgements if key not in queries]:
        raise UsageError(
            f"The judgements speak of query {lost[0]}, which the queries lack.", "Use the same ids in both."
        )
    names = dict.fromkeys(name for grades in judgements.values() for name in grades)
    targets = {name: target for name in names if (target := find_target(engine, name))}
    if not targets:
        raise NotFoundError(
            f"The store holds none of the judged documents, such as {next(iter(names), '')}.",
            "Name them as `everask list` does, or choose another store with --data.",
        )
    run: Run = {}
    for done, (key, grades) in enumerate(judgements.items(), 1):
        wanted = [targets[name] for name in grades if name in targets]
        run[key] = _rank(engine.search(queries[key], DEPTH, with_marks=False), wanted)
        if progress:
            progress(done, len(judgements), queries[key])
    return StoreRun(run, tuple(name for name in names if name not in targets))


def _rank(hits: Sequence[Hit], wanted: Sequence[Target]) -> dict[str, float]:
    """Hits under the names that the judgements have for them; others by document, or by passage where
    spans are judged. A document or span counts once, where it first comes."""
    by_passage = any(target.span for target in wanted)
    ranked: dict[str, float] = {}
    for hit in hits:
        names = [target.name for target in wanted if target.holds(hit)]
        place = f"#{hit.passage.start}-{hit.passage.end}" if by_passage else ""
        for name in names or [hit.document.id + place]:
            ranked.setdefault(name, hit.score)
    return ranked


def find_target(engine: Engine, name: str) -> Target | None:
    """A judged name as it stands, without %20 for white space, and without the span at its end."""
    for written in dict.fromkeys((name, urllib.parse.unquote(name))):
        match = _SPAN.fullmatch(written)
        spans = ((written, None), (match[1], (int(match[2]), int(match[3]))) if match else (written, None))
        for key, span in spans:
            try:
                return Target(name, engine.find_document(key).id, span)
            except NotFoundError:
                continue
    return None
