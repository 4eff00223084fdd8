"""What questions about whole documents need of an engine, what is asked, and how it is answered."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Protocol

from everask.encoder import Encoder
from everask.encoder.checker import Checker
from everask.generator import Generator
from everask.index import Store
from everask.index.conditions import Groups
from everask.settings import Settings
from everask.types import Answer, Claim, Filters, Note


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


@dataclass(frozen=True, slots=True)
class Made:
    """What came of a question: lines, or why there are none; what must be known beside them."""

    claims: Sequence[Claim]
    why: str = ""
    notes: Sequence[Note] = ()
    model: str | None = None


def answer_of(asked: WholeQuestion, made: Made, started: float) -> Answer:
    """The answer to a question that was begun at `started` (monotonic)."""
    return Answer(
        question=asked.text,
        text=text_of(made.claims) or made.why,
        language=asked.language,
        claims=tuple(made.claims),
        abstained=not made.claims,
        why=made.why,
        nearest=(),
        model=made.model,
        settings_hash="",
        seconds=time.monotonic() - started,
        notes=tuple(made.notes),
    )


def text_of(claims: Sequence[Claim]) -> str:
    """The lines below their headings."""
    lines: list[str] = []
    for heading, group in groupby(claims, key=lambda claim: claim.heading):
        lines += [f"{heading}:"] if heading else []
        lines += [f"- {claim.text}" if heading else claim.text for claim in group]
    return "\n".join(lines)
