"""Funnel-Transformer on our trunk: its layers over fewer and fewer positions. Off by default: card.md."""

from everask.models.funnel_reader.graph import fill, make_funnel_graph

__all__ = ["fill", "make_funnel_graph"]
