"""The search suites of the shared data, read from the sets' own files.

A suite's queries belong to articles, so that weights can be tuned on one half of the articles and
figures reported on the other. Knows nothing of how passages are searched.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path

from everask.evaluate.exact import exact_suites
from everask.evaluate.files import read_lines, read_text
from everask.evaluate.suite import Item, Suite, pile
from everask.evaluate.tables import load_tables
from everask.evaluate.typos import with_typos

__all__ = ["LOADERS", "XQUAD_LANGUAGES", "Item", "Suite", "load_more", "load_suites"]

XQUAD_LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")


Xquad = tuple[dict[str, Item], dict[str, Item], dict[str, str]]


def _xquad(folder: Path) -> Xquad:
    """All passages and questions of all languages, and each question's paragraph number."""
    passages: dict[str, Item] = {}
    queries: dict[str, Item] = {}
    gold: dict[str, str] = {}
    for language in XQUAD_LANGUAGES:
        articles: dict[str, str] = {}
        for row in read_lines(folder / "p02_xquad" / f"xquad.{language}.questions.jsonl"):
            key = f"{language}-{row['id']}"
            articles[str(row["cid"])] = str(row["article"])
            queries[key] = Item(row["question"], language, str(row["article"]))
            gold[key] = str(row["cid"])
        for row in read_lines(folder / "p02_xquad" / f"xquad.{language}.contexts.jsonl"):
            text = row["context"].strip("\ufeff ")
            cid = str(row["cid"])
            passages[f"{language}-{cid}"] = Item(text, language, articles.get(cid, ""))
    return passages, queries, gold


def _own(folder: Path) -> list[Suite]:
    passages, queries, gold = _xquad(folder)
    return [
        _pool(f"xquad-own-{language}", "XQuAD, own language", (passages, queries, gold), language, language)
        for language in XQUAD_LANGUAGES
    ]


def _across(folder: Path) -> list[Suite]:
    xquad = _xquad(folder)
    suites = []
    for number, language in enumerate(XQUAD_LANGUAGES):
        asked_in = XQUAD_LANGUAGES[(number + 5) % len(XQUAD_LANGUAGES)]
        name = f"xquad-cross-{asked_in}-{language}"
        suites.append(_pool(name, "XQuAD, across languages", xquad, language, asked_in))
    return suites


def _pool(name: str, group: str, xquad: Xquad, language: str, asked_in: str) -> Suite:
    """The paragraphs of one language, asked in one language."""
    passages, queries, gold = xquad
    pool = {key: item for key, item in passages.items() if item.language == language}
    asked = {key: item for key, item in queries.items() if item.language == asked_in}
    return Suite(name, group, pool, asked, {key: {f"{language}-{gold[key]}": 1} for key in asked})


def _mixed(folder: Path) -> list[Suite]:
    passages, queries, gold = _xquad(folder)
    right = {key: {f"{language}-{gold[key]}": 1 for language in XQUAD_LANGUAGES} for key in queries}
    return [Suite("xquad-mixed", "XQuAD, all languages in one pool", passages, queries, right)]


def _scattered(folder: Path) -> list[Suite]:
    return [_scatter(*_xquad(folder))]


def _scatter(passages: Mapping[str, Item], queries: Mapping[str, Item], gold: Mapping[str, str]) -> Suite:
    """Each paragraph stands in the pool in one language only, and is asked for in the others."""
    draw = random.Random(7)
    numbers = sorted({key.split("-", 1)[1] for key in passages}, key=int)
    placed = {number: draw.choice(XQUAD_LANGUAGES) for number in numbers}
    pool = {f"{language}-{number}": passages[f"{language}-{number}"] for number, language in placed.items()}
    asked = {key: item for key, item in queries.items() if placed[gold[key]] != item.language}
    right = {key: {f"{placed[gold[key]]}-{gold[key]}": 1} for key in asked}
    return Suite("xquad-scatter", "XQuAD, answer in another language", pool, asked, right)


def _piled(folder: Path) -> list[Suite]:
    """The same pool, asked in the languages that the answers stand in: a pile as people keep it."""
    passages, queries, gold = _xquad(folder)
    scattered = _scatter(passages, queries, gold)
    return [pile("xquad-piled", "XQuAD, answer in the own language, among others", scattered, queries, gold)]


def _paragraphs(folder: Path, name: str, file: str, language: str) -> Suite:
    """A span-reading set as a search set: each question's own paragraph is the one right passage."""
    passages: dict[str, Item] = {}
    queries: dict[str, Item] = {}
    right: dict[str, dict[str, int]] = {}
    for row in read_lines(folder / file):
        cid = str(row["cid"])
        passages[cid] = Item(row["context"], language, row["title"])
        for asked in row["qas"]:
            if not asked["question"].strip():  # CMRC has two
                continue
            key = f"{cid}-{asked['id']}"
            queries[key] = Item(asked["question"], language, row["title"])
            right[key] = {cid: 1}
    return Suite(name.lower(), name, passages, queries, right)


