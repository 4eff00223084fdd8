"""One score from all that the channels say of a candidate: a sum of weighed features, part by part.

Scores, not ranks. The weights are fitted on many collections at once (dev/fit_fusion.py); what they are
worth on collections that they were not fitted on, and the simpler ways beside them: weights/fusion.md.
Weights that were learned from what people did in a store have the same form.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from everask.errors import ModelError
from everask.retrieve.around import AROUND, make_around
from everask.retrieve.candidates import Asked, Candidates, Column
from everask.retrieve.features import Part, make_features

PARTS: tuple[Part, ...] = ("words", "meaning", "language")
MOST = 50.0
"""No weight is as large: what is beyond it was not fitted but broken."""


@dataclass(frozen=True, slots=True)
class Fusion:
    """Weights of features, by part and name; those of what stands around a passage (around.py) are learned or
    missing. `twin` is the cosine from which two passages in different languages are taken to say the same;
    `alike` is what it counts to be like the first hits (search.py)."""

    weights: Mapping[tuple[Part, str], float]
    twin: float
    alike: float = 0.0


@lru_cache(maxsize=1)
def load_fusion() -> Fusion:
    """The weights that ship with Everask."""
    found = json.loads((files("everask") / "weights" / "fusion.json").read_text("utf-8"))
    return Fusion(
        {(part, name): value for part in PARTS for name, value in found["weights"][part].items()},
        found["twin"],
    )


def parse_fusion(found: Mapping[str, Any]) -> Fusion:
    """Weights that were learned, from the form that `write_fusion` gives; features that it leaves out count
    nothing. Raises ModelError for anything that search cannot weigh by."""
    shipped, given = load_fusion(), found.get("weights")
    if not isinstance(given, dict) or not set(given) <= set(PARTS):
        raise ModelError("The learned weights have no parts that search knows.", "Train again.")
    weights: dict[tuple[Part, str], float] = {}
    for part in PARTS:
        named = given.get(part, {})
        for name, value in named.items() if isinstance(named, dict) else ():
            known = (part, name) in shipped.weights or (part, name) in AROUND
            if not known or not _is_weight(value):
                raise ModelError(f"The learned weight of {part}, {name} is {value!r}.", "Train again.")
            weights[part, name] = float(value)
    twin, alike = found.get("twin", shipped.twin), found.get("alike", 0.0)
    if not weights or not _is_weight(twin) or not _is_weight(alike):
        raise ModelError("The learned weights are empty, or damaged.", "Train again.")
    return Fusion(weights, float(twin), float(alike))


def write_fusion(fusion: Fusion) -> dict[str, Any]:
    """Weights as JSON has them, as in weights/fusion.json."""
    parts: dict[str, dict[str, float]] = {part: {} for part in PARTS}
    for (part, name), value in fusion.weights.items():
        parts[part][name] = round(float(value), 5)
    return {"twin": fusion.twin, "alike": round(fusion.alike, 5), "weights": parts}


def count_parts(fusion: Fusion, counts: Mapping[Part, float], alike: float) -> Fusion:
    """The same with parts that count more or less, and with what it counts to be like the first hits."""
    weights = {(part, name): counts.get(part, 1.0) * value for (part, name), value in fusion.weights.items()}
    return Fusion(weights, fusion.twin, alike)


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and abs(value) <= MOST


def fuse(asked: Asked, candidates: Candidates, fusion: Fusion) -> dict[Part, Column]:
    """Each part of the score of every candidate (n,). By words alone where nothing has a vector."""
    nothing = np.zeros(len(candidates.ids), np.float32)
    parts = dict.fromkeys(PARTS, nothing)
    if np.isnan(candidates.cosine).all():
        return {**parts, "words": candidates.share}
    features = make_features(asked, candidates)
    if any(fusion.weights.get(key) for key in AROUND):
        features = {**features, **make_around(candidates)}
    for (part, name), weight in fusion.weights.items():
        if weight:
            parts[part] = parts[part] + np.float32(weight) * features[part, name]
    # Told from the asker's language, which gets 0: what is in another is credited for words it cannot hold.
    own = parts["language"][candidates.is_own > 0]
    parts["language"] = parts["language"] - (own[0] if len(own) else np.float32(0))
    return parts
