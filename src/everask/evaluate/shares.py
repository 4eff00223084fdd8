"""A share of few questions, with the interval that it may truly lie in: Wilson's score interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z = 1.959964
"""Of 95%."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        """The share; 0 of none."""
        return self.hits / self.of if self.of else 0.0

    @property
    def bounds(self) -> tuple[float, float]:
        """What the true share lies between, with 95% confidence: all that is possible, of none."""
        if not self.of:
            return 0.0, 1.0
        square = Z * Z
        middle = (self.value + square / (2 * self.of)) / (1 + square / self.of)
        spread = self.value * (1 - self.value) / self.of + square / (4 * self.of * self.of)
        half = Z * math.sqrt(spread) / (1 + square / self.of)
        return max(0.0, middle - half), min(1.0, middle + half)
