"""Language models for tests of drafts: each draw says another of its replies."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from everask.generator import LocalGenerator, Message

Reply = str | Callable[[str], str]
"""What is said, or how it is made of the prompt."""


class Writing(LocalGenerator):
    """Says its first reply; drawn with a seed, another of them."""

    def __init__(self, replies: Sequence[Reply], at: int = 0) -> None:
        self.replies = replies
        self.at = at
        self.adapter_asked: str | None = None
        self.grammar: str | None = None

    @property
    def name(self) -> str:
        return "writing"

    @property
    def adapters(self) -> tuple[str, ...]:
        return ("answer",)

    def close(self) -> None:
        """Nothing was opened."""

    def drawn(self, temperature: float, seed: int) -> Writing:
        """The reply that belongs to a seed."""
        return Writing(self.replies, seed)

    def stream(
        self,
        prompt: str | Sequence[Message],
        *,
        max_tokens: int,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] | None = None,
        adapter: str | None = None,
    ) -> Iterator[str]:
        """Word by word."""
        self.adapter_asked, self.grammar = adapter, grammar
        reply = self.replies[self.at % len(self.replies)]
        text = prompt if isinstance(prompt, str) else prompt[-1].content
        said = reply if isinstance(reply, str) else reply(text)
        yield from (f"{word} " for word in said.split())


def copy_first(prompt: str) -> str:
    """The first quote of a prompt, cited."""
    found = re.search(r"^\[1\] (.+)$", prompt, re.MULTILINE)
    return f"{found[1]} [1]" if found else "NOT FOUND"
