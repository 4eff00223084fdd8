"""The ids of encoders: what one that was taught on a user's documents owes to the one that ships."""

from __future__ import annotations

_TAUGHT = "-taught-"


def taught_id(shipped: str, digest: str) -> str:
    """The id of an encoder that was taught, with its adapter's hash: vectors of two are never compared."""
    return f"{shipped}{_TAUGHT}{digest}"


def shipped_id(encoder_id: str) -> str:
    """The encoder that it was taught from; itself where it was not taught.

    What ships with that one, its languages' means and its static encoder, is what the taught one begins
    with: the means of the user's own passages take over as there are more of them.
    """
    return encoder_id.partition(_TAUGHT)[0]
