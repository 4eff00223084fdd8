"""Suites of questions with known answers, over pools of paragraphs: one language, across two, two hops.

Knows nothing of how a paragraph is found or an answer made.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from everask.errors import NotFoundError, UsageError
from everask.evaluate.answers import Wanted
from everask.evaluate.files import read_lines
from everask.evaluate.halves import Half, half_of
from everask.evaluate.spans import SpanSet, load_span_sets
from everask.evaluate.suite import Item, Suite
from everask.evaluate.suites import XQUAD_LANGUAGES

_APART = 5
"""Places from a paragraph's language to that in which it is asked for."""


@dataclass(frozen=True, slots=True)
class AnswerSuite:
    """A pool of passages, and questions by the article that they are of; `pool` has no queries."""

    name: str
    group: str
    pool: Suite
    asked: tuple[tuple[str, Wanted], ...]

    def half(self, which: Half, num: int, seed: int = 0) -> list[Wanted]:
        """At most `num` questions of one half of the articles, drawn at random."""
        kept = [wanted for article, wanted in self.asked if half_of(article) == which]
        return random.Random(seed).sample(kept, min(num, len(kept)))


def _suite(spans: SpanSet, group: str, said: Mapping[str, tuple[str, ...]] | None = None) -> AnswerSuite:
    """A set of span questions; `said` has the right strings in the question's language, where they differ."""
    articles = {one.paragraph: one.article for one in spans.questions}
    passages = {
        key: Item(text, spans.language, articles.get(key, "")) for key, text in spans.paragraphs.items()
    }
    asked = tuple(
        (
            one.article,
            Wanted(
                f"{spans.name} {one.id}",
                one.text,
                one.language,
                tuple(dict.fromkeys((*one.answers, *(said or {}).get(one.id, ())))),
                frozenset({one.paragraph}),
            ),
        )
        for one in spans.questions
    )
    return AnswerSuite(spans.name, group, Suite(spans.name, group, passages, {}, {}), asked)


def _xquad(folder: Path) -> list[AnswerSuite]:
    names = tuple(f"xquad-{one}" for one in XQUAD_LANGUAGES)
    return [_suite(spans, f"XQuAD {spans.language}") for spans in load_span_sets(folder, names)]


def _across(folder: Path) -> list[AnswerSuite]:
    made = []
    for number, language in enumerate(XQUAD_LANGUAGES):
        asked_in = XQUAD_LANGUAGES[(number + _APART) % len(XQUAD_LANGUAGES)]
        names = (f"xquad-{language}-from-{asked_in}", f"xquad-{asked_in}")
        spans, own = load_span_sets(folder, names)
        said = {one.id: one.answers for one in own.questions}
        made.append(_suite(spans, f"XQuAD {language} from {asked_in}", said))
    return made


def _one(name: str, group: str) -> Callable[[Path], list[AnswerSuite]]:
    return lambda folder: [_suite(spans, group) for spans in load_span_sets(folder, (name,))]


def _hotpot(folder: Path) -> list[AnswerSuite]:
    """Two paragraphs answer together; questions whose answer is yes or no have no string to look for."""
    passages: dict[str, Item] = {}
    asked: list[tuple[str, Wanted]] = []
    for row in read_lines(folder / "p02_hotpot_distractor" / "hotpot_a.jsonl"):
        for title, parts in row["context"]:
            passages.setdefault(title, Item("".join(parts), "en", title, title))
        gold = frozenset(title for title, _ in row["supporting_facts"])
        if row["answer"].lower() not in ("yes", "no"):
            key = f"hotpot {row['_id']}"
            asked.append((row["_id"], Wanted(key, row["question"], "en", (row["answer"],), gold)))
    group = "HotpotQA (two hops)"
    return [AnswerSuite("hotpot", group, Suite("hotpot", group, passages, {}, {}), tuple(asked))]


ANSWER_LOADERS: Mapping[str, Callable[[Path], list[AnswerSuite]]] = {
    "xquad": _xquad,
    "xquad-across": _across,
    "drcd": _one("drcd", "DRCD"),
    "cmrc": _one("cmrc", "CMRC"),
    "jsquad": _one("jsquad", "JSQuAD"),
    "hotpot": _hotpot,
}


def load_answer_suites(name: str, folders: Sequence[Path]) -> list[AnswerSuite]:
    """The suites of a name, from the first folder that has their files.

    Raises NotFoundError where none has, UsageError for a name that is none.
    """
    load = ANSWER_LOADERS.get(name)
    if load is None:
        raise UsageError(f"There is no suite {name}.", f"There are: all, {', '.join(ANSWER_LOADERS)}.")
    error: NotFoundError | None = None
    for folder in folders:
        try:
            return load(folder)
        except NotFoundError as missing:
            error = error or missing
    raise error or NotFoundError("No folder holds the suites' files.", "Name one with --sets.")
