"""Questions that held-out documents ask by themselves, and a small store to ask them of.

A section's heading asks for the section, a sentence for the section that it was taken out of; in all
languages that the section is there in. Headings right above a passage are taken off all passages of the
pool, else every question would find its own words. It is a real store: a question is asked as users ask.
"""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from everask.feedback.labels import Labelled
from everask.index import Store
from everask.models.search_bert.data import DENSE, DENSE_SHARE
from everask.text import language_of, sentences
from everask.training.gate import ASKED
from everask.training.sections import Group, Part, Version, common_headings
from everask.types import Passage, Source

MOST_QUESTIONS = 600
MOST_PASSAGES = 3_000
"""Of the pool: each is encoded by both encoders."""

_LEAST_HEADING = 4
_LEAST_SENTENCE = 30
_SENTENCE_ONE_IN = 3

Place = tuple[str, int]
"""A document's id and a passage's ordinal in the pool."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and the passages of the pool that answer it, in any language."""

    text: str
    language: str
    kind: str
    right: tuple[Place, ...]


@dataclass(slots=True)
class _Draft:
    """A version on its way into the pool: its passages without headings, and who asks for which."""

    version: Version
    passages: list[Passage]
    places: list[tuple[Place, ...]]


def make_pool(
    groups: Sequence[Group], store: Store, folder: Path, seed: int = 0, judged: Sequence[Labelled] = ()
) -> list[Question]:
    """Fill a new store in `folder` and return the questions to ask of it, those that people `judged` first.

    Held-out documents come first, then those that answer judged questions, then others until it is full.
    """
    answering = {document for one in judged for document in one.documents}
    order = sorted(groups, key=lambda one: zlib.crc32(one.name.encode()[::-1]))
    order.sort(key=lambda one: (not one.is_held_out, not _holds(one, answering)))
    common = common_headings(group for group in order if group.is_held_out)
    questions: list[Question] = []
    places: dict[int, Place] = {}
    num_passages = 0
    with Store.open(folder) as pool:
        for group in order:
            if num_passages >= MOST_PASSAGES:
                break
            drafts = [_draft(version) for version in group.versions]
            if group.is_held_out and len(questions) < MOST_QUESTIONS:
                questions += _ask(drafts, common, random.Random(f"{seed}-{group.name}"))
            for draft in drafts:
                num_passages += _put(pool, store, draft)
                places |= _places(draft)
    return [*_ask_judged(judged, places), *questions[:MOST_QUESTIONS]]


def _holds(group: Group, documents: set[str]) -> bool:
    return any(version.document.id in documents for version in group.versions)


def _places(draft: _Draft) -> dict[int, Place]:
    """Where the passages of the store are in the pool."""
    kept = [passage.id for part in draft.version.parts for passage in part.passages]
    return {id: (draft.version.document.id, number) for number, id in enumerate(kept)}


def _ask_judged(judged: Sequence[Labelled], places: Mapping[int, Place]) -> Iterator[Question]:
    for one in judged[:MOST_QUESTIONS]:
        right = tuple(places[passage] for passage in one.right if passage in places)
        if right:
            yield Question(one.question, language_of(one.question), ASKED, right)


def save_questions(path: Path, questions: Iterable[Question]) -> None:
    """Write questions as JSON."""
    path.write_text(json.dumps([asdict(one) for one in questions], ensure_ascii=False), encoding="utf-8")


def load_questions(path: Path) -> list[Question]:
    """Read what `save_questions` wrote."""
    rows = json.loads(path.read_text("utf-8"))
    return [
        Question(row["text"], row["language"], row["kind"], tuple((one, two) for one, two in row["right"]))
        for row in rows
    ]


def _draft(version: Version) -> _Draft:
    passages: list[Passage] = []
    places: list[tuple[Place, ...]] = []
    for part in version.parts:
        first = len(passages)
        for passage in part.passages:
            headings = passage.headings[:-1]
            passages.append(replace(passage, id=0, ordinal=len(passages), headings=headings))
        places.append(tuple((version.document.id, number) for number in range(first, len(passages))))
    return _Draft(version, passages, places)


def _ask(drafts: Sequence[_Draft], common: set[tuple[str, str]], draw: random.Random) -> Iterator[Question]:
    """The questions of one family; sentences that are asked for are cut out of their passages."""
    right = _right_by_number(drafts)
    for draft in drafts:
        language, number = draft.version.language, 0
        for part, places in zip(draft.version.parts, draft.places, strict=True):
            everywhere = places
            if part.heading:
                everywhere, number = right[number], number + 1
                if _is_question(part, language, common):
                    yield Question(part.heading, language, "heading", everywhere)
            if draw.randrange(_SENTENCE_ONE_IN) == 0:
                sentence = _cut_sentence(draft, places, language, draw)
                if sentence:
                    yield Question(sentence, language, "sentence", everywhere)


def _right_by_number(drafts: Sequence[_Draft]) -> list[tuple[Place, ...]]:
    """For each section with a heading, its passages in all languages."""
    headed = [
        [places for part, places in zip(draft.version.parts, draft.places, strict=True) if part.heading]
        for draft in drafts
    ]
    return [tuple(place for places in versions for place in places) for versions in zip(*headed, strict=True)]


def _is_question(part: Part, language: str, common: set[tuple[str, str]]) -> bool:
    least = _LEAST_HEADING / (DENSE_SHARE if language in DENSE else 1)
    letters = sum(one.isalpha() for one in part.heading)
    return letters >= least and (language, part.heading) not in common


def _cut_sentence(draft: _Draft, places: Sequence[Place], language: str, draw: random.Random) -> str:
    """Take a sentence out of one of the passages; "" where there is none that can be spared."""
    _, ordinal = draw.choice(places)
    passage = draft.passages[ordinal]
    least = _LEAST_SENTENCE // (DENSE_SHARE if language in DENSE else 1)
    spans = [span for span in sentences(passage.indexed, language) if span[1] - span[0] >= least]
    if len(spans) < 2 or passage.kind == "table":
        return ""
    start, end = draw.choice(spans)
    rest = f"{passage.indexed[:start]} {passage.indexed[end:]}".strip()
    draft.passages[ordinal] = replace(passage, indexed=rest)
    return passage.indexed[start:end][:200]


def _put(pool: Store, store: Store, draft: _Draft) -> int:
    """Put a version into the pool; how many passages that are."""
    document = replace(store.document(draft.version.document.id), title="", groups=())
    source = Source(f"pool:{document.id}", "pool", (0, 0, 0), document.content, "ok", "", 1, 0.0)
    pool.put_source(source, [(document, draft.passages)])
    return len(draft.passages)
