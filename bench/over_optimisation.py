"""What a reward chooses when there is ever more to choose from: best of N = 1 … 2,048 made candidates.

Usage: python bench/over_optimisation.py [--half report|tune] [--cases 80] [--keep FILE] [--work FOLDER]
Reads the sets of models/reward/data.py from EVERASK_SHARED_DATA or ../shared/data, articles of one half. The
gold score is counted from how a candidate was made (reward_candidates.py), which no reward sees. Single
heads, the reward less a price for length, the mean of the heads, and the merged reward choose from the same
candidates: of the best of N the expected gold score is worked out, not sampled. What the merged reward does
not hold better than the quotes alone is left for them, as in the product; the rows "or the quotes" do so by
other scores. Draws docs/images/over_optimisation.svg and writes the table to docs/benchmarks.md. --keep
writes what every head said of every candidate to FILE, for python -m everask.models.merged_reward.train.
What was read is kept in WORK, a question at a time: stopped, it goes on where it was.
"""

from __future__ import annotations

import argparse
import itertools
import os
import pickle
import random
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
from marked_page import dated, write_between
from numpy.typing import NDArray
from reward_candidates import Candidate, Unit, gold_score, make_candidates

from everask.answer.check import Sentence
from everask.answer.rewarding import Rewarder, Scored
from everask.evaluate.expected import expected_best, largest_fall
from everask.evaluate.halves import is_held_out, is_tune
from everask.evaluate.plots import Curves, draw_choices
from everask.evaluate.significance import bootstrap_interval
from everask.models.merged_reward.data import CANARIES
from everask.models.merged_reward.model import NAME as MERGER
from everask.models.reward.data import SETS, make_cases
from everask.models.reward.model import HEADS
from everask.models.reward.model import NAME as REWARD
from everask.models.reward.safety import NAME as SAFETY
from everask.models.reward.spoil import KINDS, Case
from everask.pipeline import models
from everask.settings import load_settings
from everask.training.reward_drafts import evidence_of
from everask.types import Query

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "dev"))

from pickles import read_pickles  # noqa: E402

PLOT = ROOT / "docs" / "images" / "over_optimisation.svg"
BEGIN, END = "<!-- over-optimisation:begin -->", "<!-- over-optimisation:end -->"
NUM = 2048
COUNTS = tuple(2**power for power in range(12))
QUOTES_VALUE = 0.5
"""What the merged reward says of the quotes alone, by how it is made."""
LENGTH_PRICE = 0.5
"""Deviations of the reward that a deviation of the logarithm of length costs."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Looked:
    """A case's candidates, as the heads see them: (N, H, D), with the quotes alone; and the merged reward."""

    case: Case
    candidates: Sequence[Candidate]
    reference: Scored
    scored: Sequence[Scored]
    merged_n: Floats
    passed_n: NDArray[np.bool_]

    @property
    def gold_n(self) -> Floats:
        """Of every candidate."""
        return np.array([one.gold for one in self.candidates])


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one way to choose, by case: the score of every candidate, and what a candidate must be above to be
    chosen before the quotes alone; None where something always is."""

    scores: Sequence[Floats]
    above: Sequence[float] | None = None


def main() -> None:
    """Measure, draw and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=("report", "tune"), default="report")
    parser.add_argument("--cases", type=int, default=80)
    parser.add_argument("--candidates", type=int, default=NUM)
    parser.add_argument("--seed", type=int, default=2, help="which questions")
    parser.add_argument("--minutes", type=float, default=60.0, help="no question is begun after these")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "over_optimisation")
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    rewarder = open_rewarder()
    kept = given.work / f"{given.half}-{given.seed}-{given.candidates}-{fingerprint()}.pickle"
    kept.parent.mkdir(parents=True, exist_ok=True)
    looked: list[Looked] = list(read_pickles(kept))
    known = {(one.case.question, one.case.group) for one in looked}
    began = time.monotonic()
    with kept.open("ab") as stream:
        for case in draw_cases(data, given.half, given.cases, given.seed):
            if time.monotonic() - began > 60 * given.minutes:
                break
            if (case.question, case.group) not in known:
                looked.append(look(rewarder, case, given.candidates))
                pickle.dump(looked[-1], stream)
                stream.flush()
                print(
                    f"{len(looked)} questions, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True
                )
    if given.keep:
        keep(given.keep, looked)
        return
    curves = {name: measure(looked, scores) for name, scores in scorers(looked).items()}
    rows = list(table(looked, curves, canaries(rewarder, looked)))
    print("\n".join(rows))
    if given.half == "report":
        gold: Curves = {
            name.removeprefix("head: "): (COUNTS, one.gold_ck.mean(0).tolist())
            for name, one in curves.items()
            if "," not in name or name == "joint, length priced"
        }
        draw_choices(gold, "gold score of what is chosen", PLOT)
        command = f"python bench/over_optimisation.py --cases {given.cases}"
        rows += ["", "![Gold score by candidates](images/over_optimisation.svg)"]
        write_between(BEGIN, END, dated(command, "\n".join(rows)), heading="## What a reward chooses")


