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
from everask.retrieve.around import AROUND, make_around
from everask.retrieve.candidates import Asked, Candidates, gather
from everask.retrieve.features import Part, make_features
from everask.retrieve.fuse import (
    PARTS,
    Fusion,
    count_parts,
    load_fusion,
    parse_fusion,
    write_fusion,
)
from everask.retrieve.in_use import fusion_in_use
from everask.retrieve.search import like_the_first
from everask.training.asking import MOST_ASKED, HeldOut, as_asked, as_query, compare, make
from everask.training.clicking import collect_clicks, fit_clicks
from everask.training.feedback import Course, join, write_whole
from everask.training.fusing import Floats, Lists, fit_weights, measure
from everask.training.gate import Asked as Outcome
from everask.training.work import Work

_LISTS, _CLICKS, _HELD_OUT = "lists.npz", "clicks.npz", "held_out.json"
_COLLECTING = 0.6
"""The share of its minutes that looking for candidates may take."""
_SHARES = (0.25, 0.5, 1.0)
"""Questions made of documents for each that people judged: the fewest with which those that are left out do
not lose. With as many as people's own the weights answered made questions eight points better, and people's
by less than half of what they could."""
_LEAST_LEFT = 15


def _collect(work: Work, labels: Labels) -> Lineage:
    """Candidates of every training question, what was clicked, and the questions that measure."""
    encoder = open_encoder_of(work)
    learning, measuring = make(work)
    questions = [one for one in labels.training if one.right]
    judged = as_asked(work.store, questions)
    made: list[tuple[Floats, Floats]] = []
    used: list[Labelled] = []
    ends = time.monotonic() + _COLLECTING * 60 * work.minutes
    for done, one in enumerate([*judged, *learning[: len(judged)]]):
        if time.monotonic() > ends:
            work.say(f"Some questions are left out after {done}: the minutes are up.")
            break
        work.tell_progress("collecting", done + 1, 2 * len(judged), "looking for candidates")
        found = _candidates(work, encoder, one.text)
        if found is None:
            continue
        counts = ~np.isin(np.asarray(found[0]), one.beside)
        right_n = np.isin(np.asarray(found[0]), one.right).astype(np.float64)[counts]
        if right_n.any():
            made.append((found[1][counts], right_n))
            used += questions[done : done + 1]
    if not used:
        raise TrainingError(
            "Search finds the right passage of none of the questions that people judged.",
            "See why: everask why QUESTION --expected DOCUMENT. What serves is as it was.",
        )
    starts = np.cumsum([0, *(len(right) for _, right in made[:-1])])
    features_nf = np.concatenate([features for features, _ in made])
    right = np.concatenate([right for _, right in made])
    file, num_judged = work.folder / _LISTS, np.array(len(used))
    np.savez_compressed(file, features_nf=features_nf, right_n=right, starts=starts, num_judged=num_judged)
    held_out = [*as_asked(work.store, [one for one in labels.held_out if one.right][:MOST_ASKED]), *measuring]
    write_whole(work.folder / _HELD_OUT, [[one.text, one.kind, one.right, one.beside] for one in held_out])
    clicked = collect_clicks(
        work, labels, lambda text: _in_parts(work, encoder, text), work.folder / _CLICKS, ends
    )
    return join(lineage_of(used), clicked)


def _candidates(work: Work, encoder: Encoder, text: str) -> tuple[list[int], Floats] | None:
    """A question's candidates with their features (n, F); None where there is nothing to weigh.

    All of them: with the wrong ones cut to the first few, "stands far down" would be learned to be good.
    """
    found = _gather(work, encoder, text)
    return None if found is None else (found[1].ids, _features(*found))


