"""A language model that is another's: what stands around it asks otherwise, or hears what it says."""

from __future__ import annotations

from everask.generator.protocol import Generator


class Passing:
    """Has the name and the adapters of another, which it does not own; how it streams is its own."""

    def __init__(self, generator: Generator) -> None:
        self._generator = generator

    @property
    def name(self) -> str:
        """The model's."""
        return self._generator.name

    @property
    def adapters(self) -> tuple[str, ...]:
        """The model's."""
        return self._generator.adapters

    def close(self) -> None:
        """Nothing: whoever opened the model closes it."""
