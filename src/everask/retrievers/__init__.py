"""Everask as the retriever of LangChain, LlamaIndex and Haystack: one module each, and an extra each.

Passages come with their score, their place in the document's text (start inclusive, end exclusive, so that
the text is exactly that slice), and where the document is. Knows no server; the frameworks are imported by
the module of their name alone.
"""

from everask.retrievers.finding import ByEngine, Finder, Found, OverHttp

__all__ = ["ByEngine", "Finder", "Found", "OverHttp"]
