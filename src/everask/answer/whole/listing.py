"""Everything of a kind in whole documents, each with its sentence: equal things once, days by time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from everask.answer.whole.dates import Date
from everask.answer.whole.finders import Value, find_kind
from everask.answer.whole.routing import Kind
from everask.answer.whole.sentences import Sentence, cite_sentence, plain
from everask.text import analyse
from everask.text.telling import weigh
from everask.types import Claim

MAX_ITEMS = 300
_MAX_CITED = 3
_BY_VALUE: frozenset[Kind] = frozenset({"email", "url", "phone"})
_MIN_SHARED = 0.6


@dataclass(slots=True)
class Item:
    """One thing of the list: how it is written first, and the sentences that have it."""

    value: Value
    shown: str
    sentences: list[Sentence] = field(default_factory=list)


def find_items(sentences: Iterable[Sentence], kind: Kind) -> list[Item]:
    """The things of a kind in these sentences, in the order of the list; equal ones once.

    An address is equal to itself wherever it stands; a day or an amount only in an equal sentence, since
    two deadlines may fall on one day.
    """
    known: dict[tuple[Value, str], Item] = {}
    for sentence in sentences:
        for one in find_kind(sentence.text, kind, sentence.passage.language):
            about = "" if kind in _BY_VALUE else plain(sentence.text).casefold()
            shown = plain(sentence.text[one.start : one.end])
            item = known.setdefault((one.value, about), Item(one.value, shown))
            item.sentences.append(sentence)
    return sorted(known.values(), key=lambda item: _place(item, kind))


def item_claim(item: Item) -> Claim:
    """A line of the list: the sentence, under the thing as it is written, or as a date for days."""
    heading = str(item.value) if isinstance(item.value, Date) else item.shown
    cited = tuple(cite_sentence(one) for one in item.sentences[:_MAX_CITED])
    return Claim(plain(item.sentences[0].text), 1.0, cited, verbatim=True, heading=heading)


def speaks_of(sentence: Sentence, wanted: str, language: str) -> bool:
    """Whether a sentence has the words that are asked for, in one of their forms."""
    asked = weigh(set(analyse(wanted, language)) | set(analyse(wanted, sentence.passage.language)))
    tokens = set(analyse(sentence.text, sentence.passage.language))
    telling = {token: weight for token, weight in asked.items() if weight >= 0.5}
    if not telling:
        return False
    words = [
        set(analyse(word, sentence.passage.language)) | set(analyse(word, language))
        for word in wanted.split()
    ]
    needed = [word for word in words if any(weigh(word).get(token, 0) >= 0.5 for token in word)]
    return bool(needed) and sum(bool(word & tokens) for word in needed) >= _MIN_SHARED * len(needed)


def _place(item: Item, kind: Kind) -> tuple[object, ...]:
    value = item.value
    if isinstance(value, Date):
        return (value.year == 0, value.year, value.month, value.day, item.sentences[0].ordinal)
    if kind in _BY_VALUE:
        return (str(value).casefold(),)
    return (item.sentences[0].document.name, item.sentences[0].ordinal)
