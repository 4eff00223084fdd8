"""How good answers are, judged by the passage and the words that are known to be right.

Any system's answers can be judged: sentences, what each cites, and how likely it is that there is an answer.
No checker judges here, so that none is its own judge. Knows nothing of how an answer is made.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from everask.text import language_of, sentences

ANSWERED = "answered"
GOLD_CITED = "gold cited"
GOLD_QUOTED = "gold quoted"
PRECISION = "precision"
RECALL = "recall"
ALL_GOLD = "all gold"
LANGUAGE = "language"
NO_WRONG_NUMBER = "numbers right"
DECLINED = "declined"
MEASURES = (
    ANSWERED,
    GOLD_CITED,
    GOLD_QUOTED,
    PRECISION,
    RECALL,
    ALL_GOLD,
    LANGUAGE,
    NO_WRONG_NUMBER,
    DECLINED,
)

# A text shorter than this does not tell its language.
_TELLING_CHARS = 24
# Shorter right strings must be words of their own.
_SHORT = 3
_MARKS = re.compile(r"\s*[\[(【]([^\[\]()【】]{1,200})[\])】]")
_MARK_AFTER_END = re.compile(r"([.!?。！？।؟…]+)((?:\s*[\[(【][^\[\]()【】]{1,200}[\])】])+)")
_RUN = re.compile(r"\d+")
_GROUPED = re.compile(r"(?<=\d)[,.\s'’٬،](?=\d{3}(?!\d))")
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question and what is right: the documents that answer, by name, and the strings that do, in every
    language that may be said or cited. No documents: nothing answers it."""

    key: str
    text: str
    language: str
    strings: tuple[str, ...] = ()
    gold: frozenset[str] = frozenset()

    @property
    def is_answerable(self) -> bool:
        """Whether anything answers it."""
        return bool(self.gold)


@dataclass(frozen=True, slots=True)
class Cited:
    """What a sentence cites: a document, the words quoted, and the passage around them where it is known."""

    document: str
    quote: str
    around: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of an answer, and what it cites."""

    text: str
    cited: tuple[Cited, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a system made of a question. `chance` says how likely there is an answer, on any scale, or None;
    `said` may be there although it abstained: it is what would have been said."""

    wanted: Wanted
    answered: bool
    said: tuple[Said, ...] = ()
    chance: float | None = None
    seconds: float = 0.0

    @property
    def text(self) -> str:
        """The whole answer."""
        return " ".join(one.text for one in self.said)


def measure_answers(outcomes: Iterable[Outcome]) -> dict[str, dict[str, float]]:
    """Each of MEASURES by question, of the questions that it says something of (see `measure_one`)."""
    each: dict[str, dict[str, float]] = {name: {} for name in MEASURES}
    for one in outcomes:
        for name, value in measure_one(one).items():
            each[name][one.wanted.key] = value
    return {name: values for name, values in each.items() if values}


def measure_one(outcome: Outcome) -> dict[str, float]:
    """The measures of one question.

    Of what is answerable: "answered"; "gold cited": a right string stands in a sentence that cites
    something; "gold quoted": in the words quoted; where it was answered also "precision", the share of
    citations that are of a right document, "recall", the share of sentences with such a citation (its words
    hold a right string where the sentence does), "all gold", whether every right document is cited.
    Of what is not: "declined". Of every answer: "language", whether it is the question's, and "numbers
    right", whether each figure of a sentence stands in what it cites.
    """
    wanted = outcome.wanted
    said = outcome.said if outcome.answered else ()
    values: dict[str, float] = {}
    if wanted.is_answerable:
        values[ANSWERED] = float(outcome.answered)
        values[GOLD_CITED] = float(any(one.cited and has_any(one.text, wanted.strings) for one in said))
        quotes = [cited.quote for one in said for cited in one.cited]
        values[GOLD_QUOTED] = float(any(has_any(quote, wanted.strings) for quote in quotes))
    else:
        values[DECLINED] = float(not outcome.answered)
    if said:
        values |= _measure_citations(said, wanted) if wanted.is_answerable else {}
        if len(outcome.text) >= _TELLING_CHARS:
            values[LANGUAGE] = float(language_of(outcome.text) == wanted.language)
        values[NO_WRONG_NUMBER] = float(not any(wrong_numbers(one) for one in said))
    return values


