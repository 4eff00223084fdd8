"""Topics that exclude each other, moved together by the labels of them all: multinomial logistic regression
that begins at the wordings and is drawn back to them. How strongly, cross-validation on the labels says.

Only for topics with the same readers: each is moved by the documents of all. Shapes as in model.py: N
labelled texts, K topics, D dimensions; rows are of length 1. A label says more here than where each topic
moves by itself (`move`), for it also says which topics a text has not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from everask.encoder.unit import unit
from everask.models.description_tagger.model import Vectors

Targets = NDArray[np.int64]

TEMPERATURE = 0.05
"""Cosines are divided by it: that of two topics which differ by so much is 1 apart in logits."""
STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""The inverse of what draws back to the wordings; 0, which is tried too, leaves these as they are."""
FOLDS = 4
"""Fewer labels of a topic than that tell nothing."""
_STEPS = 150


def move_together(topics_kd: Vectors, rows_nd: Vectors, targets_n: Targets) -> Vectors:
    """The topics (K, D), each row of length 1 again, moved by the texts that have them: `targets_n` says
    which. Every topic needs `FOLDS` of them."""
    strength = choose_strength(topics_kd, rows_nd, targets_n)
    if not strength:
        return topics_kd
    return unit(topics_kd / np.float32(TEMPERATURE) + _fit(topics_kd, rows_nd, targets_n, strength))


def choose_strength(topics_kd: Vectors, rows_nd: Vectors, targets_n: Targets) -> float:
    """The strength by which labels that were kept apart, one fold of each topic's after the other, are
    likeliest; 0 where the wordings alone say them best."""
    fold_n = _folds(targets_n)
    likely = dict.fromkeys((0.0, *STRENGTHS), 0.0)
    for fold in range(FOLDS):
        kept, apart = fold_n != fold, fold_n == fold
        for strength in likely:
            weights = topics_kd / np.float32(TEMPERATURE)
            if strength:
                weights = weights + _fit(topics_kd, rows_nd[kept], targets_n[kept], strength)
            likely[strength] += _likelihood(rows_nd[apart] @ weights.T, targets_n[apart])
    return max(likely, key=likely.__getitem__)


def _fit(topics_kd: Vectors, rows_nd: Vectors, targets_n: Targets, strength: float) -> Vectors:
    """What is added to the topics, in units of logits, by accelerated gradients (Nesterov, 1983)."""
    marked_nk = np.eye(len(topics_kd), dtype=np.float32)[targets_n]
    begun_nk = rows_nd @ topics_kd.T / np.float32(TEMPERATURE)
    steepest = 0.5 * float(np.linalg.norm(rows_nd @ rows_nd.T, 2)) + 1 / strength
    now: Vectors = np.zeros_like(topics_kd)
    before = now
    for step in range(_STEPS):
        ahead = now + np.float32(step / (step + 3)) * (now - before)
        said = _shares(begun_nk + rows_nd @ ahead.T)
        slope = (said - marked_nk).T @ rows_nd + ahead / np.float32(strength)
        before, now = now, np.asarray(ahead - slope / np.float32(steepest), np.float32)
    return now


def _folds(targets_n: Targets) -> Targets:
    """Which fold each label is of: those of a topic are dealt out in their order."""
    fold_n = np.zeros(len(targets_n), np.int64)
    for topic in np.unique(targets_n):
        at = np.flatnonzero(targets_n == topic)
        fold_n[at] = np.arange(len(at)) % FOLDS
    return fold_n


def _shares(logits_nk: Vectors) -> Vectors:
    shares = np.exp(logits_nk - logits_nk.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def _likelihood(logits_nk: Vectors, targets_n: Targets) -> float:
    said = _shares(logits_nk)[np.arange(len(targets_n)), targets_n]
    return float(np.log(np.maximum(said, 1e-12)).mean())
