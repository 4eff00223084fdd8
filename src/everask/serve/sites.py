"""Which other sites may show the ask box, and what their pages may be told: the one place that lets them.

A site is let in by its origin, for what is below /embed alone; no cookie and no token counts there, so a page
of theirs can do no more than anybody.
"""

from __future__ import annotations

from starlette.datastructures import Headers
from starlette.responses import Response

from everask.settings import EmbedSettings

PREFIX = "/embed/"
PREFLIGHT_SECONDS = 600


def listed_site(settings: EmbedSettings, path: str, headers: Headers) -> str:
    """The site whose page sends this request, where it may embed; else nothing."""
    origin = headers.get("origin", "")
    return origin if path.startswith(PREFIX) and origin in settings.sites else ""


def cors_headers(site: str) -> dict[str, str]:
    """What lets a browser show a reply to a page of that site."""
    return {
        "access-control-allow-origin": site,
        "access-control-expose-headers": "retry-after",
        "cross-origin-resource-policy": "cross-origin",
        "vary": "origin",
    }


def preflight() -> Response:
    """What a page of a listed site may send."""
    headers = {
        "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": "content-type",
        "access-control-max-age": str(PREFLIGHT_SECONDS),
    }
    return Response(status_code=204, headers=headers)
