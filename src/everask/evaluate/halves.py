"""Which article is for what: one rule, so that nothing is trained or tuned on what is reported.

By the article's name alone: every set, every language and every part of Everask splits alike.
"""

from __future__ import annotations

import zlib
from typing import Literal

Half = Literal["tune", "report"]

HELD_OUT_ONE_IN = 5


def half_of(article: str) -> Half:
    """The half that an article is of: "tune" may be trained and tuned on, "report" never."""
    return "tune" if zlib.crc32(article.encode()) % 2 == 0 else "report"


def is_tune(article: str) -> bool:
    """Whether an article may be trained and tuned on."""
    return half_of(article) == "tune"


def is_held_out(article: str) -> bool:
    """Whether an article of the tuning half is kept out of training, to measure on meanwhile."""
    return (zlib.crc32(article.encode()) // 2) % HELD_OUT_ONE_IN == 0
