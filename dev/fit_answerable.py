"""Fits the chance that what was found answers at all (src/everask/read/answerable.json), and prints figures.

    python dev/fit_answerable.py --cache FOLDER [--collect] [--write]

Three kinds of piles: the documents of examples/, asked by people (bench/conversations.jsonl, questions that
stand alone), one of mixed languages (reader_pile.py), and piles of one set each, as bench/answers.py makes
them, where a question's other paragraphs stay beside the one that is taken out: the hardest kind. Each
question is asked as it is, without its paragraph, and without its article. Fitted on articles of the "tune"
half that the trained reader never saw, reported on the other. `--collect` asks (half an hour on two idle
cores; sizes by options) and keeps what was found in FOLDER; fitting takes a minute. Needs the encoder's pack
and the shared data (EVERASK_SHARED_DATA or ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import tempfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from fit_reader import Remembering, fit_logistic
from reader_pile import HALVES, Asked, half_of, lay_out

import everask
from everask.encoder import load_means
from everask.encoder.question import Reading
from everask.evaluate.abstention import auroc, precision_at
from everask.evaluate.halves import Half
from everask.evaluate.spans import SpanSet, load_span_sets
from everask.read import ReadSettings
from everask.read.answerable import ANSWERABLE_FEATURES, measure_answerable
from everask.read.candidates import Candidate
from everask.read.evidence import ask_passages, choose_candidates, compare
from everask.read.features import Floats, measure_question, measure_sentences
from everask.read.weights import load_weights
from everask.text import language_of
from everask.types import Hit, Query

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "documents"
CONVERSATIONS = ROOT / "bench" / "conversations.jsonl"
TARGET = ROOT / "src" / "everask" / "read" / "answerable.json"
SETS = (
    "xquad-en", "xquad-de", "xquad-th", "xquad-de-from-en", "xquad-hi", "xquad-ar", "xquad-en-from-zh",
    "xquad-zh", "xquad-es", "xquad-ru", "drcd", "cmrc", "xquad-vi", "xquad-zh-from-ru", "xquad-tr",
    "xquad-es-from-ar", "jsquad", "xquad-el", "xquad-ro",
)  # fmt: skip
MAX_PARAGRAPHS = 240
# How much each kind counts: answerable and not alike, the hardest kind as much as the two others.
WEIGHTS: Mapping[str, float] = {
    "answerable": 1.0,
    "paragraph removed": 0.5,
    "article removed": 0.25,
    "off topic": 0.25,
}
PENALTY = 0.003
Place = tuple[int, int, int]


@dataclass(slots=True)
class Kept:
    """What was found for one question: hits, readings of passages by text, cosines of sentences by place."""

    asked: Asked
    hits: list[Hit]
    readings: dict[str, Reading]
    cosines: dict[Place, float]


@dataclass(slots=True)
class Row:
    """One case: its features, the chance by the sum of the evidence, and what it is."""

    half: Half
    group: str
    kind: str
    article: str
    features: Floats
    across: bool
    sum: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--collect", action="store_true")
    parser.add_argument("--sets", nargs="*", default=list(SETS))
    parser.add_argument("--num", type=int, default=40, help="questions a set and half")
    parser.add_argument("--write", action="store_true", help="replace answerable.json")
    given = parser.parse_args()
    given.cache.mkdir(parents=True, exist_ok=True)
    if given.collect:
        collect(given.cache, given.sets, given.num)
    rows = [row for file in sorted(given.cache.glob("*.pickle")) for row in read_rows(file)]
    fitted = {name: fit([row for row in rows if row.across == across]) for name, across in KINDS}
    print_figures(rows, fitted)
    if given.write:
        TARGET.write_text(json.dumps(fitted, indent=1) + "\n", "utf-8")


KINDS = (("own", False), ("across", True))


def collect(cache: Path, sets: Sequence[str], num: int) -> None:
    """Ask everything, and keep what was found."""
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    collect_pile(EXAMPLES, list(read_examples()), cache / "examples.pickle")
    files, asked = lay_out(data)
    collect_pile(files, asked, cache / "mixed.pickle")
    for spans in load_span_sets(data, tuple(sets)):
        collect_pile(*lay_out_alone(spans, num), cache / f"{spans.name}.pickle")
        print(spans.name, flush=True)


def read_examples() -> Iterator[Asked]:
    """Questions about the documents that come with Everask, by people; a conversation is of one half."""
    for line in CONVERSATIONS.read_text("utf-8").splitlines():
        talk = json.loads(line)
        half: Half = "tune" if zlib.crc32(talk["id"].encode()) % 2 == 0 else "report"
        for turn in talk["turns"]:
            text = turn.get("whole", turn["text"])
            query = Query(text, language_of(text))
            yield Asked("examples", half, query, {turn["file"]: tuple(turn["quotes"])}, {turn["file"]})


def lay_out_alone(spans: SpanSet, num: int) -> tuple[dict[str, str], list[Asked]]:
    """A pile of one set: the articles that are asked about whole, then others."""
    articles: dict[str, set[str]] = {}
    for one in spans.questions:
        articles.setdefault(one.article, set()).add(one.paragraph)
    drawn = []
    for half in HALVES:
        some = [one for one in spans.questions if half_of(one.article) == half]
        drawn += [(half, one) for one in random.Random(5).sample(some, min(num, len(some)))]
    wanted = list(dict.fromkeys(key for _, one in drawn for key in sorted(articles[one.article])))
    others = sorted(set(spans.paragraphs) - set(wanted))
    random.Random(3).shuffle(others)
    names = {key: str(at) for at, key in enumerate((wanted + others)[:MAX_PARAGRAPHS])}
    asked = [
        Asked(
            spans.name,
            half,
            Query(one.text, one.language),
            {names[one.paragraph]: one.answers},
            {names[key] for key in articles[one.article] if key in names},
        )
        for half, one in drawn
        if one.paragraph in names
    ]
    return {name: spans.paragraphs[key] for key, name in names.items()}, asked


def collect_pile(files: Mapping[str, str] | Path, asked: Sequence[Asked], target: Path) -> None:
    """Index the files, ask, and write what was found; what is there already stays."""
    if target.is_file():
        return
    partial = target.with_suffix(".partial")
    with tempfile.TemporaryDirectory() as scratch, partial.open("wb") as out:
        for name, text in {} if isinstance(files, Path) else files.items():
            path = Path(scratch) / "pile" / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        with everask.open(Path(scratch) / "data") as engine:
            engine.add([files if isinstance(files, Path) else Path(scratch) / "pile"])
            engine.wait_for_vectors()
            assert engine.encoder is not None, "needs the encoder: everask models pull e5-small"
            assert engine.asker is not None, "needs the trained reader"
            encoder, means = Remembering(engine.encoder), load_means(engine.encoder.id)
            for one in asked:
                hits = engine.search(one.query.text, top=24, with_marks=False)
                kept = Kept(one, hits, {}, {})
                for left in variants(kept).values():
                    candidates = choose(one.query, left)
                    cosines = compare(one.query, candidates, encoder, means) if candidates else ()
                    kept.cosines |= dict(zip(map(place, candidates), map(float, cosines), strict=True))
                    found = ask_passages(one.query, candidates, engine.asker)
                    texts = {each.rank: each.hit.passage.asked for each in candidates}
                    kept.readings |= {texts[rank]: reading for rank, reading in found.items()}
                keep(kept, out)
    partial.replace(target)


def keep(kept: Kept, out: BinaryIO) -> None:
    """Write one question's finds."""
    pickle.dump((kept.asked, kept.hits, kept.readings, kept.cosines), out)


