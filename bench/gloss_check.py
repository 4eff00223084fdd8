"""What the check of glosses sees, on sentences whose translation is known: python bench/gloss_check.py

    python bench/gloss_check.py [--half tune|report] [--pairs 300]

Reads XQuAD from EVERASK_SHARED_DATA or ../shared/data: sentences of paragraphs that were split alike in two
languages. Right is the translation; wrong are another sentence of the paragraph, the translation with one
word of another put in, its first half with another's second half, and its first half alone. On the
development half it prints what thresholds lose and catch; on the other it writes docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from marked_page import dated, write_between

from everask.answer.gloss import SPOKEN, find_problem
from everask.answer.gloss_distance import LEAST, measure_nearness
from everask.encoder import open_encoder
from everask.evaluate.halves import half_of
from everask.evaluate.suites import XQUAD_LANGUAGES
from everask.packs import default_folder
from everask.text import sentences

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- glosses:begin -->", "<!-- glosses:end -->"
LANGUAGES = tuple(one for one in XQUAD_LANGUAGES if one in SPOKEN)
LEAST_LONG, MOST_LONG = 40, 240
WRONG = ("another sentence", "one word of another", "half of another", "half left out")
KINDS = ("right", *WRONG)
SEED = 11
_CONTENT = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True)
class Said:
    """A quote, what is given as its gloss, of which kind that is, and what the check without vectors says."""

    kind: str
    quote: str
    gloss: str
    languages: tuple[str, str]
    problem: str


def main() -> None:
    """Measure, and print or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("tune", "report"), default="report")
    parser.add_argument("--pairs", type=int, default=300)
    given = parser.parse_args()
    shared = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    said = list(make(shared / "p02_xquad", given.half, given.pairs))
    encoder = open_encoder(default_folder() / "e5-small-built")
    near = {
        one: measure_nearness(one.gloss, one.quote, one.languages, encoder)
        for one in dict.fromkeys(said)
        if not one.problem
    }
    if given.half == "tune":
        right = sorted(value for one, value in near.items() if one.kind == "right")
        for least in (float(np.quantile(right, lost)) for lost in (0.02, 0.05, 0.1)):
            print("\n".join(report(said, near, least)), f"at {least:.3f}", sep="\n")
        return
    lines = report(said, near, LEAST)
    print("\n".join(lines))
    command = f"python bench/gloss_check.py --pairs {given.pairs}"
    page = dated(command, "\n".join(lines))
    write_between(BEGIN, END, page, heading="## Quotes in the asker's language")


def make(folder: Path, half: str, most: int) -> Iterator[Said]:
    """So many sentences with their translation, each with what is wrong of every kind."""
    draw = random.Random(SEED)
    paragraphs = {language: _paragraphs(folder, language) for language in LANGUAGES}
    articles = _articles(folder)
    pairs = [(one, other) for one in LANGUAGES for other in LANGUAGES if one != other]
    places = [
        (number, pair, at)
        for number, article in articles.items()
        if half_of(article) == half
        for pair in pairs
        if len(paragraphs[pair[0]][number]) == len(paragraphs[pair[1]][number]) > 1
        for at in range(len(paragraphs[pair[0]][number]))
    ]
    draw.shuffle(places)
    for number, pair, at in places:
        quote, right = (paragraphs[one][number][at] for one in pair)
        width = len(quote) * (2 if quote[:1] >= "\u2e80" else 1)
        if most and LEAST_LONG <= width <= MOST_LONG:
            other = draw.choice([one for one in paragraphs[pair[1]][number] if one != right] or [right])
            for kind, gloss in zip(KINDS, (right, *_spoil(right, other, pair[1], draw)), strict=True):
                yield Said(kind, quote, gloss, pair, find_problem(gloss, quote, *pair))
            most -= 1


def _spoil(right: str, other: str, language: str, draw: random.Random) -> tuple[str, str, str, str]:
    """A gloss made wrong in every way; one that cannot be is empty, which the check sees."""
    here, there = set(_words(right, language)), set(_words(other, language))
    out, into = sorted(here - there), sorted(there - here)
    swapped = right.replace(draw.choice(out), draw.choice(into), 1) if out and into else ""
    first, second = right[: len(right) // 2], other[len(other) // 2 :]
    if " " in right and " " in other:
        first, second = first.rsplit(" ", 1)[0] + " ", second.split(" ", 1)[-1]
    return other if other != right else "", swapped, first + second, first.strip()


def _words(text: str, language: str) -> list[str]:
    """What carries meaning, about: longer words without a capital, or two signs in Chinese and Thai."""
    if language in {"zh", "th"}:
        pairs = (text[at : at + 2] for at in range(len(text) - 1))
        return [one for one in pairs if one.isalpha() and one[0] >= "\u0e00"]
    return [one for one in _CONTENT.findall(text) if not one[0].isupper()]


def _paragraphs(folder: Path, language: str) -> Mapping[str, Sequence[str]]:
    found = {}
    for line in (folder / f"xquad.{language}.contexts.jsonl").open(encoding="utf-8"):
        row = json.loads(line)
        text = row["context"].strip("\ufeff ")
        found[str(row["cid"])] = [" ".join(text[at:end].split()) for at, end in sentences(text, language)]
    return found


def _articles(folder: Path) -> Mapping[str, str]:
    rows = map(json.loads, (folder / "xquad.en.questions.jsonl").open(encoding="utf-8"))
    return {str(row["cid"]): str(row["article"]) for row in rows}


def report(said: Sequence[Said], near: Mapping[Said, float], least: float) -> list[str]:
    """A table: how many of each kind pass, before and with the vectors."""
    lines = ["| gloss | n | passes without vectors | passes with them |", "|---|---|---|---|"]
    counts = {}
    for kind in KINDS:
        own = [one for one in said if one.kind == kind]
        before = sum(not one.problem for one in own)
        after = sum(not one.problem and near[one] >= least for one in own)
        counts[kind] = (before, after)
        lines.append(f"| {kind} | {len(own)} | {_share(before, len(own))} | {_share(after, len(own))} |")
    wrong = [sum(counts[kind][at] for kind in WRONG) for at in (0, 1)]
    right, total = counts["right"], sum(one.kind == "right" for one in said)
    shares = [right[at] / max(1, right[at] + wrong[at]) for at in (0, 1)]
    recall = [right[at] / max(1, total) for at in (0, 1)]
    lines += [
        "",
        f"Of what passes is right: {shares[0]:.3f} without vectors, {shares[1]:.3f} with them (four of",
    ]
    lines += [f"five are made wrong); of what is right passes: {recall[0]:.3f} and {recall[1]:.3f}."]
    lines += [f"A cosine from {least:.2f} on passes, chosen on the other half of the articles."]
    return lines


def _share(part: int, whole: int) -> str:
    share = part / max(1, whole)
    error = 1.96 * float(np.sqrt(share * (1 - share) / max(1, whole)))
    return f"{share:.3f} ± {error:.3f}"


if __name__ == "__main__":
    main()