def _jsquad(folder: Path) -> Suite:
    data = json.loads(read_text(folder / "p02_jsquad" / "valid.json"))["data"]
    passages: dict[str, Item] = {}
    queries: dict[str, Item] = {}
    right: dict[str, dict[str, int]] = {}
    for article in data:
        for number, paragraph in enumerate(article["paragraphs"]):
            cid = f"{article['title']}#{number}"
            text = paragraph["context"].split("[SEP]", 1)[-1].strip()
            passages[cid] = Item(text, "ja", article["title"], article["title"])
            for asked in paragraph["qas"]:
                queries[asked["id"]] = Item(asked["question"], "ja", article["title"])
                right[asked["id"]] = {cid: 1}
    return Suite("jsquad", "JSQuAD", passages, queries, right)


def _graded(folder: Path, name: str, directory: str, corpus: str, language: str) -> Suite:
    """A set in BEIR's layout: corpus, queries, graded judgements."""
    root = folder / directory
    passages = {
        row["_id"]: Item(row["text"], language, row["_id"], row.get("title", ""))
        for row in read_lines(root / corpus)
    }
    queries = {
        row["_id"]: Item(row["text"], language, row["_id"]) for row in read_lines(root / "queries.jsonl")
    }
    judgements: dict[str, dict[str, int]] = {}
    for line in read_text(root / "qrels.tsv").splitlines()[1:]:
        query, passage, grade = line.split("\t")
        if passage in passages:
            judgements.setdefault(query, {})[passage] = int(grade)
    kept = {key: item for key, item in queries.items() if any(judgements.get(key, {}).values())}
    return Suite(name.lower(), name, passages, kept, {key: judgements[key] for key in kept})


def _cranfield(folder: Path) -> Suite:
    """Grades run from 1 (least) to 5: in this file 5 stands for the paper that answers best, one a query."""
    root = folder / "p02_cranfield"
    passages = {
        str(row["id"]): Item(row["text"], "en", str(row["id"]), " ".join(row["title"].split()))
        for row in read_lines(root / "docs.jsonl")
    }
    queries = {
        str(row["n"]): Item(row["text"], "en", str(row["n"])) for row in read_lines(root / "queries.jsonl")
    }
    judgements: dict[str, dict[str, int]] = {}
    for line in read_text(root / "qrels.txt").splitlines():
        number, _, passage, grade = line.split()
        if number in queries and int(grade) > 0:
            judgements.setdefault(number, {})[passage] = int(grade)
    kept = {key: item for key, item in queries.items() if key in judgements}
    return Suite("cranfield", "Cranfield", passages, kept, judgements)


def _hotpot(folder: Path) -> Suite:
    """Two-hop questions over the paragraphs of all questions together; both hops are right."""
    passages: dict[str, Item] = {}
    queries: dict[str, Item] = {}
    right: dict[str, dict[str, int]] = {}
    for row in read_lines(folder / "p02_hotpot_distractor" / "hotpot_a.jsonl"):
        for title, parts in row["context"]:
            passages.setdefault(title, Item("".join(parts), "en", title, title))
        queries[row["_id"]] = Item(row["question"], "en", row["_id"])
        right[row["_id"]] = {title: 1 for title, _ in row["supporting_facts"] if title in passages}
    return Suite("hotpot", "HotpotQA (two hops)", passages, queries, right)


def _exact(folder: Path) -> list[Suite]:
    """What stands in one passage only, asked of pools in many scripts, and of all XQuAD in one."""
    pools = [*_own(folder), *LOADERS["drcd"](folder), *LOADERS["jsquad"](folder)]
    own = exact_suites(pools, "Exact names and numbers")
    return own + exact_suites(_mixed(folder), "Exact names and numbers, all languages in one pool")


def _typos(folder: Path) -> list[Suite]:
    pools = [*_own(folder), *LOADERS["drcd"](folder), *LOADERS["jsquad"](folder)]
    return [with_typos(suite, "Typos") for suite in pools]


Loader = Callable[[Path], list[Suite]]
LOADERS: dict[str, Loader] = {
    "xquad-own": _own,
    "xquad-cross": _across,
    "xquad-mixed": _mixed,
    "xquad-scatter": _scattered,
    "xquad-piled": _piled,
    "drcd": lambda folder: [_paragraphs(folder, "DRCD", "p02_drcd/DRCD_dev.jsonl", "zh")],
    "cmrc": lambda folder: [_paragraphs(folder, "CMRC", "p02_cmrc2018/cmrc2018_trial.jsonl", "zh")],
    "jsquad": lambda folder: [_jsquad(folder)],
    "arcd": lambda folder: [_graded(folder, "ARCD", "p02_ir_arcd", "corpus.jsonl", "ar")],
    "dbpedia": lambda folder: [_graded(folder, "DBpedia", "p02_ir_dbpedia", "corpus.jsonl.gz", "en")],
    "cranfield": lambda folder: [_cranfield(folder)],
    "hotpot": lambda folder: [_hotpot(folder)],
}
MORE: dict[str, Loader] = {
    "tables": lambda folder: [load_tables(folder)],
    "exact": _exact,
    "typos": _typos,
}


def load_suites(folder: Path) -> list[Suite]:
    """Every suite of questions over passages that the shared data holds, in the order of the report."""
    return [suite for load in LOADERS.values() for suite in load(folder)]


def load_more(folder: Path) -> list[Suite]:
    """Tables, exact names and numbers, typos. Judge their runs by way of `Suite.judged`."""
    return [suite for load in MORE.values() for suite in load(folder)]