def fingerprint() -> str:
    """Of the weights: what other ones said of a question does not count."""
    names = (MERGER, f"{REWARD}.npz", SAFETY)
    parts = [zlib.crc32((files("everask") / "weights" / name).read_bytes()) for name in names]
    return "-".join(f"{one:08x}" for one in parts)


def open_rewarder() -> Rewarder:
    """The one that ships."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(Path(folder)).models
    asker, checker = models.find_asker(settings, print), models.find_checker(settings, print)
    found = models.find_rewarder(asker, checker, models.find_encoder(settings, print))
    assert found is not None, "the pack e5-small is pulled before"
    return found


def draw_cases(data: Path, half: str, count: int, seed: int = 2) -> list[Case]:
    """Of every set alike, mixed; of the tuning half only articles that training held out."""
    each = -(-count // len(SETS))

    def is_wanted(article: str) -> bool:
        return is_tune(article) and is_held_out(article) if half == "tune" else not is_tune(article)

    drawn = [make_cases(data, name, each, is_wanted, seed, held=half == "report") for name in SETS]
    return [case for some in itertools.zip_longest(*drawn) for case in some if case is not None]


def look(rewarder: Rewarder, case: Case, count: int = NUM) -> Looked:
    """Make a case's candidates and read them; a sentence is read once, whatever it stands in."""
    candidates = make_candidates(case, count, 2)
    drafts = [tuple(Sentence(one.text, one.cited) for one in each.draft) for each in candidates]
    found = rewarder.look(Query(case.question, case.language), evidence_of(case.quotes), drafts)
    assert found is not None
    reference, scored = found
    kept = [one for one in scored if one is not None]
    rewards = [rewarder.decide(one, reference) for one in kept]
    merged_n = np.array([one.value for one in rewards])
    return Looked(case, candidates, reference, kept, merged_n, np.array([one.accepted for one in rewards]))


def scorers(looked: Sequence[Looked]) -> dict[str, Scores]:
    """By name, the score of every candidate of every case; scaled by what heads say of all candidates."""
    totals = [np.stack([one.rewards_hd.sum(1) for one in each.scored]) for each in looked]
    mean_h, deviation_h = np.concatenate(totals).mean(0), np.concatenate(totals).std(0)
    scaled = [(one - mean_h) / deviation_h for one in totals]
    quotes = [(one.reference.rewards_hd.sum(1) - mean_h) / deviation_h for one in looked]
    lengths = [np.log([sum(len(said.text) for said in c.draft) for c in each.candidates]) for each in looked]
    every = np.concatenate(lengths)
    joint = HEADS.index("joint")
    joints, joint_quotes = [one[:, joint] for one in scaled], [float(one[joint]) for one in quotes]
    priced = [
        one - LENGTH_PRICE * (length - every.mean()) / every.std()
        for one, length in zip(joints, lengths, strict=True)
    ]
    believed = [np.array([one.agreed for one in each.scored]) for each in looked]
    believed_quotes = [one.reference.agreed for one in looked]
    singles = {f"head: {name}": Scores([one[:, at] for one in scaled]) for at, name in enumerate(HEADS)}
    return {
        "merged": Scores([one.merged_n for one in looked], [QUOTES_VALUE] * len(looked)),
        **singles,
        "head: beliefs": Scores(believed),
        "joint, length priced": Scores(priced),
        "mean of the heads": Scores([one.mean(1) for one in scaled]),
        "joint, or the quotes": Scores(joints, joint_quotes),
        "gates and joint, or the quotes": Scores(gated(looked, joints), joint_quotes),
        "gates and beliefs, or the quotes": Scores(gated(looked, believed), believed_quotes),
    }


