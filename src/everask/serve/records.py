"""Records as plain data for JSON. These shapes are stable: quality is measured through them."""

from __future__ import annotations

from typing import Any

from everask.types import Answer, Citation, Claim, DocumentInfo, Evidence, Hit, Note, Reason, Source


def citation_record(citation: Citation) -> dict[str, Any]:
    """`quote` is exactly `text[start:end]` of the document's extracted text."""
    return {
        "document": citation.document,
        "start": citation.start,
        "end": citation.end,
        "quote": citation.quote,
        "page": citation.page,
        "title": citation.title,
        "uri": citation.uri,
        "language": citation.language,
        "document_id": citation.document_id,
    }


def claim_record(claim: Claim) -> dict[str, Any]:
    """One sentence of an answer, its support in 0..1 and its citations."""
    return {
        "text": claim.text,
        "support": round(claim.support, 4),
        "verbatim": claim.verbatim,
        "heading": claim.heading,
        "citations": [citation_record(one) for one in claim.citations],
    }


def note_record(note: Note) -> dict[str, Any]:
    """What must be known beside the sentences, and the words that show it."""
    return {
        "kind": note.kind,
        "text": note.text,
        "citations": [citation_record(one) for one in note.citations],
    }


def evidence_record(evidence: Evidence) -> dict[str, Any]:
    """A sentence that was found, with its place."""
    return {
        "document": evidence.hit.document.name,
        "document_id": evidence.hit.document.id,
        "title": evidence.hit.document.title,
        "start": evidence.start,
        "end": evidence.end,
        "quote": evidence.text,
        "context": evidence.context,
        "page": evidence.hit.passage.page,
        "probability": round(evidence.probability, 4),
        "language": evidence.hit.passage.language,
    }


def answer_record(answer: Answer, identifier: str | None = None) -> dict[str, Any]:
    """A whole answer; `id` is the question's in a batch."""
    return {
        "id": identifier,
        "question": answer.question,
        "rewritten": answer.rewritten,
        "answer": answer.text,
        "abstained": answer.abstained,
        "chance": round(answer.chance, 4),
        "why": answer.why,
        "language": answer.language,
        "claims": [claim_record(one) for one in answer.claims],
        "notes": [note_record(one) for one in answer.notes],
        "looked_for": list(answer.looked_for),
        "nearest": [evidence_record(one) for one in answer.nearest],
        "model": answer.model,
        "settings_hash": answer.settings_hash,
        "seconds": round(answer.seconds, 3),
    }


def hit_record(hit: Hit) -> dict[str, Any]:
    """A passage that was found; `marks` are spans of `text` that match the query. `reasons`, where they were
    asked for, add up to the score."""
    told = {"reasons": [reason_record(one) for one in hit.reasons]} if hit.reasons else {}
    return {
        "document": hit.document.name,
        "document_id": hit.document.id,
        "title": hit.document.title,
        "uri": hit.document.uri,
        "page": hit.passage.page,
        "start": hit.passage.start,
        "end": hit.passage.end,
        "score": round(hit.score, 5),
        "channels": {name: round(score, 5) for name, score in hit.channels.items()},
        "language": hit.passage.language,
        "headings": list(hit.passage.headings),
        "text": hit.passage.text,
        "marks": [list(mark) for mark in hit.marks],
        **told,
    }


def reason_record(reason: Reason) -> dict[str, Any]:
    """A part of a hit's score and what it is for."""
    return {"kind": reason.kind, "score": round(reason.score, 5), "because": reason.because}


def document_record(info: DocumentInfo) -> dict[str, Any]:
    """A document's entry in a list."""
    return {
        "id": info.id,
        "document": info.name,
        "title": info.title,
        "uri": info.uri,
        "type": info.media_type,
        "language": info.language,
        "modified": info.modified,
        "size": info.size,
        "passages": info.num_passages,
        "pages": info.num_pages,
        "warnings": list(info.warnings),
    }


def source_record(source: Source) -> dict[str, Any]:
    """A file or page that was added, and what became of it."""
    return {
        "uri": source.uri,
        "status": source.status,
        "message": source.message,
        "documents": source.num_documents,
        "indexed_at": source.indexed_at,
    }
