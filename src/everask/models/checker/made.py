"""Examples made of documents: a sentence with its evidence, and the same pair after one small change.

A supported pair is made first (a sentence, a shortened one, two as one, or a question with its answer; the
evidence in that language or another, with neighbours around it); then it is spoilt in one place: a figure,
name, term, negation or opposite changed in the sentence or in the evidence, the evidence's sentence taken
out, one of two taken out, the answer of another question, a neighbouring passage. Both go into training as
twins, so that neither words in common nor the form of a sentence tells them apart. Changing both sides
alike gives pairs that look changed and are supported.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from everask.encoder.pairs import Place
from everask.models.checker.claimed import Claimed, Label
from everask.models.checker.documents import Asked, Document, Paragraph
from everask.text import analyse, words
from everask.train.changes import Edit, change, has_digit
from everask.train.statements import join, named, shorten, state

_TITLED = 0.6
_BOTH_CHANGED = 0.2
_MAX_TEXT = 700
_MIN_SENTENCE, _MAX_SENTENCE = 18, 320
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class _Base:
    """A supported pair before it is written down. `parts` are the numbers of the sentences in `there` that
    carry the sentence; `kept` those that are shown."""

    sentence: str
    language: str
    there: str
    key: str
    paragraph: Paragraph
    parts: tuple[int, ...]
    kept: tuple[int, ...]
    form: str
    titled: bool
    places: tuple[Place, ...] = ()
    asked: str = ""

    def text(self, without: Sequence[int] = ()) -> str:
        """The evidence, without some of its sentences."""
        lines = [self.paragraph.sentence(one).strip() for one in self.kept if one not in without]
        return self.below_title(("" if self.there in ("zh", "ja") else " ").join(lines))

    def below_title(self, text: str) -> str:
        """A text of the evidence's document, as it is shown."""
        return f"{self.paragraph.title}\n{text}" if self.titled else text


def draw_twins(
    documents: Sequence[Document], languages: Sequence[str], across: float, draw: random.Random, name: str
) -> Iterator[tuple[Claimed, Claimed]]:
    """Pairs of a supported and a spoilt example without end; `across` of them with the evidence in another
    language."""
    by_language = {
        language: [one for one in documents if one.versions.get(language)] for language in languages
    }
    spoken = [language for language in languages if by_language[language]]
    number = 0
    while spoken:
        language = draw.choice(spoken)
        document = draw.choice(by_language[language])
        base = _draw_base(document, language, across, draw)
        pair = _twins(document, base, draw) if base is not None else None
        if pair is not None:
            number += 1
            right, wrong = (replace(one, twins=f"{name}-{number}", kind=f"{name} {one.kind}") for one in pair)
            yield right, wrong


def _draw_base(document: Document, language: str, across: float, draw: random.Random) -> _Base | None:
    paragraphs = document.versions[language]
    key = draw.choice(sorted(paragraphs))
    own = paragraphs[key]
    others = [one for one in document.versions if one != language and key in document.versions[one]]
    there = draw.choice(sorted(others)) if others and draw.random() < across else language
    shown = document.versions[there][key]
    if not own.bounds or not shown.bounds:
        return None
    form = draw.choice(("whole", "short", "short", "joined", "asked", "asked", "asked"))
    if form == "asked":
        common = sorted(own.asked.keys() & shown.asked.keys())
        if common:
            return _asked_base(own, shown, draw.choice(common), (language, there, key), draw)
        form = draw.choice(("whole", "short", "joined"))
    if there != language and len(own.bounds) != len(shown.bounds):
        return None
    at = draw.randrange(len(own.bounds))
    said = own.sentence(at).strip()
    parts: tuple[int, ...] = (at,)
    places: tuple[Place, ...] = ()
    if form == "joined":
        if at + 1 == len(own.bounds):
            return None
        parts = (at, at + 1)
        said, *both = join(said, own.sentence(at + 1).strip(), language)
        places = tuple(both)
    elif form == "short":
        said = shorten(said, draw)
    if language == "en" and form != "joined" and own.title:
        said = named(said, own.title)
    kept = _around(shown, parts, draw)
    titled = bool(shown.title) and (draw.random() < _TITLED or said != own.sentence(at).strip())
    return _checked(_Base(said, language, there, key, shown, parts, kept, form, titled, places))


def _asked_base(
    own: Paragraph, shown: Paragraph, asked: str, where: tuple[str, str, str], draw: random.Random
) -> _Base | None:
    language, there, key = where
    one = own.asked[asked]
    said, place = state(one.question, one.answer, language, draw)
    parts = (shown.asked[asked].at,)
    kept = _around(shown, parts, draw)
    # The question may name what the sentence only points at: the title, or its neighbours, say what that is.
    titled = bool(shown.title) and draw.random() < 0.8
    return _checked(_Base(said, language, there, key, shown, parts, kept, "asked", titled, (place,), asked))


def _checked(base: _Base) -> _Base | None:
    good = _MIN_SENTENCE // (2 if base.language in ("zh", "ja") else 1) <= len(base.sentence)
    good = good and len(base.sentence) <= _MAX_SENTENCE and len(_LETTERS.findall(base.sentence)) > 5
    return base if good and len(base.text()) <= _MAX_TEXT else None


def _around(paragraph: Paragraph, parts: Sequence[int], draw: random.Random) -> tuple[int, ...]:
    """The parts and up to two sentences on either side, half of the time none."""
    low, high = parts[0], parts[-1]
    if draw.random() < 0.6:
        low = max(0, low - draw.randrange(3))
        high = min(len(paragraph.bounds) - 1, high + draw.randrange(3))
    return tuple(range(low, high + 1))


