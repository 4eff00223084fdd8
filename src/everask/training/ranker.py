"""The course of the ranker: the weights by which search joins words and meaning, learned from people.

Examples are the candidates that search finds for a question that people judged, with the features that they
are weighed by; no text of a question or document is kept in them, nor in the weights.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from everask.encoder import Encoder
from everask.errors import ModelError, TrainingError
from everask.feedback.labels import Labelled
from everask.index.learned import Lineage
from everask.pipeline.encoders import Encoders
from everask.pipeline.labelling import Labels, lineage_of
from everask.retrieve.candidates import gather
from everask.retrieve.features import make_features
from everask.retrieve.fuse import Fusion, load_fusion, parse_fusion, write_fusion
from everask.retrieve.in_use import fusion_in_use
from everask.training.asking import HeldOut, as_query, compare, hold_out, make
from everask.training.feedback import Course, write_whole
from everask.training.fusing import Lists, fit_weights
from everask.training.gate import ASKED, Asked
from everask.training.work import Work

_LISTS, _HELD_OUT = "lists.npz", "held_out.json"
_COLLECTING = 0.6
"""The share of its minutes that looking for candidates may take."""


def _collect(work: Work, labels: Labels) -> Lineage:
    """Candidates of every training question, and the questions that measure."""
    encoder = _encoder(work)
    learning, measuring = make(work)
    questions = [one for one in labels.training if one.right]
    judged = [HeldOut(one.question, ASKED, one.right) for one in questions]
    made: list[tuple[Any, Any]] = []
    used: list[Labelled] = []
    ends = time.monotonic() + _COLLECTING * 60 * work.minutes
    for done, one in enumerate([*judged, *learning[: len(judged)]]):
        if time.monotonic() > ends:
            work.say(f"Some questions are left out after {done}: the minutes are up.")
            break
        work.tell_progress("collecting", done + 1, 2 * len(judged), "looking for candidates")
        found = _candidates(work, encoder, one)
        if found is not None:
            made.append(found)
            used += questions[done : done + 1]
    if not used:
        raise TrainingError(
            "Search finds the right passage of none of the questions that people judged.",
            "See why: everask why QUESTION --expected DOCUMENT. What serves is as it was.",
        )
    starts = np.cumsum([0, *(len(right) for _, right in made[:-1])])
    features_nf = np.concatenate([features for features, _ in made])
    right_n = np.concatenate([right for _, right in made])
    np.savez_compressed(work.folder / _LISTS, features_nf=features_nf, right_n=right_n, starts=starts)
    held_out = hold_out(labels.held_out, measuring)
    write_whole(work.folder / _HELD_OUT, [[one.text, one.kind, one.right] for one in held_out])
    return lineage_of(used)


def _candidates(work: Work, encoder: Encoder, one: HeldOut) -> tuple[Any, Any] | None:
    """Features (n, F) and rightness (n,) of a question's candidates; None where none is right.

    All of them: with the wrong ones cut to the first few, "stands far down" would be learned to be good.
    """
    store = work.store
    query = as_query(one.text, store)
    if not query.text:
        return None
    with store.still():
        asked, found = gather(query, store, encoder, work.settings.search.num_candidates, with_memory=False)
    right = np.isin(np.asarray(found.ids), one.right).astype(np.float64)
    if not right.any() or np.isnan(found.cosine).all():
        return None
    features = make_features(asked, found)
    columns = np.stack([features[key] for key in _keys()], axis=1).astype(np.float64)
    return columns, right


def _teach(work: Work) -> Mapping[str, Any]:
    work.tell_progress("training", 0, 1, "fitting")
    with np.load(work.folder / _LISTS) as kept:
        lists = Lists(kept["features_nf"], tuple(kept["starts"].tolist()), kept["right_n"])
    shipped = load_fusion()
    shipped_f = np.array([shipped.weights[key] for key in _keys()])
    weights_f, way = fit_weights(lists, shipped_f, [part for part, _ in _keys()])
    work.job.choose({"trained_on": lists.num_questions, "way": way})
    weights = dict(zip(_keys(), weights_f.tolist(), strict=True))
    return write_fusion(Fusion(weights, shipped.twin))


def _measure(work: Work, weights: Mapping[str, Any]) -> Sequence[Asked]:
    rows = json.loads((work.folder / _HELD_OUT).read_text("utf-8"))
    held_out = [HeldOut(text, kind, tuple(right)) for text, kind, right in rows]
    return compare(work, _encoder(work), held_out, (fusion_in_use(work.store), parse_fusion(weights)))


def _encoder(work: Work) -> Encoder:
    encoder = Encoders(work.store, work.settings.models, work.tell).serving()
    if encoder is None:
        raise ModelError("The encoder is not there.", "Fetch it: everask models pull e5-small")
    return encoder


def _keys() -> list[Any]:
    return sorted(load_fusion().weights)


RANKER = Course("ranker", _collect, _teach, _measure)
