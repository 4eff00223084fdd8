"""Verbs put in the place of their opposites: python bench/swapped_words.py [--count 24] [--dry]

Sentences of real manuals in 17 languages with their verb exchanged for its opposite, and right ones beside
them (bench/swapped_sets.py): how many are shown without answer/swapped.py and with it, on both halves of the
pages. Then what it costs: of judged sets (bench/checker_sets.py) and of made pairs, how many right sentences
it would refuse, and how many wrong ones it finds. Writes the table to docs/benchmarks.md between its markers.
The verbs of bench/exchanged_verbs.json are on the list of the product, too: this says how it finds them, not
how many verbs of the world it knows. Needs the pack e5-small, apt-get, and the shared data
(EVERASK_SHARED_DATA or ../shared/data).
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from checker import built
from checker_sets import JUDGED, Case
from marked_page import dated, write_between
from swapped_sets import ASKED, Swap, fetch, make_swaps, read_articles, read_pages

from everask.answer import AnswerSettings
from everask.answer.check import check
from everask.answer.swapped import opposite_words
from everask.encoder.checker import Checker, open_checker
from everask.evaluate.abstention import auroc
from everask.evaluate.halves import half_of
from everask.models.checker import public
from everask.models.checker.claimed import Claimed
from everask.models.checker.data import held_out
from everask.types import DocumentInfo, Evidence, Hit, Passage, Query

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- swapped:begin -->", "<!-- swapped:end -->"
ABOVE = AnswerSettings().support_above
DOMAINS = ("ectsum", "sales_call", "sales_email", "podcast")


@dataclass(frozen=True, slots=True)
class Shown:
    """A case with its support before and now."""

    swap: Swap
    before: float
    now: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--count", type=int, default=24, help="cases of each kind, language and half, at most"
    )
    parser.add_argument("--packages", type=Path, default=ROOT / ".bench" / "packages")
    parser.add_argument("--dry", action="store_true", help="print, and leave the page as it is")
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    fetch(given.packages)
    checker = open_checker(built())
    shown: list[Shown] = []
    for language in ASKED:
        pages = read_articles(data, "ar") if language == "ar" else read_pages(given.packages, language)
        kept: Counter[tuple[str, str]] = Counter()
        for one in make_swaps(pages, language, 5 * given.count):
            key = (one.kind, half_of(one.page))
            kept[key] += 1
            if kept[key] <= given.count:
                shown.append(Shown(one, supported(one, checker, knows=False), supported(one, checker)))
        print(language, sum(min(given.count, count) for count in kept.values()), flush=True)
    table = "\n".join([*rows_of(shown), "", *cost(data)])
    print(table)
    if not given.dry:
        command = f"python bench/swapped_words.py --count {given.count}"
        write_between(BEGIN, END, dated(command, table), heading="## Words put in the place of others")


def supported(swap: Swap, checker: Checker, *, knows: bool = True) -> float:
    """The support of a draft; unless it `knows` opposites, as it was without answer/swapped.py."""
    around = swap.passage if swap.quote in swap.passage else swap.quote
    headings = (swap.heading,) if swap.heading else ()
    passage = Passage(1, "d", 0, 0, len(around), around, around, swap.language, headings)
    info = DocumentInfo("d", "d", "file:///d", "", "text/plain", swap.language, 0.0, 9, 1)
    start = around.index(swap.quote)
    found = Evidence(
        Hit(passage, info, 1.0, {}), start, start + len(swap.quote), swap.quote, 1.0, swap.heading
    )
    asked = Query(swap.question, swap.language)
    if knows:
        return check(swap.draft, (found,), asked, no_cosine, checker).value
    with patch("everask.answer.check.opposite_words", return_value=None):
        return check(swap.draft, (found,), asked, no_cosine, checker).value


def rows_of(shown: list[Shown]) -> Iterator[str]:
    """By language and by half: of how many, shown before → now."""
    kinds = ("swapped", "same", "form", "it")
    yield f"Shown from {ABOVE}, without → with the list of opposites; wrong sentences, then right ones:"
    yield ""
    yield "| | wrong: " + " | right: ".join(kinds) + " | AUROC |"
    yield "|---|" + "---:|" * (len(kinds) + 1)
    groups = {
        f"{half}, all": [one for one in shown if half_of(one.swap.page) == half]
        for half in ("tune", "report")
    }
    for language in ASKED:
        groups[f"report, {language}"] = [
            one for one in groups["report, all"] if one.swap.language == language
        ]
    for name, some in groups.items():
        cells = [cell([one for one in some if one.swap.kind == kind]) for kind in kinds]
        right = [one.swap.kind != "swapped" for one in some]
        areas = (auroc([one.before for one in some], right), auroc([one.now for one in some], right))
        yield f"| {name} | " + " | ".join(cells) + f" | {areas[0]:.3f} → {areas[1]:.3f} |"


def cell(some: list[Shown]) -> str:
    """Shown before → now, of so many."""
    before = sum(one.before >= ABOVE for one in some)
    now = sum(one.now >= ABOVE for one in some)
    return f"{before} → {now} of {len(some)}"


def cost(data: Path) -> Iterator[str]:
    """What is refused of sentences that were judged or made, whatever was asked."""
    yield "| judged or made | right, refused | wrong, found |"
    yield "|---|---:|---:|"
    total: Counter[bool] = Counter()
    found: Counter[bool] = Counter()
    for name, cases in judged(data):
        counts = Counter(right for right, _ in cases)
        hits = Counter(right for right, is_opposite in cases if is_opposite)
        total.update(counts)
        found.update(hits)
        yield f"| {name} | {hits[True]} of {counts[True]} | {hits[False]} of {counts[False]} |"
    yield f"| **all** | {found[True]} of {total[True]} | {found[False]} of {total[False]} |"


def judged(data: Path) -> Iterator[tuple[str, list[tuple[bool, bool]]]]:
    """Of each set's cases whether they are right, and whether an opposite is found in any of their texts."""
    for name, read in JUDGED.items():
        yield name, [look(one.supported, one, one.texts) for one in read(data, 3000)]
    for domain in DOMAINS:
        yield f"SummEdits, {domain}", [look_claimed(one) for one in public.edited_summaries(data, domain)]
    for name in ("cmu", "tc"):
        yield f"BEGIN, {name}", [look_claimed(one) for one in public.replies(data, name)]
    yield "IndoNLI, training part", [look_claimed(one) for one in public.indonesian(data, "train.jsonl.gz")]
    yield "FarsTail, training part", [look_claimed(one) for one in public.persian(data, "train.tsv.gz")]
    yield "made pairs, 12 languages", [look_claimed(one) for one in held_out(data, 3000, 5)]


def look_claimed(one: Claimed) -> tuple[bool, bool]:
    return look(one.supported, one, (one.text,))


def look(is_right: bool, one: Case | Claimed, texts: tuple[str, ...]) -> tuple[bool, bool]:
    """Whether it is right, and whether one of the texts has an opposite in it."""
    same = one.language == one.text_language
    return is_right, same and any(opposite_words(one.sentence, text, one.language) for text in texts)


def no_cosine(*_: object) -> float | None:
    """All pairs are in one language."""
    return None


if __name__ == "__main__":
    main()
