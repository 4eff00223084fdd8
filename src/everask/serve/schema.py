"""The HTTP API's shapes, as OpenAPI describes them. Made from the records that the command line prints too.

Offsets count characters (Unicode code points) of a document's extracted text, start inclusive, end
exclusive, so that `quote` is always exactly `text[start:end]`. Paths of this machine are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, Field

from everask.index.asks import AskEntry
from everask.index.facets import Facets
from everask.serve.facets import FacetsReply, facets_reply
from everask.serve.names import short_name, without_folders
from everask.serve.records import answer_record, claim_record, document_record, evidence_record, hit_record
from everask.serve.understanding import understood_record
from everask.types import Answer, Claim, DocumentInfo, Evidence, Hit, Understood

if TYPE_CHECKING:
    from everask.pipeline import AddReport, Status
    from everask.serve.asked import Ask

DocumentId = Annotated[str, Field(description="The document's id: of this content at this place.")]
Start = Annotated[int, Field(ge=0, description="Where it begins in the document's text, in characters.")]
End = Annotated[int, Field(ge=0, description="Where it ends in the document's text, exclusive.")]
PageNumber = Annotated[int | None, Field(description="The page, slide or sheet, from 1; null without pages.")]
Language = Annotated[str, Field(description="ISO 639-1 code, or `und`.")]


class ErrorDetail(BaseModel):
    """What went wrong."""

    message: str = Field(description="What failed, and for what.")
    hint: str = Field(description="What to do about it; may be empty.")


class ErrorReply(BaseModel):
    """The one shape of every error."""

    error: ErrorDetail


class CitationReply(BaseModel):
    """The exact words that support a sentence."""

    document: str = Field(description="The document's name: its path below the added folder.")
    document_id: DocumentId
    title: str = Field(description="The document's own title.")
    language: Language
    start: Start
    end: End
    quote: str = Field(description="Exactly the text between start and end.")
    page: PageNumber
    url: str = Field(default="", description="The page that shows the quote, marked, in its document.")


class ClaimReply(BaseModel):
    """One sentence of an answer."""

    text: str = Field(description="The sentence.")
    support: float = Field(ge=0, le=1, description="How well its citations support it, 0 to 1.")
    verbatim: bool = Field(description="Whether the sentence is a quote rather than the model's words.")
    heading: str = Field(
        default="", description="What it stands under in a longer answer: a section, a date."
    )
    citations: list[CitationReply] = Field(description="The words that support it, best first.")


class NoteReply(BaseModel):
    """What must be known beside the sentences."""

    kind: str = Field(description="disagreement, newer, computed, or read: how much was read.")
    text: str = Field(description="It, in the language of the question.")
    citations: list[CitationReply] = Field(description="The words that show it.")


class EvidenceReply(BaseModel):
    """A sentence or table row of a document that may answer."""

    document: str = Field(description="The document's name.")
    document_id: DocumentId
    title: str = Field(description="The document's own title.")
    start: Start
    end: End
    quote: str = Field(description="Exactly the text between start and end.")
    context: str = Field(description="Headings or table header above it, for understanding.")
    page: PageNumber
    probability: float = Field(description="How likely it answers, 0 to 1.")
    language: Language
    url: str = Field(default="", description="The page that shows it, marked, in its document.")


class AnswerReply(BaseModel):
    """A checked answer, or an abstention that says why and shows the nearest passages."""

    id: str | None = Field(description="The answer's id: `/asks/ID` shows it.")
    question: str = Field(description="The question as asked.")
    rewritten: str = Field(
        default="", description="The question as it stands alone, where what was said before completed it."
    )
    answer: str = Field(description="The whole answer; every sentence of it is a claim below.")
    abstained: bool = Field(description="True when the documents do not say.")
    chance: float = Field(description="How likely the documents answer, 0 to 1.")
    why: str = Field(description="Why it abstained; empty otherwise.")
    language: Language
    claims: list[ClaimReply] = Field(description="The answer's sentences with their citations.")
    notes: list[NoteReply] = Field(default=[], description="What must be known beside the sentences.")
    looked_for: list[str] = Field(
        default=[], description="When it abstained: the words, languages and limits that were looked for."
    )
    nearest: list[EvidenceReply] = Field(description="The nearest passages, when it abstained.")
    model: str | None = Field(description="The language model; null when the answer is quotes alone.")
    settings_hash: str = Field(description="Of prompts, model and thresholds that made the answer.")
    seconds: float = Field(description="How long it took.")
    url: str = Field(default="", description="The page that shows this answer.")


class AskedReply(BaseModel):
    """A question that was asked and answered before."""

    id: str = Field(description="The answer's id.")
    question: str = Field(description="The question as asked.")
    asked_at: float = Field(description="When, seconds since 1970, UTC.")
    url: str = Field(description="The page that shows the answer.")


class AsksReply(BaseModel):
    """What somebody asked."""

    asks: list[AskedReply] = Field(description="Newest first.")


class ReasonReply(BaseModel):
    """A part of a hit's score."""

    kind: str = Field(description="words, meaning, language or ranker.")
    score: float = Field(description="How much of the score it is; may be less than 0.")
    because: str = Field(description="Why, in a few words for people.")


