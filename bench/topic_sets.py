"""The sets that topics are measured on, as vectors: made once with the product's encoder, then kept.

Candidates for a topic's wording are made without any label: pieces of it, and phrases of the texts of the
pool that lie nearest to it.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from everask.encoder import Encoder, load_means
from everask.encoder.unit import unit
from everask.index.means import SHIPPED_WEIGHT
from everask.models.description_tagger.candidates import extracts, key_phrases
from everask.models.description_tagger.data import Labelled, plain_name, read_set
from everask.pipeline.models import find_encoder
from everask.settings import load_settings
from everask.text import language_of

CACHE = Path(tempfile.gettempdir()) / "everask-topics"
NUM_NEAR = 20
NUM_CANDIDATES = 20

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Vectored:
    """A set with raw vectors: texts (N, D), wordings and names (K, D), candidates (K, C, D) of wordings, the
    user's own first; what a topic has fewer of is filled up with its own."""

    labelled: Labelled
    texts: Vectors
    wordings: Vectors
    names: Vectors
    candidates: Vectors

    @property
    def targets(self) -> NDArray[np.int64]:
        """(N,)."""
        return np.array(self.labelled.targets)

    @property
    def tested(self) -> NDArray[np.bool_]:
        """(N,)."""
        return np.array(self.labelled.tested)

    def centre(self, tested: bool) -> Vectors:
        """The mean that the product would take off: of one side's texts, pulled to the shipped one."""
        side = self.texts[self.tested == tested]
        shipped = load_means("e5-small-search-1")[language_of(self.labelled.texts[0])]
        mean = (side.sum(axis=0) + SHIPPED_WEIGHT * shipped) / (len(side) + SHIPPED_WEIGHT)
        return np.asarray(mean, np.float32)


def open_bench_encoder() -> Encoder:
    """The product's encoder."""
    return find_encoder(load_settings(Path(tempfile.mkdtemp())).models, print)


def read_vectored(
    data: Path, name: str, encoder: Encoder, cache: Path = CACHE, *, with_candidates: bool = True
) -> Vectored:
    """A set with its vectors, from the file where it is there; without candidates the wordings alone are."""
    labelled = read_set(data, name)
    cache.mkdir(parents=True, exist_ok=True)
    texts = _kept(cache / f"{name}-texts", encoder, list(labelled.texts), as_query=False)
    wordings = _kept(cache / f"{name}-wordings", encoder, list(labelled.wordings), as_query=True)
    plain = [plain_name(*one) for one in zip(labelled.labels, labelled.wordings, strict=True)]
    names = _kept(cache / f"{name}-names", encoder, plain, as_query=True)
    if not with_candidates:
        return Vectored(labelled, texts, wordings, names, wordings[:, None])
    phrases = _candidates(labelled, texts, wordings)
    flat = _kept(
        cache / f"{name}-candidates", encoder, [one for row in phrases for one in row], as_query=True
    )
    candidates = flat.reshape(len(phrases), NUM_CANDIDATES, -1)
    return Vectored(labelled, texts, wordings, names, candidates)


def _candidates(labelled: Labelled, texts: Vectors, wordings: Vectors) -> list[list[str]]:
    """Other wordings, by topic: its pieces, phrases alone and beside it."""
    pool = [at for at, tested in enumerate(labelled.tested) if not tested]
    rows = texts[pool]
    centred = unit(rows - rows.mean(axis=0))
    topics = unit(wordings - wordings.mean(axis=0))
    order = np.argsort(-(centred @ topics.T), axis=0)[:NUM_NEAR].T
    language = language_of(labelled.texts[0])
    others = [labelled.texts[at] for at in pool[:300]]
    found = []
    for wording, near in zip(labelled.wordings, order, strict=True):
        phrases = key_phrases([labelled.texts[pool[at]] for at in near], others, language)
        beside = [f"{wording}, {one}" for one in phrases]
        row = [wording, *extracts(wording)[:3], *beside, *phrases][:NUM_CANDIDATES]
        found.append(row + [wording] * (NUM_CANDIDATES - len(row)))
    return found


def _kept(path: Path, encoder: Encoder, texts: list[str], *, as_query: bool) -> Vectors:
    digest = hashlib.sha256("\0".join([encoder.id, *texts]).encode()).hexdigest()[:12]
    file = path.with_name(f"{path.name}-{digest}.npy")
    if file.is_file():
        return np.asarray(np.load(file), np.float32)
    if as_query:
        known = {one: encoder.encode_query(one) for one in dict.fromkeys(texts)}
        made = np.stack([known[one] for one in texts])
    else:
        made = encoder.encode_passages(texts)
    np.save(file, made)
    return made
