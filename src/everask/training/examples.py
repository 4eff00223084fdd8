"""What a search training learns from: families of sections as search_bert's examples, and hard negatives.

Kept in the job's folder while it lasts: a training that is gone on with sees what it began with, whatever
became of the store. Removed when it ends, since it is the documents' text.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from everask.encoder import Encoder
from everask.feedback.labels import Labelled
from everask.index import Store
from everask.models.search_bert.data import DENSE, DENSE_SHARE, Example, Family, Sampler, Section
from everask.retrieve import RetrieveSettings, search
from everask.text import sentences
from everask.training.sections import Group, Version, common_headings
from everask.types import Hit, Query

LEAST_CHARACTERS = 60
MOST_CHARACTERS = 1_500
MOST_MINED, MINED_A_MINUTE = 2_000, 60
"""Sections that are looked for to find what is like them, in all and for each minute of training: each is one
search, and of a short training more would take longer than what is learnt of them."""

_TOP = 30
_LEAST_SENTENCE = 12
_NEAR = 0.95
"""A passage that scores more than that of the right one's is likely right as well (NV-Retriever)."""
_NEGATIVES_KEPT = 4
_FROM_SEARCH = 3
"""One in so many passages of a batch is a hard negative."""


@dataclass(frozen=True, slots=True)
class Examples:
    """Families, and by group ("page/number") passages that look like the right one and are not."""

    families: tuple[Family, ...]
    negatives: Mapping[str, Sequence[str]]

    @property
    def num_sections(self) -> int:
        """How many different ones there are to learn from, each language counted."""
        sections = (versions for family in self.families for versions in family.sections.values())
        return len({one.text for versions in sections for one in versions.values()})

    @property
    def num_groups(self) -> int:
        """How many may stand in one batch, where no two may say the same."""
        groups = sum(len(family.sections) for family in self.families)
        return min(groups, self.num_sections)


class Batches:
    """Batches with hard negatives, the same for the same number."""

    def __init__(self, examples: Examples, size: int, seed: int) -> None:
        self._sampler = Sampler(examples.families, {})
        self._negatives = examples.negatives
        self._size = size
        self._seed = seed

    def draw(self, number: int) -> tuple[list[Example], list[str]]:
        """The pairs of a batch, and further passages that answer none of them."""
        pairs = self._sampler.batch(number, self._size, self._seed)
        draw = random.Random(f"negatives-{self._seed}-{number}")
        held = {pair.passage for pair in pairs}
        found: list[str] = []
        for pair in draw.sample(pairs, len(pairs)):
            likely = [one for one in self._negatives.get(pair.group, ()) if one not in held]
            if likely and len(found) < self._size // _FROM_SEARCH:
                found.append(draw.choice(likely))
                held.add(found[-1])
        return pairs, found


def make_families(groups: Iterable[Group]) -> tuple[Family, ...]:
    """Families of what trains; headings that say nothing are left out, and sections of a few words."""
    training = [group for group in groups if not group.is_held_out]
    common = common_headings(training)
    families = []
    for number, group in enumerate(training):
        family = Family(f"{group.name}#{number}")
        for version in group.versions:
            _add_version(family, version, common)
        if family.sections:
            families.append(family)
    return tuple(families)


def judged_families(questions: Iterable[Labelled], store: Store) -> tuple[Family, ...]:
    """Questions that people judged, each as the heading of the passage that answers it."""
    families = []
    for number, one in enumerate(questions):
        for passage, _ in store.hits(one.right, ()).values():
            family = Family(f"judged#{number}/{passage.id}")
            section = Section(one.question, passage.indexed[:MOST_CHARACTERS])
            family.sections[0] = {passage.language: section}
            families.append(family)
    return tuple(families)


def _add_version(family: Family, version: Version, common: set[tuple[str, str]]) -> None:
    """Sections with headings are numbered alike in all languages, the others each by themselves."""
    headed = sum(bool(part.heading) for part in version.parts)
    number = 0
    for part in version.parts:
        heading = "" if (version.language, part.heading) in common else part.heading
        if part.heading:
            place, number = number, number + 1
        else:
            place = max([headed, *(one + 1 for one in family.sections)])
        text = part.text[:MOST_CHARACTERS]
        if _teaches(heading, text, version.language):
            family.sections.setdefault(place, {})[version.language] = Section(heading, text)


def _teaches(heading: str, text: str, language: str) -> bool:
    """Whether a query can be made: of the heading, or of one sentence of several."""
    if len(text) * (DENSE_SHARE if language in DENSE else 1) < LEAST_CHARACTERS:
        return False
    spans = sentences(text, language) if not heading else ()
    return bool(heading) or sum(end - start >= _LEAST_SENTENCE for start, end in spans) > 1


def mine_negatives(
    families: Sequence[Family],
    held_out: set[str],
    store: Store,
    encoder: Encoder,
    settings: RetrieveSettings,
    progress: Callable[[int, int], None],
    most: int = MOST_MINED,
) -> dict[str, list[str]]:
    """By group, passages of other documents that search puts near the section's heading.

    `held_out` are ids of documents that are not to be seen; at most `most` sections are looked for.
    """
    queries = [
        (f"{family.page}/{number}", language, section)
        for family in families
        for number, versions in family.sections.items()
        for language, section in versions.items()
        if section.heading
    ]
    if len(queries) > most:
        queries = random.Random(0).sample(queries, most)
    found: dict[str, list[str]] = {}
    for done, (group, language, section) in enumerate(queries, 1):
        hits = search(
            Query(section.heading, language), store, encoder, top=_TOP, settings=settings, with_marks=False
        )
        likely = _hard(hits, section, held_out)
        if likely:
            found.setdefault(group, []).extend(likely[:_NEGATIVES_KEPT])
        progress(done, len(queries))
    return found


def _hard(hits: Sequence[Hit], section: Section, held_out: set[str]) -> list[str]:
    """Texts of hits that are less near than the right one, by enough; none where that was not found."""
    right = [hit for hit in hits if hit.passage.indexed in section.text]
    if not right:
        return []
    documents = {hit.document.id for hit in right} | held_out
    near = max(hit.channels.get("dense", 0.0) for hit in right)
    return [
        hit.passage.indexed
        for hit in hits
        if hit.document.id not in documents
        and hit.channels.get("dense", 0.0) < _NEAR * near
        and not hit.document.groups
    ]


def save_examples(path: Path, examples: Examples) -> None:
    """Write examples, one family a line."""
    with path.open("w", encoding="utf-8") as stream:
        for family in examples.families:
            sections = {
                number: {language: [one.heading, one.text] for language, one in versions.items()}
                for number, versions in family.sections.items()
            }
            groups = [f"{family.page}/{number}" for number in family.sections]
            negatives = {one: examples.negatives[one] for one in groups if one in examples.negatives}
            row = {"page": family.page, "sections": sections, "negatives": negatives}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")


def load_examples(path: Path) -> Examples:
    """Read what `save_examples` wrote."""
    families: list[Family] = []
    negatives: dict[str, list[str]] = {}
    with path.open(encoding="utf-8") as stream:
        for row in map(json.loads, stream):
            family = Family(row["page"])
            for number, versions in row["sections"].items():
                family.sections[int(number)] = {one: Section(*pair) for one, pair in versions.items()}
            families.append(family)
            negatives |= row["negatives"]
    return Examples(tuple(families), negatives)
