"""The models of bench/tuned_answers.py: one that is listened to, one that says again what was kept."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

from tuned_tables import LARGE, PLAIN, Record

from everask.answer.prompts import TUNED as ADAPTER
from everask.generator import LocalGenerator, Message
from everask.generator.passing import Passing


class Listening(Passing):
    """A model whose replies are remembered, with how many pieces came and between which moments."""

    def __init__(self, inner: LocalGenerator) -> None:
        super().__init__(inner)
        self.inner = inner
        self.heard: list[str] = []
        self.asked: list[str] = []
        self.forget()

    def forget(self) -> None:
        """Before the next question."""
        self.heard.clear()
        self.asked.clear()
        self.pieces = 0
        self.began = self.ended = 0.0

    def stream(self, prompt: str | Sequence[Message], **given: Any) -> Iterator[str]:
        """The inner one's pieces."""
        self.heard.append("")
        self.asked.append(prompt if isinstance(prompt, str) else prompt[-1].content)
        for piece in self.inner.stream(prompt, **given):
            if len(self.heard) == 1:
                self.ended = time.monotonic()
                self.began = self.began if self.pieces else self.ended
                self.pieces += 1
            self.heard[-1] += piece
            yield piece


class Kept:
    """A model that says again what it said, one reply after another."""

    def __init__(self, record: Record) -> None:
        self.name = record.system
        self.adapters = () if record.system in (PLAIN, LARGE) else (ADAPTER,)
        self._left = list(record.replies)

    def stream(self, prompt: str | Sequence[Message], **given: Any) -> Iterator[str]:
        """The next reply, whole; none where none was kept."""
        if self._left:
            yield self._left.pop(0)

    def close(self) -> None:
        """Nothing is open."""
