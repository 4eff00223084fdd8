"""One score from all that the channels say of a candidate: a sum of weighed features, part by part.

Scores, not ranks. The weights are fitted on many collections at once (dev/fit_fusion.py); what they are
worth on collections that they were not fitted on, and the simpler ways beside them: weights/fusion.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np

from everask.retrieve.candidates import Asked, Candidates, Column
from everask.retrieve.features import Part, make_features

PARTS: tuple[Part, ...] = ("words", "meaning", "language")


@dataclass(frozen=True, slots=True)
class Fusion:
    """Weights of features, by part and name; `twin` is the cosine from which two passages in different
    languages are taken to say the same."""

    weights: Mapping[tuple[Part, str], float]
    twin: float


@lru_cache(maxsize=1)
def load_fusion() -> Fusion:
    """The weights that ship with Everask."""
    found = json.loads((files("everask") / "weights" / "fusion.json").read_text("utf-8"))
    weights = {(part, name): value for part in PARTS for name, value in found["weights"][part].items()}
    return Fusion(weights, found["twin"])


def fuse(asked: Asked, candidates: Candidates, fusion: Fusion) -> dict[Part, Column]:
    """Each part of the score of every candidate (n,). By words alone where nothing has a vector."""
    nothing = np.zeros(len(candidates.ids), np.float32)
    parts = dict.fromkeys(PARTS, nothing)
    if np.isnan(candidates.cosine).all():
        return {**parts, "words": candidates.share}
    features = make_features(asked, candidates)
    for (part, name), weight in fusion.weights.items():
        parts[part] = parts[part] + np.float32(weight) * features[part, name]
    # Told from the asker's language, which gets 0: what is in another is credited for words it cannot hold.
    own = parts["language"][candidates.is_own > 0]
    parts["language"] = parts["language"] - (own[0] if len(own) else np.float32(0))
    return parts
