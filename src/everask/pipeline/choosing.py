"""The best of several drafts, where the settings ask for it: what `answer` wrote, the quotes, other tries."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from everask.answer import AnswerSettings, answer
from everask.answer.choosing import Further, choose
from everask.generator import Generator, LocalGenerator
from everask.pipeline import models
from everask.types import AnswerEvent, Evidence, Query

if TYPE_CHECKING:
    from everask.pipeline.asking import Parts


def best_of(
    parts: Parts,
    query: Query,
    evidence: Sequence[Evidence],
    settings: AnswerSettings,
    generator: Generator | None,
    cancelled: Callable[[], bool] | None,
) -> Iterator[AnswerEvent]:
    """As `answer`; by the settings the best draft stands at its end."""
    checker = parts.checker if generator is not None else None

    def write(model: Generator | None) -> Iterator[AnswerEvent]:
        return answer(
            query, evidence, model, settings, encoder=parts.encoder, checker=checker, cancelled=cancelled
        )

    chosen = parts.settings.choose
    if chosen.use == "off" or generator is None:
        return write(generator)
    rewarder = models.find_rewarder(parts.asker, checker, parts.encoder)
    if rewarder is None:
        return write(generator)
    further: Further | None = None
    if chosen.use == "drafts" and isinstance(generator, LocalGenerator):
        local = generator

        def again(number: int) -> Iterator[AnswerEvent]:
            return write(local.drawn(chosen.temperature, number))

        further = again
    return choose(query, evidence, write(generator), rewarder, chosen, further)
