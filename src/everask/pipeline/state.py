"""The state of a pile for people: what is in it, what failed, what is wrong or missing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from everask.index import Store
from everask.index.conditions import Groups
from everask.index.counts import read_mark
from everask.pipeline import models
from everask.pipeline.disk import bytes_below
from everask.pipeline.encoders import is_rough
from everask.pipeline.taught_answers import adapter_in_use
from everask.settings import Settings
from everask.types import SourceStatus

MOST_KEPT = 200
LOW_DISK = 1 << 30
"""Free bytes below which it is said."""


@dataclass(frozen=True, slots=True)
class Status:
    """The state of the pile. All passages are searchable by words; by meaning those with one of the
    `vectors`, and roughly those that have a `rough` one so far; `pending` have no full vector yet."""

    data: str
    documents: int
    passages: int
    rough: int
    vectors: int
    pending: int
    languages: dict[str, int]
    roots: list[str]
    failed: list[tuple[str, str]]
    partial: list[tuple[str, str]]
    encoder: str | None
    generator: str | None
    bytes_on_disk: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that `doctor` found: how bad it is, what it is, what to do."""

    level: str
    message: str
    hint: str = ""


def status_of(store: Store, settings: Settings, encoder_id: str | None, groups: Groups = None) -> Status:
    """How many documents, passages and vectors, which languages, what failed and why.

    Of what these groups may read; what failed is nobody's document, so that only who may read all hears of
    it.
    """
    counts = store.counts(groups)
    vectors = counts.vectors.get(encoder_id, 0) if encoder_id else 0
    rough = sum(number for name, number in counts.vectors.items() if is_rough(name, encoder_id))
    return Status(
        data=str(settings.data),
        documents=counts.documents,
        passages=counts.passages,
        rough=rough,
        vectors=vectors,
        pending=counts.passages - vectors,
        languages=dict(counts.languages),
        roots=sorted(store.roots()),
        failed=_outcomes(store, "failed") if groups is None else [],
        partial=_outcomes(store, "partial") if groups is None else [],
        encoder=encoder_id,
        generator=models.generator_name(settings.models, adapter_in_use(store, settings.models)),
        bytes_on_disk=bytes_below(settings.data),
    )


class Statuses:
    """The state of the pile as each set of groups sees it, counted again when it changed. Thread-safe."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._kept: dict[tuple[Groups, str | None], tuple[tuple[object, ...], Status]] = {}

    def look(self, encoder_id: str | None, groups: Groups = None) -> Status:
        """The same as `status_of`, but for the bytes on disk: those of the last change."""
        with self._store.database.reading() as connection:
            mark = read_mark(connection)
        known = self._kept.get((groups, encoder_id))
        if known is not None and known[0] == mark:
            return known[1]
        made = status_of(self._store, self._settings, encoder_id, groups)
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[groups, encoder_id] = (mark, made)
        return made


def _outcomes(store: Store, status: SourceStatus) -> list[tuple[str, str]]:
    return [(one.uri, one.message) for one in store.sources(status=status)]


def problems_of(store: Store, settings: Settings) -> list[Problem]:
    """What is wrong or missing: store, graph, models, extras, disk."""
    problems = [
        Problem("error", message, "Restore a backup, or add the folders again.") for message in store.check()
    ]
    problems += [Problem("note", *line) for line in models.missing(settings.models)]
    if old := store.num_outdated():
        message = f"The words of {old:,} passages are indexed as an earlier version did."
        problems.append(Problem("note", message, "`everask serve` and `everask add` renew them."))
    free = shutil.disk_usage(settings.data).free
    if free < LOW_DISK:
        problems.append(Problem("error", f"Only {free >> 20} MB are free in {settings.data}."))
    return problems
