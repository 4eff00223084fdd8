"""Ways to make a good answer worse, each by one thing: what the reward's pairs are made of.

Every way takes a case (a question, quotes, a good answer) and gives a worse answer, or None where it does
not fit. Phrases of 14 languages are in phrases.json. Knows nothing of how answers are scored.
"""

from __future__ import annotations

import functools
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from everask.models.reward.pairs import Dimension, Draft, Quote, Said
from everask.text import words
from everask.text.telling import weigh
from everask.train.changes import UNSPACED, Edit, change, has_digit

_MIN_CUT = 12
_NUM_KEYWORDS = 14


@dataclass(frozen=True, slots=True)
class Case:
    """A question with quotes and a good answer. Of the quotes, `gold` answer it (numbers from 1), `near` are
    of the same passage, `far` of others. `answer` is the right string; `others` are right for other questions
    of the article. `translated` is the good answer in another language. `group` is the article. `held`
    draws other phrases than training knows."""

    question: str
    language: str
    quotes: tuple[Quote, ...]
    good: Draft
    gold: tuple[int, ...]
    near: tuple[int, ...]
    far: tuple[int, ...]
    answer: str
    others: tuple[str, ...]
    foreign: tuple[str, ...]
    translated: Draft | None
    group: str
    held: bool = False

    def quoted(self, number: int) -> Said:
        """A quote as a sentence that cites itself."""
        return Said(self.quotes[number - 1].text, (number,))

    def without_citations(self) -> Draft:
        """The good answer, citing nothing."""
        return tuple(replace(one, cited=()) for one in self.good)


