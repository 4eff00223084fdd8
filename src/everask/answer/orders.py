"""Finds sentences of documents that give orders to a language model, and keeps them from being the answer.

A rule of words, deterministic, in twenty languages (orders_words.json). One sign alone ("the correct answer
is …", "answer only …") is common in honest documents: it only ranks the sentence below others. Two, or one
that is plain ("ignore all previous instructions"), take it out of the running. Who asks about such texts
gets them as they are. This is a help, not the wall: the wall is that nothing a model writes is shown
without a quote that carries it (check.py) and without passing filter.py.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from everask.text import sentences
from everask.types import Evidence, Query

PLAIN = 2
"""From this many signs on a sentence is an order to a machine; below, it may be one."""
_WINDOW = 90
# Who is addressed is named first.
_MAX_ADDRESS = 60
_KEPT_OF_PLAIN, _KEPT_OF_LIKELY = 0.01, 0.35
# Less of a sentence than this share, once the orders are cut out of it, is not worth quoting.
_MIN_LEFT = 0.2
_LINKS = re.compile(r"https?://|!?\[[^\]\n]*\]\s?[(:\[]|<(?:a|img|script|iframe|svg|form)\b", re.IGNORECASE)
_ENCODED = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}|\b(?i:base64|rot13)\b")
_EDGE = re.compile(r"[,;:()\[\]{}—–\"«»“”„「」『』，；：、（）।]|\s[-|]\s")
_OPENS = {"(": ")", "（": "）", "【": "】", "「": "」", "«": "»", "{": "}"}
_CONTROL = re.compile(r"<\|[^<>|\n]{1,40}\|>|\[/?INST\]|<</?SYS>>", re.IGNORECASE)
# What an order carries along: a link, markup, a coded text. A fact may stand behind it without a full stop.
_CARRIED = re.compile(
    r"https?://[^\s)\"<>]+\)?|!?\[[^\]\n]*\](?:\([^)\n]*\)|\[[^\]\n]*\])?|<[a-z][^>\n]*>(?:[^<\n]*</\w+>)?"
    r"|[A-Za-z0-9+/]{24,}={0,2}",
    re.IGNORECASE,
)
_MIN_FACT = 12


@dataclass(frozen=True, slots=True)
class _Words:
    """One language's. `override` with `rules` and `which` is "ignore all previous instructions"; `say` is a
    command to say or do something in an answer; the others are the rest of what such a text is made of."""

    override: re.Pattern[str]
    rules: re.Pattern[str]
    which: re.Pattern[str]
    say: re.Pattern[str]
    only: re.Pattern[str]
    yours: re.Pattern[str]
    truth: re.Pattern[str]
    when: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class _Tables:
    """Names that language models go by, what they were told first, marks of a speaker; words by language."""

    machine: re.Pattern[str]
    prompt: re.Pattern[str]
    roles: re.Pattern[str]
    languages: tuple[_Words, ...]


def count_signs(sentence: str) -> int:
    """How many signs there are that a sentence gives orders to a language model; see `PLAIN`."""
    return _count_signs(sentence)[0]


def asks_for_orders(query: Query) -> bool:
    """Whether the question itself is about machines that answer, or about what they are told."""
    text = query.text
    tables = _load()
    return bool(tables.machine.search(text) or tables.prompt.search(text)) or count_signs(text) > 0


def set_back(query: Query, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The evidence with orders to machines behind the rest, best first.

    What is set back gives its probability to the others: evidence excludes one another.
    """
    kept = [1.0 if asks_for_orders(query) else _kept(one.text) for one in evidence]
    if all(one == 1.0 for one in kept):
        return tuple(evidence)
    if all(one == 1.0 or one == _KEPT_OF_LIKELY for one in kept) and _is_lonely(evidence, kept):
        return tuple(evidence)
    total = sum(one.probability for one in evidence)
    lost = sum(one.probability * (1 - share) for one, share in zip(evidence, kept, strict=True))
    # If all that spoke for an answer was planted, nothing is left to be given to the others.
    gain = min(4.0, (1 - min(total, 1.0) + total) / max(1e-6, 1 - min(lost, 0.999)))
    changed = [
        replace(one, probability=min(0.98, one.probability * share * (gain if share == 1.0 else 1.0)))
        for one, share in zip(evidence, kept, strict=True)
    ]
    return tuple(sorted(changed, key=lambda one: -one.probability))


def without_orders(text: str) -> str:
    """A text without what it tells machines, "…" in its place; the text itself where there is nothing."""
    spans = [span for start, end in sentences(text, "und") for span in _order_spans(text, start, end)]
    if not spans:
        return text
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start].rstrip(), " … "]
        at = end
    return re.sub(r"(?:\s*…)+\s*", " … ", "".join([*parts, text[at:]])).strip()


def _kept(text: str) -> float:
    """The share of its probability that a piece of evidence keeps."""
    rest = without_orders(text)
    if sum(map(str.isalnum, rest)) < _MIN_LEFT * sum(map(str.isalnum, text)):
        return _KEPT_OF_PLAIN
    signs = max((count_signs(rest[start:end]) for start, end in sentences(rest, "und")), default=0)
    return _KEPT_OF_LIKELY if signs else 1.0