def quality(outcome: Outcome) -> float:
    """Answer x citation, 0..1: of what is answerable whether a right string is said (where strings are known)
    times the F1 of its citations, 0 if it was not answered; of what is not, whether it was declined."""
    if not outcome.wanted.is_answerable:
        return float(not outcome.answered)
    values = measure_one(outcome)
    precision, recall = values.get(PRECISION, 0.0), values.get(RECALL, 0.0)
    said = values[GOLD_CITED] if outcome.wanted.strings else values[ANSWERED]
    return said * 2 * precision * recall / (precision + recall) if precision and recall else 0.0


def _measure_citations(said: Sequence[Said], wanted: Wanted) -> dict[str, float]:
    cited = [one for sentence in said for one in sentence.cited]
    values = {RECALL: sum(is_carried(one, wanted) for one in said) / len(said)}
    if cited:
        values[PRECISION] = sum(one.document in wanted.gold for one in cited) / len(cited)
    if len(wanted.gold) > 1:
        values[ALL_GOLD] = float(wanted.gold <= {one.document for one in cited})
    return values


def is_carried(sentence: Said, wanted: Wanted) -> bool:
    """Whether a sentence cites a right document, by words with a right string if it says one itself."""
    right = [one for one in sentence.cited if one.document in wanted.gold]
    if not right or not has_any(sentence.text, wanted.strings):
        return bool(right)
    return any(has_any(one.quote, wanted.strings) for one in right)


def wrong_numbers(sentence: Said) -> list[str]:
    """The figures of a sentence that stand in nothing that it cites. Digits only; of one digit may be
    spelled there."""
    source = " ".join(part for one in sentence.cited for part in (one.quote, one.around))
    known = set(_figures(source)) | set(_RUN.findall(_plain(source)))
    return [one for one in _figures(sentence.text) if one not in known and len(one) > 1]


def has_any(text: str, strings: Sequence[str]) -> bool:
    """Whether one of the strings stands in a text, whatever its case, spaces, punctuation and digits."""
    return any(holds_string(text, one) for one in strings)


def holds_string(text: str, string: str) -> bool:
    """Whether a string stands in a text: its letters and figures, not within a longer number; a short one
    not within a longer word."""
    letters, starts = _letters(text)
    wanted, _ = _letters(string)
    at = letters.find(wanted) if wanted else -1
    is_word = len(wanted) <= _SHORT and not _UNSPACED.search(wanted)
    while at >= 0:
        end = at + len(wanted)
        cut_number = _is_inside_number(letters, starts, at) or _is_inside_number(letters, starts, end)
        cut_word = is_word and (at not in starts or (end < len(letters) and end not in starts))
        if not cut_number and not cut_word:
            return True
        at = letters.find(wanted, at + 1)
    return False


def split_cited(text: str, language: str, cited: Mapping[str, Cited]) -> tuple[Said, ...]:
    """Sentences of a text whose citations are marks in brackets, as "[1]", "[1, 2]" or "(Smith, p. 3)".

    `cited` has what each mark stands for; brackets that hold no mark stay.
    """
    moved = _MARK_AFTER_END.sub(r"\2\1", text)
    said = []
    for start, end in sentences(moved, language):
        sentence, found = moved[start:end], []
        for match in _MARKS.finditer(sentence):
            marks = [match[1].strip(), *(one.strip() for one in re.split(r"[,;，；]", match[1]))]
            known = [cited[one] for one in dict.fromkeys(marks) if one in cited]
            if known or match[1].strip().isdigit():
                found += known
                sentence = sentence.replace(match[0], "", 1)
        if any(map(str.isalnum, sentence)):
            said.append(Said(sentence.strip(), tuple(dict.fromkeys(found))))
    return tuple(said)


def _letters(text: str) -> tuple[str, set[int]]:
    """Letters and figures alone, and where words begin among them."""
    kept: list[str] = []
    starts: set[int] = set()
    new = True
    for one in _plain(text):
        if one.isalnum() or unicodedata.category(one)[0] == "M":
            if new:
                starts.add(len(kept))
            kept.append(one)
            new = False
        else:
            new = True
    return "".join(kept), starts


def _is_inside_number(letters: str, starts: set[int], at: int) -> bool:
    if not 0 < at < len(letters) or at in starts:
        return False
    return letters[at - 1].isdigit() and letters[at].isdigit()


def _figures(text: str) -> Iterator[str]:
    yield from _RUN.findall(_GROUPED.sub("", _plain(text)))


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(str(unicodedata.digit(one, one)) if one.isdigit() else one for one in folded)
