"""Fits the reader's weights (src/everask/read/weights.json) and prints what they reach.

    python dev/fit_reader.py [--pile FOLDER] [--write]

One pile of mixed languages is indexed as a user's would be (reader_pile.py). Questions are asked in a
paragraph's own language and in others; some again with the paragraph taken out of the hits, some with its
whole article, and some are about other things altogether (MIRACL's questions). Fitted on articles of the
"tune" half that the trained reader never saw, reported on the other half. Without the trained reader its
weights are left out. Needs the encoder's pack, the extra `train` and the shared data (EVERASK_SHARED_DATA
or ../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from reader_pile import Asked, lay_out

import everask
from everask.encoder import Encoder, load_means
from everask.encoder.question import Asker
from everask.evaluate.halves import Half
from everask.pipeline import Engine
from everask.read import ReadSettings
from everask.read.candidates import Candidate
from everask.read.evidence import Vectors, ask_passages, choose_candidates, compare
from everask.read.features import (
    QUESTION_FEATURES,
    SENTENCE_FEATURES,
    Floats,
    Measured,
    measure_question,
    measure_sentences,
)
from everask.read.weights import Kind
from everask.types import Hit, Query

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src" / "everask" / "read" / "weights.json"
READER_FEATURES = ("held", "span", "answers", "held_margin", "answers_best")
VECTOR_FEATURES = ("cosine", "cosine_across", "cosine_margin", "across", "dense", "dense_best")
# Fixed by hand: the data sets have no headings, menu entries or heads of e-mails among their sentences.
LABEL_WEIGHT = -1.5
Case = Literal["answerable", "paragraph removed", "article removed", "off topic"]
REMOVED: tuple[Case, ...] = ("paragraph removed", "article removed", "off topic")


@dataclass(slots=True)
class Row:
    """One question with what was found for it: features, and which sentences are right."""

    group: str
    half: Half
    kind: Case
    query: Query
    candidates: Sequence[Candidate]
    measured: dict[Kind, Measured]
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
            kinds: tuple[Kind, ...] = (*(("reader",) if engine.asker else ()), "vectors", "words")
            rows = list(collect(engine, asked))
    print(len(rows), "cases", flush=True)
    fitted = {kind: fit(rows, kind) for kind in kinds}
    if given.write:
        TARGET.write_text(json.dumps(fitted, indent=1) + "\n", "utf-8")


def collect(engine: Engine, asked: Sequence[Asked]) -> Iterator[Row]:
    """What is found for each question: as it is, and without what answers it."""
    assert engine.encoder is not None, "fit_reader needs the encoder: everask models pull e5-small"
    encoder, asker = Remembering(engine.encoder), engine.asker
    means = load_means(engine.encoder.id)
    for number, one in enumerate(asked):
        hits = engine.search(one.query.text, top=24, with_marks=False)
        if one.group == "off topic":
            yield from measure(one, "off topic", hits, encoder, means, asker)
            continue
        yield from measure(one, "answerable", hits, encoder, means, asker)
        part = zlib.crc32(one.query.text.encode()) % 4
        if part in (1, 2):
            left = [hit for hit in hits if hit.document.name not in one.gold]
            yield from measure(one, "paragraph removed", left, encoder, means, asker)
        elif part == 3:
            left = [hit for hit in hits if hit.document.name not in one.article]
            yield from measure(one, "article removed", left, encoder, means, asker)
        if number % 50 == 0:
            print(number, "of", len(asked), flush=True)


def measure(
    asked: Asked,
    kind: Case,
    hits: Sequence[Hit],
    encoder: Remembering,
    means: dict[str, Vectors],
    asker: Asker | None,
) -> Iterator[Row]:
    """Features of the sentences that the reader would see."""
    settings = ReadSettings()
    candidates = choose_candidates(asked.query, hits[: settings.num_hits], settings.num_sentences)
    if not candidates:
        return
    cosines = compare(asked.query, candidates, encoder, means)
    measured: dict[Kind, Measured] = {
        "vectors": measure_sentences(asked.query, candidates, cosines),
        "words": measure_sentences(asked.query, candidates, None),
    }
    if asker is not None:
        readings = ask_passages(asked.query, candidates, asker)
        measured["reader"] = measure_sentences(asked.query, candidates, cosines, readings)
    right = [
        float(any(text in one.text for text in asked.gold.get(one.hit.document.name, ())))
        for one in candidates
    ]
    yield Row(asked.group, asked.half, kind, asked.query, candidates, measured, np.array(right))


def fit(rows: Sequence[Row], kind: Kind) -> dict[str, object]:
    """Fit one kind of weights on the tuning half, print its figures on the other."""
    if kind == "words":
        rows = [row for row in rows if row.group != "across languages"]
    left_out = {
        *(READER_FEATURES if kind != "reader" else ()),
        *(VECTOR_FEATURES if kind == "words" else ()),
    }
    sentence_names = [name for name in SENTENCE_FEATURES if name not in {*left_out, "across", "label"}]
    question_names = [name for name in QUESTION_FEATURES if name not in left_out]
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


def print_figures(kind: Kind, rows: Sequence[Row], weights: Floats, chances: Floats) -> None:
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
    if kind == "reader":
        _print_alone(rows, answerable)
    for coverage in (0.75, 0.8, 0.85, 0.9, 0.95):
        cut = np.quantile(chances[answerable], 1 - coverage)
        refused = {
            removed: (chances[[row.kind == removed for row in rows]] < cut).mean() for removed in REMOVED
        }
        shown = ", ".join(f"{name} {value:.2f}" for name, value in refused.items())
        print(f"  coverage {coverage}: chance {cut:.2f}; refused: {shown}")


def _print_alone(rows: Sequence[Row], answerable: NDArray[np.bool_]) -> None:
    """What the trained reader reaches without anything else."""
    held, said = (SENTENCE_FEATURES.index(name) for name in ("held", "answers"))
    for group in sorted({row.group for row in rows if row.group != "off topic"}):
        there = [row for row in rows if row.kind == "answerable" and row.group == group]
        first = np.mean([row.right[np.argmax(row.measured["reader"].sentences[:, held])] for row in there])
        print(f"reader alone, {group}: n={len(there)}, right sentence first {first:.3f}")
    best = np.array([row.measured["reader"].sentences[:, said].max() for row in rows])
    print(f"reader alone: AUROC of its best passage {_auroc(best, answerable):.3f}")


def _top(rows: Sequence[Row], kind: Kind, weights: Floats, count: int) -> float:
    best = [np.argsort(-(row.measured[kind].sentences @ weights))[:count] for row in rows]
    return float(np.mean([row.right[order].any() for row, order in zip(rows, best, strict=True)]))


def _overlap(rows: Sequence[Row], kind: Kind) -> float:
    column = SENTENCE_FEATURES.index("coverage_local")
    return float(np.mean([row.right[np.argmax(row.measured[kind].sentences[:, column])] for row in rows]))


def _auroc(scores: Floats, labels: NDArray[np.bool_]) -> float:
    ranks = np.argsort(np.argsort(scores))
    num_true, num_false = labels.sum(), max(1, (~labels).sum())
    return float((ranks[labels].sum() - num_true * (num_true - 1) / 2) / (num_true * num_false))


if __name__ == "__main__":
    main()
