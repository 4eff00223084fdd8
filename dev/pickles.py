"""What a long program keeps as it goes, a pickle after another in one file."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def read_pickles(file: Path) -> Iterator[Any]:
    """What was kept; a last one that was cut off by a kill is left out."""
    if not file.is_file():
        return
    with file.open("rb") as stream:
        while True:
            try:
                yield pickle.load(stream)
            except (EOFError, pickle.UnpicklingError):
                return
