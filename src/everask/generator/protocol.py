"""What every language model looks like to the rooms above."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat. Its content is data: nothing in it is ever read as a control token."""

    role: Role
    content: str


class Generator(Protocol):
    """A language model. Safe to call from several threads; calls wait in one queue."""

    @property
    def name(self) -> str:
        """What an answer says it was written by."""
        ...

    @property
    def adapters(self) -> tuple[str, ...]:
        """What it was taught beside: names that `stream` takes as `adapter`. Mostly none."""
        ...

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
        """Yield the reply in pieces. Ends early once `cancelled()` is true: within a second, or at the
        next piece that another server sends.

        `grammar` is GBNF; a server that cannot obey it ignores it. With `adapter`, the model as it was
        taught; one that has no adapter of that name answers without. Raises ModelError.
        """
        ...

    def close(self) -> None:
        """Free the model. Closing twice does nothing."""
        ...
