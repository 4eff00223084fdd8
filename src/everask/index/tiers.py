"""Search by meaning over both tiers: full vectors, and rough ones of passages that have no full one yet.

Both lie in one space and are compared with one query vector, and their cosines with each other as they are:
with rough ones at 0.6 of that, full vectors drowned them where half of a pile had them (weights/static.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from everask.index import vectors
from everask.index.dense import DenseIndex, Search
from everask.index.means import Vectors, centre

IndexOf = Callable[[str], DenseIndex]


def search(
    connection: Connection, index_of: IndexOf, name: str, query: Vectors, wanted: Search
) -> list[tuple[int, float]]:
    """The nearest passages (id, cosine) of both tiers, best first."""
    found: list[tuple[int, float]] = []
    encoder = vectors.find_encoder(connection, name)
    if encoder is not None:
        found = index_of(name).search(connection, encoder, query, wanted)
    own = replace(wanted, means=None)
    for rough, rough_name in vectors.find_rough(connection, name)[-1:]:
        if vectors.count(connection, rough):
            found += index_of(rough_name).search(connection, rough, query, own)
    found.sort(key=lambda pair: (-pair[1], pair[0]))
    return found[: wanted.limit]


def cosines(
    connection: Connection,
    index_of: IndexOf,
    name: str,
    query: Vectors,
    means: Mapping[str, Vectors],
    ids: Sequence[int],
) -> dict[int, float]:
    """How near passages are, as `search` scores them; those that have a vector."""
    encoder = vectors.find_encoder(connection, name)
    scored = {} if encoder is None else _cosines(connection, encoder, query, means, ids)
    left = [one for one in ids if one not in scored]
    for rough, rough_name in vectors.find_rough(connection, name)[-1:] if left else ():
        own = index_of(rough_name).refresh(connection, rough).means
        scored |= _cosines(connection, rough, query, own, left)
    return scored


def directions(
    connection: Connection, name: str, means: Mapping[str, Vectors], ids: Sequence[int]
) -> dict[int, Vectors]:
    """The full vectors of passages less their languages' means, of length 1; of those that have one."""
    encoder = vectors.find_encoder(connection, name)
    if encoder is None:
        return {}
    found, languages, raw = vectors.read(connection, encoder, ids)
    return dict(zip(found, centre(raw, languages, means), strict=True)) if found else {}


def _cosines(
    connection: Connection, encoder: int, query: Vectors, means: Mapping[str, Vectors], ids: Sequence[int]
) -> dict[int, float]:
    found, languages, raw = vectors.read(connection, encoder, ids)
    if not found:
        return {}
    return dict(zip(found, (centre(raw, languages, means) @ query).tolist(), strict=True))