class HitReply(BaseModel):
    """A passage that a search found."""

    document: str = Field(description="The document's name.")
    document_id: DocumentId
    title: str = Field(description="The document's own title.")
    page: PageNumber
    start: Start
    end: End
    score: float = Field(description="Higher is better; comparable within one search only.")
    channels: dict[str, float] = Field(description="The score by channel: words, vectors.")
    language: Language
    headings: list[str] = Field(description="The headings above it, outermost first.")
    text: str = Field(description="The passage, exactly the text between start and end.")
    marks: list[tuple[int, int]] = Field(description="Spans of `text` that match the query's words.")
    reasons: list[ReasonReply] = Field(
        default=[], description="Parts that add up to the score; only where `explain` asks for them."
    )
    url: str = Field(default="", description="The page that shows it in its document.")


class UnderstoodReply(BaseModel):
    """What was made of the text of a search."""

    text: str = Field(description="The words that were looked for; empty when there were none.")
    phrases: list[str] = Field(description="What a passage must hold, word for word.")
    preferred: list[str] = Field(description="What stands in quotation marks in a question: not demanded.")
    without: list[str] = Field(description="What it must not hold.")
    languages: list[str] = Field(description="ISO 639-1 codes; empty means any.")
    media_types: list[str] = Field(description="Empty means any.")
    after: float | None = Field(description="Modified at or after, seconds since 1970, UTC.")
    before: float | None = Field(description="Modified before, seconds since 1970, UTC.")
    folders: list[str] = Field(description="Folders that the document must be below.")
    titles: list[str] = Field(description="What its title or name must hold.")
    topics: list[int] = Field(default=[], description="Topics that it must have, all of them.")
    hints: list[str] = Field(description="What could not be read as meant, and what to do, for people.")
    suggestion: str = Field(description="The text as the documents spell it; empty without a better one.")


class SearchReply(BaseModel):
    """The passages found, best first."""

    hits: list[HitReply]
    facets: FacetsReply | None = Field(default=None, description="Where they were asked for.")
    understood: UnderstoodReply
    seconds: float = Field(description="How long it took.")


class DocumentReply(BaseModel):
    """A document without its text."""

    id: DocumentId
    document: str = Field(description="Its name: the path below the added folder, without its ending.")
    title: str = Field(description="Its own title.")
    type: str = Field(description="Its media type, by content.")
    language: Language
    modified: float = Field(description="Seconds since 1970, UTC.")
    size: int = Field(description="Bytes of the original.")
    passages: int = Field(description="How many passages it was split into.")
    pages: int = Field(description="How many pages, slides or sheets; 0 where it has none.")
    warnings: list[str] = Field(description="What was lost or doubtful when it was read.")
    url: str = Field(default="", description="The page that shows it.")


class DocumentsReply(BaseModel):
    """A part of the list of documents."""

    documents: list[DocumentReply]
    total: int = Field(description="How many documents there are in all.")


class TextReply(BaseModel):
    """A document's extracted text, into which every offset points."""

    id: DocumentId
    text: str


class FailureReply(BaseModel):
    """A file or page that could not be read, wholly or in part."""

    name: str = Field(description="The file's path below the added folder, or the page's address.")
    message: str = Field(description="Why, and what to do.")


class StatusReply(BaseModel):
    """The state of the pile."""

    documents: int = Field(description="How many documents can be asked.")
    passages: int = Field(description="How many passages they were split into.")
    rough: int = Field(description="How many passages can be found by meaning roughly, until their turn.")
    vectors: int = Field(description="How many passages can be found by meaning, besides by words.")
    pending: int = Field(description="How many passages wait for their vector.")
    languages: dict[str, int] = Field(description="Passages by language.")
    failed: list[FailureReply] = Field(description="What could not be read.")
    partial: list[FailureReply] = Field(description="What was read in part.")
    encoder: str | None = Field(description="The encoder in use; null: search is by words only.")
    generator: str | None = Field(description="The language model in use; null: answers are quotes.")
    waiting: int = Field(description="Questions that wait for their turn.")
    version: str = Field(description="Everask's version.")


