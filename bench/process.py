"""What process rewards are worth: searching again, and leaving the language model out.

    python bench/process.py [--work .bench/process] [--half report]

Reads what dev/process_cases.py kept (cases.pickle; written.pickle of `--write`), so no model runs here. Of
each policy (always, never, by the score) it says how good the answers are and what they cost, on questions
with their answer in the pile and on some of them without, paired by question. Writes docs/benchmarks.md.

Leaving the model out counts as equally good where the lower end of the 95% interval of the paired difference
from always asking is above -MARGIN, over all questions where it would be asked. Where the score has it asked
both are the same draft, so these differ by nothing, whether it was written or not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from marked_page import dated, write_between

from everask.answer.decide import chance_of_answer
from everask.answer.prompts import AnswerSettings
from everask.answer.saving import SURE, ProcessSettings, needs_draft
from everask.evaluate.answers import ANSWERED, DECLINED, PRECISION, measure_one
from everask.evaluate.halves import half_of
from everask.evaluate.significance import bootstrap_interval, paired_test
from everask.models.process_reward.model import load_heads
from everask.pipeline.again import merge
from everask.pipeline.tracing import choose_step, retrieve_step
from everask.trajectory import Step
from everask.types import Answer, Evidence, Hit

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "dev"))

from pickles import read_pickles  # noqa: E402
from process_cases import NUM_AGAIN, Case, Written  # noqa: E402
from process_steps import quoted, reward, to_outcome  # noqa: E402

BEGIN, END = "<!-- process:begin -->", "<!-- process:end -->"
BELOW = ProcessSettings().again_below
MARGIN = 0.02
"""Of answer × citation, or rightly declined; set before any draft of this measurement was made."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A question as it was searched, read and perhaps written, with its steps."""

    case: Case
    written: Written | None
    steps: tuple[Step, ...]
    steps_again: tuple[Step, ...]

    @property
    def score(self) -> float:
        """How good the weaker of the search and the choice of quotes looks."""
        return min(one.score if one.score is not None else 1.0 for one in self.steps)


@dataclass(frozen=True, slots=True)
class Run:
    """What a policy made of a question, and what it took."""

    answer: Answer
    searches: int
    drafts: int


Policy = Callable[[Seen], Run]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "process")
    parser.add_argument("--half", choices=("report", "tune"), default="report")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    given = parser.parse_args()
    written = {one.key: one for one in read_pickles(given.work / "written.pickle")}
    cases = {one.wanted.key: one for one in read_pickles(given.work / "cases.pickle")}
    seen = [
        see(case, written.get(case.wanted.key))
        for case in cases.values()
        if half_of(case.article) == given.half
    ]
    drafts = draft_table([one for one in seen if one.written])
    again = search_table([one for one in seen if one.case.again])
    tables = "\n".join([*again, "", *saved_table(seen), "", *drafts, "", *equal(seen)])
    print(tables)
    if not given.dry:
        lines = dated(f"python bench/process.py --half {given.half}", tables)
        write_between(
            BEGIN, END, lines, heading="## Process rewards: searching again, and drafts that are saved"
        )


def see(case: Case, written: Written | None) -> Seen:
    """A question with the scores of its steps."""
    more = [*case.hits, *merge(case.again, NUM_AGAIN)]
    first = _steps(case, case.hits, case.evidence, "first")
    return Seen(case, written, first, _steps(case, more, case.evidence_again, "again"))


def _steps(case: Case, hits: Sequence[Hit], evidence: Sequence[Evidence], way: str) -> tuple[Step, ...]:
    heads = load_heads()
    assert heads is not None, "the weights are in the repository"
    made = (retrieve_step(case.query, hits, way), choose_step(case.query, hits, evidence))
    return tuple(map(heads.score, made))


def search_table(seen: Sequence[Seen]) -> Iterator[str]:
    """Answers in quotes, searched once, twice, and twice where the score is low."""

    def run(one: Seen, again: bool) -> Run:
        case = one.case
        return Run(quoted(case, case.evidence_again if again else case.evidence), 1 + again, 0)

    policies: dict[str, Policy] = {
        "never": lambda one: run(one, False),
        "always": lambda one: run(one, True),
        f"score below {BELOW}": lambda one: run(one, one.score < BELOW),
        "score below 0.5": lambda one: run(one, one.score < 0.5),
    }
    seconds = sorted(one.case.seconds[1] + one.case.seconds[2] for one in seen)
    yield from _table("search again", seen, policies, "never")
    yield ""
    yield f"A second search with its reading took {seconds[len(seconds) // 2]:.1f} s (median; machine busy)."


