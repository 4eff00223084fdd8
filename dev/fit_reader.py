"""Fits the reader's weights (src/everask/read/weights.json) and prints what they reach.

    python dev/fit_reader.py [--pile FOLDER] [--write]

One pile of mixed languages is indexed as a user's would be: each paragraph of XQuAD in two of twelve
languages, and paragraphs of DRCD, CMRC and JSQuAD. Questions are asked in a paragraph's own language and
in others; some again with the paragraph taken out of the hits, some with its whole article, and some are
about other things altogether (MIRACL's questions). Fitted on the "tune" half of the articles, reported on
the other. Needs the encoder's pack and the shared data (EVERASK_SHARED_DATA or ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

import everask
from everask.encoder import Encoder, load_means
from everask.evaluate.spans import SpanSet, load_span_sets
from everask.evaluate.suites import XQUAD_LANGUAGES, Half
from everask.pipeline import Engine
from everask.read import ReadSettings
from everask.read.candidates import Candidate
from everask.read.evidence import Vectors, choose_candidates, compare
from everask.read.features import (
    QUESTION_FEATURES,
    SENTENCE_FEATURES,
    Floats,
    Measured,
    measure_question,
    measure_sentences,
)
from everask.types import Hit, Query

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src" / "everask" / "read" / "weights.json"
VECTOR_FEATURES = ("cosine", "cosine_across", "cosine_margin", "across", "dense", "dense_best")
# Fixed by hand: the data sets have no headings, menu entries or heads of e-mails among their sentences.
LABEL_WEIGHT = -1.5
Kind = Literal["answerable", "paragraph removed", "article removed", "off topic"]
REMOVED: tuple[Kind, ...] = ("paragraph removed", "article removed", "off topic")
# Questions a half: of XQuAD (each in its paragraph's language and across), of each other set, off topic.
NUM_OWN, NUM_OTHER, NUM_OFF = 200, 60, 100
NUM_PARAGRAPHS = 150


@dataclass(slots=True)
class Asked:
    """A question, the files that answer it with the right strings in each, and the files of its article."""

    group: str
    half: Half
    query: Query
    gold: dict[str, tuple[str, ...]] = field(default_factory=dict)
    article: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Row:
    """One question with what was found for it: features, and which sentences are right."""

    group: str
    half: Half
    kind: Kind
    query: Query
    candidates: Sequence[Candidate]
    measured: dict[str, Measured]
    right: Floats


class Remembering:
    """The encoder, with the sentences that it has seen: the same ones come again for many questions."""

    def __init__(self, encoder: Encoder) -> None:
        self.encoder = encoder
        self.known: dict[str, Vectors] = {}

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        new = [one for one in dict.fromkeys(texts) if one not in self.known]
        self.known.update(zip(new, self.encoder.encode_passages(new), strict=True) if new else ())
        return np.stack([self.known[one] for one in texts])

    def encode_query(self, text: str) -> Vectors:
        return self.encoder.encode_query(text)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pile", type=Path, help="keep the indexed pile here, for the next run")
    parser.add_argument("--write", action="store_true", help="replace weights.json")
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    files, asked = lay_out(data)
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.pile or Path(scratch)
        for name, text in files.items():
            path = folder / "pile" / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        with everask.open(folder / "data") as engine:
            engine.add([folder / "pile"])
            engine.wait_for_vectors()
            print(engine.status(), flush=True)
            rows = list(collect(engine, asked))
    print(len(rows), "cases", flush=True)
    fitted = {"vectors": fit(rows, "vectors"), "words": fit(rows, "words")}
    if given.write:
        TARGET.write_text(json.dumps(fitted, indent=1) + "\n", "utf-8")


def lay_out(data: Path) -> tuple[dict[str, str], list[Asked]]:
    """The pile's files by name, and every question."""
    draw = random.Random(11)
    names = (*(f"xquad-{one}" for one in XQUAD_LANGUAGES), "drcd", "cmrc", "jsquad")
    sets = {one.name: one for one in load_span_sets(data, names)}
    files, asked = _lay_out_xquad({one: sets[f"xquad-{one}"] for one in XQUAD_LANGUAGES}, draw)
    for name in ("drcd", "cmrc", "jsquad"):
        keys = sorted(sets[name].paragraphs)
        kept = {key: f"{name}/{at}" for at, key in enumerate(draw.sample(keys, NUM_PARAGRAPHS))}
        files |= {file: sets[name].paragraphs[key] for key, file in kept.items()}
        articles: dict[str, set[str]] = {}
        for one in sets[name].questions:
            if one.paragraph in kept:
                articles.setdefault(one.article, set()).add(kept[one.paragraph])
        some = [one for one in sets[name].questions if one.paragraph in kept]
        asked += [
            Asked(
                name,
                _half(one.article),
                Query(one.text, one.language),
                {kept[one.paragraph]: one.answers},
                articles[one.article],
            )
            for one in draw.sample(some, min(len(some), 2 * NUM_OTHER))
        ]
    for file in sorted((data / "p11_miracl_topics").glob("*-train.tsv")):
        lines = file.read_text("utf-8").splitlines()
        for line in draw.sample(lines, 2 * NUM_OFF // 16 + 1):
            half: Half = "tune" if zlib.crc32(line.encode()) % 2 == 0 else "report"
            asked.append(Asked("off topic", half, Query(line.split("\t", 1)[1], file.name.split("-")[0])))
    return files, asked


def _lay_out_xquad(sets: dict[str, SpanSet], draw: random.Random) -> tuple[dict[str, str], list[Asked]]:
    some = next(iter(sets.values()))
    placed = {key: draw.sample(XQUAD_LANGUAGES, 2) for key in some.paragraphs}
    files = {
        f"{one}/{key}": sets[one].paragraphs[key] for key, languages in placed.items() for one in languages
    }
    articles: dict[str, set[str]] = {}
    for one in some.questions:
        names = {f"{language}/{one.paragraph}" for language in placed[one.paragraph]}
        articles.setdefault(one.article, set()).update(names)
    by_id = {language: {one.id: one for one in each.questions} for language, each in sets.items()}
    asked: list[Asked] = []
    for one in draw.sample(some.questions, 2 * NUM_OWN):
        own = placed[one.paragraph]
        gold = {f"{language}/{one.paragraph}": by_id[language][one.id].answers for language in own}
        other = draw.choice([language for language in XQUAD_LANGUAGES if language not in own])
        for group, language in (("own language", own[0]), ("across languages", other)):
            query = Query(by_id[language][one.id].text, language)
            asked.append(Asked(group, _half(one.article), query, gold, articles[one.article]))
    return files, asked


def _half(article: str) -> Half:
    return "tune" if zlib.crc32(article.encode()) % 2 == 0 else "report"


def collect(engine: Engine, asked: Sequence[Asked]) -> Iterator[Row]:
    """What is found for each question: as it is, and without what answers it."""
    assert engine.encoder is not None, "fit_reader needs the encoder: everask models pull e5-small"
    encoder = Remembering(engine.encoder)
    means = load_means(engine.encoder.id)
    for number, one in enumerate(asked):
        hits = engine.search(one.query.text, top=24)
        if one.group == "off topic":
            yield from measure(one, "off topic", hits, encoder, means)
            continue
        yield from measure(one, "answerable", hits, encoder, means)
        part = zlib.crc32(one.query.text.encode()) % 4
        if part in (1, 2):
            left = [hit for hit in hits if hit.document.name not in one.gold]
            yield from measure(one, "paragraph removed", left, encoder, means)
        elif part == 3:
            left = [hit for hit in hits if hit.document.name not in one.article]
            yield from measure(one, "article removed", left, encoder, means)
        if number % 200 == 0:
            print(number, "of", len(asked), flush=True)


def measure(
    asked: Asked, kind: Kind, hits: Sequence[Hit], encoder: Remembering, means: dict[str, Vectors]
) -> Iterator[Row]:
    """Features of the sentences that the reader would see."""
    settings = ReadSettings()
    candidates = choose_candidates(asked.query, hits[: settings.num_hits], settings.num_sentences)
    if not candidates:
        return
    cosines = compare(asked.query, candidates, encoder, means)
    measured = {
        "vectors": measure_sentences(asked.query, candidates, cosines),
        "words": measure_sentences(asked.query, candidates, None),
    }
    right = [
        float(any(text in one.text for text in asked.gold.get(one.hit.document.name, ())))
        for one in candidates
    ]
    yield Row(asked.group, asked.half, kind, asked.query, candidates, measured, np.array(right))


def fit(rows: Sequence[Row], kind: str) -> dict[str, object]:
    """Fit one kind of weights on the tuning half, print its figures on the other."""
    if kind == "words":
        rows = [row for row in rows if row.group != "across languages"]
    left_out = (*(VECTOR_FEATURES if kind == "words" else ()), "across", "label")
    sentence_names = [name for name in SENTENCE_FEATURES if name not in left_out]
    question_names = [name for name in QUESTION_FEATURES if kind == "vectors" or name not in VECTOR_FEATURES]
    tune = [row for row in rows if row.half == "tune"]
    report = [row for row in rows if row.half == "report"]
    columns = [SENTENCE_FEATURES.index(name) for name in sentence_names]
    weights = np.zeros(len(SENTENCE_FEATURES))
    weights[columns] = fit_sentences(
        [(row.measured[kind].sentences[:, columns], row.right) for row in tune if row.right.sum()]
    )
    weights[SENTENCE_FEATURES.index("label")] = LABEL_WEIGHT
    chosen = [QUESTION_FEATURES.index(name) for name in question_names]

    def questions(part: Sequence[Row]) -> tuple[Floats, Floats]:
        features = [
            measure_question(
                row.query, row.candidates, row.measured[kind], row.measured[kind].sentences @ weights
            )
            for row in part
        ]
        return np.array(features)[:, chosen], np.array([float(row.right.sum() > 0) for row in part])

    question_weights, bias = fit_logistic(*questions(tune))
    chances = 1 / (1 + np.exp(-(questions(report)[0] @ question_weights + bias)))
    print_figures(kind, report, weights, chances)
    return {
        "sentences": {
            name: round(float(weights[at]), 3) for at, name in enumerate(SENTENCE_FEATURES) if weights[at]
        },
        "question": dict(zip(question_names, np.round(question_weights, 3).tolist(), strict=True)),
        "bias": round(bias, 3),
    }


def fit_sentences(data: Sequence[tuple[Floats, Floats]], penalty: float = 0.002) -> Floats:
    """Softmax over each question's sentences, by Adam on the log of the right sentences' share."""
    scale = np.concatenate([features for features, _ in data]).std(axis=0) + 1e-6
    weights = np.zeros(len(scale))
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, 401):
        gradient = penalty * weights
        for features, right in data:
            scores = features / scale @ weights
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            target = np.where(right > 0, shares, 0)
            gradient += (shares - target / target.sum()) @ (features / scale) / len(data)
        first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient**2
        corrected = second / (1 - 0.999**step)
        weights -= 0.05 * first / (1 - 0.9**step) / (np.sqrt(corrected) + 1e-8)
    return np.asarray(weights / scale)


