"""Options that many commands share, and opening the engine that they name."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from everask.documents.kind import MEDIA_TYPES
from everask.errors import UsageError
from everask.index.topics import Viewer, find_topic
from everask.limits import TopicLimit
from everask.pipeline import Engine, open_apart, open_engine
from everask.retrieve.understand import media_type, parse_date
from everask.serve.cli.printing import progress_bar, say
from everask.types import Filters

_EXCLUDED = re.compile(r"-[^\W\d_]\S")  # no option here has one dash and several letters

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="The data folder. Default: the platform's, or EVERASK_DATA."),
]
Files = Annotated[
    list[str] | None,
    typer.Option("--file", metavar="FILE", help="Ask this file alone; it is read now, not kept (repeat)."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Languages = Annotated[
    list[str] | None, typer.Option("--lang", metavar="CODE", help="Only passages in this language (repeat).")
]
Folder = Annotated[str | None, typer.Option("--folder", help="Only documents below this folder.")]
Types = Annotated[
    list[str] | None, typer.Option("--type", metavar="TYPE", help="Only this type, as pdf or docx (repeat).")
]
OfTopic = Annotated[str | None, typer.Option("--topic", metavar="NAME", help="Only documents of this topic.")]
After = Annotated[
    str | None, typer.Option("--after", metavar="DATE", help="Only changed on or after, as 2025-01-31.")
]
Before = Annotated[
    str | None, typer.Option("--before", metavar="DATE", help="Only changed before, as 2025-01-31.")
]


class WordsCommand(TyperCommand):
    """A command that takes words, of which one may be meant to be left out: `-word`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Say what to do where a shell's argument looks like options and is none."""
        for one in args[: args.index("--")] if "--" in args else args:
            if _EXCLUDED.match(one):
                raise UsageError(
                    f"{one} was read as an option, and there is none of that name.",
                    f"To leave a word out, put the whole into single quotes: 'warranty {one}'.",
                )
        return list(super().parse_args(ctx, args))


def open_data(data: Path | None) -> Engine:
    """The engine of `--data`, telling a person what it does besides."""
    return open_engine(data, note=say)


@contextlib.contextmanager
def open_files(files: list[str], data: Path | None) -> Iterator[Engine]:
    """An engine that holds the files of `--file` alone, read with a progress bar."""
    with contextlib.ExitStack() as stack:
        with progress_bar("Reading") as advance:
            advance(0, len(files), files[0])
            reading = open_apart(files, data, lambda one: advance(one.done, one.total, one.name), say)
            engine = stack.enter_context(reading)
        yield engine


def make_filters(
    languages: list[str] | None,
    folder: str | None,
    kinds: list[str] | None,
    after: str | None,
    before: str | None,
) -> Filters:
    """Filters from options. Raises UsageError for a date that is none."""
    return Filters(
        languages=tuple(languages or ()),
        folder=folder,
        media_types=tuple(_media_type(one) for one in kinds or ()),
        after=_seconds(after, "--after"),
        before=_seconds(before, "--before"),
    )


def of_topic(engine: Engine, filters: Filters, topic: str | None) -> Filters:
    """The same limits, and a topic by its name or number, if one is given. Raises NotFoundError."""
    if not topic:
        return filters
    found = find_topic(engine.store.database, topic, Viewer())
    return dataclasses.replace(filters, topics=TopicLimit((found.id,)))


def _media_type(kind: str) -> str:
    known = media_type(kind)
    if known is None:
        raise UsageError(f"--type {kind}: no such type.", f"There are: {', '.join(sorted(MEDIA_TYPES))}.")
    return known


def _seconds(date: str | None, option: str) -> float | None:
    if date is None:
        return None
    seconds = parse_date(date)
    if seconds is None:
        raise UsageError(f"{option} {date}: not a date.", "Write it as 2025-01-31, 2025-01 or 2025.")
    return seconds