def variants(kept: Kept) -> dict[str, list[Hit]]:
    """The hits as they are, and without what answers."""
    if kept.asked.group == "off topic":
        return {"off topic": kept.hits}
    if kept.asked.group == "examples":  # what is said once is said twice there: rows, versions, translations
        return {"answerable": kept.hits, "article removed": _without(kept, kept.asked.article)}
    return {
        "answerable": kept.hits,
        "paragraph removed": _without(kept, kept.asked.gold),
        "article removed": _without(kept, kept.asked.article),
    }


def _without(kept: Kept, names: Collection[str]) -> list[Hit]:
    return [one for one in kept.hits if one.document.name not in names]


def choose(query: Query, hits: Sequence[Hit]) -> list[Candidate]:
    """The sentences that the reader would see."""
    settings = ReadSettings()
    return choose_candidates(query, hits[: settings.num_hits], settings.num_sentences)


def place(candidate: Candidate) -> Place:
    """Where a sentence stands."""
    return (candidate.hit.passage.id, candidate.start, candidate.end)


def read_kept(file: Path) -> Iterator[Kept]:
    """What was kept of a pile."""
    with file.open("rb") as source:
        while True:
            try:
                yield Kept(*pickle.load(source))
            except EOFError:
                return


def read_rows(file: Path) -> Iterator[Row]:
    """The cases of a pile."""
    weights = load_weights("reader")
    for kept in read_kept(file):
        query = Query(kept.asked.query.text, kept.asked.query.language)
        for kind, hits in variants(kept).items():
            # What a later version would choose otherwise was not compared then.
            candidates = [one for one in choose(query, hits) if place(one) in kept.cosines]
            if not candidates:
                continue
            cosines = np.array([kept.cosines[place(one)] for one in candidates])
            readings = {one.rank: kept.readings[one.hit.passage.asked] for one in candidates}
            measured = measure_sentences(query, candidates, cosines, readings)
            scores = weights.score_sentences(measured.sentences)
            features, across = measure_answerable(query, candidates, measured, scores, readings)
            before = weights.answerable(measure_question(query, candidates, measured, scores))
            article = min(kept.asked.article, default=query.text)
            yield Row(kept.asked.half, kept.asked.group, kind, article, features, across, before)


