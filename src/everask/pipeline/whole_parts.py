"""What questions about whole documents need of an engine, and what is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from everask.encoder import Encoder
from everask.encoder.checker import Checker
from everask.generator import Generator
from everask.index import Store
from everask.settings import Settings
from everask.types import Filters

Groups = tuple[str, ...] | None


class Parts(Protocol):
    """A store with the models that may be there."""

    settings: Settings
    store: Store

    @property
    def encoder(self) -> Encoder | None:
        """None: what is central is told by words alone."""

    @property
    def generator(self) -> Generator | None:
        """None: lines are quotes."""

    @property
    def checker(self) -> Checker | None:
        """None: sentences are checked by rules."""


@dataclass(frozen=True, slots=True)
class WholeQuestion:
    """A question, without what limited it, its language, its limits, and who may read what."""

    text: str
    language: str
    filters: Filters = field(default_factory=Filters)
    groups: Groups = None
