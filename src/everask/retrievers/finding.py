"""Where the passages come from: an engine in this process, or a server, and as much as may be read there."""

from __future__ import annotations

import urllib.parse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import httpx

from everask.errors import EveraskError
from everask.types import Filters

if TYPE_CHECKING:
    from everask.pipeline import Engine

SECONDS = 30.0
NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Found:
    """A passage with its score, its document and its place there; `source` is the document's address."""

    text: str
    score: float
    source: str
    title: str
    document_id: str
    start: int
    end: int
    page: int | None
    language: str

    @property
    def id(self) -> str:
        """Of this place in this content; it stays while the document does."""
        return f"{self.document_id}:{self.start}-{self.end}"

    @property
    def metadata(self) -> dict[str, Any]:
        """Everything but the text and the score; what is not there is left out."""
        names = ("source", "title", "document_id", "start", "end", "page", "language")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class Finder(Protocol):
    """Finds passages."""

    def find(self, text: str, top: int) -> list[Found]:
        """The passages that fit best, best first."""
        ...


@dataclass(frozen=True, slots=True)
class ByEngine:
    """Finds in an open engine what members of `groups` may read; None is the owner, who may read all."""

    engine: Engine
    groups: tuple[str, ...] | None = None
    filters: Filters = NO_FILTERS

    def find(self, text: str, top: int) -> list[Found]:
        """The passages that fit best, best first."""
        hits = self.engine.search(text, top, self.filters, self.groups, with_marks=False)
        return [
            Found(
                text=hit.passage.text,
                score=hit.score,
                source=hit.document.uri,
                title=hit.document.title or hit.document.name,
                document_id=hit.document.id,
                start=hit.passage.start,
                end=hit.passage.end,
                page=hit.passage.page,
                language=hit.passage.language,
            )
            for hit in hits
        ]


@dataclass(frozen=True, slots=True)
class OverHttp:
    """Finds through a server what the holder of `token` may read; `source` is the page that shows the place.

    Raises EveraskError where the server refuses or does not answer.
    """

    address: str = "http://127.0.0.1:8765"
    token: str = ""

    def find(self, text: str, top: int) -> list[Found]:
        """The passages that fit best, best first."""
        headers = {"authorization": f"Bearer {self.token}"} if self.token else {}
        address = urllib.parse.urljoin(f"{self.address}/", "api/search")
        try:
            reply = httpx.post(address, json={"text": text, "top": top}, headers=headers, timeout=SECONDS)
            answer = reply.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise EveraskError(f"{self.address} does not answer: {error}.", "Is the server on?") from error
        if reply.status_code != httpx.codes.OK:
            said = answer.get("error", {})
            raise EveraskError(said.get("message", f"Status {reply.status_code}."), said.get("hint", ""))
        return [self._found(hit) for hit in answer["hits"]]

    def _found(self, hit: dict[str, Any]) -> Found:
        return Found(
            text=hit["text"],
            score=hit["score"],
            source=urllib.parse.urljoin(f"{self.address}/", hit["url"].lstrip("/")),
            title=hit["title"] or hit["document"],
            document_id=hit["document_id"],
            start=hit["start"],
            end=hit["end"],
            page=hit["page"],
            language=hit["language"],
        )
