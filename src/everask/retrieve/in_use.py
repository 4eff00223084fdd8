"""Which weights a store is searched by: those that were learned from its people, where some serve; else the
shipped ones. What was learned and cannot be read never stops a search.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from everask.errors import ModelError
from everask.index import Store
from everask.index.learned import serving_weights, trial_weights
from everask.retrieve.fuse import Fusion, load_fusion, parse_fusion

KIND = "ranker"
_log = logging.getLogger(__name__)
_warned: set[str] = set()
_parsed: dict[str, tuple[Mapping[str, Any], Fusion]] = {}
"""By name, what was read and what it says: the store gives the same object while its row is the same."""
_MOST_PARSED = 8


def fusion_in_use(store: Store) -> Fusion:
    """What searches weigh by now, in every process at its next search."""
    with store.database.reading() as connection:
        found = serving_weights(connection, KIND)
    return load_fusion() if found is None else _parse(*found) or load_fusion()


def fusion_on_trial(store: Store) -> tuple[str, Fusion] | None:
    """The challenger that is compared with it on live searches, by its name; None: nothing is, or what is
    cannot be read."""
    with store.database.reading() as connection:
        found = trial_weights(connection, KIND)
    fusion = None if found is None else _parse(*found)
    return None if found is None or fusion is None else (found[0], fusion)


def _parse(name: str, weights: Mapping[str, Any]) -> Fusion | None:
    known = _parsed.get(name)
    if known is not None and known[0] is weights:
        return known[1]
    try:
        fusion = parse_fusion(weights)
    except ModelError as error:
        if name not in _warned:  # once, not with every search
            _warned.add(name)
            _log.warning("searching by the shipped weights, not by %s: %s", name, error)
        return None
    if len(_parsed) >= _MOST_PARSED:
        _parsed.clear()
    _parsed[name] = (weights, fusion)
    return fusion