def _in_parts(work: Work, encoder: Encoder, text: str) -> tuple[list[int], Floats] | None:
    """The same, with the sums of the shipped scores' parts, and how like the first hits each is (n, 4)."""
    found = _gather(work, encoder, text)
    if found is None:
        return None
    parts = [part for part, _ in _keys()]
    shares = _features(*found) * _weights(load_fusion())
    columns = [shares[:, [at for at, part in enumerate(parts) if part == one]].sum(axis=1) for one in PARTS]
    columns.append(like_the_first(work.store, encoder, *found).astype(np.float64))
    return found[1].ids, np.stack(columns, axis=1)


def _gather(work: Work, encoder: Encoder, text: str) -> tuple[Asked, Candidates] | None:
    query = as_query(text, work.store)
    if not query.text:
        return None
    most = work.settings.search.num_candidates
    with work.store.still():
        asked, found = gather(query, work.store, encoder, most, with_memory=False)
    return (asked, found) if found.ids and not np.isnan(found.cosine).all() else None


def _features(asked: Asked, found: Candidates) -> Floats:
    features = {**make_features(asked, found), **make_around(found)}
    return np.stack([features[key] for key in _keys()], axis=1).astype(np.float64)


def _teach(work: Work) -> Mapping[str, Any]:
    """Near what ships, or what clicks say if that puts judged passages better, fitted to what was judged."""
    work.tell_progress("training", 0, 1, "fitting")
    with np.load(work.folder / _LISTS) as kept:
        lists = Lists(kept["features_nf"], tuple(kept["starts"].tolist()), kept["right_n"])
        num_judged = int(kept["num_judged"])
    shipped = load_fusion()
    counts = fit_clicks(work.folder / _CLICKS)
    start = count_parts(shipped, {part: counts[part] for part in PARTS}, counts["alike"])
    start_f, clicked_f = _weights(shipped), _weights(start)
    alike = 0.0
    if measure(lists, clicked_f) > measure(lists, start_f):
        start_f, alike = clicked_f, start.alike
        work.say("Clicks say: " + ", ".join(f"{part} × {count:.2f}" for part, count in counts.items()))
    weights_f, way, used = _fit(lists, num_judged, start_f)
    work.job.choose({"trained_on": used, "way": way})
    weights = dict(zip(_keys(), weights_f.tolist(), strict=True))
    return write_fusion(Fusion(weights, shipped.twin, alike))


def _fit(lists: Lists, num_judged: int, start_f: Floats) -> tuple[Floats, str, int]:
    """Weights (F,), how they were found, and by how many questions: those that people judged, which come
    first, and as few of the made ones as keep what search could do before."""
    parts, made = [part for part, _ in _keys()], range(num_judged, lists.num_questions)
    for share in _SHARES:
        used = made[: round(share * num_judged)]
        left = lists.take(made[len(used) :])
        weights_f, way = fit_weights(lists.take([*range(num_judged), *used]), start_f, parts)
        if left.num_questions >= _LEAST_LEFT and measure(left, weights_f) >= measure(left, start_f):
            break
    return weights_f, way, num_judged + len(used)


def _measure(work: Work, weights: Mapping[str, Any]) -> Sequence[Outcome]:
    rows = json.loads((work.folder / _HELD_OUT).read_text("utf-8"))
    held_out = [HeldOut(text, kind, tuple(right), tuple(beside)) for text, kind, right, beside in rows]
    return compare(work, open_encoder_of(work), held_out, (fusion_in_use(work.store), parse_fusion(weights)))


def open_encoder_of(work: Work) -> Encoder:
    """The encoder that searches with. Raises ModelError."""
    encoder = Encoders(work.store, work.settings.models, work.tell).serving()
    if encoder is None:
        raise ModelError("The encoder is not there.", "Fetch it: everask models pull e5-small")
    return encoder


def _weights(fusion: Fusion) -> Floats:
    """Those of all features that may be learned; what ships leaves some out."""
    return np.array([fusion.weights.get(key, 0.0) for key in _keys()])


def _keys() -> list[tuple[Part, str]]:
    return sorted({*load_fusion().weights, *AROUND})


RANKER = Course("ranker", _collect, _teach, _measure)