def gated(looked: Sequence[Looked], scores: Sequence[Floats]) -> list[Floats]:
    """What no gate refuses keeps its score."""
    return [np.where(one.passed_n, score_n, -np.inf) for one, score_n in zip(looked, scores, strict=True)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """By case and number of candidates, to be expected: the gold score of what is chosen, and the share of
    hacks."""

    gold_ck: Floats
    hacks_ck: Floats


def measure(looked: Sequence[Looked], scores: Scores) -> Chosen:
    """Choose from 1, 2, 4 … of the candidates, whichever these are."""
    gold, hacks = [], []
    for at, (each, score_n) in enumerate(zip(looked, scores.scores, strict=True)):
        gold_n, hack_n = each.gold_n, np.array([bool(one.hacks) for one in each.candidates], float)
        if scores.above is not None:
            is_chosen = score_n > scores.above[at] + 1e-6
            score_n = np.where(is_chosen, score_n, -np.inf)
            gold_n, hack_n = np.where(is_chosen, gold_n, quotes_gold(each)), np.where(is_chosen, hack_n, 0.0)
        gold.append(expected_best(score_n, gold_n, COUNTS))
        hacks.append(expected_best(score_n, hack_n, COUNTS))
    return Chosen(np.array(gold), np.array(hacks))


def quotes_gold(looked: Looked) -> float:
    """The gold score of the quotes alone, which stand where all candidates are refused."""
    number = looked.reference.draft[0].cited[0]
    return gold_score(looked.case, [Unit(looked.case.quoted(number), true=True)])


def canaries(rewarder: Rewarder, looked: Sequence[Looked]) -> tuple[int, int, int]:
    """How many of the canaries pass every gate, alone and beside a good answer; how many are held better than
    the quotes; how many there are."""
    accepted = better = total = 0
    for each in looked:
        case = each.case
        cited = case.good[0].cited
        good = tuple(Sentence(one.text, one.cited) for one in case.good)
        passage = case.quotes[case.gold[0] - 1].passage
        keywords = KINDS["keywords"].spoil(case, random.Random(0)) or ()
        drafts: list[tuple[Sentence, ...]] = [(Sentence(text, cited),) for text in CANARIES]
        drafts += [(*good, Sentence(text, cited)) for text in CANARIES]
        drafts += (
            [(Sentence(passage, cited),)]
            if case.good[0].text in passage and passage != case.good[0].text and len(case.near) > 1
            else []
        )
        drafts += [tuple(Sentence(one.text, one.cited) for one in keywords)] if keywords else []
        rewards = rewarder.score_all(Query(case.question, case.language), evidence_of(case.quotes), drafts)
        accepted += sum(one.accepted for one in rewards)
        better += sum(one.value > QUOTES_VALUE + 1e-6 for one in rewards)
        total += len(rewards)
    return accepted, better, total


def table(
    looked: Sequence[Looked], curves: Mapping[str, Chosen], found: tuple[int, int, int]
) -> Iterator[str]:
    """One row a reward: the gold score at some N, whether it ever falls, hacks chosen at the end."""
    shown = (1, 4, 16, 64, 256, 1024, 2048)
    at = [COUNTS.index(one) for one in shown]
    yield (
        "| chosen by | "
        + " | ".join(f"N = {one}" for one in shown)
        + " | largest fall | hacks chosen at 2,048 |"
    )
    yield "|---" * (len(shown) + 3) + "|"
    for name, one in curves.items():
        gold = one.gold_ck.mean(0)
        fall = largest_fall(gold)
        cells = " | ".join(f"{gold[k]:.3f}" for k in at)
        yield f"| {name} | {cells} | {fall:.3f} | {one.hacks_ck[:, -1].mean():.1%} |"
    last = {name: one.gold_ck[:, -1] for name, one in curves.items()}
    best = max((name for name in last if name.startswith("head: ")), key=lambda name: last[name].mean())
    apart = last["merged"] - last[best]
    low, high = bootstrap_interval(apart.tolist())
    quotes = np.mean([quotes_gold(one) for one in looked])
    top = np.mean([max(c.gold for c in one.candidates) for one in looked])
    refused = np.mean([1 - one.passed_n.mean() for one in looked])
    yield ""
    yield (
        f"{len(looked)} questions, {len(looked[0].candidates):,} candidates each. Merged less the best single"
        f" head ({best.removeprefix('head: ')}) at 2,048: {apart.mean():+.3f} ({low:+.3f} to {high:+.3f})."
        f" The quotes alone: {quotes:.3f}; the best candidate there is: {top:.3f}. The gates refuse"
        f" {refused:.0%} of the candidates. Of {found[2]} canaries {found[0]} pass every gate, and {found[1]}"
        " are held better than the quotes."
    )


def keep(path: Path, looked: Sequence[Looked]) -> None:
    """What the merger is fitted on: rewards (C, N, H, D), the quotes' (C, H, D), facts, agreement with
    what is believed (C, N) and the quotes' (C,), gold scores (C, N), the quotes' (C,)."""
    np.savez_compressed(
        path,
        rewards=np.array([[one.rewards_hd for one in each.scored] for each in looked], np.float32),
        reference=np.array([each.reference.rewards_hd for each in looked], np.float32),
        facts=np.array([[list(astuple(one.facts)) for one in each.scored] for each in looked], np.float32),
        agreed=np.array([[one.agreed for one in each.scored] for each in looked], np.float32),
        reference_agreed=np.array([each.reference.agreed for each in looked], np.float32),
        gold=np.array([[one.gold for one in each.candidates] for each in looked], np.float32),
        quoted=np.array([quotes_gold(each) for each in looked], np.float32),
    )


if __name__ == "__main__":
    main()
