"""Draws the reward's pairs and reads their drafts: python dev/reward_features.py --work FOLDER

Writes FOLDER/SPLIT-SOURCE.jsonl (the pairs) and .npz (the drafts' features, and which pair is of which
drafts); what is there already is left, so it goes on where it was killed. Splits: "train" and "dev" are of
the tuning half of the articles (dev a fifth of it), "report" of the other half and of sets that nobody trains
on. Needs the shared data (EVERASK_SHARED_DATA or ../shared/data) and the pack e5-small. Then:
python -m everask.models.reward.train --work FOLDER.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from everask.answer.check import Sentence
from everask.answer.draft_features import cut_reply, pool, read_question, see
from everask.answer.draft_readings import DraftReader, ModelReader
from everask.evaluate.halves import is_held_out, is_tune
from everask.models.reward import public
from everask.models.reward.data import SETS, Wanted, make_cases, make_pairs
from everask.models.reward.model import Features
from everask.models.reward.pairs import Draft, Quote, RewardPair, write_pairs
from everask.pipeline import models
from everask.settings import load_settings
from everask.text import sentences
from everask.types import DocumentInfo, Evidence, Hit, Passage, Query

ROOT = Path(__file__).parents[1]
SPLITS: Mapping[str, Wanted] = {
    "train": lambda article: is_tune(article) and not is_held_out(article),
    "report": lambda article: not is_tune(article),
    "dev": lambda article: is_tune(article) and is_held_out(article),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument(
        "--cases", type=int, default=40, help="to train on, of each set; a third to measure on"
    )
    parser.add_argument("--replies", type=int, default=150, help="prompts of RM-Bench and AlpacaEval each")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    reader = open_reader()
    for name, pairs in _sources(data, given.cases, given.replies):
        path = given.work / f"{name}.npz"
        if path.is_file():
            continue
        began = time.monotonic()
        some = list(pairs)
        save(path, some, reader)
        print(f"{name}: {len(some)} pairs, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def open_reader() -> ModelReader:
    """The checker and the question form that ship."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(Path(folder)).models
    checker, asker = models.find_checker(settings, print), models.find_asker(settings, print)
    assert checker is not None and asker is not None, "the pack e5-small is pulled before"
    return ModelReader(checker, asker)


def _sources(data: Path, cases: int, replies: int) -> Iterator[tuple[str, Iterable[RewardPair]]]:
    """Each file's name and pairs; what is trained on comes first."""
    for split, wanted in SPLITS.items():
        count = {"train": cases, "report": max(2, cases * 2 // 5), "dev": max(2, cases // 5)}[split]
        for name in SETS:
            made = make_cases(data, name, count, wanted, 1, held=split == "report")
            yield f"{split}-{name}", make_pairs(made, name, 1)
    harmless = list(public.harmless(data))
    for split, wanted in SPLITS.items():
        yield f"{split}-hh", [one for one in harmless if wanted(one.group)][: 10 * replies]
    for part in ("cmu", "tc"):
        yield f"train-begin {part}", public.grounded_replies(data, part)
    yield "report-begin wow", public.grounded_replies(data, "wow")
    for name in public.LLMBAR:
        yield f"report-llmbar {name}", public.instructions(data, name)
    yield "report-nullmodel", public.null_replies(data, replies // 2)
    yield "report-rm-bench safety-refuse", public.styled(data, "safety-refuse", replies)
    yield "report-judgebench", public.judged(data)
    yield "report-rm-bench code", public.styled(data, "code", replies // 3)


def save(path: Path, pairs: Sequence[RewardPair], reader: DraftReader) -> None:
    """Read all drafts of the pairs and write both files; the .npz, which says that it is whole, last."""
    scalars, states, lengths, places = [], [], [], []
    start = 0
    grouped = itertools.groupby(pairs, key=lambda one: (one.question, one.quotes))
    for _, some in grouped:
        own = list(some)
        drafts = list(dict.fromkeys(draft for one in own for draft in (one.chosen, one.rejected)))
        features = read_drafts(own[0], drafts, reader)
        scalars.append(features.scalars_nf)
        states.append(features.states_ns.astype(np.float16))
        lengths.append(features.lengths_n2)
        number = {draft: start + at for at, draft in enumerate(drafts)}
        places += [(number[one.chosen], number[one.rejected]) for one in own]
        start += len(drafts)
    write_pairs(path.with_suffix(".jsonl"), pairs)
    beside = path.with_name(f".{path.name}")
    np.savez(
        beside,
        scalars=np.concatenate(scalars),
        states=np.concatenate(states),
        lengths=np.concatenate(lengths),
        pairs=np.array(places, np.int32),
    )
    beside.replace(path)


def read_drafts(pair: RewardPair, drafts: Sequence[Draft], reader: DraftReader) -> Features:
    """The features of drafts of one question; each sentence with what it cites is read once."""
    evidence = [evidence_of(one, at) for at, one in enumerate(pair.quotes)]
    asked = read_question(Query(pair.question, pair.language), evidence, reader)
    said = [_sentences(one, pair) for one in drafts]
    each = list(dict.fromkeys(one for draft in said for one in draft))
    seen = dict(zip(each, see(asked, each, reader), strict=True))
    return pool(asked, [[seen[one] for one in draft] for draft in said])


def _sentences(draft: Draft, pair: RewardPair) -> tuple[Sentence, ...]:
    if pair.quotes:
        return tuple(Sentence(one.text, one.cited) for one in draft)
    text = " ".join(one.text for one in draft)
    return cut_reply(text, sentences(text, pair.language))


def evidence_of(quote: Quote, number: int) -> Evidence:
    """A quote as what was found."""
    key = str(number)
    info = DocumentInfo(key, key, key, quote.title, "", quote.language, 0.0, len(quote.passage), 1)
    passage = Passage(number, key, 0, 0, len(quote.passage), quote.passage, quote.passage, quote.language)
    start = max(0, quote.passage.find(quote.text))
    end = start + len(quote.text)
    return Evidence(Hit(passage, info, 1.0, {}), start, end, quote.text, 1.0, quote.title)


if __name__ == "__main__":
    main()
