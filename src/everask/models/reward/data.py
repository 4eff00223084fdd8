"""Pairs for the reward: made of gold answers of span sets and HotpotQA, and of what people voted.

A gold answer is the sentence that holds the answer, the same shortened, or the question with its answer as a
statement; of two questions at once, both sentences. Cases: XQuAD (12 languages, parallel), DRCD, CMRC 2018,
JSQuAD, HotpotQA. Which half of the articles is the caller's choice.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from everask.encoder.pairs import Place
from everask.evaluate.files import read_lines
from everask.evaluate.spans import SpanQuestion, load_span_sets
from everask.evaluate.suites import XQUAD_LANGUAGES
from everask.models.reward.pairs import Dimension, Draft, Quote, RewardPair, Said
from everask.models.reward.spoil import KINDS, Case, phrase, spoil_each
from everask.text import sentences
from everask.train.statements import shorten, state

Wanted = Callable[[str], bool]
SETS = (*(f"xquad-{one}" for one in XQUAD_LANGUAGES), "drcd", "cmrc", "jsquad", "hotpot")

_NUM_NEAR, _NUM_FAR = 4, 3
_TWO_QUESTIONS = 0.3
_UNANSWERABLE = 0.12
UNANSWERABLE = "nothing answers"
_MIN_SENTENCE, _MAX_SENTENCE = 12, 420


@dataclass(slots=True)
class _Article:
    """Paragraphs of one article in one language: sentences by paragraph, and what was asked of each."""

    title: str
    sentences: dict[str, list[str]] = field(default_factory=dict)
    bounds: dict[str, Sequence[Place]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    asked: dict[str, list[SpanQuestion]] = field(default_factory=lambda: defaultdict(list))


def make_cases(
    data: Path, name: str, count: int, wanted: Wanted, seed: int, *, held: bool = False
) -> list[Case]:
    """About `count` cases of one set (`SETS`), of articles that are `wanted`. `held`: for measuring, with
    phrases that training does not know."""
    draw = random.Random(f"{seed} {name}")
    if name == "hotpot":
        return list(_hops(data, count, wanted, draw, held=held))
    articles = _articles(data, name, wanted)
    parallel = _articles(data, _another(name, draw), wanted) if name.startswith("xquad") else {}
    pool = [(key, paragraph) for key, one in sorted(articles.items()) for paragraph in sorted(one.asked)]
    draw.shuffle(pool)
    found: list[Case] = []
    for key, paragraph in pool * 6:
        if len(found) == count:
            break
        case = _case(articles, key, paragraph, parallel.get(key), (_language(name), held), draw)
        if case is not None:
            found.append(case)
    return found


def _language(name: str) -> str:
    return name.removeprefix("xquad-") if name.startswith("xquad") else {"jsquad": "ja"}.get(name, "zh")


def _another(name: str, draw: random.Random) -> str:
    own = name.removeprefix("xquad-")
    return f"xquad-{draw.choice([one for one in XQUAD_LANGUAGES if one != own])}"


def _articles(data: Path, name: str, wanted: Wanted) -> dict[str, _Article]:
    (spans,) = load_span_sets(data, (name,))
    found: dict[str, _Article] = {}
    for one in spans.questions:
        if not wanted(one.article) or not one.answers or one.starts[0] < 0:
            continue
        title = "" if one.article.isdigit() else one.article.replace("_", " ")
        article = found.setdefault(one.article, _Article(title))
        if one.paragraph not in article.texts:
            text = spans.paragraphs[one.paragraph]
            bounds = sentences(text, spans.language)
            article.texts[one.paragraph] = text
            article.bounds[one.paragraph] = bounds
            article.sentences[one.paragraph] = [text[start:end].strip() for start, end in bounds]
        article.asked[one.paragraph].append(one)
    return found


def _at(article: _Article, one: SpanQuestion) -> int | None:
    bounds = article.bounds[one.paragraph]
    at = next((n for n, (start, end) in enumerate(bounds) if start <= one.starts[0] < end), None)
    if at is None or not _MIN_SENTENCE <= len(article.sentences[one.paragraph][at]) <= _MAX_SENTENCE:
        return None
    return at if one.answers[0] in article.sentences[one.paragraph][at] else None


def _case(
    articles: Mapping[str, _Article],
    key: str,
    paragraph: str,
    parallel: _Article | None,
    spoken: tuple[str, bool],
    draw: random.Random,
) -> Case | None:
    language, held = spoken
    article = articles[key]
    asked = draw.sample(article.asked[paragraph], min(2, len(article.asked[paragraph])))
    places = [_at(article, one) for one in asked]
    if places[0] is None:
        return None
    two = (
        len(asked) == 2
        and places[1] is not None
        and places[0] != places[1]
        and draw.random() < _TWO_QUESTIONS
    )
    used = [(one, at) for one, at in zip(asked, places, strict=True) if at is not None][: 1 + two]
    lines = article.sentences[paragraph]
    around = sorted(
        (
            at
            for at, line in enumerate(lines)
            if at not in places and _MIN_SENTENCE < len(line) <= _MAX_SENTENCE
        ),
        key=lambda at: abs(at - (places[0] or 0)),
    )[:_NUM_NEAR]
    far = _far(articles, key, paragraph, draw)
    order = [*(at for _, at in used), *around]
    quotes = [Quote(lines[at], article.texts[paragraph], article.title, language) for at in order]
    numbered = _shuffle([*quotes, *far], draw)
    number = {quote.text: n for n, quote in enumerate(numbered, start=1)}
    if len(number) < len(numbered):
        return None
    gold = tuple(number[lines[at]] for _, at in used)
    good = tuple(Said(_said(one, lines[at], language, draw), (number[lines[at]],)) for one, at in used)
    return Case(
        " ".join(one.text for one, _ in used),
        language,
        tuple(numbered),
        good,
        gold,
        tuple(number[lines[at]] for at in around),
        tuple(number[one.text] for one in far),
        used[0][0].answers[0],
        tuple(
            sorted({one.answers[0] for some in article.asked.values() for one in some if one not in asked})
        ),
        _foreign(articles, key, draw),
        _translate(parallel, used, good, number),
        key,
        held,
    )


def _said(one: SpanQuestion, line: str, language: str, draw: random.Random) -> str:
    """The good answer's sentence: as it stands, shortened, or question and answer as a statement."""
    form = draw.random()
    if form < 0.25:
        short = shorten(line, draw)
        return short if one.answers[0] in short else line
    return state(one.text, one.answers[0], language, draw)[0] if form < 0.4 else line


