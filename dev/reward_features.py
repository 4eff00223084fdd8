"""Draws the reward's pairs and reads their drafts: python dev/reward_features.py --work FOLDER

Writes FOLDER/SPLIT-SOURCE.jsonl (the pairs) and .npz (the drafts' features, and which pair is of which
drafts); what is there already is left, so it goes on where it was killed. Splits: "train" and "dev" are of
the tuning half of the articles (dev a fifth of it), "report" of the other half and of sets that nobody trains
on; of LLMBar (pairs of equal length) and RM-Bench, by which things were chosen, "tune" is one half of the
prompts. Needs the shared data (EVERASK_SHARED_DATA or ../shared/data) and the pack e5-small. Then:
python -m everask.models.reward.train --work FOLDER.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from everask.answer.draft_readings import ModelReader
from everask.evaluate.halves import is_held_out, is_tune
from everask.models.reward import public
from everask.models.reward.data import SETS, Wanted, make_cases, make_pairs
from everask.models.reward.pairs import RewardPair
from everask.models.reward.safety import Safety, shipped_safety
from everask.pipeline import models
from everask.settings import load_settings
from everask.training.reward_drafts import save_pairs

ROOT = Path(__file__).parents[1]
SPLITS: Mapping[str, Wanted] = {
    "train": lambda article: is_tune(article) and not is_held_out(article),
    "report": lambda article: not is_tune(article),
    "dev": lambda article: is_tune(article) and is_held_out(article),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=20, help="of each set; seven in ten to train on")
    parser.add_argument("--replies", type=int, default=100, help="prompts of RM-Bench and AlpacaEval each")
    parser.add_argument("--only", nargs="+", metavar="SPLIT-SOURCE", help="some of the files alone")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    reader = open_reader()
    for name, pairs in _sources(data, given.cases, given.replies):
        path = given.work / f"{name}.npz"
        if path.is_file() or (given.only and name not in given.only):
            continue
        began = time.monotonic()
        some = list(pairs)
        save_pairs(path, some, reader)
        print(f"{name}: {len(some)} pairs, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def open_reader(safety: Safety | None = None) -> ModelReader:
    """The checker, the question form and the encoder that ship; what ships of safety, or another."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(Path(folder)).models
    checker, asker = models.find_checker(settings, print), models.find_asker(settings, print)
    assert checker is not None and asker is not None, "the pack e5-small is pulled before"
    return ModelReader(checker, asker, models.find_encoder(settings, print), safety or shipped_safety())


def _sources(data: Path, cases: int, replies: int) -> Iterator[tuple[str, Iterable[RewardPair]]]:
    """Each file's name and pairs; what is trained on comes first."""
    for split in SPLITS:
        count = {"train": cases * 7 // 10, "report": cases * 3 // 10, "dev": max(1, cases // 10)}[split]
        for name in SETS:
            yield f"{split}-{name}", _made(data, name, count, split)
    harmless = list(public.harmless(data))
    for split, wanted in SPLITS.items():
        yield f"{split}-hh", [one for one in harmless if wanted(one.group)][: 7 * replies]
    for part in ("cmu", "tc"):
        yield f"train-begin {part}", public.grounded_replies(data, part)
    yield "report-begin wow", public.grounded_replies(data, "wow")
    for split, is_wanted in {"tune": True, "report": False}.items():
        for name in public.LLMBAR:
            some = filter(public.is_of_equal_length, public.instructions(data, name))
            yield f"{split}-llmbar {name}", [one for one in some if is_tune(one.group) == is_wanted]
        styled = public.styled(data, "safety-refuse", 2 * replies)
        yield f"{split}-rm-bench safety-refuse", [one for one in styled if is_tune(one.group) == is_wanted]
    yield "report-nullmodel", public.null_replies(data, replies // 2)
    yield "report-judgebench", public.judged(data)
    yield "report-rm-bench code", public.styled(data, "code", replies // 3)


def _made(data: Path, name: str, count: int, split: str) -> Iterator[RewardPair]:
    """Cases are drawn only when they are wanted."""
    yield from make_pairs(make_cases(data, name, count, SPLITS[split], 1, held=split == "report"), name, 1)


if __name__ == "__main__":
    main()
