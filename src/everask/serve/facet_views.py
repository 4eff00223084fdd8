"""The facets of a search as links of its page."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass

from everask.index.facets import Facets
from everask.serve.rendering import kind_name, language_name


@dataclass(frozen=True, slots=True)
class ValueView:
    """A value of a facet: its name, how many documents have it, and where it leads."""

    name: str
    documents: int
    url: str


@dataclass(frozen=True, slots=True)
class FacetView:
    """A facet by its English name: what is chosen of it, and what may be."""

    name: str
    chosen: ValueView | None
    values: tuple[ValueView, ...]


def facet_views(facets: Facets, asked: Mapping[str, str], language: str) -> list[FacetView]:
    """The facets of which there is a choice, or of which one is chosen. `asked` are the page's parameters."""
    names = {str(one.id): one.name for one in facets.topics}
    topics = tuple((str(one.id), one.documents) for one in facets.topics)
    kinds = (
        ("language", "Language", facets.languages, lambda value: language_name(value, language)),
        ("folder", "Folder", facets.folders, str),
        ("kind", "Kind", facets.media_types, kind_name),
        ("year", "Year", facets.years, str),
        ("topic", "Topic", topics, lambda value: str(names.get(value, value))),
    )
    views = []
    for field, name, counted, shown in kinds:
        value = asked.get(field, "")
        chosen = (
            ValueView(shown(value), dict(counted).get(value, 0), _url(asked, field, "")) if value else None
        )
        values = tuple(ValueView(shown(one), number, _url(asked, field, one)) for one, number in counted)
        if chosen or len(values) > 1 or (values and field == "topic"):
            views.append(FacetView(name, chosen, () if chosen else values))
    return views


def _url(asked: Mapping[str, str], field: str, value: str) -> str:
    kept = {name: one for name, one in {**asked, field: value}.items() if one}
    return f"/search?{urllib.parse.urlencode(kept)}"
