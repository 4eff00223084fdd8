"""Sets of short texts with one label each, to measure topics on; and which of them may be trained on.

A text is kept for the test or for the pool (where labels may be taken from) by its thread, by one rule: a
mail and its replies lie on the same side. Texts are drawn by their hash, the same number of every label where
there are enough. Licences: card.md.
"""

from __future__ import annotations

import csv
import gzip
import json
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from everask.errors import NotFoundError

MAX_CHARACTERS = 600
TESTED_ONE_IN = 2
REPORTED = ("clinc150", "banking77", "agnews", "20news", "thucnews")

# A label, a text, and its thread where several texts belong together.
Row = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A set: its labels by name, what people may write of each, and its texts with their labels' numbers.

    `tested` says which texts are measured on; the others are the pool.
    """

    name: str
    labels: tuple[str, ...]
    wordings: tuple[str, ...]
    texts: tuple[str, ...]
    targets: tuple[int, ...]
    tested: tuple[bool, ...]
    may_train: bool


@dataclass(frozen=True, slots=True)
class Size:
    """How many texts of a label are drawn, of each side."""

    tested: int
    pool: int


@dataclass(frozen=True, slots=True)
class _Kind:
    read: Callable[[Path], Iterator[Row]]
    size: Size
    may_train: bool = False


def read_set(data: Path, name: str) -> Labelled:
    """A set by its name. Raises NotFoundError where its folder is not there."""
    kind = KINDS[name]
    known = wordings_of(name)
    sides: dict[tuple[str, bool], dict[str, int]] = defaultdict(dict)
    for label, text, thread in kind.read(data):
        if label in known and text.strip():
            tested = _hash(thread or text) % TESTED_ONE_IN == 0
            sides[label, tested].setdefault(text.strip()[:MAX_CHARACTERS], _hash(text))
    labels = tuple(known)
    chosen: list[tuple[str, int, bool]] = []
    for number, label in enumerate(labels):
        for tested, most in ((True, kind.size.tested), (False, kind.size.pool)):
            drawn = sorted(sides[label, tested].items(), key=lambda item: item[1])[:most]
            chosen += [(text, number, tested) for text, _ in drawn]
    chosen.sort(key=lambda one: _hash(one[0]))
    texts, targets, sides_of = zip(*chosen, strict=True)
    wordings = tuple(known.values())
    return Labelled(name, labels, wordings, tuple(texts), tuple(targets), tuple(sides_of), kind.may_train)


def wordings_of(name: str) -> Mapping[str, str]:
    """What a person may write of each label of a set: written from the labels' names, no text was read."""
    read = json.loads((files(__package__) / "wordings.json").read_text("utf-8"))
    found: Mapping[str, str] = read[name]
    return found


def plain_name(label: str, wording: str) -> str:
    """A label's name as words; of a label that is a number, what stands before the colon of its wording."""
    if label.isdigit():
        return wording.partition("：" if "：" in wording else ":")[0]
    return label.replace("_", " ").replace(".", " ").replace("?", "").strip()


def _hash(text: str) -> int:
    return zlib.crc32(text.encode())


def _open(path: Path) -> Iterator[str]:
    if not path.is_file():
        raise NotFoundError(f"{path} is not there.", "Name the data's folder in EVERASK_SHARED_DATA.")
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        yield from file


def _clinc(data: Path) -> Iterator[Row]:
    for file in ("train", "val"):
        for line in _open(data / f"p11_clinc150/{file}.jsonl"):
            row = json.loads(line)
            yield row["intent"], row["text"], ""


def _banking(data: Path) -> Iterator[Row]:
    for row in csv.DictReader(_open(data / "p11_banking77/train.csv")):
        yield row["category"], row["text"], ""


def _agnews(data: Path) -> Iterator[Row]:
    for line in _open(data / "p06_agnews/a.jsonl"):
        row = json.loads(line)
        yield str(row["label"]), f"{row['title']}. {row['text']}", row["title"]


def _newsgroups(data: Path) -> Iterator[Row]:
    for line in _open(data / "p06_20news/20news-bydate-train.jsonl.gz"):
        row = json.loads(line)
        thread = row["subject"].lower().removeprefix("re:").strip()
        yield row["label"], f"{row['subject']}\n{row['text']}", thread


def _thucnews(data: Path) -> Iterator[Row]:
    for line in _open(data / "p06_thucnews10/dev.txt"):
        text, _, label = line.rstrip("\n").rpartition("\t")
        yield label, text, ""


def _reuters(data: Path) -> Iterator[Row]:
    for line in _open(data / "p06_reuters/R8_train.jsonl.gz"):
        row = json.loads(line)
        yield row["label"], row["text"], ""


def _goemotions(data: Path) -> Iterator[Row]:
    for line in _open(data / "p06_goemotions/train.tsv.gz"):
        text, label, _ = line.rstrip("\n").split("\t")
        yield label, text, ""  # several labels: no wording has such a name, so that the text is left out


KINDS: Mapping[str, _Kind] = {
    "clinc150": _Kind(_clinc, Size(16, 56), may_train=True),
    "banking77": _Kind(_banking, Size(20, 56), may_train=True),
    "agnews": _Kind(_agnews, Size(350, 150)),
    "20news": _Kind(_newsgroups, Size(60, 60)),
    "thucnews": _Kind(_thucnews, Size(150, 80)),
    "reuters": _Kind(_reuters, Size(40, 0)),
    "goemotions": _Kind(_goemotions, Size(30, 60), may_train=True),
}
