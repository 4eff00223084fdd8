"""Everask answers questions from your own documents, every sentence tied to the words that support it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from everask.pipeline import Engine

__version__ = "0.8.0"
__all__ = ["__version__", "open"]


def open(data: str | Path | None = None) -> Engine:
    """Open a data folder, made if it is not there, for adding, searching and asking.

    None is the platform's folder for a user's data. Use the engine as a context manager, or close it.
    """
    from everask.pipeline import open_engine

    return open_engine(data)
