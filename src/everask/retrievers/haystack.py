"""Everask as a retriever of Haystack: `pip install 'everask[haystack]'`.

Haystack reports its use to its makers unless HAYSTACK_TELEMETRY_ENABLED is False; Everask reports nothing.
"""

from __future__ import annotations

from typing import Any

from everask.errors import MissingExtraError, UsageError
from everask.retrievers.finding import Finder, OverHttp

try:
    from haystack import Document, component, default_to_dict
except ImportError as error:
    raise MissingExtraError("The retriever of Haystack", "haystack") from error


@component
class EveraskRetriever:
    """Finds passages by a `Finder`, ByEngine or OverHttp: `EveraskRetriever(ByEngine(engine))`."""

    def __init__(self, finder: Finder, top: int = 8) -> None:
        self.finder = finder
        self.top = top

    @component.output_types(documents=list[Document])
    def run(self, query: str, top: int | None = None) -> dict[str, list[Document]]:
        """The passages that fit best, best first."""
        found = self.finder.find(query, self.top if top is None else top)
        return {
            "documents": [
                Document(id=one.id, content=one.text, meta=one.metadata, score=one.score) for one in found
            ]
        }

    def to_dict(self) -> dict[str, Any]:
        """For a pipeline's file: a server's address; never its token, and never an engine."""
        if not isinstance(self.finder, OverHttp):
            raise UsageError("An engine cannot be written into a file.", "Find by OverHttp there.")
        return dict(default_to_dict(self, address=self.finder.address, top=self.top))

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> EveraskRetriever:
        """From a pipeline's file. Set `finder` where the server asks for a token."""
        given = data["init_parameters"]
        return cls(OverHttp(given["address"]), given["top"])
