"""Questions with texts that answer them and texts that only look like it, from the tuning halves.

Right texts are the gold paragraphs of XQuAD (in the question's language or another), DRCD, CMRC 2018 and
JSQuAD, HotpotQA's supporting paragraphs, and sections of manuals below the heading that is asked. Wrong ones
are the honest hard cases: another paragraph of the same article, what BM25 finds, the right paragraph with
its answer's sentence taken out, and questions that no text here answers (MIRACL's). One fifth of the
articles is held out, to measure on and to calibrate with; search's own training holds out the same.
"""

from __future__ import annotations

import json
import random
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from everask.evaluate.halves import is_held_out, is_tune
from everask.evaluate.spans import SpanQuestion, SpanSet, load_span_sets
from everask.evaluate.suites import XQUAD_LANGUAGES
from everask.text import analyse, sentences
from everask.train.question_batch import Candidate, Group

SHARES = {
    "xquad": 0.36,
    "drcd": 0.18,
    "jsquad": 0.17,
    "cmrc": 0.08,
    "manuals": 0.13,
    "hotpot": 0.04,
    "off topic": 0.04,
}
"""How much of the training is of each kind; what has no file is left out."""

_TITLED = 0.25
_OWN_LANGUAGE = 0.4
_FREQUENT = 400

Each = TypeVar("Each")