def _far(articles: Mapping[str, _Article], key: str, paragraph: str, draw: random.Random) -> list[Quote]:
    """Sentences of other paragraphs of the article, and one of another article."""
    own = articles[key]
    others = [one for one in sorted(own.texts) if one != paragraph]
    strange = [one for one in sorted(articles) if one != key]
    places = [(key, one) for one in draw.sample(others, min(_NUM_FAR - 1, len(others)))]
    places += [
        (one, draw.choice(sorted(articles[one].texts))) for one in draw.sample(strange, min(1, len(strange)))
    ]
    found: list[Quote] = []
    for name, cid in places:
        article = articles[name]
        fits = [one for one in article.sentences[cid] if _MIN_SENTENCE < len(one) <= _MAX_SENTENCE]
        if fits:
            language = article.asked[cid][0].language
            found.append(Quote(draw.choice(fits), article.texts[cid], article.title, language))
    return found


def _foreign(articles: Mapping[str, _Article], key: str, draw: random.Random) -> tuple[str, ...]:
    """Sentences of other articles, which nothing here supports."""
    strange = [one for one in sorted(articles) if one != key]
    lines = [
        line
        for one in draw.sample(strange, min(3, len(strange)))
        for line in articles[one].sentences[draw.choice(sorted(articles[one].texts))]
    ]
    fits = [one for one in lines if _MIN_SENTENCE < len(one) <= _MAX_SENTENCE]
    return tuple(draw.sample(fits, min(3, len(fits))))


