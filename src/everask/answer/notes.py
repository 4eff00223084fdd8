"""What must be said beside the sentences of an answer: that documents disagree, which version was taken.

And, where there is no answer, what was looked for. Knows the evidence, not how it was found.
"""

from __future__ import annotations

from collections.abc import Sequence

from everask.answer.disagreement import Likeness, find_disagreement, what_each_says
from everask.answer.quotes import cite
from everask.answer.versions import Replaced, label
from everask.answer.wording import differs, looked_for, newer
from everask.text import analyse_query, words
from everask.text.telling import weigh
from everask.types import Claim, Evidence, Note, Query

_MAX_WORDS = 12
_TELLING = 0.3


def make_notes(
    query: Query,
    evidence: Sequence[Evidence],
    replaced: Sequence[Replaced],
    claims: Sequence[Claim],
    likeness: Likeness,
) -> tuple[Note, ...]:
    """The notes on an answer of these claims; only on what the claims rest on."""
    cited = {citation.document_id for claim in claims for citation in claim.citations}
    notes = [_on_versions(query, one, likeness) for one in replaced if one.newer.hit.document.id in cited]
    found = find_disagreement(query, evidence, likeness)
    if found and cited & {found.one.hit.document.id, found.other.hit.document.id}:
        left, right = found.one.hit.document, found.other.hit.document
        answers = [(found.says, label(left, right)), (found.other_says, label(right, left))]
        text = differs(answers, query.language)
        notes.append(Note("disagreement", text, (cite(found.one), cite(found.other))))
    return tuple(one for one in notes if one is not None)


def _on_versions(query: Query, one: Replaced, likeness: Likeness) -> Note | None:
    """Only where the versions differ in what was asked: else there is nothing to know."""
    said = what_each_says(query, one.newer, one.older, likeness)
    if said is None:
        return None
    left, right = one.newer.hit.document, one.older.hit.document
    text = newer(label(left, right), label(right, left), said[1], query.language)
    return Note("newer", text, (cite(one.newer), cite(one.older)))


def list_looked_for(query: Query, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    """The words, the languages of what was found nearest, and the limits of a search that found no answer."""
    return tuple(looked_for(_telling_words(query), _languages(evidence), _limits(query), query.language))


def _telling_words(query: Query) -> list[str]:
    found = []
    for start, end in words(query.text, query.language):
        word = query.text[start:end]
        weights = weigh(set(analyse_query(word, query.language)))
        if weights and max(weights.values()) > _TELLING and word not in found:
            found.append(word)
    return found[:_MAX_WORDS]


def _languages(evidence: Sequence[Evidence]) -> list[str]:
    known = [one.hit.passage.language for one in evidence]
    return [one for one in dict.fromkeys(known) if one != "und"]


def _limits(query: Query) -> list[str]:
    limits = query.filters
    named = [
        *(f"lang:{one}" for one in limits.languages),
        *([f"in:{limits.folder}"] if limits.folder else []),
        *(f"in:{one}" for one in limits.folders),
        *(f"type:{one}" for one in limits.media_types),
        *(f"title:{one}" for one in limits.titles),
        *(f"“{one}”" for one in limits.phrases),
        *(f"-{one}" for one in limits.without),
    ]
    return named
