"""Texts with several labels each: finnl (Chinese financial news, evaluation only), GoEmotions (Apache-2.0).

Split by text: what is held out is drawn by its hash. Of finnl labels with fewer than `MIN_TEXTS` texts are
typing errors of the set and are left out.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from everask.errors import NotFoundError

Name = Literal["finnl", "goemotions"]
NAMES: tuple[Name, ...] = ("finnl", "goemotions")
HELD_OUT_ONE_IN = 8
MIN_TEXTS = 30
_NEUTRAL = "neutral"


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts with their labels (N, K), the most frequent label first; `held` says which are measured on."""

    labels: tuple[str, ...]
    texts: tuple[str, ...]
    marked: NDArray[np.bool_]
    held: NDArray[np.bool_]


def read_texts(data: Path, name: Name) -> Texts:
    """One of the sets. Raises NotFoundError where its files are not there."""
    rows = dict(_finnl(data) if name == "finnl" else _goemotions(data, "train.tsv.gz"))
    tested = set()
    if name == "goemotions":
        development = dict(_goemotions(data, "dev.tsv"))
        tested = set(development) - set(rows)
        rows |= {text: development[text] for text in tested}
    else:
        tested = {text for text in rows if zlib.crc32(text.encode()) % HELD_OUT_ONE_IN == 0}
    counts = Counter(label for labels in rows.values() for label in labels)
    known = [label for label, count in counts.most_common() if count >= MIN_TEXTS]
    place = {label: at for at, label in enumerate(known)}
    kept = {text: labels & place.keys() for text, labels in rows.items()}
    texts = tuple(text for text, labels in kept.items() if labels)
    marked = np.zeros((len(texts), len(known)), bool)
    for at, text in enumerate(texts):
        for label in kept[text]:
            marked[at, place[label]] = True
    return Texts(tuple(known), texts, marked, np.array([text in tested for text in texts]))


def _lines(path: Path) -> Iterator[str]:
    if not path.is_file():
        raise NotFoundError(f"{path} is not there.", "Name the data's folder in EVERASK_SHARED_DATA.")
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        yield from file


def _finnl(data: Path) -> Iterator[tuple[str, set[str]]]:
    for line in _lines(data / "p10_fincuge/finnl_train.jsonl"):
        text, labels = json.loads(line)[:2]
        yield text, set(labels.split())


def _goemotions(data: Path, file: str) -> Iterator[tuple[str, set[str]]]:
    names = [line.strip() for line in _lines(data / "p06_goemotions/labels.txt")]
    for line in _lines(data / "p06_goemotions" / file):
        text, labels, _ = line.rstrip("\n").split("\t")
        yield text, {names[int(one)] for one in labels.split(",")}