def _translate(
    parallel: _Article | None,
    used: Sequence[tuple[SpanQuestion, int]],
    good: Draft,
    number: Mapping[str, int],
) -> Draft | None:
    """The same sentences in the other language, where its paragraph has them."""
    said: list[Said] = []
    for (one, _), own in zip(used, good, strict=True):
        asked = parallel.asked.get(one.paragraph, ()) if parallel else ()
        twin = next((other for other in asked if other.id == one.id), None)
        at = _at(parallel, twin) if parallel and twin else None
        if parallel is None or at is None:
            return None
        said.append(Said(parallel.sentences[one.paragraph][at], own.cited))
    return tuple(said)


def _hops(data: Path, count: int, wanted: Wanted, draw: random.Random, *, held: bool) -> Iterator[Case]:
    """HotpotQA: both supporting sentences answer together."""
    rows = [
        row for row in read_lines(data / "p02_hotpot_distractor" / "hotpot_a.jsonl") if wanted(row["_id"])
    ]
    for row in rows[:count]:
        texts = dict(row["context"])
        facts = [
            (title, at) for title, at in row["supporting_facts"] if title in texts and at < len(texts[title])
        ]
        titles = list(dict.fromkeys(title for title, _ in facts))
        if len(titles) < 2:
            continue
        facts = [next(one for one in facts if one[0] == title) for title in titles[:2]]

        gold = [_sentence_of(texts, *one) for one in facts]
        told = {tuple(one) for one in row["supporting_facts"]}
        near = [_sentence_of(texts, *one) for one in _places(texts, titles) if one not in told]
        far = [_sentence_of(texts, title, 0) for title in texts if title not in titles]
        near = [one for one in near if len(one.text) > _MIN_SENTENCE][:_NUM_NEAR]
        far = draw.sample(far, min(_NUM_FAR, len(far)))
        numbered = _shuffle([*gold, *near, *far], draw)
        number = {one.text: n for n, one in enumerate(numbered, start=1)}
        foreign = tuple(one.text for one in far)
        good = tuple(Said(one.text, (number[one.text],)) for one in gold)
        if len(number) == len(numbered):
            yield Case(
                row["question"], "en", tuple(numbered), good, tuple(number[one.text] for one in gold),
                tuple(number[one.text] for one in near), tuple(number[one.text] for one in far),
                row["answer"], (), foreign, None, row["_id"], held,
            )  # fmt: skip


def _sentence_of(texts: Mapping[str, Sequence[str]], title: str, at: int) -> Quote:
    return Quote(texts[title][at].strip(), "".join(texts[title]), title, "en")


def _places(texts: Mapping[str, Sequence[str]], titles: Sequence[str]) -> list[tuple[str, int]]:
    return [(title, at) for title in titles for at in range(len(texts[title]))]


def _shuffle(quotes: list[Quote], draw: random.Random) -> list[Quote]:
    """In an order that says little of what is right: the gold ones stand first in half of the cases."""
    if draw.random() < 0.5:
        return quotes
    return draw.sample(quotes, len(quotes))


def make_pairs(cases: Iterable[Case], source: str, seed: int) -> Iterator[RewardPair]:
    """Each case's good answer against every worse one; in some, where nothing answers, a refusal is good."""
    draw = random.Random(f"{seed} {source}")
    for case in cases:
        for name, worse in spoil_each(case, draw).items():
            yield _pair(case, (case.good, worse), name, source)
        if case.far and draw.random() < _UNANSWERABLE:
            quotes = tuple(case.quotes[number - 1] for number in case.far)
            refusal = (Said(phrase("refusal", case, draw)),)
            strayed = (Said(quotes[0].text, (1,)),)
            yield _pair(replace(case, quotes=quotes), (refusal, strayed), UNANSWERABLE, source)


def _pair(case: Case, drafts: tuple[Draft, Draft], name: str, source: str) -> RewardPair:
    kind = KINDS.get(name)
    harms: tuple[Dimension, ...] = kind.harms if kind else ("answers",)
    return RewardPair(
        case.question,
        case.language,
        case.quotes,
        *drafts,
        name,
        harms,
        case.group,
        source,
        kind.margin if kind else 0.5,
    )
