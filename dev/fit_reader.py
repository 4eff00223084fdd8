"""Fits the reader's weights (src/everask/read/weights.json) and prints what they reach.

    python dev/fit_reader.py [--questions 60] [--write]

Needs the encoder's pack and the shared data (EVERASK_SHARED_DATA or ../shared/data). For each set a pile
is indexed and searched as a user's would be; every second question has its paragraph taken out of the
hits. Fitted on the "tune" half of the articles, reported on the other.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import everask
from everask.encoder import load_means
from everask.evaluate.spans import SpanQuestion, SpanSet, all_names, load_span_sets
from everask.evaluate.suites import Half
from everask.pipeline import Engine
from everask.read import ReadSettings
from everask.read.candidates import Candidate
from everask.read.evidence import choose_candidates, compare
from everask.read.features import (
    QUESTION_FEATURES,
    SENTENCE_FEATURES,
    Measured,
    measure_question,
    measure_sentences,
)
from everask.types import Query

Floats = NDArray[np.float64]
ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src" / "everask" / "read" / "weights.json"
# A pool is cut to so many paragraphs; DRCD and JSQuAD have a thousand.
MAX_PARAGRAPHS = 400
VECTOR_FEATURES = ("cosine", "cosine_across", "cosine_margin", "across")


@dataclass(slots=True)
class Row:
    """One question with what was found for it: features, and which sentences are right."""

    suite: str
    half: Half
    removed: bool
    query: Query
    candidates: Sequence[Candidate]
    measured: dict[str, Measured]
    right: Floats


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=int, default=60, help="per set and half")
    parser.add_argument("--write", action="store_true", help="replace weights.json")
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    rows: list[Row] = []
    for one in load_span_sets(data, all_names()):
        rows += collect(one, given.questions)
        print(one.name, len(rows), flush=True)
    fitted = {"vectors": fit(rows, "vectors"), "words": fit(rows, "words")}
    if given.write:
        TARGET.write_text(json.dumps(fitted, indent=1) + "\n", "utf-8")


def collect(spans: SpanSet, size: int) -> list[Row]:
    """Index the set's paragraphs as files, and search each question's answer."""
    halves: tuple[Half, Half] = ("tune", "report")
    asked = [(half, one) for half in halves for one in spans.half(half, size)]
    wanted = {one.paragraph for _, one in asked}
    others = [key for key in spans.paragraphs if key not in wanted][: max(0, MAX_PARAGRAPHS - len(wanted))]
    kept = sorted(wanted | set(others))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        pile = Path(folder) / "pile"
        pile.mkdir()
        for number, key in enumerate(kept):
            (pile / f"{number}.txt").write_text(spans.paragraphs[key], "utf-8")
        with everask.open(Path(folder) / "data") as engine:
            engine.add([pile])
            engine.wait_for_vectors()
            for number, (half, one) in enumerate(asked):
                gold = str(kept.index(one.paragraph))
                row = measure(engine, one, gold, removed=number % 2 == 1)
                if row is not None:
                    row.suite, row.half = spans.name, half
                    rows.append(row)
    return rows


def measure(engine: Engine, asked: SpanQuestion, gold: str, *, removed: bool) -> Row | None:
    """Features of the sentences that the reader would see."""
    query = Query(asked.text, asked.language)
    encoder = engine.encoder
    assert encoder is not None, "fit_reader needs the encoder: everask models pull e5-small"
    hits = [one for one in engine.search(asked.text, top=10) if not (removed and one.document.name == gold)]
    settings = ReadSettings()
    candidates = choose_candidates(query, hits[: settings.num_hits], settings.num_sentences)
    if not candidates:
        return None
    cosines = compare(query, candidates, encoder, load_means(encoder.id))
    measured = {
        "vectors": measure_sentences(query, candidates, cosines),
        "words": measure_sentences(query, candidates, None),
    }
    right = [
        float(one.hit.document.name == gold and any(text in one.text for text in asked.answers))
        for one in candidates
    ]
    return Row("", "tune", removed, query, candidates, measured, np.array(right))


def fit(rows: Sequence[Row], kind: str) -> dict[str, object]:
    """Fit one kind of weights on the tuning half, print its figures on the other."""
    if kind == "words":
        rows = [row for row in rows if "-from-" not in row.suite]
    left_out = VECTOR_FEATURES if kind == "words" else ("across",)
    sentence_names = [name for name in SENTENCE_FEATURES if name not in left_out]
    question_names = [name for name in QUESTION_FEATURES if kind == "vectors" or name not in VECTOR_FEATURES]
    tune = [row for row in rows if row.half == "tune"]
    report = [row for row in rows if row.half == "report"]
    columns = [SENTENCE_FEATURES.index(name) for name in sentence_names]
    weights = np.zeros(len(SENTENCE_FEATURES))
    weights[columns] = fit_sentences(
        [(row.measured[kind].sentences[:, columns], row.right) for row in tune if row.right.sum()]
    )
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
            name: round(float(weights[at]), 3) for name, at in zip(sentence_names, columns, strict=True)
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
    """Sentence accuracy and abstention, by group of sets, on the half that was not fitted."""
    groups = sorted({_group(row.suite) for row in rows})
    for group in [*groups, "all"]:
        at = [number for number, row in enumerate(rows) if group in ("all", _group(row.suite))]
        part, chance = [rows[number] for number in at], chances[at]
        there = [row for row in part if not row.removed]
        answerable = np.array([not row.removed for row in part])
        cut = np.quantile(chance[answerable], 0.1)
        print(
            f"{kind} {group}: n={len(part)}, right sentence first {_top(there, kind, weights, 1):.3f},"
            f" in three {_top(there, kind, weights, 3):.3f};"
            f" best word overlap first {_overlap(there, kind):.3f};"
            f" answerable AUROC {_auroc(chance, answerable):.3f};"
            f" at coverage 0.90 (chance {cut:.2f}) precision {answerable[chance >= cut].mean():.3f}"
        )


def _group(suite: str) -> str:
    return "xquad across" if "-from-" in suite else suite.partition("-")[0]


def _top(rows: Sequence[Row], kind: str, weights: Floats, count: int) -> float:
    best = [np.argsort(-(row.measured[kind].sentences @ weights))[:count] for row in rows]
    return float(np.mean([row.right[order].any() for row, order in zip(rows, best, strict=True)]))


def _overlap(rows: Sequence[Row], kind: str) -> float:
    column = SENTENCE_FEATURES.index("coverage_local")
    return float(np.mean([row.right[np.argmax(row.measured[kind].sentences[:, column])] for row in rows]))


def _auroc(scores: Floats, labels: NDArray[np.bool_]) -> float:
    ranks = np.argsort(np.argsort(scores))
    num_true, num_false = labels.sum(), (~labels).sum()
    return float((ranks[labels].sum() - num_true * (num_true - 1) / 2) / (num_true * num_false))


if __name__ == "__main__":
    main()
