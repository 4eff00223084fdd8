"""How much a word tells: near 0 for "how", "的" and "ist", 1 for a word that few texts contain.

The table is fitted by dev/fit_reader.py: the words that stand in many questions or paragraphs of XQuAD,
DRCD, CMRC and JSQuAD (training half of the articles); any other word weighs 1.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from importlib import resources
from typing import cast


def weigh(tokens: Iterable[str]) -> dict[str, float]:
    """The weight of each distinct token of `analyse` or `analyse_query`, in 0..1."""
    table = _load()
    return {token: table.get(token, 1.0) for token in tokens}


@functools.cache
def _load() -> dict[str, float]:
    file = resources.files("everask.text") / "telling.json"
    return cast(dict[str, float], json.loads(file.read_text("utf-8")))
