"""What a search found, counted by language, folder, type and year."""

from __future__ import annotations

from pydantic import BaseModel, Field

from everask.index.facets import Counted, Facets


class FacetReply(BaseModel):
    """A value and the documents that have it."""

    value: str = Field(description="The value: a code, a name, a media type, or a year.")
    documents: int = Field(description="How many of the documents found have it.")


class TopicFacetReply(BaseModel):
    """A topic and the documents that have it."""

    id: int = Field(description="The topic's number, as filters take it.")
    name: str = Field(description="Its name.")
    documents: int = Field(description="How many of the documents found have it.")


class FacetsReply(BaseModel):
    """All documents with a passage that words or meaning found, counted; not only those of the hits."""

    total: int = Field(description="How many documents there are.")
    languages: list[FacetReply] = Field(description="By the document's language, ISO 639-1.")
    folders: list[FacetReply] = Field(description="By the folder just below what was added.")
    media_types: list[FacetReply] = Field(description="By media type.")
    years: list[FacetReply] = Field(description="By the year in which they were last changed; latest first.")
    topics: list[TopicFacetReply] = Field(description="By the topics that you may see.")


def facets_reply(facets: Facets) -> FacetsReply:
    """The facets of a search."""

    def values(counted: Counted) -> list[FacetReply]:
        return [FacetReply(value=value, documents=number) for value, number in counted]

    return FacetsReply(
        total=facets.total,
        languages=values(facets.languages),
        folders=values(facets.folders),
        media_types=values(facets.media_types),
        years=values(facets.years),
        topics=[TopicFacetReply(id=one.id, name=one.name, documents=one.documents) for one in facets.topics],
    )
