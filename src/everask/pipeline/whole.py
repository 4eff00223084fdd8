"""Questions about whole documents: told from others, read in whole, answered line by line, each cited."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from everask.answer import answer
from everask.answer.orders import PLAIN, count_signs, without_orders
from everask.answer.whole.differences import MAX_SENTENCES, Difference, compare_sentences
from everask.answer.whole.listing import MAX_ITEMS, find_items, item_claim, speaks_of
from everask.answer.whole.routing import Wish, find_cue, read_wish
from everask.answer.whole.sentences import (
    Sentence,
    cite_sentence,
    plain,
    quote_sentence,
    sentences_of,
    shared_language,
)
from everask.answer.whole.summary import SummarySettings, choose_salient, num_lines
from everask.answer.whole.wording import Phrase, phrase
from everask.pipeline.whole_parts import Made, Parts, WholeQuestion, answer_of
from everask.pipeline.whole_reading import Reading, nearness
from everask.pipeline.whole_tables import answer_from_tables
from everask.types import (
    Answered,
    AnswerEvent,
    Claim,
    ClaimChecked,
    DocumentInfo,
    Evidence,
    Filters,
    Hit,
    Note,
    Query,
    StageStarted,
)

MAX_DIFFERENCES = 60
MAX_SUMMARISED = 40
"""Documents of a folder; of more the first are summarised, and it is said."""
MAX_FUSING_SECONDS = 90.0
_MAX_FUSED = 2
_SURE = 0.95


@dataclass(slots=True)
class _Work:
    """One question on its way."""

    parts: Parts
    asked: WholeQuestion
    reading: Reading
    claims: list[Claim] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    why: str = ""
    model: str | None = None
    covers_pile: bool = False
    started: float = field(default_factory=time.monotonic)

    def take(self, claim: Claim) -> ClaimChecked:
        """Keep a line, and show it."""
        self.claims.append(claim)
        return ClaimChecked(claim)

    def say(self, name: Phrase, values: dict[str, object] | None = None) -> str:
        """A fixed sentence in the asker's language."""
        return phrase(name, self.asked.language, values)

    def note(self, text: str) -> None:
        """Something that must be known beside the lines."""
        self.notes.append(Note("read", text, ()))


def answer_whole(
    parts: Parts, asked: WholeQuestion, cancelled: Callable[[], bool] | None = None
) -> Iterator[AnswerEvent] | None:
    """The stream of an answer about whole documents, or None for an ordinary question."""
    never = cancelled or (lambda: False)
    cue = find_cue(asked.text)
    if cue is not None:
        infos = list(parts.store.documents(asked.filters, asked.groups))
        wish = read_wish(asked.text, asked.language, cue, infos)
        scope = _scope(wish, infos, asked.filters) if wish else None
        if wish is not None and scope is not None:
            return carry_out(parts, asked, wish, scope, never)
    return answer_from_tables(parts, asked, never)


def summarise(
    parts: Parts, infos: Sequence[DocumentInfo], language: str, cancelled: Callable[[], bool] = lambda: False
) -> Iterator[AnswerEvent]:
    """The stream of a summary of documents, in a language; "und" for their own."""
    asked = WholeQuestion(", ".join(info.title for info in infos[:3]), language)
    return carry_out(parts, asked, Wish("summary"), infos, cancelled)


def compare(
    parts: Parts,
    old: DocumentInfo,
    new: DocumentInfo,
    language: str,
    cancelled: Callable[[], bool] = lambda: False,
) -> Iterator[AnswerEvent]:
    """The stream of what changed from one document to another."""
    asked = WholeQuestion(f"{old.title} → {new.title}", language)
    return carry_out(parts, asked, Wish("comparison"), [old, new], cancelled)


