"""Fetches a pack's file from the Hugging Face hub, or a mirror, into a file that grows from where it was.

Proxy variables (HTTPS_PROXY and so on) are honoured by httpx; HF_ENDPOINT names a mirror.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import httpx

from everask.errors import ModelError
from everask.packs.catalogue import Pack

Progress = Callable[[int, int], None]

# A hub that cannot be reached must not hold up the package index for long.
_TIMEOUT = httpx.Timeout(30.0, connect=4.0)


def hub_address() -> str:
    """HF_ENDPOINT, else the public hub."""
    return os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")


def fetch_from_hub(pack: Pack, partial: Path, *, base_url: str, progress: Progress | None) -> None:
    """Append to `partial` the bytes that it lacks. Raises ModelError where the hub does not give them.

    What was written stays, for the next attempt: `partial` is a beginning of the file at all times.
    """
    if pack.hub is None:
        raise ModelError(f"{pack.name} is not on the hub.")
    url = f"{base_url}/{pack.hub.repository}/resolve/{pack.hub.revision}/{pack.hub.file}"
    have = partial.stat().st_size if partial.exists() else 0
    try:
        with (
            httpx.Client(timeout=_TIMEOUT, follow_redirects=True, max_redirects=5) as client,
            client.stream("GET", url, headers=_headers(have)) as response,
        ):
            response.raise_for_status()
            # A server without ranges answers 200 with the whole file.
            mode = "ab" if response.status_code == httpx.codes.PARTIAL_CONTENT else "wb"
            _write_stream(pack, response, partial, mode, progress)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ModelError(f"{url} did not answer: {type(error).__name__} {error}".strip()) from error
    if partial.stat().st_size != pack.size:
        raise ModelError(f"{url} ended early, at {partial.stat().st_size:,} of {pack.size:,} bytes.")


def _headers(have: int) -> dict[str, str]:
    # Compressed on the way, the bytes on disk would not be the bytes that a range counts.
    plain = {"Accept-Encoding": "identity"}
    return {**plain, "Range": f"bytes={have}-"} if have else plain


def _write_stream(
    pack: Pack, response: httpx.Response, partial: Path, mode: str, progress: Progress | None
) -> None:
    with partial.open(mode) as stream:
        done = stream.tell()
        for chunk in response.iter_raw():
            done += len(chunk)
            if done > pack.size:
                raise ModelError(f"{response.url} sends more than the {pack.size:,} bytes of {pack.file}.")
            stream.write(chunk)
            if progress is not None:
                progress(done, pack.size)