Spoil = Callable[[Case, random.Random], Draft | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to make an answer worse, what it harms, and kinds that harm in a like way are one family."""

    spoil: Spoil
    harms: tuple[Dimension, ...]
    family: str
    margin: float = 1.0


@functools.cache
def phrases() -> Mapping[str, Any]:
    """Sentences by language: "filler" and "refusal"; "addressed" to a judge, "links"."""
    file = resources.files("everask.models.reward") / "phrases.json"
    table: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    return table


def phrase(kind: str, case: Case, draw: random.Random) -> str:
    """One of a kind in the case's language; where the case is held out, one that training never sees."""
    table = phrases()[kind]
    some: Sequence[str] = (table.get(case.language) or table["en"]) if isinstance(table, dict) else table
    split = max(1, len(some) * 2 // 3)
    return draw.choice(some[split:] if case.held else some[:split])


def _uncited(case: Case, _draw: random.Random) -> Draft | None:
    return case.without_citations()


def _half_cited(case: Case, draw: random.Random) -> Draft | None:
    if len(case.good) < 2:
        return None
    lost = draw.randrange(len(case.good))
    return tuple(replace(one, cited=()) if at == lost else one for at, one in enumerate(case.good))


def _wrongly_cited(case: Case, draw: random.Random) -> Draft | None:
    others = [*case.near, *case.far]
    if not others:
        return None
    at = draw.randrange(len(case.good))
    return _with(case.good, at, replace(case.good[at], cited=(draw.choice(others),)))


def _changed(kinds: tuple[str, ...]) -> Spoil:
    def spoil(case: Case, draw: random.Random) -> Draft | None:
        at = draw.randrange(len(case.good))
        around = [one.passage for one in case.quotes]
        terms = (case.answer, *case.others)
        for _ in range(6):
            edit: Edit | None = change(case.good[at].text, case.language, around, terms, draw)
            if edit is not None and edit.kind in kinds:
                return _with(case.good, at, replace(case.good[at], text=edit.text))
        return None

    return spoil


def _other_answer(case: Case, draw: random.Random) -> Draft | None:
    fits = [
        one
        for one in case.others
        if has_digit(one) == has_digit(case.answer)
        and one.casefold() not in case.answer.casefold()
        and case.answer.casefold() not in one.casefold()
    ]
    for at, said in enumerate(case.good):
        if fits and said.text.count(case.answer) == 1:
            return _with(case.good, at, replace(said, text=said.text.replace(case.answer, draw.choice(fits))))
    return None


def _invented(case: Case, draw: random.Random) -> Draft | None:
    if not case.foreign:
        return None
    cited = draw.choice([case.good[0].cited, case.good[0].cited, ()])
    return (*case.good, Said(draw.choice(case.foreign), cited))


def _padded(case: Case, draw: random.Random) -> Draft | None:
    extra = [*case.near, *case.far]
    if not extra:
        return None
    chosen = draw.sample(extra, min(len(extra), draw.choice((1, 2, 2, 3))))
    added = tuple(case.quoted(one) for one in chosen)
    return (*case.good, *added) if draw.random() < 0.7 else (*added, *case.good)


def _copied(case: Case, _draw: random.Random) -> Draft | None:
    numbers = sorted({*case.gold, *case.near})
    return tuple(case.quoted(one) for one in numbers) if len(case.near) > 1 else None


def _repeated(case: Case, draw: random.Random) -> Draft | None:
    return (*case.good, *case.good) if draw.random() < 0.7 else (*case.good, *case.good, *case.good)


def _filled(case: Case, draw: random.Random) -> Draft | None:
    cited = draw.choice([(), case.good[-1].cited])
    filler = Said(phrase("filler", case, draw), cited)
    return (filler, *case.good) if draw.random() < 0.4 else (*case.good, filler)


def _truncated(case: Case, draw: random.Random) -> Draft | None:
    last = case.good[-1]
    if len(last.text) < 2 * _MIN_CUT:
        return None
    cut = draw.randrange(_MIN_CUT, max(_MIN_CUT + 1, int(0.8 * len(last.text))))
    shown = last.text[:cut]
    if case.language not in UNSPACED:
        shown = shown.rsplit(" ", 1)[0] if " " in shown else shown
    if case.answer in shown and len(case.good) == 1 and draw.random() < 0.5:
        shown = shown[: max(6, shown.index(case.answer))].rstrip()
    return (*case.good[:-1], replace(last, text=shown)) if shown.strip() else None


def _incomplete(case: Case, draw: random.Random) -> Draft | None:
    if len(case.good) < 2:
        return None
    lost = draw.randrange(len(case.good))
    return tuple(one for at, one in enumerate(case.good) if at != lost)


def _translated(case: Case, _draw: random.Random) -> Draft | None:
    return case.translated


def _off_topic(case: Case, draw: random.Random) -> Draft | None:
    return (case.quoted(draw.choice(case.far)),) if case.far else None


def _neighbour(case: Case, draw: random.Random) -> Draft | None:
    return (case.quoted(draw.choice(case.near)),) if case.near else None


def _echo(case: Case, draw: random.Random) -> Draft | None:
    bare = case.question.strip().rstrip("?？؟;").lstrip("¿").strip()
    ending = "。" if case.language in ("zh", "ja") else "."
    return (Said(bare + ending, draw.choice([case.good[0].cited, ()])),)


def _refused(case: Case, draw: random.Random) -> Draft | None:
    return (Said(phrase("refusal", case, draw)),)


def _stuffed(case: Case, draw: random.Random) -> Draft | None:
    text = f"{case.question} {case.quotes[case.gold[0] - 1].passage}"
    found = [text[start:end] for start, end in words(text, case.language)]
    telling = [one for one in dict.fromkeys(found) if max(weigh([one.casefold()]).values()) > 0.5]
    if len(telling) < 6:
        return None
    chosen = draw.sample(telling, min(len(telling), _NUM_KEYWORDS))
    listed = Said(draw.choice([", ", " ", "、" if case.language in UNSPACED else "; "]).join(chosen), (1,))
    listed = replace(listed, cited=case.good[0].cited)
    return (listed,) if draw.random() < 0.6 else (*case.good, listed)


def _shuffled(case: Case, draw: random.Random) -> Draft | None:
    said = case.good[0]
    found = [said.text[start:end] for start, end in words(said.text, case.language)]
    if len(found) < 5:
        return None
    draw.shuffle(found)
    return _with(
        case.good, 0, replace(said, text=("" if case.language in UNSPACED else " ").join(found) + ".")
    )


def _addressed(case: Case, draw: random.Random) -> Draft | None:
    order = Said(phrase("addressed", case, draw), draw.choice([(), case.good[0].cited]))
    choice = draw.random()
    if choice < 0.3:
        return (order,)
    return (order, *case.good) if choice < 0.5 else (*case.good, order)


def _linked(case: Case, draw: random.Random) -> Draft | None:
    return (*case.good, Said(phrase("links", case, draw), draw.choice([(), case.good[0].cited])))


def _with(draft: Draft, at: int, said: Said) -> Draft:
    return tuple(said if number == at else one for number, one in enumerate(draft))


KINDS: Mapping[str, Kind] = {
    "no citation": Kind(_uncited, ("grounded", "form"), "citation"),
    "a citation lost": Kind(_half_cited, ("grounded", "form"), "citation", 0.5),
    "wrong citation": Kind(_wrongly_cited, ("grounded",), "citation"),
    "figure changed": Kind(_changed(("figure",)), ("grounded",), "fact"),
    "name changed": Kind(_changed(("name", "term")), ("grounded",), "fact"),
    "said the opposite": Kind(_changed(("opposite", "negation")), ("grounded",), "fact"),
    "other answer": Kind(_other_answer, ("grounded", "answers"), "fact"),
    "invented": Kind(_invented, ("grounded",), "fact"),
    "padded": Kind(_padded, ("concise",), "length", 0.5),
    "passage copied": Kind(_copied, ("concise",), "length"),
    "repeated": Kind(_repeated, ("concise", "form"), "length"),
    "filler": Kind(_filled, ("concise",), "length", 0.5),
    "truncated": Kind(_truncated, ("complete", "form"), "cut"),
    "half of it": Kind(_incomplete, ("complete",), "cut"),
    "other language": Kind(_translated, ("form",), "language"),
    "off topic": Kind(_off_topic, ("answers",), "relevance"),
    "neighbour": Kind(_neighbour, ("answers",), "relevance"),
    "question repeated": Kind(_echo, ("answers", "complete"), "relevance"),
    "refused": Kind(_refused, ("answers", "complete"), "relevance"),
    "keywords": Kind(_stuffed, ("form",), "babble"),
    "words shuffled": Kind(_shuffled, ("form",), "babble"),
    "judge addressed": Kind(_addressed, ("safety",), "orders"),
    "link": Kind(_linked, ("safety",), "orders"),
}
"""Every kind by name."""


def spoil_each(case: Case, draw: random.Random) -> dict[str, Draft]:
    """A worse answer of every kind that fits."""
    made: dict[str, Draft] = {}
    for name, kind in KINDS.items():
        worse = kind.spoil(case, draw)
        if worse is not None and worse != case.good:
            made[name] = worse
    return made
