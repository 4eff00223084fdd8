"""The answer as a stream of events: quotes at once, then sentences as they are written and checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from everask.answer import check as checking
from everask.answer.check import Sentence, Support, check
from everask.answer.decide import decide
from everask.answer.drafts import Drafts, declines, without_decline
from everask.answer.figures import read_figures
from everask.answer.filter import DraftGate, clean, refuse
from everask.answer.notes import list_looked_for, make_notes
from everask.answer.orders import asks_for_orders, set_back, without_orders
from everask.answer.prompts import (
    TUNED,
    AnswerSettings,
    build_grammar,
    build_messages,
    estimate_tokens,
    settings_hash,
)
from everask.answer.quotes import choose_quotes, cite, quote_claim, repeats
from everask.answer.steps import judged_steps, quoted_steps
from everask.answer.support import prepare
from everask.answer.versions import prefer_newer
from everask.answer.wording import not_said
from everask.encoder import Encoder, load_means, mean_of
from everask.encoder.checker import Checker
from everask.errors import ModelError
from everask.generator import Generator, Message
from everask.text import analyse, language_of
from everask.trajectory import Step, Trajectory
from everask.types import (
    Answer,
    Answered,
    AnswerEvent,
    Claim,
    ClaimChecked,
    Drafted,
    Evidence,
    Query,
    QuotesFound,
    StageStarted,
)

_MAX_PROMPT_QUOTES = 5
_MAX_ROW_CHARS = 300
# Less likely evidence than this, against the best, is not shown to the model.
_MIN_AGAINST_BEST = 0.1
# Nor may a sentence of the answer rest on evidence that is this much less likely.
_MIN_RELEVANT = 0.2
_FINAL_MARKS = (".", "!", "?", "…", "。", "！", "？", "।", "॥", "۔", "؟", ")", "”", "»", "」")
# A sentence shorter than this is too short to tell its language.
_MIN_TELLING_CHARS = 24


@dataclass(slots=True)
class _Work:
    """One answer on its way."""

    query: Query
    evidence: Sequence[Evidence]
    settings: AnswerSettings
    cosine: checking.Cosine
    checker: Checker | None
    cancelled: Callable[[], bool]
    claims: list[Claim] = field(default_factory=list)
    as_written: bool = False
    may_decline: bool = False
    doubtful: bool = False
    declined: bool = False
    strayed: bool = False
    failure: str = ""
    steps: list[Step] = field(default_factory=list)
    num_drafts: int = 0


def answer(
    query: Query,
    evidence: Sequence[Evidence],
    generator: Generator | None,
    settings: AnswerSettings,
    *,
    encoder: Encoder | None = None,
    checker: Checker | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Iterator[AnswerEvent]:
    """Yield QuotesFound, then a checked answer or an abstention; the last event is Answered.

    With a generator the answer is written in the question's language; each sentence is shown as
    supported only after its check. Without one, or when what it writes does not hold, the answer is
    quotes; if the model fails, `why` says so. Without `encoder`, quotes in other languages are only shown.
    `checker` makes each sentence's support a probability. A second StageStarted("writing") means that the
    draft so far was thrown away. Ends without Answered when `cancelled()` becomes true.
    """
    started = time.monotonic()
    evidence, replaced = prefer_newer(set_back(query, evidence))
    work = _Work(query, evidence, settings, compare_with(encoder), checker, cancelled or _never)
    work.as_written = asks_for_orders(query)
    generator = generator if generator and _can_tell(generator, query, evidence) else None
    decision = decide(evidence, settings, has_model=generator is not None)
    quotes = choose_quotes(evidence, settings.max_quotes) if decision.kind != "abstain" else ()
    yield QuotesFound(tuple(quotes))
    model = None
    if decision.kind != "abstain" and generator is not None:
        model = generator.name
        work.may_decline = decision.kind == "unsure"
        work.doubtful = decision.is_doubtful
        try:
            yield from _write(work, generator)
        except ModelError as error:
            # Quotes need no model: they are the answer, which says why it is not a fluent one.
            model, work.failure, work.doubtful = None, str(error), False
            decision = decide(evidence, settings, has_model=False)
    if work.cancelled():
        return
    abstained = not work.claims and (decision.kind == "abstain" or work.declined or work.doubtful)
    if not abstained and not work.claims:
        yield from _quote(work)
    yield Answered(
        Answer(
            question=query.text,
            text=join_claims(work.claims, query.language),
            language=query.language,
            claims=tuple(work.claims),
            abstained=abstained,
            why=not_said(query.text, query.language) if abstained else work.failure,
            nearest=tuple(evidence[: settings.max_quotes]) if abstained else (),
            model=model,
            settings_hash=settings_hash(settings, model),
            seconds=time.monotonic() - started,
            chance=round(decision.chance, 4),
            notes=make_notes(query, evidence, replaced, work.claims, work.cosine),
            looked_for=list_looked_for(query, evidence) if abstained else (),
            trajectory=Trajectory(tuple(work.steps), work.num_drafts),
        )
    )


def _quote(work: _Work) -> Iterator[AnswerEvent]:
    """The best quotes as the answer."""
    for one in choose_quotes(work.evidence, work.settings.max_quotes):
        work.claims.append(quote_claim(one, as_written=work.as_written))
        work.steps += quoted_steps(work.query, work.claims[-1], work.evidence, len(work.claims) - 1)
        yield ClaimChecked(work.claims[-1])


def warm_up(generator: Generator | None) -> None:
    """Read what answers need, load the model, compute the part of the prompt that never changes: before the
    first question."""
    read_figures("1 km", ("en",))
    if generator is None:
        return
    adapter = _adapter_of(generator)
    system = build_messages(Query("?", "en"), ["."], tuned=adapter is not None)
    for _ in generator.stream(system, max_tokens=1, adapter=adapter):
        pass


def _can_tell(generator: Generator, query: Query, evidence: Sequence[Evidence]) -> bool:
    """Whether a model can say in the question's language what the evidence says.

    The small model that was taught to answer copies well and translates badly; what it makes of a quote in
    another language reads like the quote to the checker, and is wrong (models/summariser/card.md).
    """
    languages = {query.language, evidence[0].hit.passage.language} if evidence else {query.language}
    return _adapter_of(generator) is None or "und" in languages or len(languages) == 1


def _adapter_of(generator: Generator) -> str | None:
    """The adapter that learned to answer (models/summariser), where the model has it."""
    return TUNED if TUNED in generator.adapters else None


def _write(work: _Work, generator: Generator) -> Iterator[AnswerEvent]:
    """Let the model write; once more, firmly, if it strays into another language."""
    quotes = choose_prompt(work.evidence, work.settings.prompt_tokens)
    texts = [prompt_text(one, as_written=work.as_written) for one in quotes]
    grammar = build_grammar(
        work.query.language, len(quotes), work.settings.max_sentences, may_decline=work.may_decline
    )
    for firmly in (False, True):
        work.claims.clear()
        work.steps.clear()
        work.strayed = False
        work.num_drafts += 1
        tuned = _adapter_of(generator) is not None
        messages = build_messages(work.query, texts, firmly=firmly, tuned=tuned)
        yield StageStarted("writing")
        yield from _write_once(work, generator, messages, grammar, quotes)
        if not work.strayed or work.cancelled():
            return


def _write_once(
    work: _Work, generator: Generator, messages: list[Message], grammar: str, quotes: Sequence[Evidence]
) -> Iterator[AnswerEvent]:
    drafts, gate, num_sentences = Drafts(), DraftGate(quotes), 0
    pieces = generator.stream(
        messages,
        max_tokens=work.settings.answer_tokens,
        grammar=grammar,
        cancelled=work.cancelled,
        adapter=_adapter_of(generator),
    )
    for piece in pieces:
        sentences, shown = drafts.feed(piece)
        num_sentences += len(sentences)
        if shown := gate.feed(shown):
            yield Drafted(shown)
        yield from _take(work, sentences, quotes)
        # A model that goes on and on, or repeats itself, is stopped.
        if work.declined or work.strayed or num_sentences > work.settings.max_sentences:
            return
    if work.cancelled():
        return
    # What has neither a number nor a final mark was cut off in the middle, at the limit of tokens.
    rest = [one for one in drafts.end() if one.text.endswith(_FINAL_MARKS) or not work.claims]
    yield from _take(work, rest, quotes)


def _take(work: _Work, sentences: list[Sentence], quotes: Sequence[Evidence]) -> Iterator[AnswerEvent]:
    for sentence in sentences:
        if declines([sentence]):
            sentence = without_decline(sentence)
            if not sentence.text:
                # Only where it was offered; a model without a grammar may say it all the same.
                work.declined = not work.claims and work.may_decline
                return
        if strays(sentence.text, work.query, quotes):
            work.strayed = not work.claims
            return
        if len(work.claims) >= work.settings.max_sentences:
            return
        claim = judge(sentence, quotes, work)
        if claim is not None:
            work.claims.append(claim)
            yield ClaimChecked(claim)


def judge(sentence: Sentence, quotes: Sequence[Evidence], work: _Work) -> Claim | None:
    """The sentence with the quotes that support it, or the quote instead, or nothing; its step is noted."""
    sentence = Sentence(clean(sentence.text), sentence.cited)
    if any(_repeats(sentence.text, claim.text, work.query.language) for claim in work.claims):
        return None
    prepare(work.checker, [sentence.text], quotes)
    supports = [check(sentence.text, (one,), work.query, work.cosine, work.checker) for one in quotes]
    claim = _decide(sentence, quotes, supports, work)
    place = len(work.claims)
    work.steps += judged_steps(work.query, sentence, quotes, supports, claim, place)
    return claim


def _decide(
    sentence: Sentence, quotes: Sequence[Evidence], supports: Sequence[Support], work: _Work
) -> Claim | None:
    ranked = sorted(range(len(quotes)), key=lambda at: -_preference(supports[at], at, sentence))
    best = ranked[0]
    if supports[best].value >= work.settings.support_above and not refuse(sentence.text, (quotes[best],)):
        if quotes[best].probability < _MIN_RELEVANT * quotes[0].probability:
            return None  # true of the documents, but no answer: this is how planted text would speak
        return _supported(sentence, (quotes[best],), supports[best])
    for other in ranked[1:3]:
        # Two quotes together, for a sentence that joins them.
        pair = (quotes[best], quotes[other])
        support = check(sentence.text, pair, work.query, work.cosine, work.checker)
        needed = max(work.settings.support_above, supports[best].value) + 0.1
        if support.value >= needed and not refuse(sentence.text, pair):
            return _supported(sentence, pair, support)
    if work.doubtful:
        return None
    named = [number - 1 for number in sentence.cited if 0 < number <= len(quotes)]
    instead = quotes[min([best, *named])]
    shown = {citation.quote for claim in work.claims for citation in claim.citations}
    likely = instead.probability >= 0.2 * quotes[0].probability
    if not likely or instead.text in shown:
        return None
    return quote_claim(instead, as_written=work.as_written)


def choose_prompt(evidence: Sequence[Evidence], budget: int) -> list[Evidence]:
    """The likeliest evidence that fits into `budget` tokens, each thing once; at least one piece.

    What another document says is not crowded out: where all would be of one, the last gives its place.
    """
    distinct: list[Evidence] = []
    for one in evidence:
        likely = one.probability >= _MIN_AGAINST_BEST * evidence[0].probability
        if (likely or not distinct) and not any(repeats(one, other) for other in distinct):
            distinct.append(one)
    picked, later = distinct[:_MAX_PROMPT_QUOTES], distinct[_MAX_PROMPT_QUOTES:]
    documents = {one.hit.document.id for one in picked}
    other = next((one for one in later if one.hit.document.id not in documents), None)
    if other is not None and len(documents) == 1:
        picked[-1] = other
    chosen: list[Evidence] = []
    for one in picked:
        cost = estimate_tokens(prompt_text(one)) + 4
        if not chosen or cost <= budget:
            chosen.append(one)
            budget -= cost
    return chosen


def prompt_text(evidence: Evidence, *, as_written: bool = False) -> str:
    """What the model reads of a piece of evidence: a row with its header, a sentence under its heading.

    Orders to machines are left out, unless it is to be read `as_written`.
    """
    passage = evidence.hit.passage
    if passage.kind == "table" and evidence.context:
        return _shorten_row(evidence.context)
    heading = passage.headings[-1] if passage.headings else ""
    text = evidence.text if as_written else without_orders(clean(evidence.text))
    return f"{heading}: {text}" if 0 < len(heading) <= 60 else text


def _shorten_row(row: str) -> str:
    """A row without its longest cells, as far as it is too long to be read soon."""
    cells = row.split(" | ")
    while len(cells) > 2 and len(" | ".join(cells)) > _MAX_ROW_CHARS:
        cells.remove(max(cells, key=len))
    return " | ".join(cells)[: 2 * _MAX_ROW_CHARS]


def strays(sentence: str, query: Query, quotes: Sequence[Evidence]) -> bool:
    """Whether a sentence is in English, Chinese or a quote's language instead of the question's."""
    if query.language == "und" or len(sentence) < _MIN_TELLING_CHARS:
        return False
    suspects = {"en", "zh", *(one.hit.passage.language for one in quotes)} - {query.language}
    return language_of(sentence) in suspects


def _supported(sentence: Sentence, quotes: tuple[Evidence, ...], support: Support) -> Claim:
    cited = tuple(cite(one) for one in quotes)
    return Claim(sentence.text, round(support.value, 3), cited, unsupported=support.weak)


def _preference(support: Support, at: int, sentence: Sentence) -> float:
    """Words name the right quote more often than the model's own number, which only settles ties."""
    return support.value + 0.06 * (at + 1 in sentence.cited) - 0.001 * at


def _repeats(one: str, other: str, language: str) -> bool:
    left, right = set(analyse(one, language)), set(analyse(other, language))
    return len(left & right) >= 0.8 * max(1, min(len(left), len(right)))


def join_claims(claims: Sequence[Claim], language: str) -> str:
    """The text of an answer of these sentences."""
    return ("" if language in ("zh", "ja", "th") else " ").join(claim.text for claim in claims)


def compare_with(encoder: Encoder | None) -> checking.Cosine:
    """Centred cosine of a sentence with a quote; None for each when there is no encoder."""
    means = load_means(encoder.id) if encoder else {}
    if encoder is None or not means:
        return lambda sentence, evidence: None
    known: dict[tuple[str, str], np.ndarray] = {}

    def vector(text: str, language: str) -> np.ndarray:
        key = (text, language)
        if key not in known:
            centred = encoder.encode_passages([text])[0] - mean_of(language, means)
            known[key] = centred / max(float(np.linalg.norm(centred)), 1e-9)
        return known[key]

    def compare(sentence: str, evidence: Evidence) -> float:
        quoted = vector(evidence.text, evidence.hit.passage.language)
        return float(vector(sentence, language_of(sentence)) @ quoted)

    return compare


def _never() -> bool:
    return False