def fit_logistic(features: Floats, right: Floats, penalty: float = 0.001) -> tuple[Floats, float]:
    """Logistic regression with a small penalty, by Newton's method."""
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-6
    inputs = np.c_[(features - mean) / scale, np.ones(len(features))]
    ridge = np.r_[np.full(features.shape[1], penalty * len(features)), 1e-6]
    weights = np.zeros(inputs.shape[1])
    for _ in range(60):
        chance = 1 / (1 + np.exp(-inputs @ weights))
        hessian = (inputs * (chance * (1 - chance))[:, None]).T @ inputs + np.diag(ridge)
        weights -= np.linalg.solve(hessian, inputs.T @ (chance - right) + ridge * weights)
    return weights[:-1] / scale, float(weights[-1] - (weights[:-1] * mean / scale).sum())


def print_figures(kind: str, rows: Sequence[Row], weights: Floats, chances: Floats) -> None:
    """Sentence accuracy and abstention, by group of questions, on the half that was not fitted."""
    answerable = np.array([row.kind == "answerable" for row in rows])
    for group in [*sorted({row.group for row in rows if row.group != "off topic"}), "all"]:
        there = [row for row in rows if row.kind == "answerable" and group in ("all", row.group)]
        print(
            f"{kind}, {group}: n={len(there)}, right sentence first {_top(there, kind, weights, 1):.3f},"
            f" in three {_top(there, kind, weights, 3):.3f}; best overlap {_overlap(there, kind):.3f};",
            end=" ",
        )
        mine = np.array([group in ("all", row.group) for row in rows]) & answerable
        for removed in REMOVED:
            groups = ("off topic", group) if removed == "off topic" else (group,)
            other = np.array(
                [row.kind == removed and (group == "all" or row.group in groups) for row in rows]
            )
            both = mine | other
            print(f"AUROC against {removed} {_auroc(chances[both], answerable[both]):.3f};", end=" ")
        print()
    for coverage in (0.75, 0.8, 0.85, 0.9, 0.95):
        cut = np.quantile(chances[answerable], 1 - coverage)
        refused = {
            removed: (chances[[row.kind == removed for row in rows]] < cut).mean() for removed in REMOVED
        }
        shown = ", ".join(f"{name} {value:.2f}" for name, value in refused.items())
        print(f"  coverage {coverage}: chance {cut:.2f}; refused: {shown}")


def _top(rows: Sequence[Row], kind: str, weights: Floats, count: int) -> float:
    best = [np.argsort(-(row.measured[kind].sentences @ weights))[:count] for row in rows]
    return float(np.mean([row.right[order].any() for row, order in zip(rows, best, strict=True)]))


def _overlap(rows: Sequence[Row], kind: str) -> float:
    column = SENTENCE_FEATURES.index("coverage_local")
    return float(np.mean([row.right[np.argmax(row.measured[kind].sentences[:, column])] for row in rows]))


def _auroc(scores: Floats, labels: NDArray[np.bool_]) -> float:
    ranks = np.argsort(np.argsort(scores))
    num_true, num_false = labels.sum(), max(1, (~labels).sum())
    return float((ranks[labels].sum() - num_true * (num_true - 1) / 2) / (num_true * num_false))


if __name__ == "__main__":
    main()
