"""What the calculator (answer/calculation.py) finds in worked solutions: right ones, and ones made wrong.

Usage: python bench/calculation.py
GSM8K's train solutions step by step without their marks, ASDiv's formulas; each once as it is, and once with
the result of one calculation changed by a little, a digit or a sign. Found is a mistake where the first step
that is called wrong is the one that was changed. What BIG-Bench-Mistake has here (no arithmetic) and the
other sets of p04_math_misc are read, too, to see whether anything is called wrong there. No model runs, and
nothing is fitted; the calculator was made looking at GSM8K's train solutions. Needs EVERASK_SHARED_DATA or
../shared/data. Writes docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from marked_page import dated, write_between

from everask.answer.calculation import check_steps
from everask.evaluate.files import read_lines

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- calculation:begin -->", "<!-- calculation:end -->"
_MARK = re.compile(r"<<[^<>]*>>")
_RESULT = re.compile(r"(?<==)(\s*\$?)(\d+(?:\.\d+)?)(?=\s*[^\d\s.,/*+%-]|\s*[.,]?\s*$)")
MISTAKES = ("dyck_languages", "tracking_shuffled_objects", "word_sorting")

Steps = tuple[str, ...]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    rows = [*worked(data), "", *mistakes(data), "", *others(data)]
    print("\n".join(rows))
    write_between(
        BEGIN, END, dated("python bench/calculation.py", "\n".join(rows)), heading="## The calculator"
    )


def gsm8k(data: Path) -> list[Steps]:
    """Solutions, a line a step."""
    rows = read_lines(data / "p04_gsm8k" / "train.jsonl.gz")
    return [tuple(_MARK.sub("", row["answer"]).split("\n####")[0].splitlines()) for row in rows]


def asdiv(data: Path) -> list[Steps]:
    """Formulas, each a step by itself."""
    rows = read_lines(data / "p04_math_misc" / "asdiv.jsonl")
    return [(row["formula"],) for row in rows]


def spoil(steps: Steps, draw: random.Random) -> tuple[Steps, int] | None:
    """The steps with one result changed, and which step it is in; None where there is no plain result."""
    places = [(at, match) for at, step in enumerate(steps) for match in _RESULT.finditer(step)]
    if not places:
        return None
    at, match = draw.choice(places)
    written = match[2]
    place = draw.choice([n for n, one in enumerate(written) if one.isdigit()])
    digit = draw.choice([one for one in "0123456789" if one != written[place]])
    made = draw.choice(
        [written[:place] + digit + written[place + 1 :], f"{float(written) + draw.choice((1, 2, 10)):g}"]
    )
    if float(made) == float(written):
        return None
    changed = steps[at][: match.start(2)] + made + steps[at][match.end(2) :]
    return (*steps[:at], changed, *steps[at + 1 :]), at


def first_wrong(steps: Sequence[str]) -> int | None:
    """The first step with a calculation that is called wrong."""
    checked = check_steps(steps)
    return next((at for at, made in enumerate(checked) if any(not one.is_right for one in made)), None)


def worked(data: Path) -> Iterator[str]:
    """Solutions as they are, and with one mistake made."""
    yield (
        "| worked solutions | n | calculations read | called wrong | solutions called wrong |"
        " with a mistake made: n | found in its step | most common step |"
    )
    yield "|---|" + "---:|" * 7
    for name, solutions in {"GSM8K, train": gsm8k(data), "ASDiv, formulas": asdiv(data)}.items():
        draw = random.Random(0)
        checked = [[one for step in check_steps(steps) for one in step] for steps in solutions]
        read = sum(map(len, checked))
        wrong = sum(not one.is_right for made in checked for one in made)
        alarms = sum(any(not one.is_right for one in made) for made in checked)
        # A solution that is called wrong as it is says nothing of the mistake that is made in it.
        sound = [
            steps for steps, made in zip(solutions, checked, strict=True) if all(one.is_right for one in made)
        ]
        spoilt = [one for steps in sound if (one := spoil(steps, draw)) is not None]
        found = sum(first_wrong(steps) == at for steps, at in spoilt)
        common = Counter(at for _, at in spoilt).most_common(1)[0][1]
        yield (
            f"| {name} | {len(solutions)} | {read} | {wrong} ({wrong / read:.2%}) |"
            f" {alarms} ({alarms / len(solutions):.2%}) | {len(spoilt)} | {found / len(spoilt):.3f} |"
            f" {common / len(spoilt):.3f} |"
        )


def mistakes(data: Path) -> Iterator[str]:
    """BIG-Bench-Mistake's tasks that are here: whether the first step called wrong is the marked one."""
    yield "| BIG-Bench-Mistake | n | with a mistake | calculations read | traces called wrong | located |"
    yield "|---|" + "---:|" * 5
    for name in MISTAKES:
        rows = list(read_lines(data / "p04_bigbench_mistake" / f"{name}.jsonl"))
        read = sum(len(one) for row in rows for one in check_steps(row["steps"]))
        called = [first_wrong(row["steps"]) for row in rows]
        marked = [row["mistake_index"] for row in rows]
        right = sum(one == other for one, other in zip(called, marked, strict=True) if other is not None)
        num = sum(one is not None for one in marked)
        alarms = sum(one is not None for one in called)
        yield f"| {name} | {len(rows)} | {num} | {read} | {alarms} | {right} |"


def others(data: Path) -> Iterator[str]:
    """Questions and answers of the other sets: how many calculations stand in them."""
    for name in ("cmath", "college_math", "mawps"):
        rows = list(read_lines(data / "p04_math_misc" / f"{name}.jsonl"))
        texts = [" ".join(str(value) for value in row.values()) for row in rows]
        made = [one for text in texts for step in check_steps([text]) for one in step]
        wrong = sum(not one.is_right for one in made)
        yield f"{name}: {len(rows)} rows, {len(made)} calculations read, {wrong} called wrong."
        yield ""


if __name__ == "__main__":
    main()