@dataclass(slots=True)
class Pool:
    """Paragraphs of one language that may be used, by id, with a list of each word's paragraphs."""

    language: str
    texts: Mapping[str, str]
    article_of: Mapping[str, str]
    titles: Mapping[str, str] = field(default_factory=dict)
    _places: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for key, text in self.texts.items():
            for word in set(analyse(text, self.language)):
                self._places[word].append(key)

    def similar(self, question: str, count: int) -> list[str]:
        """The paragraphs that share most of the question's rarer words."""
        scores: Counter[str] = Counter()
        for word in set(analyse(question, self.language)):
            places = self._places.get(word, [])
            if len(places) < _FREQUENT:
                for key in places:
                    scores[key] += 1 / (3 + len(places))  # type: ignore[assignment]
        return [key for key, _ in scores.most_common(count)]

    def siblings(self, key: str) -> list[str]:
        """The other paragraphs of its article."""
        article = self.article_of[key]
        return [one for one in self.texts if one != key and self.article_of[one] == article]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, with where its answer stands in each pool that has it: strings and their places."""

    question: str
    language: str
    article: str
    paragraph: str
    gold: Mapping[str, tuple[tuple[str, ...], tuple[int, ...]]]


@dataclass(slots=True)
class Source:
    """One kind of question: pools by language, and what is asked."""

    name: str
    pools: dict[str, Pool]
    asked: list[Asked]


def read_sources(data: Path, *, held_out: bool) -> dict[str, Source]:
    """The sources of the tuning half: what is trained on, or what is held out of that."""
    names = tuple(f"xquad-{one}" for one in XQUAD_LANGUAGES)
    sets = {one.name: one for one in load_span_sets(data, (*names, "drcd", "cmrc", "jsquad"))}
    found = {"xquad": _parallel([sets[one] for one in names], held_out)}
    for name in ("drcd", "cmrc", "jsquad"):
        found[name] = _single(sets[name], held_out)
    return found


def _wanted(article: str, held_out: bool) -> bool:
    return is_tune(article) and is_held_out(article) == held_out


def _pool(spans: SpanSet, articles: Mapping[str, str]) -> Pool:
    texts = {key: text for key, text in spans.paragraphs.items() if key in articles}
    titles = {key: article for key, article in articles.items() if not article.isdigit()}
    return Pool(spans.language, texts, articles, titles)


def _single(spans: SpanSet, held_out: bool) -> Source:
    kept = [one for one in spans.questions if _wanted(one.article, held_out) and -1 not in one.starts]
    pool = _pool(spans, {one.paragraph: one.article for one in kept})
    asked = [
        Asked(one.text, one.language, one.article, one.paragraph, {spans.language: (one.answers, one.starts)})
        for one in kept
    ]
    return Source(spans.name, {spans.language: pool}, asked)


def _parallel(sets: Sequence[SpanSet], held_out: bool) -> Source:
    by_id: dict[str, dict[str, SpanQuestion]] = defaultdict(dict)
    pools: dict[str, Pool] = {}
    for spans in sets:
        kept = [one for one in spans.questions if _wanted(one.article, held_out) and -1 not in one.starts]
        pools[spans.language] = _pool(spans, {one.paragraph: one.article for one in kept})
        for one in kept:
            by_id[one.id][spans.language] = one
    asked = [
        Asked(
            one.text,
            language,
            one.article,
            one.paragraph,
            {there: (each.answers, each.starts) for there, each in versions.items()},
        )
        for versions in by_id.values()
        for language, one in versions.items()
    ]
    return Source("xquad", pools, asked)


def draw_span_group(source: Source, asked: Asked, num_wrong: int, draw: random.Random) -> Group:
    """One question with its paragraph and `num_wrong` that do not answer."""
    others = [one for one in asked.gold if one != asked.language]
    is_own = not others or (asked.language in asked.gold and draw.random() < _OWN_LANGUAGE)
    there = asked.language if is_own else draw.choice(sorted(others))
    pool = source.pools[there]
    answers, starts = asked.gold[there]
    text = pool.texts[asked.paragraph]
    spans = tuple({(at, at + len(one)) for one, at in zip(answers, starts, strict=True) if at >= 0})
    right = Candidate(text, there, True, spans, spans)
    wrong = _wrong_texts(source, asked, there, right, draw)
    title = pool.titles.get(asked.paragraph, "") if draw.random() < _TITLED else ""
    candidates = [right, *wrong[:num_wrong]]
    if title:
        candidates = [_below(one, title) for one in candidates]
    draw.shuffle(candidates)
    name = f"{source.name}, across" if there != asked.language else source.name
    return Group(name, asked.question, tuple(candidates))


def _wrong_texts(
    source: Source, asked: Asked, there: str, right: Candidate, draw: random.Random
) -> list[Candidate]:
    """Hard ones first, in an order that is drawn; in the paragraph's language or the asker's."""
    # In the asker's language where the right one is not: language must not tell them apart.
    beside = asked.language if asked.language in source.pools else there
    kinds = ["sibling", "similar", "removed", "similar", "sibling"]
    draw.shuffle(kinds)
    found: list[Candidate] = []
    taken = {asked.paragraph}
    for number, kind in enumerate(kinds):
        if kind == "removed":
            cut = _without_answer(right)
            if cut is not None:
                found.append(cut)
            continue
        language = beside if number % 2 else there
        pool = source.pools[language]
        answers = asked.gold.get(language, ((), ()))[0]
        keys = (
            pool.siblings(asked.paragraph)
            if kind == "sibling" and asked.paragraph in pool.texts
            else source.pools[asked.language].similar(asked.question, 8)
            if asked.language in source.pools
            else []
        )
        keys = [key for key in keys if key not in taken and key in pool.texts]
        keys = [key for key in keys if not any(len(one) > 2 and one in pool.texts[key] for one in answers)]
        keys = keys or [key for key in draw.sample(sorted(pool.texts), 3) if key not in taken]
        if keys:
            key = draw.choice(keys[:4]) if kind == "similar" else draw.choice(keys)
            taken.add(key)
            found.append(Candidate(pool.texts[key], language, False))
    return found


def _without_answer(right: Candidate) -> Candidate | None:
    """The text without the sentences that hold the answer; None where nothing is left."""
    text, done = "", 0
    for start, end in sentences(right.text, right.language):
        if any(start < one[1] and one[0] < end for one in right.spans):
            text += right.text[done:start]
            done = end + len(right.text[end:]) - len(right.text[end:].lstrip())
    text = (text + right.text[done:]).strip()
    return Candidate(text, right.language, False) if len(text) > 30 else None


def _below(candidate: Candidate, title: str) -> Candidate:
    """The text below a heading, as a passage of a document is read."""
    head = f"{title}\n"
    spans, held = (
        tuple((start + len(head), end + len(head)) for start, end in places)
        for places in (candidate.spans, candidate.held)
    )
    return replace(candidate, text=head + candidate.text, spans=spans, held=held)


def draw_hotpot_groups(data: Path, num_wrong: int, draw: random.Random, *, held_out: bool) -> list[Group]:
    """Two-hop questions: a supporting paragraph with its sentences, and distractors; titles above."""
    groups: list[Group] = []
    for line in (data / "p02_hotpot_distractor" / "hotpot_a.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if not _wanted(row["_id"], held_out):
            continue
        held: dict[str, set[int]] = defaultdict(set)
        for title, number in row["supporting_facts"]:
            held[title].add(number)
        texts: dict[str, list[str]] = dict(row["context"])
        wrong = [title for title in texts if title not in held]
        for title in sorted(held.keys() & texts.keys()):
            right = _hotpot_candidate(title, texts[title], held[title])
            some = draw.sample(wrong, min(num_wrong, len(wrong)))
            others = [_hotpot_candidate(one, texts[one], set()) for one in some]
            groups.append(Group("hotpot", row["question"], (right, *others)))
    return groups


def _hotpot_candidate(title: str, parts: Sequence[str], held: set[int]) -> Candidate:
    text, spans = f"{title}\n", []
    for number, part in enumerate(parts):
        if number in held:
            spans.append((len(text) + 1, len(text) + len(part)))
        text += part
    # The supporting sentences are marked, the answer's words are not.
    return Candidate(text, "en", bool(held), (), tuple(spans))


def draw_off_topic(
    data: Path, source: Source, count: int, num_texts: int, draw: random.Random
) -> list[Group]:
    """Questions of MIRACL, in 16 languages, beside paragraphs that do not answer them."""
    lines = [
        (file.name.split("-")[0], line.split("\t", 1)[1])
        for file in sorted((data / "p11_miracl_topics").glob("*-train.tsv"))
        for line in file.read_text("utf-8").splitlines()
        if zlib.crc32(line.encode()) % 2 == 0
    ]
    groups: list[Group] = []
    for language, question in draw.sample(lines, min(count, len(lines))):
        spoken = language if language in source.pools else draw.choice(sorted(source.pools))
        pool = source.pools[spoken]
        keys = [*pool.similar(question, 2), *draw.sample(sorted(pool.texts), num_texts)][:num_texts]
        groups.append(
            Group("off topic", question, tuple(Candidate(pool.texts[key], spoken, False) for key in keys))
        )
    return groups


def draw_manual_groups(sections: Path, count: int, num_wrong: int, draw: random.Random) -> Iterator[Group]:
    """A heading as the question, the section below it (in that language or another) and others of its page.

    `sections` is what dev/build_manuals.py writes.
    """
    pages: dict[str, dict[str, dict[int, tuple[str, str]]]] = defaultdict(lambda: defaultdict(dict))
    with sections.open(encoding="utf-8") as stream:
        for line in stream:
            row = json.loads(line)
            page = pages[f"{row['page']}#{row['sections']}"]
            page[row["language"]].setdefault(row["number"], (row["heading"], row["text"]))
    names = sorted(name for name, page in pages.items() if max(map(len, page.values())) > num_wrong)
    if not names:
        return
    for _ in range(count):
        page = pages[draw.choice(names)]
        asked_in = draw.choice(sorted(page))
        number = draw.choice(sorted(page[asked_in]))
        question = page[asked_in][number][0]
        there = draw.choice([one for one in sorted(page) if number in page[one]])
        wrong: list[Candidate] = []
        for language in draw.sample([asked_in, there], 2):
            others = [one for one in page[language].items() if one[0] != number and one[1][0] != question]
            wrong += [
                Candidate(text, language, False)
                for _, (_, text) in draw.sample(others, min(len(others), 1 + num_wrong // 2))
            ]
        right = Candidate(page[there][number][1], there, True, is_marked=False)
        if wrong:
            yield Group("manuals", question, (right, *wrong[:num_wrong]))


def draw_groups(
    data: Path, manuals: Path | None, count: int, num_wrong: int, seed: int, *, held_out: bool = False
) -> list[Group]:
    """`count` groups in all, of each kind its share, in an order that the seed draws."""
    draw = random.Random(seed)
    sources = read_sources(data, held_out=held_out)
    shares = {name: share for name, share in SHARES.items() if manuals or name != "manuals"}
    sizes = {name: round(count * share / sum(shares.values())) for name, share in shares.items()}
    groups: list[Group] = []
    for name, source in sources.items():
        order = _repeat(source.asked, sizes[name], draw)
        groups += [draw_span_group(source, one, num_wrong, draw) for one in order]
    hotpot = draw_hotpot_groups(data, num_wrong, draw, held_out=held_out)
    groups += _repeat(hotpot, sizes["hotpot"], draw)
    groups += draw_off_topic(data, sources["xquad"], sizes["off topic"], num_wrong + 1, draw)
    if manuals:
        groups += draw_manual_groups(manuals, sizes["manuals"], num_wrong, draw)
    draw.shuffle(groups)
    return groups


def _repeat(items: Sequence[Each], count: int, draw: random.Random) -> list[Each]:
    """`count` of the items, each as often as any other but for one, in a drawn order."""
    order: list[Each] = []
    while items and len(order) < count:
        order += draw.sample(items, min(len(items), count - len(order)))
    return order
