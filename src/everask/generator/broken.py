"""What stands in for a language model that cannot be used: it says why, each time it is asked.

So that a broken file costs the fluent sentence and not the answer: quotes need no model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from everask.errors import EveraskError, ModelError
from everask.generator.protocol import Message


class BrokenGenerator:
    """Every call raises ModelError with the words of `error`."""

    def __init__(self, error: EveraskError) -> None:
        self._error = error

    @property
    def name(self) -> str:
        return "none"

    @property
    def adapters(self) -> tuple[str, ...]:
        return ()

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
        """Raises ModelError."""
        raise ModelError(self._error.message, self._error.hint) from self._error

    def close(self) -> None:
        """There is nothing to free."""
