"""SGM's decoder beside its controls: python -m everask.models.label_sequence.train --set finnl|goemotions

Reads the set from EVERASK_SHARED_DATA or ../shared/data; needs the extras `train` and `bench` (scikit-learn).
Features are TF-IDF of words or, in Chinese, of characters, brought to `--size` dimensions by truncated SVD
for the decoder. Prints a table; writes weights nowhere: the control was better (card.md).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain

from everask.models.label_sequence.data import NAMES, Name, Texts, read_texts
from everask.models.label_sequence.decoder import decode, fit_decoder
from everask.models.label_sequence.model import Marked, SeenSets, choose_sets, learn_sets

STRENGTH = 10.0
TUNED_ONE_IN = 8
"""Of the training texts: thresholds, and how much a set's frequency counts, are chosen on these."""
THRESHOLDS = (0.3, 0.4, 0.5)
COUNTS = (0.0, 0.25, 0.5, 1.0)
BEAM = 4


@dataclass(frozen=True, slots=True)
class Recipe:
    """Dimensions that the decoder reads, how long it is trained, with how many seeds, from how many texts."""

    size: int = 300
    epochs: int = 10
    seeds: int = 1
    texts: int = 12_000


def main() -> None:
    """Fit, and measure on the texts that were held out."""
    plain = Recipe()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", choices=NAMES, required=True)
    parser.add_argument("--size", type=int, default=plain.size)
    parser.add_argument("--epochs", type=int, default=plain.epochs)
    parser.add_argument("--seeds", type=int, default=plain.seeds)
    parser.add_argument("--texts", type=int, default=plain.texts, help="of the training texts, at most")
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or "../shared/data")
    for line in tabulate(data, given.set, Recipe(given.size, given.epochs, given.seeds, given.texts)):
        print(line, flush=True)


def tabulate(data: Path, name: Name, recipe: Recipe) -> Iterator[str]:
    """The lines of a table: what each method finds of the held-out texts of a set."""
    texts = read_texts(data, name)
    held, num = int(texts.held.sum()), len(texts.labels)
    fitted = min(recipe.texts, len(texts.texts) - held)
    yield f"{name}: {fitted} texts to fit on, {held} held out, {num} labels [± 95%]."
    yield ""
    yield "| method | exact set | micro-F1 | macro-F1 | seconds |"
    yield "|---|---|---|---|---|"
    for method, guess, truth, seconds in _measure(texts, recipe, is_chinese=name == "finnl"):
        yield f"| {method} | {_scores(guess, truth)} | {seconds:.0f} |"


@dataclass(frozen=True, slots=True)
class _Split:
    """TF-IDF rows and labels of what is fitted on, tuned on and held out."""

    rows: Mapping[str, Any]
    truth: Mapping[str, Marked]


def _split(texts: Texts, most: int, *, is_chinese: bool) -> _Split:
    places = np.where(~texts.held)[0][:most]
    tuned = np.arange(len(places)) % TUNED_ONE_IN == 0
    parts = {"fit": places[~tuned], "tune": places[tuned], "held": np.where(texts.held)[0]}
    counter = TfidfVectorizer(
        analyzer="char" if is_chinese else "word",
        ngram_range=(1, 2),
        min_df=2,
        sublinear_tf=True,
        max_features=60_000,
    )
    counter.fit([texts.texts[at] for at in parts["fit"]])
    rows = {name: counter.transform([texts.texts[at] for at in some]) for name, some in parts.items()}
    return _Split(rows, {name: texts.marked[some] for name, some in parts.items()})


def _measure(texts: Texts, given: Recipe, *, is_chinese: bool) -> Iterator[tuple[str, Marked, Marked, float]]:
    torch.set_num_threads(2)
    split = _split(texts, given.texts, is_chinese=is_chinese)
    seen, truth = learn_sets(split.truth["fit"]), split.truth
    started = time.monotonic()
    alone = OneVsRestClassifier(LogisticRegression(C=STRENGTH, max_iter=200))
    alone.fit(split.rows["fit"], truth["fit"])
    known = {name: np.asarray(alone.predict_proba(split.rows[name]), float) for name in ("tune", "held")}
    spent = time.monotonic() - started
    best = max(THRESHOLDS, key=lambda one: _exact(known["tune"] >= one, truth["tune"]))
    yield "each label alone, at 0.5", known["held"] >= 0.5, truth["held"], spent
    yield f"each label alone, at {best}", known["held"] >= best, truth["held"], spent
    weight = max(COUNTS, key=lambda one: _exact(choose_sets(known["tune"], seen, one), truth["tune"]))
    chosen = choose_sets(known["held"], seen, weight)
    yield f"**over the sets seen (count {weight})**", chosen, truth["held"], spent
    started = time.monotonic()
    order = list(range(truth["fit"].shape[1]))
    chain = ClassifierChain(LogisticRegression(C=STRENGTH, max_iter=200), order=order)
    chain.fit(split.rows["fit"], truth["fit"])
    found = np.asarray(chain.predict(split.rows["held"]) > 0.5)
    yield "classifier chain", found, truth["held"], time.monotonic() - started
    started = time.monotonic()
    found = _powerset(split.rows["fit"], truth["fit"], split.rows["held"])
    yield "each set a class", found, truth["held"], time.monotonic() - started
    for name, found, seconds in _decoded(split, given, seen, weight):
        yield name, found, truth["held"], seconds


def _decoded(
    split: _Split, given: Recipe, seen: SeenSets, weight: float
) -> Iterator[tuple[str, Marked, float]]:
    small = TruncatedSVD(given.size, random_state=0).fit(split.rows["fit"])
    dense = {name: small.transform(rows) for name, rows in split.rows.items()}
    for seed in range(given.seeds):
        started = time.monotonic()
        tuning = (dense["tune"], split.truth["tune"])
        decoder = fit_decoder(dense["fit"], split.truth["fit"], tuning, seed, given.epochs)
        found = decode(decoder, dense["held"], BEAM)
        yield f"decoder, beam {BEAM}, seed {seed}", found, time.monotonic() - started
        own = choose_sets(decoder.single(dense["held"]), seen, weight)
        yield f"its own logits over the sets seen, seed {seed}", own, time.monotonic() - started


def _powerset(rows: Any, marked: Marked, others: Any) -> Marked:
    sets, kinds = np.unique(marked, axis=0, return_inverse=True)
    common = np.bincount(kinds.ravel()) > 1
    chosen = common[kinds.ravel()]
    model = LogisticRegression(C=STRENGTH, max_iter=100)
    model.fit(rows[chosen], kinds.ravel()[chosen])
    return np.asarray(sets[model.predict(others)], bool)


def _exact(guess: Marked, truth: Marked) -> float:
    return float((guess == truth).all(axis=1).mean())


def _scores(guess: Marked, truth: Marked) -> str:
    both = (guess & truth).sum(axis=0)
    total = guess.sum(axis=0) + truth.sum(axis=0)
    micro, macro = 2 * both.sum() / max(total.sum(), 1), np.mean(2 * both / np.maximum(total, 1))
    exact = (guess == truth).all(axis=1)
    error = 1.96 * float(np.sqrt(exact.mean() * (1 - exact.mean()) / len(exact)))
    return f"{exact.mean():.3f} ± {error:.3f} | {micro:.3f} | {macro:.3f}"


if __name__ == "__main__":
    main()