def carry_out(
    parts: Parts,
    asked: WholeQuestion,
    wish: Wish,
    scope: Sequence[DocumentInfo],
    cancelled: Callable[[], bool],
) -> Iterator[AnswerEvent]:
    """Read the documents of `scope` and do what is wished; the last event is Answered, unless cancelled."""
    work = _Work(parts, asked, Reading(parts.store, asked.groups, cancelled))
    # What could not be read matters to who asks about everything, not to who names a document.
    work.covers_pile = wish.task == "listing" and not wish.documents and asked.filters == Filters()
    yield StageStarted("reading")
    if wish.task == "comparison" and len(scope) != 2:
        work.why = work.say("two", {"n": len(scope)}) if scope else work.say("which")
    elif not scope:
        work.why = work.say("which")
    else:
        limited = scope[:MAX_SUMMARISED] if wish.task == "summary" else scope
        yield from work.reading.read(limited)
        work.reading.partly = work.reading.partly or len(limited) < len(scope)
        if asked.language == "und" and work.reading.documents:
            # A few words and a name tell no language: the documents' own is the likeliest.
            work.asked = replace(asked, language=shared_language(work.reading.documents[0][1]))
        if not cancelled():
            tasks = {"summary": _summarise, "comparison": _compare, "listing": _list}
            yield from tasks[wish.task](work, wish)
    if not cancelled():
        made = Made(work.claims, work.why, work.notes, work.model)
        yield Answered(answer_of(work.asked, made, work.started))


def _scope(wish: Wish, infos: list[DocumentInfo], filters: Filters) -> list[DocumentInfo] | None:
    """The documents that a question is about; empty when it must say which, None for an ordinary one."""
    if wish.documents:
        if wish.task == "comparison" and len(wish.documents) < 2:
            return None
        return list(wish.documents)
    narrowed = filters != Filters() or len(infos) == 1
    if wish.task == "comparison" and wish.here and len(infos) == 2:
        return sorted(infos, key=lambda info: info.modified)
    if wish.task == "listing" and wish.kind is not None:
        return infos if narrowed or not wish.here else []
    return infos if narrowed else []


# Summaries


def _summarise(work: _Work, wish: Wish) -> Iterator[AnswerEvent]:
    reading = work.reading
    several = len(reading.documents) > 1
    titles = Counter(info.title for info, _ in reading.documents)
    settings = SummarySettings(least=1, most=2) if len(reading.documents) > 8 else SummarySettings()
    settings = replace(settings, most=4, least=2) if several and settings.most > 4 else settings
    for info, passages in reading.documents:
        if work.reading.cancelled():
            return
        central = nearness(work.parts.store, work.parts.encoder, passages)
        number = num_lines(len(passages), settings)
        salient = choose_salient(list(sentences_of(info, passages)), number, central=central)
        # A summary is often read by another machine: what a document tells machines is no part of it.
        chosen = [one for one in salient if count_signs(plain(one.text)) < PLAIN]
        for section, group in groupby(chosen, key=lambda one: one.section):
            called = info.title if titles[info.title] == 1 else info.name
            heading = f"{called} · {section}" if several and section else section or called
            # A small model that reads more at once tells one thing of it and drops the rest.
            some = list(group)
            for at in range(0, len(some), _MAX_FUSED):
                yield from _fuse(work, heading, some[at : at + _MAX_FUSED])
    if not work.claims:
        work.why = work.say("none")
    _note_read(work)


def _fuse(work: _Work, heading: str, sentences: list[Sentence]) -> Iterator[AnswerEvent]:
    """A section's sentences in a few short ones of the model's, or as they are where it adds nothing."""
    generator = work.parts.generator
    late = time.monotonic() - work.started > MAX_FUSING_SECONDS
    foreign = any(one.passage.language != work.asked.language for one in sentences)
    if generator is None or late or (len(sentences) == 1 and not foreign):
        for one in sentences:
            yield work.take(quote_sentence(one, heading))
        return
    # The heading becomes part of the question, which is obeyed: an order in it is cut out.
    query = Query(work.say("say", {"name": without_orders(plain(heading))[:120]}), work.asked.language)
    evidence = [_evidence(one, _SURE / len(sentences)) for one in sentences]
    settings = replace(work.parts.settings.answer, max_sentences=max(1, len(sentences) - 1))
    stream = answer(
        query,
        evidence,
        generator,
        settings,
        encoder=work.parts.encoder,
        checker=work.parts.checker,
        cancelled=work.reading.cancelled,
    )
    claims: tuple[Claim, ...] = ()
    for event in stream:
        if isinstance(event, Answered):
            claims, work.model = event.answer.claims, event.answer.model or work.model
    for claim in claims:
        yield work.take(replace(claim, heading=plain(heading)))
    if not claims and not work.reading.cancelled():
        for one in sentences:
            yield work.take(quote_sentence(one, heading))


