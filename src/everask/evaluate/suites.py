"""Search suites: passages, queries and judgements, read from the shared data sets' own files.

A suite's queries belong to articles, so that weights can be tuned on one half of the articles and
figures reported on the other. Knows nothing of how passages are searched.
"""

from __future__ import annotations

import gzip
import json
import random
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

Half = Literal["tune", "report"]

XQUAD_LANGUAGES = ("ar", "de", "el", "en", "es", "hi", "ro", "ru", "th", "tr", "vi", "zh")


@dataclass(frozen=True, slots=True)
class Item:
    """A passage or a query: its text, language and the article that it belongs to."""

    text: str
    language: str
    article: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """One test collection; `judgements` maps a query to its passages' grades."""

    name: str
    group: str
    passages: Mapping[str, Item]
    queries: Mapping[str, Item]
    judgements: Mapping[str, Mapping[str, int]]

    def half(self, which: Half) -> Suite:
        """The same passages with the queries of one half of the articles."""
        wanted = 0 if which == "tune" else 1
        queries = {
            key: item for key, item in self.queries.items() if zlib.crc32(item.article.encode()) % 2 == wanted
        }
        return replace(self, queries=queries, judgements={key: self.judgements[key] for key in queries})

    def sample(self, size: int, seed: int = 0) -> Suite:
        """At most `size` of the queries, drawn at random."""
        if len(self.queries) <= size:
            return self
        chosen = sorted(random.Random(seed).sample(sorted(self.queries), size))
        return replace(
            self,
            queries={key: self.queries[key] for key in chosen},
            judgements={key: self.judgements[key] for key in chosen},
        )


def _lines(path: Path) -> Iterator[Any]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield json.loads(line)


def _xquad(folder: Path) -> tuple[dict[str, Item], dict[str, Item], dict[str, str]]:
    """All passages and questions of all languages, and each question's paragraph number."""
    passages: dict[str, Item] = {}
    queries: dict[str, Item] = {}
    gold: dict[str, str] = {}
    for language in XQUAD_LANGUAGES:
        articles: dict[str, str] = {}
        for row in _lines(folder / "p02_xquad" / f"xquad.{language}.questions.jsonl"):
            key = f"{language}-{row['id']}"
            articles[str(row["cid"])] = str(row["article"])
            queries[key] = Item(row["question"], language, str(row["article"]))
            gold[key] = str(row["cid"])
        for row in _lines(folder / "p02_xquad" / f"xquad.{language}.contexts.jsonl"):
            text = row["context"].strip("\ufeff ")
            cid = str(row["cid"])
            passages[f"{language}-{cid}"] = Item(text, language, articles.get(cid, ""))
    return passages, queries, gold


def _xquad_pools(folder: Path) -> list[Suite]:
    """Own language, across languages, all languages in one pool, and the answer in another language."""
    passages, queries, gold = _xquad(folder)
    suites = []
    for language in XQUAD_LANGUAGES:
        own = {key: item for key, item in passages.items() if item.language == language}
        asked = {key: item for key, item in queries.items() if item.language == language}
        right = {key: {f"{language}-{gold[key]}": 1} for key in asked}
        suites.append(Suite(f"xquad-own-{language}", "XQuAD, own language", own, asked, right))
    for number, language in enumerate(XQUAD_LANGUAGES):
        asked_in = XQUAD_LANGUAGES[(number + 5) % len(XQUAD_LANGUAGES)]
        pool = {key: item for key, item in passages.items() if item.language == language}
        asked = {key: item for key, item in queries.items() if item.language == asked_in}
        right = {key: {f"{language}-{gold[key]}": 1} for key in asked}
        suites.append(
            Suite(f"xquad-cross-{asked_in}-{language}", "XQuAD, across languages", pool, asked, right)
        )
    mixed = {key: {f"{language}-{gold[key]}": 1 for language in XQUAD_LANGUAGES} for key in queries}
    suites.append(Suite("xquad-mixed", "XQuAD, all languages in one pool", passages, queries, mixed))
    suites.append(_scatter(passages, queries, gold))
    return suites


def _scatter(passages: Mapping[str, Item], queries: Mapping[str, Item], gold: Mapping[str, str]) -> Suite:
    """Each paragraph stands in the pool in one language only, and is asked for in the others."""
    draw = random.Random(7)
    numbers = sorted({key.split("-", 1)[1] for key in passages}, key=int)
    placed = {number: draw.choice(XQUAD_LANGUAGES) for number in numbers}
    pool = {f"{language}-{number}": passages[f"{language}-{number}"] for number, language in placed.items()}
    asked = {key: item for key, item in queries.items() if placed[gold[key]] != item.language}
    right = {key: {f"{placed[gold[key]]}-{gold[key]}": 1} for key in asked}
    return Suite("xquad-scatter", "XQuAD, answer in another language", pool, asked, right)


def _paragraphs(folder: Path, name: str, file: str, language: str) -> Suite:
    """A span-reading set as a search set: each question's own paragraph is the one right passage."""
    passages: dict[str, Item] = {}
    queries: dict[str, Item] = {}
    right: dict[str, dict[str, int]] = {}
    for row in _lines(folder / file):
        cid = str(row["cid"])
        passages[cid] = Item(row["context"], language, row["title"])
        for asked in row["qas"]:
            key = f"{cid}-{asked['id']}"
            queries[key] = Item(asked["question"], language, row["title"])
            right[key] = {cid: 1}
    return Suite(name.lower(), name, passages, queries, right)


def _jsquad(folder: Path) -> Suite:
    data = json.loads((folder / "p02_jsquad" / "valid.json").read_text(encoding="utf-8"))["data"]
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
        for row in _lines(root / corpus)
    }
    queries = {row["_id"]: Item(row["text"], language, row["_id"]) for row in _lines(root / "queries.jsonl")}
    judgements: dict[str, dict[str, int]] = {}
    for line in (root / "qrels.tsv").read_text(encoding="utf-8").splitlines()[1:]:
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
        for row in _lines(root / "docs.jsonl")
    }
    queries = {
        str(row["n"]): Item(row["text"], "en", str(row["n"])) for row in _lines(root / "queries.jsonl")
    }
    judgements: dict[str, dict[str, int]] = {}
    for line in (root / "qrels.txt").read_text(encoding="utf-8").splitlines():
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
    for row in _lines(folder / "p02_hotpot_distractor" / "hotpot_a.jsonl"):
        for title, parts in row["context"]:
            passages.setdefault(title, Item("".join(parts), "en", title, title))
        queries[row["_id"]] = Item(row["question"], "en", row["_id"])
        right[row["_id"]] = {title: 1 for title, _ in row["supporting_facts"] if title in passages}
    return Suite("hotpot", "HotpotQA (two hops)", passages, queries, right)


def load_suites(folder: Path) -> list[Suite]:
    """Every suite that the shared data holds, in the order of the report."""
    return [
        *_xquad_pools(folder),
        _paragraphs(folder, "DRCD", "p02_drcd/DRCD_dev.jsonl", "zh"),
        _paragraphs(folder, "CMRC", "p02_cmrc2018/cmrc2018_trial.jsonl", "zh"),
        _jsquad(folder),
        _graded(folder, "ARCD", "p02_ir_arcd", "corpus.jsonl", "ar"),
        _graded(folder, "DBpedia", "p02_ir_dbpedia", "corpus.jsonl.gz", "en"),
        _cranfield(folder),
        _hotpot(folder),
    ]
