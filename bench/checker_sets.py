"""What the checker is measured on: judged sets, and made ones of articles that nothing was fitted on.

Each case is a sentence with the pieces of text that may support it; long evidence comes in pieces of a few
sentences, those first that share most words with the sentence, and the best ones once more together.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from everask.encoder.pairs import Place
from everask.models.checker import public
from everask.models.checker.claimed import Claimed
from everask.models.checker.data import is_reported, made_pairs
from everask.models.checker.documents import read_documents
from everask.text import analyse, sentences

PIECE_SENTENCES = 3
NUM_PIECES = 5


@dataclass(frozen=True, slots=True)
class Case:
    """A sentence, the texts that may support it, and whether they do. `fold` is which half tunes thresholds
    for the other; `wrong` are words that the texts do not carry, where `words_known`."""

    sentence: str
    texts: tuple[str, ...]
    supported: bool
    language: str
    text_language: str
    fold: int
    wrong: tuple[Place, ...] = ()
    words_known: bool = False


def in_pieces(sentence: str, lines: Sequence[str]) -> tuple[str, ...]:
    """The evidence's lines as overlapping pieces: the likeliest few, and the best three together."""
    wanted = set(analyse(sentence, "en"))
    pieces = [
        " ".join(lines[at : at + PIECE_SENTENCES])
        for at in range(0, max(1, len(lines) - 1), PIECE_SENTENCES - 1)
    ]
    scored = sorted(pieces, key=lambda one: -len(wanted & set(analyse(one, "en"))))[:NUM_PIECES]
    # Of each line alone, for one that joins what stands far apart.
    best = sorted(lines, key=lambda one: -len(wanted & set(analyse(one, "en"))))[:4]
    together = " ".join(one for one in lines if one in best)[:1000]
    return tuple(dict.fromkeys([*scored, together]))


def wice(data: Path, count: int) -> list[Case]:
    """WiCE, claims of its development set: supported against partly or not."""
    rows = list(public.lines(data / "p03_wice" / "claim_dev.jsonl.gz"))[:count]
    return [
        Case(
            row["claim"],
            in_pieces(row["claim"], row["evidence"]),
            row["label"] == "supported",
            "en",
            "en",
            at % 2,
        )
        for at, row in enumerate(rows)
    ]


def qags(data: Path, count: int) -> list[Case]:
    """QAGS, CNN/DailyMail: sentences of summaries, by the majority of three people."""
    found: list[Case] = []
    for at, row in enumerate(public.lines(data / "p03_qags" / "mturk_cnndm.jsonl")):
        lines = [row["article"][start:end] for start, end in sentences(row["article"], "en")]
        for one in row["summary_sentences"]:
            votes = [vote["response"] == "yes" for vote in one["responses"]]
            said = one["sentence"]
            found.append(Case(said, in_pieces(said, lines), sum(votes) * 2 > len(votes), "en", "en", at % 2))
    return found[:count]


def samsum(data: Path, count: int) -> list[Case]:
    """SummEdits of a domain that was not trained on: edited sentences over the summary before the edit."""
    return _cases(public.edited_summaries(data, "samsum"), count)


def _cases(examples: Sequence[Claimed], count: int) -> list[Case]:
    some = random.Random(2).sample(list(examples), min(count, len(examples)))
    return [
        Case(
            one.sentence,
            (one.text,),
            one.supported,
            one.language,
            one.text_language,
            at % 2,
            one.wrong,
            one.words_known,
        )
        for at, one in enumerate(some)
    ]


JUDGED: Mapping[str, Callable[[Path, int], list[Case]]] = {
    "WiCE, claims": wice,
    "QAGS, CNN/DailyMail": qags,
    "BEGIN, Wizard of Wikipedia": lambda data, count: _cases(public.replies(data, "wow"), count),
    "SummEdits, samsum": samsum,
    "IndoNLI (id)": lambda data, count: _cases(public.indonesian(data, "val.jsonl"), count),
    "FarsTail (fa)": lambda data, count: _cases(public.persian(data, "val.tsv"), count),
    "JNLI (ja)": lambda data, count: _cases(public.japanese(data, is_reported), count),
}
"""Sets that people judged; what was trained on of the same sets is apart from these."""


def wice_tokens(data: Path, count: int) -> list[Case]:
    """Claims of WiCE in part supported, with the words that are not."""
    return _cases(
        [one for one in public.claim_tokens(data, "nonsupported_tokens_dev.jsonl") if one.wrong], count
    )


def made(data: Path, count: int) -> Iterator[tuple[str, list[Case]]]:
    """Made cases by language, `count` each; then those whose evidence is in another language."""
    documents = read_documents(data, ("xquad", "drcd", "cmrc", "jsquad"), is_reported)
    draw = random.Random(11)
    xquad = documents["xquad"]
    own: dict[str, list[Claimed]] = {}
    pairs = made_pairs("xquad", xquad, 6 * count, draw, across=0.0)
    for one in (one for pair in pairs for one in pair):
        own.setdefault(one.language, []).append(one)
    for language, some in sorted(own.items()):
        yield f"made, {language}", _cases(some, count)
    for name, language in (("drcd", "zh-Hant"), ("cmrc", "zh, CMRC"), ("jsquad", "ja")):
        pairs = made_pairs(name, documents[name], count // 2, draw, across=0.0)
        yield f"made, {language}", _cases([one for pair in pairs for one in pair], count)
    across = made_pairs("xquad", xquad, 2 * count, draw, across=1.0)
    other = [one for pair in across for one in pair if one.language != one.text_language]
    yield "made, across languages", _cases(other, 3 * count)