def draft_table(seen: Sequence[Seen]) -> Iterator[str]:
    """Answers that the small model writes always, never, and where it is worth asking."""
    settings = AnswerSettings()

    def run(one: Seen, is_asked: bool) -> Run:
        case = one.case
        made = one.written.answer if one.written else None
        if not is_asked or made is None:
            return Run(quoted(case, case.evidence), 1, 0)
        return Run(made, 1, made.trajectory.num_drafts)

    def wanted(one: Seen) -> bool:
        return needs_draft(one.case.query, one.case.evidence, one.steps, settings)

    policies: dict[str, Policy] = {
        "always": lambda one: run(one, True),
        "never (quotes)": lambda one: run(one, False),
        "by the score": lambda one: run(one, wanted(one)),
    }
    if seen:
        yield from _table("the 0.5B writes", seen, policies, "always")


def equal(seen: Sequence[Seen]) -> Iterator[str]:
    """Whether leaving the model out by the score is as good as always asking: the paired difference."""
    settings = AnswerSettings()
    differences: list[float] = []
    saved = unknown = 0
    for one in seen:
        if chance_of_answer(one.case.evidence) < settings.ask_above:
            continue
        if needs_draft(one.case.query, one.case.evidence, one.steps, settings):
            differences.append(0.0)
        elif one.written and one.written.answer:
            quotes = reward(to_outcome(one.case, quoted(one.case, one.case.evidence)))
            differences.append(quotes - reward(to_outcome(one.case, one.written.answer)))
            saved += 1
        else:
            unknown += 1
    if not saved:
        return
    low, high = bootstrap_interval(differences)
    mean, verdict = sum(differences) / len(differences), "shown" if low > -MARGIN else "not shown"
    yield (
        f"Left out by the score less always asked, over {len(differences)} questions where the model would be"
        f" asked (of {saved} it is left out, {saved / len(differences):.0%}; {unknown} more have no draft and"
        f" do not count): {mean:+.3f} ({low:+.3f} to {high:+.3f}). Equal within {MARGIN:.2f}: **{verdict}**."
    )


def saved_table(seen: Sequence[Seen]) -> Iterator[str]:
    """How often the model would be asked, and how good quotes are where it is left out, and else."""
    settings = AnswerSettings()
    asked = [one for one in seen if chance_of_answer(one.case.evidence) >= settings.ask_above]
    names = ("left out: the quotes say it", "left out: nothing holds", "asked")
    groups: dict[str, list[Seen]] = {name: [] for name in names}
    for one in asked:
        if needs_draft(one.case.query, one.case.evidence, one.steps, settings):
            groups[names[2]].append(one)
        else:
            groups[names[0 if (one.steps[-1].score or 0.0) >= SURE else 1]].append(one)
    yield "| where the model would be asked | questions | share | quotes: answer × citation, or declined |"
    yield "|---|---:|---:|---:|"
    for name, some in groups.items():
        values = [reward(to_outcome(one.case, quoted(one.case, one.case.evidence))) for one in some]
        low, high = bootstrap_interval(values)
        share = len(some) / max(1, len(asked))
        yield f"| {name} | {len(some)} | {share:.2f} | {_mean(values)} ({low:.3f}–{high:.3f}) |"


def _table(what: str, seen: Sequence[Seen], policies: dict[str, Policy], baseline: str) -> Iterator[str]:
    yield (
        f"| {what} | answer × citation, or declined rightly | against {baseline}, p |"
        " answerable | unanswerable | answered | precision | searches | drafts |"
    )
    yield "|---" + "|---:" * 8 + "|"
    base = [reward(to_outcome(one.case, policies[baseline](one).answer)) for one in seen]
    for name, policy in policies.items():
        runs = [policy(one) for one in seen]
        values = [reward(to_outcome(one.case, made.answer)) for one, made in zip(seen, runs, strict=True)]
        low, high = bootstrap_interval(values)
        measured = [
            measure_one(to_outcome(one.case, made.answer)) for one, made in zip(seen, runs, strict=True)
        ]
        gained = sum(values) / len(values) - sum(base) / len(base)
        answerable = [value for one, value in zip(seen, values, strict=True) if one.case.wanted.gold]
        cells = [
            f"{sum(values) / len(values):.3f} ({low:.3f}–{high:.3f}, n = {len(values)})",
            "–" if name == baseline else f"{gained:+.3f}, {paired_test(values, base):.2f}",
            _mean(answerable),
            _mean([one[DECLINED] for one in measured if DECLINED in one]),
            _mean([one[ANSWERED] for one in measured if ANSWERED in one]),
            _mean([one[PRECISION] for one in measured if PRECISION in one]),
            f"{sum(one.searches for one in runs)}",
            f"{sum(one.drafts for one in runs)}",
        ]
        yield f"| {name} | {' | '.join(cells)} |"


def _mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.3f}" if values else "–"


if __name__ == "__main__":
    main()
