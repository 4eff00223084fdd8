"""Everask as a retriever of LangChain: `pip install 'everask[langchain]'`."""

from __future__ import annotations

from typing import Any

from everask.errors import MissingExtraError

try:
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever
except ImportError as error:
    raise MissingExtraError("The retriever of LangChain", "langchain") from error


class EveraskRetriever(BaseRetriever):
    """Finds passages by a `Finder`, ByEngine or OverHttp: `EveraskRetriever(finder=ByEngine(engine))`."""

    finder: Any
    top: int = 8

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        return [
            Document(page_content=one.text, metadata={**one.metadata, "score": one.score}, id=one.id)
            for one in self.finder.find(query, self.top)
        ]
