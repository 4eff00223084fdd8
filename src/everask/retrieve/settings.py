"""How search finds its candidates. What they are weighed by is fitted, not set: weights/fusion.json."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetrieveSettings:
    """`num_candidates` come from each channel.

    Those of the first `num_twins` hits that say in another language what some passage says in the asker's
    are brought together with it, that one first; 0 leaves them where they are.

    `swaps` is how often two neighbours on the page of results change places by chance, never the first: what
    is opened then tells how far down people look. 0 leaves everything in place.
    """

    num_candidates: int = 100
    num_twins: int = 30
    swaps: float = 0.05
