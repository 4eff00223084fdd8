"""What votes on sentences teach the checker: python bench/checker_votes.py [--count 500] [--tries 20] [--dry]

Each set that people judged (bench/checker_sets.py) stands for somebody's documents. People are shown the
sentences that pass the check as it ships, and vote: one vote in twenty is a slip. Half of the votes train,
half measure, and the gate decides as in `everask train checker`; again with other halves. "worth" is a right
sentence shown 1, a wrong one 0, the quote in its place 0.7, by the true labels of the half that measures; how
many wrong and right sentences are shown stands beside it. Then the same with poisoned votes, turned round or
drawn; what was let in there and is truly worse is counted. What the checker says of each pair is kept:
started again it goes on. Needs the pack e5-small and the shared data (EVERASK_SHARED_DATA or
../shared/data).
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

from checker import evidence
from checker_sets import JUDGED
from marked_page import dated, write_between

from everask.answer import AnswerSettings
from everask.answer.support import SHIPPED
from everask.answer.write import compare_with
from everask.encoder import open_encoder
from everask.encoder.checker import Calibration
from everask.packs import default_folder
from everask.pipeline.models import find_checker
from everask.settings import ModelSettings
from everask.training.checker import Seen, compare, fit_best, read_cases, see_pair, worth
from everask.training.gate import decide
from everask.types import Query

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- checker-votes:begin -->", "<!-- checker-votes:end -->"
ABOVE = AnswerSettings().support_above
SLIPS = 0.05
Vote = Callable[[Seen, random.Random], bool]
WAYS: dict[str, Vote] = {
    "honest": lambda one, draw: one.is_right != (draw.random() < SLIPS),
    "turned round": lambda one, draw: not one.is_right,
    "drawn": lambda one, draw: draw.random() < 0.5,
}


@dataclass(frozen=True, slots=True)
class Try:
    """One training: whether the gate let it in, and what it truly is worth on the half that measures."""

    is_kept: bool
    before: float
    after: float
    wrong: tuple[float, float]
    right: tuple[float, float]
    guard: tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500, help="cases of each set")
    parser.add_argument("--tries", type=int, default=20)
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "checker-votes")
    parser.add_argument("--dry", action="store_true", help="print, and leave the page as it is")
    given = parser.parse_args()
    checker = find_checker(ModelSettings(), print)
    assert checker is not None, "everask models pull e5-small"
    held, guard = read_cases(checker.id)
    lines = [
        "| set | shown | right of these | kept by the gate | worth, before → after | wrong shown"
        " | right shown | cases that ship |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    poisoned: dict[str, list[Try]] = {way: [] for way in WAYS if way != "honest"}
    for name in JUDGED:
        shown = [one for one in see_set(name, given.count, given.work) if one.chance(SHIPPED) >= ABOVE]
        tries = [train_once(shown, held, guard, "honest", seed) for seed in range(given.tries)]
        lines.append(row_of(name, shown, tries))
        print(lines[-1], flush=True)
        for way, known in poisoned.items():
            known += [train_once(shown, held, guard, way, seed) for seed in range(given.tries)]
    lines.append("")
    for way, tried in poisoned.items():
        let_in = [one for one in tried if one.is_kept]
        worse = sum(one.after < one.before for one in let_in)
        lines.append(
            f"Votes {way}, measured by honest ones: {len(tried)} tries, {len(let_in)} let in, "
            f"{worse} of them truly worse."
        )
    print("\n".join(lines[-2:]))
    if not given.dry:
        command = f"python bench/checker_votes.py --count {given.count} --tries {given.tries}"
        heading = "## What votes on sentences teach the checker"
        write_between(BEGIN, END, dated(command, "\n".join(lines)), heading=heading)


def see_set(name: str, count: int, work: Path) -> list[Seen]:
    """What the checker and the rules say of each case, of the text that supports it most; kept."""
    file = work / f"{name.split(',')[0].split(' ')[0].lower()}-{count}.json"
    if file.is_file():
        return [Seen(*row) for row in json.loads(file.read_text("utf-8"))]
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    checker = find_checker(ModelSettings(), print)
    cosine = compare_with(open_encoder(default_folder() / "e5-small-built"))
    assert checker is not None, "looked for before"
    found = []
    for case in JUDGED[name](data, count):
        query, texts = Query("", case.language), [evidence(one, case) for one in case.texts]
        seen = [
            see_pair(case.sentence, (one,), query, (checker, cosine), is_right=case.supported)
            for one in texts
        ]
        there = [one for one in seen if one is not None]
        if there:
            found.append(max(there, key=lambda one: one.chance(SHIPPED)))
    work.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps([astuple(one) for one in found]), "utf-8")
    return found


def train_once(
    shown: Sequence[Seen], held: Sequence[Seen], guard: Sequence[Seen], way: str, seed: int
) -> Try:
    """Half of what was shown trains by votes of this way, half measures by honest ones."""
    draw = random.Random(f"{way} {seed}")
    drawn = draw.sample(list(shown), len(shown))
    half = len(drawn) // 2
    votes = [replace(one, is_right=WAYS[way](one, draw)) for one in drawn[:half]]
    judged = [replace(one, is_right=WAYS["honest"](one, draw)) for one in drawn[half:]]
    made, _ = fit_best(votes, held)
    verdict = decide(compare(judged, guard, (SHIPPED, made), ABOVE), seed)
    truth, cases = drawn[half:], verdict.kinds["cases"]
    before, after = (mean([worth(one, by, ABOVE) for one in truth]) for by in (SHIPPED, made))
    return Try(
        verdict.is_kept,
        before,
        after,
        (count(truth, SHIPPED, False), count(truth, made, False)),
        (count(truth, SHIPPED, True), count(truth, made, True)),
        (cases.before, cases.after),
    )


def count(some: Sequence[Seen], by: Calibration, is_right: bool) -> float:
    """How many right, or wrong, sentences are shown."""
    return float(sum(one.is_right == is_right and one.chance(by) >= ABOVE for one in some))


def row_of(name: str, shown: Sequence[Seen], tries: Sequence[Try]) -> str:
    """A set's row: means over the tries."""

    def both(pairs: Sequence[tuple[float, float]], places: int) -> str:
        before, after = (mean([pair[side] for pair in pairs]) for side in (0, 1))
        return f"{before:.{places}f} → {after:.{places}f}"

    cells = [
        f"{len(shown)}",
        f"{mean([float(one.is_right) for one in shown]):.2f}",
        f"{sum(one.is_kept for one in tries)} of {len(tries)}",
        both([(one.before, one.after) for one in tries], 3),
        both([one.wrong for one in tries], 1),
        both([one.right for one in tries], 1),
        both([one.guard for one in tries], 3),
    ]
    return f"| {name} | {' | '.join(cells)} |"


def mean(values: Sequence[float]) -> float:
    """0 of nothing."""
    return sum(values) / len(values) if values else 0.0


if __name__ == "__main__":
    main()
