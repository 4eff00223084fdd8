"""What people clicked on lists of results, as a first guess of how much words, meaning and language count.

Preferences between passages are feedback's and the pipeline's; here they get the features of today's search,
and four numbers are fitted to them (pairs.py). Held-out questions say nothing. No text is kept.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.feedback.judgements import WORTH
from everask.feedback.preferences import Preference, shares
from everask.index.learned import Lineage
from everask.pipeline.labelling import Labels
from everask.pipeline.preferring import read_clicks
from everask.training.pairs import PARTS, Pairs, fit_parts
from everask.training.work import Work

MOST_QUESTIONS = 1_000
_OWNER = 0
"""The owner's number among people: users are numbered from 1."""

Candidates = Callable[[str], tuple[list[int], NDArray[np.float64]] | None]
"""From a question to the ids of its candidates and what each part of their scores is (n, 4)."""


def collect_clicks(work: Work, labels: Labels, find: Candidates, file: Path, ends: float) -> Lineage:
    """Write what clicks say as pairs; return what they are of. Nothing of questions that measure."""
    clicked = read_clicks(work.store, labels.held_out_keys)
    by_question: dict[str, list[tuple[Preference, float]]] = defaultdict(list)
    for one, counted in zip(clicked.preferences, shares(clicked.preferences), strict=True):
        # In units of a click that everybody sees.
        by_question[one.question].append((one, counted / WORTH["opened"]))
    more, weights, people = [], [], []
    for done, (question, said) in enumerate(list(by_question.items())[:MOST_QUESTIONS], 1):
        if time.monotonic() > ends:
            break
        work.tell_progress("collecting", done, len(by_question), "looking for what was clicked")
        found = find(question)
        if found is None:
            continue
        places = {passage: at for at, passage in enumerate(found[0])}
        for one, counted in said:
            if one.better in places and one.worse in places:
                difference = found[1][places[one.better]] - found[1][places[one.worse]]
                more.append(difference.tolist())
                weights.append(counted)
                people.append(one.user or _OWNER)
    np.savez_compressed(
        file,
        more=np.array(more, float).reshape(-1, len(PARTS)),
        weights=np.array(weights, float),
        people=np.array(people, np.int64),
    )
    return clicked.lineage if more else Lineage()


def fit_clicks(file: Path) -> Mapping[str, float]:
    """How much each part counts by what was clicked; 1 where nothing was."""
    with np.load(file) as kept:
        pairs = Pairs(kept["more"], kept["weights"], kept["people"])
    counts = fit_parts(pairs)
    return dict(zip(PARTS, counts.tolist(), strict=True))