def _twins(document: Document, base: _Base, draw: random.Random) -> tuple[Claimed, Claimed] | None:
    right = Claimed(base.sentence, base.text(), "supported", base.language, base.there, base.form)
    ways = ["change", "change", "change", "change", "remove", "neighbour"]
    ways += ["part"] * 4 * (base.form == "joined") + ["answer"] * 5 * (base.form == "asked")
    way = draw.choice(ways)
    if way == "change":
        return _changed(document, base, right, draw)
    if way == "part":
        lost = draw.randrange(len(base.parts))
        text = base.text(without=[base.parts[lost]])
        wrong = replace(
            right, text=text, label="unmentioned", wrong=(base.places[lost],), kind="part missing"
        )
        return right, wrong
    if way == "answer":
        return _other_answer(document, base, right, draw)
    other = _removed(base) if way == "remove" else _neighbour(document, base, draw)
    if other is None:
        return None
    wrong = _unmentioned(right, other)
    return right, replace(wrong, kind="removed" if way == "remove" else "neighbour")


def _changed(
    document: Document, base: _Base, right: Claimed, draw: random.Random
) -> tuple[Claimed, Claimed] | None:
    versions = document.versions
    own = versions[base.language][base.key]
    others = [one.text for one in versions[base.language].values()]
    here = base.text() if base.there == base.language else own.text
    around = [here, *draw.sample(others, min(3, len(others)))]
    edit = change(base.sentence, base.language, around, document.terms(base.language), draw)
    if edit is None:
        return None
    spoilt = replace(
        right, sentence=edit.text, label="contradicted", wrong=(edit.place,), kind=f"{edit.kind} changed"
    )
    told = edit.applied(right.text)
    if told is None or told == right.text:
        return right, spoilt
    if draw.random() < _BOTH_CHANGED:
        # The changed sentence is right of the changed text, and the first one no more.
        right, spoilt = replace(spoilt, text=told, label="supported", wrong=(), kind="both changed"), right
        place = _place_of(edit, spoilt.sentence)
        return right, replace(spoilt, text=told, label="contradicted", wrong=place, kind="text changed")
    if draw.random() < 0.35:
        place = _place_of(edit, right.sentence)
        return right, replace(right, text=told, label="contradicted", wrong=place, kind="text changed")
    return right, spoilt


def _place_of(edit: Edit, sentence: str) -> tuple[Place, ...]:
    """Where the words stand in the sentence that the edit took out of the text."""
    start = edit.place[0] if sentence[edit.place[0] :].startswith(edit.old) else sentence.find(edit.old)
    return ((start, start + len(edit.old)),) if start >= 0 else ()


def _other_answer(
    document: Document, base: _Base, right: Claimed, draw: random.Random
) -> tuple[Claimed, Claimed] | None:
    """The question with an answer of another one; of a like kind, from the same paragraph if there is one."""
    own = document.versions[base.language]
    asked: Asked = own[base.key].asked[base.asked]
    start, end = base.places[0]
    near = [one.answer for one in own[base.key].asked.values()]
    for pool in (near, document.terms(base.language)):
        fits = [
            one
            for one in pool
            if one not in asked.answer
            and asked.answer not in one
            and one not in base.sentence
            and has_digit(one) == has_digit(asked.answer)
        ]
        if fits:
            other = draw.choice(fits)
            said = base.sentence[:start] + other + base.sentence[end:]
            place = ((start, start + len(other)),)
            return right, replace(
                right, sentence=said, label="contradicted", wrong=place, kind="other answer"
            )
    return None


def _removed(base: _Base) -> str | None:
    text = base.text(without=base.parts)
    if len(text) < 30:
        # Nothing stood around: what stands beside it in the paragraph comes instead.
        near = [at for at in range(len(base.paragraph.bounds)) if at not in base.parts]
        near = [at for at in near if min(abs(at - one) for one in base.parts) <= 2]
        text = base.below_title(" ".join(base.paragraph.sentence(at).strip() for at in near))
    return text if 30 <= len(text) <= _MAX_TEXT else None


def _neighbour(document: Document, base: _Base, draw: random.Random) -> str | None:
    """Sentences of another paragraph that share most words; of the same document."""
    others = [one for key, one in document.versions[base.there].items() if key != base.key and one.bounds]
    if not others:
        return None
    wanted = set(analyse(base.paragraph.sentence(base.parts[0]), base.there))
    best: tuple[int, str] | None = None
    for other in draw.sample(others, min(6, len(others))):
        for at in range(len(other.bounds)):
            said = other.sentence(at).strip()
            shared = len(wanted & set(analyse(said, base.there)))
            if best is None or shared > best[0]:
                best = (shared, base.below_title(said))
    return best[1] if best and 20 <= len(best[1]) <= _MAX_TEXT else None


def _unmentioned(right: Claimed, text: str) -> Claimed:
    """The sentence over a text that does not say it; words that the text lacks are not carried."""
    label: Label = "unmentioned"
    if right.language != right.text_language:
        return replace(right, text=text, label=label, words_known=False)
    known = set(analyse(text, right.text_language))
    lost = [
        (start, end)
        for start, end in words(right.sentence, right.language)
        if (tokens := set(analyse(right.sentence[start:end], right.language))) and not tokens & known
    ]
    return replace(right, text=text, label=label, wrong=tuple(lost), words_known=False)
