"""SGM's decoder beside its controls: python -m everask.models.label_sequence.train --set finnl|goemotions

Reads the set from EVERASK_SHARED_DATA or ../shared/data; needs the extras `train` and `bench` (scikit-learn).
Features are TF-IDF of words or, in Chinese, of characters, brought to `--size` dimensions by truncated SVD
for the decoder. Prints a table; writes weights nowhere: the control was as good (card.md).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain

from everask.models.label_sequence.data import NAMES, Name, Texts, read_texts
from everask.models.label_sequence.decoder import Decoder, decode, fit_decoder
from everask.models.label_sequence.model import Marked, Numbers, choose_sets, learn_sets

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


def _measure(texts: Texts, given: Recipe, *, is_chinese: bool) -> Iterator[tuple[str, Marked, Marked, float]]:
    torch.set_num_threads(2)
    places = np.where(~texts.held)[0][: given.texts]
    tune, fit = places[::TUNED_ONE_IN], np.delete(places, np.arange(0, len(places), TUNED_ONE_IN))
    held = np.where(texts.held)[0]
    counter = TfidfVectorizer(
        analyzer="char" if is_chinese else "word",
        ngram_range=(1, 2),
        min_df=2,
        sublinear_tf=True,
        max_features=60_000,
    )
    rows = counter.fit_transform([texts.texts[at] for at in fit])
    others = {
        name: counter.transform([texts.texts[at] for at in some])
        for name, some in (("tune", tune), ("held", held))
    }
    truth = {"fit": texts.marked[fit], "tune": texts.marked[tune], "held": texts.marked[held]}
    started = time.monotonic()
    alone = OneVsRestClassifier(LogisticRegression(C=STRENGTH, max_iter=200))
    alone.fit(rows, truth["fit"])
    known: dict[str, Numbers] = {
        name: np.asarray(alone.predict_proba(one), float) for name, one in others.items()
    }
    spent = time.monotonic() - started
    best = max(THRESHOLDS, key=lambda one: _exact(known["tune"] >= one, truth["tune"]))
    yield "each label alone, at 0.5", known["held"] >= 0.5, truth["held"], spent
    yield f"each label alone, at {best}", known["held"] >= best, truth["held"], spent
    seen = learn_sets(truth["fit"])
    weight = max(COUNTS, key=lambda one: _exact(choose_sets(known["tune"], seen, one), truth["tune"]))
    yield (
        f"**over the sets seen (count {weight})**",
        choose_sets(known["held"], seen, weight),
        truth["held"],
        spent,
    )
    started = time.monotonic()
    chain = ClassifierChain(
        LogisticRegression(C=STRENGTH, max_iter=200), order=list(range(truth["fit"].shape[1]))
    )
    chain.fit(rows, truth["fit"])
    yield "classifier chain", chain.predict(others["held"]) > 0.5, truth["held"], time.monotonic() - started
    started = time.monotonic()
    yield (
        "each set a class",
        _powerset(rows, truth["fit"], others["held"]),
        truth["held"],
        time.monotonic() - started,
    )
    started = time.monotonic()
    small = TruncatedSVD(given.size, random_state=0).fit(rows)
    dense = {"fit": small.transform(rows), **{name: small.transform(one) for name, one in others.items()}}
    for seed in range(given.seeds):
        decoder = fit_decoder(dense["fit"], truth["fit"], (dense["tune"], truth["tune"]), seed, given.epochs)
        yield (
            f"decoder, beam {BEAM}, seed {seed}",
            _decoded(decoder, dense["held"]),
            truth["held"],
            (time.monotonic() - started),
        )
        yield (
            f"the decoder's own logits over the sets seen, seed {seed}",
            choose_sets(decoder.single(dense["held"]), seen, weight),
            truth["held"],
            time.monotonic() - started,
        )


def _decoded(decoder: Decoder, rows: NDArray[np.float64]) -> Marked:
    return decode(decoder, rows, BEAM)


def _powerset(rows: object, marked: Marked, others: object) -> Marked:
    sets, kinds = np.unique(marked, axis=0, return_inverse=True)
    common = np.bincount(kinds.ravel()) > 1
    chosen = common[kinds.ravel()]
    model = LogisticRegression(C=STRENGTH, max_iter=100)
    model.fit(rows[chosen], kinds.ravel()[chosen])  # type: ignore[index]
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
