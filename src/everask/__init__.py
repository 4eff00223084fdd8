"""Everask answers questions from your own documents, every sentence tied to the words that support it."""

from __future__ import annotations

__version__ = "0.1.0"
