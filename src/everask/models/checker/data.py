"""What the checker is trained and measured on: made examples and judged ones, each its share."""

from __future__ import annotations

import itertools
import random
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from everask.evaluate.halves import is_held_out, is_tune
from everask.evaluate.suites import XQUAD_LANGUAGES
from everask.models.checker import public
from everask.models.checker.claimed import Claimed
from everask.models.checker.documents import Document, languages_of, read_documents, read_manuals
from everask.models.checker.made import draw_twins

SHARES = {
    "xquad": 0.33,
    "drcd": 0.08,
    "cmrc": 0.04,
    "jsquad": 0.08,
    "manuals": 0.13,
    "indonli": 0.09,
    "farstail": 0.08,
    "japanese": 0.05,
    "summedits": 0.06,
    "wice": 0.02,
    "begin": 0.01,
    "hotpot": 0.01,
    "fetaqa": 0.02,
}
"""How many of the examples are of each kind; what has no file is left out."""

MANUAL_LANGUAGES = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ro", "ru", "uk", "el", "tr", "vi", "ar", "hi", "th"),
    *("zh", "ja", "ko", "id", "fa", "sv", "cs", "ca"),
)
ACROSS = {"xquad": 0.4, "manuals": 0.35}
"""How often the evidence is in another language than the sentence."""

_NUM_PAGES = 900
# A longer text would be cut, and might lose what supports the sentence.
_MAX_CHARACTERS = 900
_MADE = ("xquad", "drcd", "cmrc", "jsquad", "manuals")

Each = TypeVar("Each")


def trains(article: str) -> bool:
    """Whether an article is of the tuning half, and not of its fifth that is held out."""
    return is_tune(article) and not is_held_out(article)


def is_kept(article: str) -> bool:
    """Whether it is of that fifth: to measure on while training, and to calibrate."""
    return is_tune(article) and is_held_out(article)


def is_reported(article: str) -> bool:
    """Whether it is of the half that figures are of."""
    return not is_tune(article)


def draw_examples(data: Path, manuals: Path | None, count: int, seed: int) -> list[Claimed]:
    """About `count` examples to train on, of each kind its share; twins stand together."""
    draw = random.Random(seed)
    shares = {name: share for name, share in SHARES.items() if manuals or name != "manuals"}
    sizes = {name: round(count * share / sum(shares.values())) for name, share in shares.items()}
    documents: dict[str, list[Document]] = dict(read_documents(data, _MADE[:-1], trains))
    if manuals:
        documents["manuals"] = read_manuals(manuals, MANUAL_LANGUAGES, _NUM_PAGES, seed)
    groups: list[list[Claimed]] = []
    for name, some in documents.items():
        groups += [list(pair) for pair in made_pairs(name, some, sizes[name] // 2, draw)]
    for name, read in _judged(data, draw).items():
        short = [one for one in read() if len(one.text) <= _MAX_CHARACTERS]
        groups += _filled(twins_together(short), sizes[name], draw)
    draw.shuffle(groups)
    return [one for group in groups for one in group]


def made_pairs(
    name: str, documents: Sequence[Document], count: int, draw: random.Random, across: float | None = None
) -> Iterator[tuple[Claimed, Claimed]]:
    """`count` pairs of one set, in all of its languages alike; `across` of them over two languages."""
    share = ACROSS.get(name, 0.0) if across is None else across
    languages = XQUAD_LANGUAGES if name == "xquad" else languages_of(documents)
    return itertools.islice(draw_twins(documents, languages, share, draw, name), count)


def _judged(data: Path, draw: random.Random) -> Mapping[str, Callable[[], list[Claimed]]]:
    return {
        "indonli": lambda: public.indonesian(data, "train.jsonl.gz"),
        "farstail": lambda: public.persian(data, "train.tsv.gz"),
        "japanese": lambda: [*public.japanese(data, is_tune), *public.same_or_alike(data, is_tune)],
        "summedits": lambda: [
            one for name in public.SUMMARIES for one in public.edited_summaries(data, name)
        ],
        "wice": lambda: public.claim_tokens(data, "nonsupported_tokens_train.jsonl.gz"),
        "begin": lambda: [one for part in public.REPLIES for one in public.replies(data, part)],
        "hotpot": lambda: public.two_hops(data, trains, draw),
        "fetaqa": lambda: public.tables(data, trains, draw),
    }


def twins_together(examples: Sequence[Claimed]) -> list[list[Claimed]]:
    """Examples that differ in a small thing beside each other; at most four, supported and not."""
    groups: dict[str, list[Claimed]] = defaultdict(list)
    for number, one in enumerate(examples):
        groups[one.twins or f"alone {number}"].append(one)
    found: list[list[Claimed]] = []
    for some in groups.values():
        right, wrong = [one for one in some if one.supported], [one for one in some if not one.supported]
        if not right or not wrong:
            found += [[one] for one in some]
            continue
        for at in range(0, max(len(right), len(wrong)), 2):
            few = right[at : at + 2] + wrong[at : at + 2]
            if few:
                found.append(few)
    return found


def _filled(groups: Sequence[list[Claimed]], count: int, draw: random.Random) -> list[list[Claimed]]:
    """Groups of `count` examples in all, each as often as any other but for one."""
    chosen: list[list[Claimed]] = []
    size = 0
    while groups and size < count:
        for group in draw.sample(list(groups), len(groups)):
            if size >= count:
                break
            chosen.append(group)
            size += len(group)
    return chosen


def held_out(data: Path, count: int, seed: int, wanted: Callable[[str], bool] = is_kept) -> list[Claimed]:
    """Made examples of articles that are not trained on, alike in every language; across ones too."""
    draw = random.Random(f"{seed}{zlib.crc32(wanted.__name__.encode())}")
    documents = read_documents(data, _MADE[:-1], wanted)
    found: list[Claimed] = []
    for name, some in documents.items():
        share = 0.6 if name == "xquad" else 0.13
        found += [one for pair in made_pairs(name, some, round(count * share / 2), draw) for one in pair]
    return found
