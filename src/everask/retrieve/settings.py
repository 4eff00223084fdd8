"""How search finds its candidates. What they are weighed by is fitted, not set: weights/fusion.json."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetrieveSettings:
    """`num_candidates` come from each channel.

    Among the first `num_twins` hits, one that says in the asker's language what a better one says in
    another comes before it; 0 leaves them as they are.
    """

    num_candidates: int = 100
    num_twins: int = 30