def fit(rows: Sequence[Row]) -> dict[str, object]:
    """Weights and bias, fitted on the tuning half."""
    tune = [row for row in rows if row.half == "tune"]
    # Whole numbers of copies stand for the weights.
    copied = [row for row in tune for _ in range(round(4 * WEIGHTS[row.kind]))]
    right = np.array([float(row.kind == "answerable") for row in copied])
    weights, bias = fit_logistic(np.array([row.features for row in copied]), right, PENALTY)
    named = dict(zip(ANSWERABLE_FEATURES, np.round(weights, 4).tolist(), strict=True))
    return {"weights": named, "bias": round(bias, 4)}


def chance_of(row: Row, fitted: Mapping[str, dict[str, object]]) -> float:
    """The chance by the new weights."""
    made = fitted["across" if row.across else "own"]
    table, bias = made["weights"], made["bias"]
    assert isinstance(table, dict) and isinstance(bias, float)
    logit = sum(table[name] * value for name, value in zip(ANSWERABLE_FEATURES, row.features, strict=True))
    return float(1 / (1 + np.exp(-logit - bias)))


def print_figures(rows: Sequence[Row], fitted: Mapping[str, dict[str, object]]) -> None:
    """AUROC by kind and by group, and precision at coverage, beside the sum of the evidence."""
    report = [row for row in rows if row.half == "report"]
    scores = {"sum": [row.sum for row in report], "chance": [chance_of(row, fitted) for row in report]}
    groups = ["all", "all own", "all across", *sorted({row.group for row in report} - {"off topic"})]
    for group in groups:
        mine = [_is_in(row, group) for row in report]
        num = sum(row.kind == "answerable" for row, is_mine in zip(report, mine, strict=True) if is_mine)
        for name, values in scores.items():
            print(f"{group}, n={num}, {name}:", end=" ")
            for kind in ("paragraph removed", "article removed", "off topic"):
                pairs = [
                    (value, row.kind == "answerable")
                    for row, value, is_mine in zip(report, values, mine, strict=True)
                    if (is_mine and row.kind in ("answerable", kind)) or row.kind == kind == "off topic"
                ]
                chances, labels = [one for one, _ in pairs], [is_true for _, is_true in pairs]
                print(f"{kind} {auroc(chances, labels):.3f};", end=" ")
                if kind == "paragraph removed":
                    (point,) = precision_at(chances, labels, (0.75,))
                    print(f"precision at 0.75 {point.precision:.3f};", end=" ")
            print()


def _is_in(row: Row, group: str) -> bool:
    if group in ("all", row.group):
        return True
    across = "-from-" in row.group or row.group == "across languages"
    return group == ("all across" if across else "all own")


if __name__ == "__main__":
    main()
