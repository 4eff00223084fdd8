"""Everask as a retriever of LlamaIndex: `pip install 'everask[llamaindex]'`."""

from __future__ import annotations

from everask.errors import MissingExtraError
from everask.retrievers.finding import Finder

try:
    from llama_index.core.retrievers import BaseRetriever
    from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode
except ImportError as error:
    raise MissingExtraError("The retriever of LlamaIndex", "llamaindex") from error

OFFSETS = ["start", "end", "document_id"]
"""Kept from what a language model and an embedding are shown of a node."""


class EveraskRetriever(BaseRetriever):
    """Finds passages by a `Finder`, ByEngine or OverHttp: `EveraskRetriever(ByEngine(engine))`."""

    def __init__(self, finder: Finder, top: int = 8) -> None:
        super().__init__()
        self.finder = finder
        self.top = top

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        found = self.finder.find(query_bundle.query_str, self.top)
        nodes = (
            TextNode(
                id_=one.id,
                text=one.text,
                metadata=one.metadata,
                start_char_idx=one.start,
                end_char_idx=one.end,
                excluded_llm_metadata_keys=OFFSETS,
                excluded_embed_metadata_keys=OFFSETS,
            )
            for one in found
        )
        return [NodeWithScore(node=node, score=one.score) for node, one in zip(nodes, found, strict=True)]
