"""What the HTTP API is sent, as OpenAPI describes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, StrictBool, model_validator

from everask.errors import UsageError
from everask.limits import TopicLimit
from everask.pipeline.browsing import Like
from everask.serve.asks import Said
from everask.types import Filters, Turn


def _refuse_other_kinds(value: object) -> object:
    """JSON's true and "5" are no numbers, though Python would make some of them."""
    if isinstance(value, bool | str | bytes):
        raise ValueError("a number is needed")
    return value


JSON_NUMBER = BeforeValidator(_refuse_other_kinds)
"""Behind the limits of a number, so that these are described."""
Offset = Annotated[int, Field(ge=0, le=1 << 53), JSON_NUMBER]
WebAddress = Annotated[str, Field(pattern=r"^[hH][tT][tT][pP][sS]?://", max_length=4_000)]
MAX_HISTORY = 200
"""Turns that may be sent; the last few are looked at."""


class FiltersBody(BaseModel):
    """What a question or search is limited to; empty means no limit."""

    model_config = ConfigDict(extra="forbid")

    languages: list[str] = Field(default=[], max_length=50, description="ISO 639-1 codes.")
    folder: str | None = Field(
        default=None, max_length=4_000, description="Only documents below this folder."
    )
    media_types: list[str] = Field(default=[], max_length=50, description="Such as `application/pdf`.")
    after: float | None = Field(
        default=None,
        strict=True,
        allow_inf_nan=False,
        description="Modified at or after, seconds since 1970, UTC.",
    )
    before: float | None = Field(
        default=None,
        strict=True,
        allow_inf_nan=False,
        description="Modified before, seconds since 1970, UTC.",
    )

    topics: list[Annotated[int, Field(ge=1, le=1 << 53)]] = Field(
        default=[], max_length=20, description="Numbers of topics: documents that have all of them."
    )

    def filters(self) -> Filters:
        """The same as the engine's record."""
        topics = TopicLimit(tuple(self.topics)) if self.topics else None
        return Filters(
            tuple(self.languages),
            self.folder,
            tuple(self.media_types),
            self.after,
            self.before,
            topics=topics,
        )


class LikeBody(BaseModel):
    """A passage, by a place in a document."""

    model_config = ConfigDict(extra="forbid")

    document_id: str = Field(min_length=1, max_length=200, description="The document's id, as a hit has it.")
    start: Offset = Field(description="A character of the passage, such as its first.")


BY_TEXT_OR_LIKE: list[JsonValue] = [
    {"required": ["text"], "properties": {"text": {"minLength": 1}, "like": {"type": "null"}}},
    {"required": ["like"], "properties": {"like": {"type": "object"}, "text": {"maxLength": 0}}},
]
NOT_BOTH: list[JsonValue] = [
    {"properties": {"follows": {"maxLength": 0}}},
    {"properties": {"history": {"maxItems": 0}}},
]


class SearchBody(BaseModel):
    """A search by text; or by a passage that others are to be like."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"oneOf": BY_TEXT_OR_LIKE})

    text: str = Field(
        default="", max_length=4_000, description="Words or a question, in any language. Not with `like`."
    )
    like: LikeBody | None = Field(
        default=None, description="Instead of `text`: passages like this one, by its words and its meaning."
    )
    facets: StrictBool = Field(
        default=False, description="Whether the documents found are counted by language, folder, type, year."
    )
    top: Annotated[int, Field(ge=1, le=100), JSON_NUMBER] = Field(
        default=10, description="How many passages at most."
    )
    filters: FiltersBody = FiltersBody()
    explain: StrictBool = Field(default=False, description="Whether each hit says what its score is made of.")
    mark_meaning: StrictBool = Field(
        default=False,
        description="Whether a sentence is marked, too, in the first hits that share no word; slow.",
    )

    @model_validator(mode="after")
    def check(self) -> Self:
        """There is just one thing to search by."""
        if bool(self.text) == (self.like is not None):
            raise ValueError("a search needs either text or like")
        return self

    def sought(self) -> Like | None:
        """The passage that others are to be like."""
        return Like(self.like.document_id, self.like.start) if self.like else None


class TurnBody(BaseModel):
    """An earlier question of a conversation."""

    model_config = ConfigDict(extra="forbid")

    question: str = Field(max_length=20_000, description="What was asked.")
    answer: str = Field(default="", max_length=200_000, description="What was answered.")


def turns_of(history: Sequence[TurnBody] | None) -> tuple[Turn, ...]:
    """The same as the engine's records."""
    return tuple(Turn(one.question, one.answer) for one in history or ())


class AskBody(BaseModel):
    """A question."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"anyOf": NOT_BOTH})

    text: str = Field(min_length=1, max_length=4_000, description="The question, in any language.")
    filters: FiltersBody = FiltersBody()
    follows: str = Field(
        default="", max_length=100, description="The id of the answer that this follows; its limits hold on."
    )
    history: list[TurnBody] = Field(
        default=[], max_length=MAX_HISTORY, description="Or what was asked and answered before, oldest first."
    )

    def said(self) -> Said:
        """What was said before. Raises UsageError where it is said twice."""
        if self.follows and self.history:
            raise UsageError("`follows` and `history` both say what came before.", "Send one of them.")
        return Said(turns_of(self.history), self.follows)


class AddBody(BaseModel):
    """Files, folders and pages to add. Only the owner, at the machine itself, may send this."""

    model_config = ConfigDict(extra="forbid")

    paths: list[str] = Field(default=[], max_length=100, description="Absolute paths of files or folders.")
    urls: list[WebAddress] = Field(default=[], max_length=100, description="Addresses of web pages.")
    groups: list[Annotated[str, Field(min_length=1, max_length=200)]] | None = Field(
        default=None,
        max_length=100,
        description="Who alone may read what is there; empty: everybody; null: as before.",
    )