class AddReply(BaseModel):
    """What an upload or addition did."""

    added: int = Field(description="New files.")
    changed: int = Field(description="Files that had changed.")
    unchanged: int = Field(description="Files that were there already.")
    documents: int = Field(description="Documents that can be asked now.")
    failed: list[FailureReply] = Field(description="What could not be read.")
    seconds: float = Field(description="How long it took.")


class RemoveReply(BaseModel):
    """What a removal did."""

    removed: int = Field(description="How many files or pages left the pile; the originals stay on disk.")


class Box(BaseModel):
    """A rectangle on a page, in points from its top left corner."""

    left: float
    top: float
    right: float
    bottom: float


class BoxesReply(BaseModel):
    """Where words stand on a page."""

    page: int = Field(description="The page, from 1.")
    width: float = Field(description="The page's width in points.")
    height: float = Field(description="The page's height in points.")
    boxes: list[Box] = Field(description="One rectangle for each line of the words.")


def place_url(document_id: str, start: int, end: int) -> str:
    """The page that shows these characters, marked; works with and without scripts."""
    return f"/documents/{document_id}?mark={start}-{end}#{start}-{end}"


def claim_reply(claim: Claim) -> ClaimReply:
    """A claim with links."""
    reply = ClaimReply.model_validate(claim_record(claim))
    for one in reply.citations:
        one.url = place_url(one.document_id, one.start, one.end)
    return reply


def evidence_reply(evidence: Evidence) -> EvidenceReply:
    """Evidence with a link."""
    reply = EvidenceReply.model_validate(evidence_record(evidence))
    reply.url = place_url(reply.document_id, reply.start, reply.end)
    return reply


def answer_reply(ask: Ask, answer: Answer) -> AnswerReply:
    """An answer with links."""
    reply = AnswerReply.model_validate(answer_record(answer, ask.id))
    reply.claims = [claim_reply(one) for one in answer.claims]
    reply.nearest = [evidence_reply(one) for one in answer.nearest]
    for one in (citation for note in reply.notes for citation in note.citations):
        one.url = place_url(one.document_id, one.start, one.end)
    reply.url = f"/asks/{ask.id}"
    return reply


def hit_reply(hit: Hit) -> HitReply:
    """A hit with a link."""
    reply = HitReply.model_validate(hit_record(hit))
    reply.url = place_url(reply.document_id, reply.start, reply.end)
    return reply


def search_reply(
    hits: list[Hit], understood: Understood, seconds: float, facets: Facets | None = None
) -> SearchReply:
    """What a search found, and how it was understood."""
    made = UnderstoodReply.model_validate(understood_record(understood))
    counted = facets_reply(facets) if facets else None
    found = [hit_reply(hit) for hit in hits]
    return SearchReply(hits=found, understood=made, seconds=seconds, facets=counted)


def document_reply(info: DocumentInfo) -> DocumentReply:
    """A document's entry with a link."""
    reply = DocumentReply.model_validate(document_record(info))
    reply.url = f"/documents/{info.id}"
    return reply


def failures(rows: list[tuple[str, str]], roots: list[str]) -> list[FailureReply]:
    """Failures with names as people know them: below the added folder, not where it is on the disk."""
    return [
        FailureReply(name=short_name(place, roots), message=without_folders(message, roots))
        for place, message in rows
    ]


def status_reply(status: Status, waiting: int, version: str) -> StatusReply:
    """The state of the pile."""
    return StatusReply(
        documents=status.documents,
        passages=status.passages,
        rough=status.rough,
        vectors=status.vectors,
        pending=max(0, status.pending) if status.encoder else 0,
        languages=status.languages,
        failed=failures(status.failed, status.roots),
        partial=failures(status.partial, status.roots),
        encoder=status.encoder,
        generator=status.generator,
        waiting=waiting,
        version=version,
    )


def asked_reply(entry: AskEntry) -> AskedReply:
    """An entry of what somebody asked."""
    return AskedReply(id=entry.id, question=entry.question, asked_at=entry.asked_at, url=f"/asks/{entry.id}")


def add_reply(report: AddReport, roots: list[str]) -> AddReply:
    """What an addition did."""
    return AddReply(
        added=report.added,
        changed=report.changed,
        unchanged=report.unchanged,
        documents=report.documents,
        failed=failures(report.failed, roots),
        seconds=report.seconds,
    )
