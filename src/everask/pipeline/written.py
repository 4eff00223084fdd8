"""What a language model made of an expected quote: nothing, a dropped sentence, or one of the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from everask.answer.check import Support, check
from everask.answer.drafts import Drafts, declines
from everask.answer.filter import refuse
from everask.answer.support import prepare
from everask.answer.write import compare_with
from everask.generator import Generator, Message
from everask.generator.passing import Passing
from everask.pipeline.asking import Parts, answer_from
from everask.pipeline.expecting import Target
from everask.pipeline.thresholds import in_use
from everask.pipeline.trail import Trail
from everask.types import Answered, Claim, Evidence, Hit, Query

_SHOWN = 300


class Overheard(Passing):
    """A language model whose last reply is kept."""

    def __init__(self, generator: Generator) -> None:
        super().__init__(generator)
        self.reply = ""

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
        """The reply in pieces, as the model gives it."""
        self.reply = ""
        pieces = self._generator.stream(
            prompt, max_tokens=max_tokens, grammar=grammar, stop=stop, cancelled=cancelled, adapter=adapter
        )
        for piece in pieces:
            self.reply += piece
            yield piece


def follow_writing(
    parts: Parts,
    query: Query,
    hits: Sequence[Hit],
    quotes: Sequence[Evidence],
    target: Target,
    trail: Trail,
    cancelled: Callable[[], bool] | None,
) -> None:
    """Let the answer be written as it is when it is asked for, and see what it says of the expected quote.

    Raises Lost where no sentence of the answer rests on it.
    """
    model = parts.generator
    assert model is not None, "there is nothing to follow without a model"
    overheard = Overheard(model)
    settings = in_use(parts.settings.answer, parts.store, model.name)
    events = answer_from(parts, query, hits, settings, overheard, cancelled)
    answer = next((event.answer for event in events if isinstance(event, Answered)), None)
    claims: tuple[Claim, ...] = answer.claims if answer else ()
    for claim in claims:
        if any(target.holds(one.document_id, one.start, one.end) for one in claim.citations):
            trail.passed("answer", "answered", {"sentence": claim.text})
            return
    if answer is not None and answer.why and not answer.abstained:
        raise trail.lost("written", "model failed", {"message": answer.why})
    drafts = Drafts()
    sentences, _ = drafts.feed(overheard.reply)
    sentences += drafts.end()
    if declines(sentences) and len(sentences) == 1:
        raise trail.lost("written", "declined")
    prepare(parts.checker, [one.text for one in sentences], quotes)
    for sentence in sentences:
        supports = _check_all(parts, sentence.text, quotes, query)
        best = max(range(len(quotes)), key=lambda at: supports[at].value)
        named = {number - 1 for number in sentence.cited}
        mine = [at for at in {best, *named} if at < len(quotes) and _is_of(quotes[at], target)]
        if not mine:
            continue
        shown = {"sentence": sentence.text[:_SHOWN]}
        support = supports[mine[0]]
        is_carried = support.value >= settings.support_above
        reason = (not is_carried and support.problem) or refuse(sentence.text, (quotes[mine[0]],))
        if reason:
            raise trail.lost("checked", "refused", {**shown, "reason": reason})
        if not is_carried:
            needed = {"support": support.value, "needed": settings.support_above}
            raise trail.lost("checked", "unsupported", {**shown, **needed})
    raise trail.lost("written", "not written", {"written": " ".join(overheard.reply.split())[:_SHOWN]})


def _check_all(parts: Parts, sentence: str, quotes: Sequence[Evidence], query: Query) -> list[Support]:
    compare = compare_with(parts.encoder)
    return [check(sentence, (one,), query, compare, parts.checker) for one in quotes]


def _is_of(evidence: Evidence, target: Target) -> bool:
    return target.holds(evidence.hit.document.id, evidence.start, evidence.end)
