"""Best of several drafts: what the model wrote, the quotes alone, further drafts; by the merged reward.

Stands around `answer`: events pass as they come, and only the end is looked at. Another draft than the first
must be better by a margin, for the first is on the screen already: then a second StageStarted("writing")
says that it was thrown away, as always. An abstention stays one. The answer carries a note of what there was
to choose from and what decided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from everask.answer.orders import asks_for_orders
from everask.answer.quotes import choose_quotes, quote_claim
from everask.answer.rewarding import Rewarder, draft_of
from everask.answer.wording import chosen
from everask.answer.write import join_claims
from everask.models.merged_reward.model import Reward
from everask.types import (
    Answer,
    Answered,
    AnswerEvent,
    Claim,
    ClaimChecked,
    Evidence,
    Note,
    Query,
    StageStarted,
)

Source = Literal["written", "quotes", "again"]
Further = Callable[[int], Iterable[AnswerEvent]]
"""The events of another try, by its number from 1."""


@dataclass(frozen=True, slots=True)
class ChooseSettings:
    """`use`: "off"; "quotes", what the model wrote or the quotes alone; "drafts", also `drafts` more that it
    writes at `temperature`. Another than the first must be better by `margin`."""

    use: Literal["off", "quotes", "drafts"] = "off"
    drafts: int = 2
    temperature: float = 0.8
    margin: float = 0.05


@dataclass(frozen=True, slots=True)
class Option:
    """One draft to choose from, and how good it is."""

    source: Source
    claims: tuple[Claim, ...]
    reward: Reward


def choose(
    query: Query,
    evidence: Sequence[Evidence],
    first: Iterable[AnswerEvent],
    rewarder: Rewarder,
    settings: ChooseSettings,
    further: Further | None = None,
) -> Iterator[AnswerEvent]:
    """The events of `first`, ended by the best draft. `further` writes others; None: there is no model."""
    for event in first:
        if not isinstance(event, Answered):
            yield event
            continue
        answer = event.answer
        is_alone = further is None and all(one.verbatim for one in answer.claims)
        if answer.abstained or not answer.claims or is_alone:
            yield event
            return
        options = list(_options(query, evidence, answer, rewarder, settings, further))
        best = pick(options, settings.margin)
        if best is not options[0]:
            yield StageStarted("writing")
            for claim in best.claims:
                yield ClaimChecked(claim)
        yield Answered(_ended(answer, best, options))


def pick(options: Sequence[Option], margin: float) -> Option:
    """The best; the first where none is better by the margin, or where a gate refuses all."""
    best = max(options, key=lambda one: one.reward.value)
    return best if best.reward.value > options[0].reward.value + margin else options[0]


def _options(
    query: Query,
    evidence: Sequence[Evidence],
    answer: Answer,
    rewarder: Rewarder,
    settings: ChooseSettings,
    further: Further | None,
) -> Iterator[Option]:
    """Every draft that differs, the first first, scored together."""
    found: dict[tuple[Claim, ...], Source] = {answer.claims: "written"}
    as_written = asks_for_orders(query)
    for count in (1, max(1, len(answer.claims))):
        quotes = tuple(quote_claim(one, as_written=as_written) for one in choose_quotes(evidence, count))
        found.setdefault(quotes, "quotes")
    for number in range(1, settings.drafts + 1) if further and settings.use == "drafts" else ():
        events = further(number) if further else ()
        again = next((event.answer for event in events if isinstance(event, Answered)), None)
        if again is not None and again.claims:
            found.setdefault(again.claims, "again")
    rewards = rewarder.score_all(query, evidence, [draft_of(claims, evidence) for claims in found])
    for (claims, source), reward in zip(found.items(), rewards, strict=True):
        yield Option(source, claims, reward)


def _ended(answer: Answer, best: Option, options: Sequence[Option]) -> Answer:
    """The answer with the best draft, and a note of the choice."""
    said = [(one.source, one.reward.value, one.reward.refused, one is best) for one in options]
    note = Note("chosen", chosen(said, answer.language), ())
    text = join_claims(best.claims, answer.language)
    return replace(answer, claims=best.claims, text=text, notes=(*answer.notes, note))