def _evidence(sentence: Sentence, probability: float) -> Evidence:
    hit = Hit(sentence.passage, sentence.document, 1.0, {})
    return Evidence(hit, sentence.start, sentence.end, sentence.text, probability)


# Comparisons


def _compare(work: _Work, wish: Wish) -> Iterator[AnswerEvent]:
    if len(work.reading.documents) < 2:  # the first alone was all that could be read
        work.why = work.say("partly")
        return
    (old, old_passages), (new, new_passages) = work.reading.documents
    languages = [shared_language(passages) for passages in (old_passages, new_passages)]
    if len(set(languages)) == 2 and "und" not in languages:
        work.why = work.say("languages", {"names": ", ".join(languages)})
        return
    sides = [list(sentences_of(info, passages)) for info, passages in work.reading.documents]
    found = compare_sentences(*sides)
    for one in found.found[:MAX_DIFFERENCES]:
        if work.reading.cancelled():
            return
        yield work.take(_difference_claim(work, one))
    counts = {kind: sum(one.kind == kind for one in found.found) for kind in ("added", "removed")}
    changed = len(found.found) - sum(counts.values())
    values: dict[str, object] = {
        "changed": changed,
        "moved": found.num_moved,
        "equal": found.num_equal,
        **counts,
    }
    work.note(f"{plain(old.title)} → {plain(new.title)}: {work.say('counted', values)}")
    if work.reading.partly or max(map(len, sides)) > MAX_SENTENCES:
        work.note(work.say("partly"))
    _note_shown(work, MAX_DIFFERENCES, len(found.found))
    if not found.found:
        work.why = work.say("equal", {"n": found.num_equal})


def _difference_claim(work: _Work, one: Difference) -> Claim:
    heading = work.say(one.kind)
    cited = tuple(cite_sentence(side) for side in (one.old, one.new) if side is not None)
    shown = [f"“{plain(side.text)}”" for side in (one.old, one.new) if side is not None]
    return Claim(" → ".join(shown), 1.0, cited, heading=heading)


# Lists


def _list(work: _Work, wish: Wish) -> Iterator[AnswerEvent]:
    if wish.kind is not None:
        items = find_items(work.reading.sentences(), wish.kind)
        for item in items[:MAX_ITEMS]:
            yield work.take(item_claim(item))
        _note_shown(work, MAX_ITEMS, len(items))
    else:
        yield from _list_free(work, wish.wanted)
        work.note(work.say("incomplete"))
    if not work.claims:
        work.why = work.say("none")
    _note_read(work)


def _list_free(work: _Work, wanted: str) -> Iterator[AnswerEvent]:
    """Sentences that have the words asked for: sure to be of them, not sure to be all."""
    seen: set[str] = set()
    for sentence in work.reading.sentences():
        text = plain(sentence.text)
        if text.casefold() not in seen and speaks_of(sentence, wanted, work.asked.language):
            seen.add(text.casefold())
            yield work.take(quote_sentence(sentence, sentence.section))
            if len(work.claims) >= MAX_ITEMS:
                work.reading.partly = True
                return


def _note_shown(work: _Work, most: int, number: int) -> None:
    if number > most:
        work.note(work.say("shown", {"n": most, "all": number}))


def _note_read(work: _Work) -> None:
    """How much was read, and what was not: a list is only worth what was read for it."""
    told = [
        work.say("read", {"documents": len(work.reading.documents), "passages": work.reading.num_passages})
    ]
    if work.reading.partly:
        told.append(work.say("partly"))
    if work.asked.groups is None and work.covers_pile:
        unread = sum(1 for _ in work.parts.store.sources(status="failed"))
        told += [work.say("unread", {"n": unread})] if unread else []
    work.note(" ".join(told))
