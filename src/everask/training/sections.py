"""A store's documents as families of sections: what belongs together, and in which languages.

Only documents that everyone may read are looked at. A family is a document, or the versions of one
document in several languages where names and structure both say so. Whole families are held out, by a
hash of their name, so that no version of what is asked was trained on.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from everask.index import Store
from everask.models.search_bert.data import COMMON
from everask.types import DocumentInfo, Passage

HELD_OUT_ONE_IN = 5
MOST_SECTIONS = 20_000
"""More documents than that are sampled: a training of an hour does not get through them."""

_SECTION_PASSAGES = 4
_LEAST_HEADINGS = 2
"""Fewer are no structure that two versions could have in common."""
_LANGUAGE = re.compile(r"([a-z]{2})(?:[-_](?:[a-z]{2}|[a-z]{4}|\d{3}))?", re.IGNORECASE)
_MARKED = re.compile(r"(.+?)[._-]([a-z]{2}(?:[-_](?:[a-z]{2}|[a-z]{4}))?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """A section: its heading, "" where it has none to itself, and its passages."""

    heading: str
    depth: int
    passages: tuple[Passage, ...]

    @property
    def text(self) -> str:
        """Its text as it is indexed."""
        return "\n".join(one.indexed for one in self.passages)


@dataclass(frozen=True, slots=True)
class Version:
    """A document in one language, in sections."""

    document: DocumentInfo
    language: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A family: versions with the same sections in the same order, by language; most have one."""

    name: str
    versions: tuple[Version, ...]

    @property
    def is_held_out(self) -> bool:
        """Whether its questions measure, and nothing of it trains."""
        return zlib.crc32(self.name.encode()) % HELD_OUT_ONE_IN == 0


@dataclass(frozen=True, slots=True)
class Pile:
    """What is there to train on and to measure with, and how many documents were left out, and why."""

    groups: tuple[Group, ...]
    num_limited: int
    num_sampled_out: int


def read_pile(store: Store, most_sections: int = MOST_SECTIONS) -> Pile:
    """All that everyone may read, in families; a sample where there is more than `most_sections`."""
    readable: dict[str, list[DocumentInfo]] = defaultdict(list)
    num_limited = 0
    for document in store.documents():
        if document.groups:
            num_limited += 1
        elif document.num_passages:
            readable[family_name(document)].append(document)
    groups: list[Group] = []
    num_sections = num_used = 0
    for name in sorted(readable, key=lambda one: zlib.crc32(one.encode()[::-1])):
        if num_sections >= most_sections:
            break
        for group in _match(name, [_read_version(store, one) for one in readable[name]]):
            groups.append(group)
            num_sections += sum(len(version.parts) for version in group.versions)
        num_used += len(readable[name])
    num_readable = sum(map(len, readable.values()))
    return Pile(tuple(groups), num_limited, num_readable - num_used)


def family_name(document: DocumentInfo) -> str:
    """The document's name with its language taken out, where the name says one and it is right.

    `guide/de/setup`, `guide/fr/setup` and `setup.de`, `setup_fr` are alike; `de` alone in another
    position, or a document that is not in the language that its name says, keeps its name.
    """
    path = PurePosixPath(document.name)
    folders = list(path.parent.parts)
    for number in reversed(range(len(folders))):
        match = _LANGUAGE.fullmatch(folders[number])
        if match and match[1].lower() == document.language:
            folders[number] = "*"
            return "/".join([*folders, path.name])
    match = _MARKED.fullmatch(path.name)
    if match and match[2][:2].lower() == document.language:
        return "/".join([*folders, f"{match[1]}.*"])
    return document.name


def common_headings(groups: Iterable[Group]) -> set[tuple[str, str]]:
    """(language, heading) of those that stand above too many sections to say anything."""
    counts = Counter(
        (version.language, part.heading)
        for group in groups
        for version in group.versions
        for part in version.parts
    )
    return {key for key, count in counts.items() if count > COMMON}


def _read_version(store: Store, document: DocumentInfo) -> Version:
    parts = tuple(_parts(store.passages(document.id)))
    languages = Counter(one.language for part in parts for one in part.passages)
    language = document.language if document.language != "und" or not languages else max(languages)
    return Version(document, language, parts)


def _parts(passages: Iterable[Passage]) -> Iterator[Part]:
    """Neighbouring passages of prose below one path of headings."""
    current: list[Passage] = []
    last: tuple[str, ...] | None = None
    for passage in passages:
        if passage.kind in ("heading", "code", "figure"):
            continue
        if current and (passage.headings != current[0].headings or len(current) == _SECTION_PASSAGES):
            yield _part(current, last)
            last = current[0].headings
            current = []
        current.append(passage)
    if current:
        yield _part(current, last)


def _part(passages: list[Passage], last: tuple[str, ...] | None) -> Part:
    headings = passages[0].headings
    heading = headings[-1] if headings and headings != last else ""
    return Part(heading, len(headings), tuple(passages))


def _match(name: str, versions: list[Version]) -> list[Group]:
    """One family of the versions that have the same structure; the others each their own."""
    by_structure: dict[tuple[int, ...], dict[str, Version]] = defaultdict(dict)
    alone: list[Version] = []
    for version in versions:
        if not version.parts:
            continue
        # A text may take more passages in one language than in another: only headings are compared.
        structure = tuple(part.depth for part in version.parts if part.heading)
        if len(structure) < _LEAST_HEADINGS or version.language in by_structure[structure]:
            alone.append(version)
        else:
            by_structure[structure][version.language] = version
    groups = [Group(name, tuple(found.values())) for found in by_structure.values() if found]
    # The same name for those that did not match: they are still held out, or not, together.
    return groups + [Group(name, (version,)) for version in alone]
