"""What the checker's logits mean in this store: as it ships, or as it was learned from votes on sentences.

Six numbers in a row of the store (index/learned.py); promotion and rollback change one setting, and every
process follows with its next answer. They are used with the checker that they were learned beside alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from everask.encoder.checker import Calibration, Checker, Weights
from everask.errors import ModelError
from everask.index import Store
from everask.index.learned import serving_weights

KIND = "checker"
_LARGEST = 100.0
_log = logging.getLogger(__name__)
_warned: set[str] = set()


def as_learned(checker: Checker, store: Store) -> Checker:
    """The checker with the calibration that serves. One that cannot be used never stops an answer."""
    with store.database.reading() as connection:
        found = serving_weights(connection, KIND)
    if found is None:
        return checker
    name, weights = found
    try:
        return checker.calibrated(parse_calibration(weights, checker.id))
    except ModelError as error:
        if name not in _warned:  # once, not with every answer
            _warned.add(name)
            _log.warning("checking as it ships, not by %s: %s", name, error)
        return checker


def write_calibration(made: Calibration, checker_id: str) -> dict[str, Any]:
    """As JSON has it."""
    same, across = ([round(one, 5) for one in side] for side in (made.same, made.across))
    return {"checker": checker_id, "same": same, "across": across}


def parse_calibration(found: Mapping[str, Any], checker_id: str) -> Calibration:
    """What `write_calibration` gives. Raises ModelError where it is damaged, or of another checker."""
    if found.get("checker") != checker_id:
        raise ModelError("It was learned beside another checker.", "Train again: everask train checker")
    return Calibration(_weights(found.get("same")), _weights(found.get("across")))


def _weights(found: object) -> Weights:
    if not isinstance(found, list) or len(found) != 3 or not all(map(_is_weight, found)):
        raise ModelError("The learned weights are damaged.", "Train again: everask train checker")
    of_logit, of_rules, constant = map(float, found)
    return (of_logit, of_rules, constant)


def _is_weight(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST
