"""What an answer is made from: passages, read, and read again where they do not look like an answer.

Each step is noted with its score, and at the end the whole way: the answer's trajectory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from everask.answer.saving import needs_draft
from everask.generator import Generator
from everask.models.process_reward.model import load_heads
from everask.pipeline.again import Search, merge, search_again
from everask.pipeline.tracing import choose_step, in_view, retrieve_step, rewrite_step, stop_step
from everask.read import find_evidence
from everask.trajectory import Step, Trajectory
from everask.types import Answer, Answered, AnswerEvent, Evidence, Hit, Query

if TYPE_CHECKING:
    from everask.pipeline.asking import Parts

NUM_AGAIN = 8
"""Passages that are read besides when searching again."""
_SENTENCES_AGAIN = 40


@dataclass(frozen=True, slots=True)
class Gathered:
    """The evidence for an answer, the hits that it is of, and the steps so far."""

    query: Query
    hits: Sequence[Hit]
    evidence: Sequence[Evidence]
    steps: tuple[Step, ...]

    @property
    def score(self) -> float:
        """How good the weakest of the last search and choice looks; 1 where nothing scored them."""
        return min((one.score for one in self.steps[-2:] if one.score is not None), default=1.0)


def gather(
    parts: Parts, query: Query, hits: Sequence[Hit], *, asked: str = "", again: Search | None = None
) -> Gathered:
    """Evidence from `hits`; from further searches too, by `again`, where the settings and the score want it.
    `asked` is the question as it was typed, where it was completed."""
    limits = parts.settings.evidence
    evidence = find_evidence(query, hits, parts.encoder, limits, asker=parts.asker)
    steps = [rewrite_step(asked, query, hits)] if asked and asked != query.text else []
    steps += [retrieve_step(query, hits[: limits.num_hits], "first"), choose_step(query, hits, evidence)]
    made = Gathered(query, hits, evidence, tuple(map(_scored, steps)))
    wanted = parts.settings.process
    if again is None or not wanted.search_again or made.score >= wanted.again_below:
        return made
    read = list(hits[: limits.num_hits])
    read += merge(search_again(again, query, read, evidence, NUM_AGAIN), NUM_AGAIN)
    wide = replace(limits, num_hits=len(read), num_sentences=max(limits.num_sentences, _SENTENCES_AGAIN))
    evidence = find_evidence(query, read, parts.encoder, wide, asker=parts.asker)
    more = [retrieve_step(query, read, "again"), choose_step(query, read, evidence)]
    return Gathered(query, read, evidence, (*made.steps, *map(_scored, more)))


def writer_for(parts: Parts, gathered: Gathered, generator: Generator | None) -> Generator | None:
    """The model, where it is worth asking."""
    if generator is None or not parts.settings.process.save_drafts:
        return generator
    is_needed = needs_draft(gathered.query, gathered.evidence, gathered.steps, parts.settings.answer)
    return generator if is_needed else None


def with_way(events: Iterator[AnswerEvent], gathered: Gathered) -> Iterator[AnswerEvent]:
    """The same events; the answer has its whole way, with scores."""
    for event in events:
        yield Answered(_with_way(event.answer, gathered.steps)) if isinstance(event, Answered) else event


def _with_way(answer: Answer, before: Sequence[Step]) -> Answer:
    steps = [*before, *(_scored(in_view(one, before)) for one in answer.trajectory.steps)]
    steps.append(_scored(stop_step(answer, steps)))
    return replace(answer, trajectory=Trajectory(tuple(steps), answer.trajectory.num_drafts))


def _scored(step: Step) -> Step:
    heads = load_heads()
    return heads.score(step) if heads else step
