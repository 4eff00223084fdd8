"""The pages, one module a screen. Rendered here, whole, before any script runs."""

from fastapi import APIRouter

from everask.serve.pages import (
    account,
    answer,
    ask,
    document,
    gloss,
    language,
    learning,
    library,
    people,
    places,
    quality,
    search,
    settings,
    topics,
    why,
)

SCREENS = (
    *(ask, answer, search, library, places, document, why, quality, learning),
    *(gloss, topics, settings, people, account, language),
)


def pages_router() -> APIRouter:
    """The routes of the pages; not a part of the described API."""
    router = APIRouter(include_in_schema=False)
    for screen in SCREENS:
        screen.add_routes(router)
    return router
