"""The first hits, asked one by one whether they answer, and put in the order of that and of the search.

What the two weigh against each other was fitted on articles that neither was trained on. The figures, and
whether it is on by default: models/ranker/card.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from everask.encoder.question import Reading
from everask.types import Hit, Query, Reason


@dataclass(frozen=True, slots=True)
class RankSettings:
    """When found passages are ranked again (`use`): never, before they are read for an answer, or in every
    search; how many of the first, and for how long at most.

    `fused_weight` is what the search's score counts, in its spread over these hits, against the
    ranker's logit.
    """

    use: Literal["never", "answers", "always"] = "never"
    num_hits: int = 20
    seconds: float = 0.4
    fused_weight: float = 1.5


class TextAsker(Protocol):
    """What ranking needs of a question form."""

    def ask(
        self, question: str, texts: Sequence[str], /, *, seconds: float | None = None
    ) -> list[Reading | None]: ...


DEFAULTS = RankSettings()


def rank(query: Query, hits: Sequence[Hit], asker: TextAsker, settings: RankSettings = DEFAULTS) -> list[Hit]:
    """The hits in a better order; each that was asked has the probability that it answers in
    `channels["ranker"]`.

    The scores stay those of the search's list from first to last, so that they fall as they did. Hits
    beyond the first `num_hits` keep their places.
    """
    first, rest = list(hits[: settings.num_hits]), list(hits[settings.num_hits :])
    if len(first) < 2 or not query.text.strip():
        return [*first, *rest]
    readings = asker.ask(query.text, [hit.passage.asked for hit in first], seconds=settings.seconds)
    known = [reading.logit for reading in readings if reading is not None]
    if not known:
        return [*first, *rest]
    # Those that there was no time for are taken to be like most.
    usual = float(np.median(known))
    logits = np.array([usual if reading is None else reading.logit for reading in readings])
    mixed = mix([hit.score for hit in first], logits, settings.fused_weight)
    order = np.argsort(-mixed, kind="stable")
    scores = sorted((hit.score for hit in first), reverse=True)
    ranked = [_ranked(first[at], score, readings[at]) for at, score in zip(order, scores, strict=True)]
    return [*ranked, *rest]


def mix(
    fused: Sequence[float], logits: np.ndarray[tuple[int], np.dtype[np.float64]], weight: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """The ranker's logits, and the search's scores in their own spread."""
    scores = np.asarray(fused, np.float64)
    spread = float(scores.std())
    return logits + (weight * (scores - scores.mean()) / spread if spread > 1e-9 else 0.0)


def _ranked(hit: Hit, score: float, reading: Reading | None) -> Hit:
    because = "no time to read it" if reading is None else f"{reading.probability:.0%} that it answers"
    reasons = (*hit.reasons, Reason("ranker", score - hit.score, because)) if hit.reasons else ()
    if reading is None:
        return replace(hit, score=score, reasons=reasons)
    channels = {**hit.channels, "ranker": reading.probability}
    return replace(hit, score=score, channels=channels, reasons=reasons)