def _is_lonely(evidence: Sequence[Evidence], kept: Sequence[float]) -> bool:
    """Whether nothing else could be the answer: then what may be an order may be the answer, too."""
    pairs = list(zip(evidence, kept, strict=True))
    suspected = max(one.probability for one, share in pairs if share < 1)
    return max((one.probability for one, share in pairs if share == 1), default=0.0) < 0.1 * suspected


def _order_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """What to leave out of the sentence text[start:end]: the whole of it, or the parts that order."""
    sentence = text[start:end]
    # In brackets one sign is enough: nothing is lost with an aside.
    asides = [(at, stop) for at, stop in _asides(sentence) if count_signs(sentence[at + 1 : stop - 1])]
    controls = list(_CONTROL.finditer(sentence))
    if controls and not asides:  # the reply that a document forges stands before the last token
        asides = [(0, controls[-1].end())]
    if asides:
        rest = "".join(_outside(sentence, asides))
        spans = asides if count_signs(rest) < PLAIN else [(0, len(sentence))]
    else:
        spans = _clauses(sentence)
    return [(start + left, start + right) for left, right in spans]


def _asides(sentence: str) -> list[tuple[int, int]]:
    """What stands in brackets, with them; brackets within brackets are part of the outer ones."""
    found: list[tuple[int, int]] = []
    waiting: list[str] = []
    start = 0
    for at, letter in enumerate(sentence):
        if letter in _OPENS:
            start = start if waiting else at
            waiting.append(_OPENS[letter])
        elif waiting and letter == waiting[-1]:
            waiting.pop()
            found += [] if waiting else [(start, at + 1)]
    return found


def _outside(sentence: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    edges = [0, *(edge for span in spans for edge in span), len(sentence)]
    return [sentence[edges[at] : edges[at + 1]] for at in range(0, len(edges), 2)]


def _clauses(sentence: str) -> list[tuple[int, int]]:
    """The clauses of a sentence that order; all of it where they come first, but for a fact behind a link."""
    signs, first, last = _count_signs(sentence)
    if signs < PLAIN:
        return []
    edges = [match.start() for match in _EDGE.finditer(sentence)]
    left = max((edge for edge in edges if edge < first), default=-1)
    if left < 0:
        carried = [one.end() for one in _CARRIED.finditer(sentence)]
        rest = sentence[carried[-1] :] if carried else ""
        told = sum(map(str.isalnum, rest)) >= _MIN_FACT and not count_signs(rest)
        return [(0, carried[-1] if told else len(sentence))]
    rights = [edge for edge in edges if edge >= last]
    while rights:
        right = rights.pop(0)
        if not _is_command(sentence[right + 1 : rights[0] if rights else len(sentence)]):
            return [(left, right + 1)]
    return [(left, len(sentence))]


@functools.lru_cache(maxsize=4_096)
def _count_signs(sentence: str) -> tuple[int, int, int]:
    """The number of signs, and where the first begins and the last ends."""
    tables, best = _load(), (0, 0, 0)
    everywhere = [pattern.search(sentence) for pattern in (tables.machine, tables.prompt, tables.roles)]
    link = _LINKS.search(sentence) or _ENCODED.search(sentence)
    for words in tables.languages:
        signs, found = _signs_in(sentence, words, everywhere, link)
        if signs > best[0]:
            best = (signs, min(one.start() for one in found), max(one.end() for one in found))
    return best


def _signs_in(
    sentence: str,
    words: _Words,
    everywhere: Sequence[re.Match[str] | None],
    link: re.Match[str] | None,
) -> tuple[int, list[re.Match[str]]]:
    """The signs by one language's words: their number, and where they stand."""
    machine, prompt, role = everywhere
    say, override = words.say.search(sentence), words.override.search(sentence)
    found = [one for one in (role, words.yours.search(sentence), words.truth.search(sentence)) if one]
    strong = False
    if override and _near(sentence, override, words):
        found, strong = [*found, override], True
    if say is None:
        return max(len(found), PLAIN * strong), found
    if machine and machine.start() <= _MAX_ADDRESS:
        found, strong = [*found, machine], strong or say.start() > machine.start()
    if prompt:
        found, strong = [*found, prompt], True
    only = words.only.search(sentence)
    if only and abs(only.start() - say.start()) < _WINDOW:
        found.append(only)
    found += [one for one in (words.when.search(sentence), link) if one]
    return max(len(found), PLAIN * strong), [*found, say]


def _near(sentence: str, override: re.Match[str], words: _Words) -> bool:
    """Whether "ignore" stands beside "instructions" and "previous"."""
    around = sentence[max(0, override.start() - _WINDOW) : override.end() + _WINDOW]
    return bool(words.rules.search(around) and words.which.search(around))


def _is_command(clause: str) -> bool:
    return any(words.say.search(clause) or words.override.search(clause) for words in _load().languages)


@functools.cache
def _load() -> _Tables:
    file = importlib.resources.files("everask.answer") / "orders_words.json"
    written = json.loads(file.read_text("utf-8"))
    languages = (
        _Words(**{name: re.compile(one, re.IGNORECASE) for name, one in words.items()})
        for words in written["languages"].values()
    )
    return _Tables(
        re.compile(written["machine"]),
        re.compile(written["prompt"], re.IGNORECASE),
        re.compile(written["roles"]),
        tuple(languages),
    )
