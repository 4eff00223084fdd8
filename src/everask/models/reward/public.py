"""Public preferences as pairs: which may be trained on, and which are only measured on.

Trained on: BEGIN (replies judged against their source) but for Wizard of Wikipedia, and one half of HH's
harmless pairs. Measured on: the other half, BEGIN's Wizard, LLMBar, RM-Bench, JudgeBench and AlpacaEval's
replies of NullModel, the last three of which have no licence to train on or one that forbids it. A pair's
group is its prompt, so that halves of sets that share prompts go together.
"""

from __future__ import annotations

import csv
import itertools
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from everask.evaluate.files import read_lines
from everask.models.reward.pairs import Quote, RewardPair, Said

STYLES = ("short", "long", "long and marked up")
"""Of RM-Bench: "hard" is a short chosen reply against a marked up one, "easy" the other way round."""
EQUAL_LENGTH = (0.8, 1.25)
LLMBAR = (
    "LLMBar_Adversarial_GPTInst",
    "LLMBar_Natural",
    "CaseStudy_Constraint",
    "CaseStudy_Negation",
    "CaseStudy_Normal",
    "CaseStudy_Base_9",
    "CaseStudy_Base_10",
    "Processed_FairEval",
    "Processed_LLMEval2",
    "Processed_MT-Bench",
)
_MAX_OF_SOURCE = 4


def _reply_pair(question: str, better: str, worse: str, source: tuple[str, str], group: str) -> RewardPair:
    name, kind = source
    return RewardPair(question, "en", (), (Said(better),), (Said(worse),), kind, (), group, name)


def harmless(data: Path) -> Iterator[RewardPair]:
    """HH, harmless (arXiv 2204.05862): the last turn of each dialogue."""
    for number, row in enumerate(_rows(data / "p04_hh_harmless", "a")):
        prompt, _, better = row["chosen"].rpartition("\n\nAssistant:")
        _, _, worse = row["rejected"].rpartition("\n\nAssistant:")
        question = prompt.rpartition("\n\nHuman:")[2].strip()
        if better.strip() and worse.strip() and question:
            pair = _reply_pair(question, better.strip(), worse.strip(), ("hh", "harmless"), f"hh {number}")
            yield replace(pair, harms=("safety",))


def grounded_replies(data: Path, part: str) -> Iterator[RewardPair]:
    """BEGIN (arXiv 2105.00071): of replies over one source, one that it carries and one that it does not."""
    by_source: dict[str, tuple[list[tuple[str, str]], list[str]]] = defaultdict(lambda: ([], []))
    with (data / "p03_begin" / f"begin_dev_{part}.tsv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            is_good = row["begin_label"].strip() == "Fully attributable"
            good, bad = by_source[row["knowledge"]]
            if is_good:
                good.append((row["message"], row["response"]))
            else:
                bad.append(row["response"])
    for source, (good, bad) in by_source.items():
        quote = Quote(source, source, "", "en")
        for (message, better), worse in itertools.islice(itertools.product(good, bad), _MAX_OF_SOURCE):
            yield RewardPair(
                message,
                "en",
                (quote,),
                (Said(better, (1,)),),
                (Said(worse, (1,)),),
                "a model's reply",
                ("grounded",),
                source,
                f"begin {part}",
            )


def instructions(data: Path, name: str) -> Iterator[RewardPair]:
    """LLMBar (arXiv 2310.07641): which reply follows the instruction. What is asked with further rules and
    without is one group."""
    for row in _rows(data / "p04_llmbar", name):
        first, second = row["output_1"], row["output_2"]
        better, worse = (first, second) if str(row["label"]) == "1" else (second, first)
        if better.strip() and worse.strip():
            asked = row["input"].rpartition("User Input:")[2].strip()
            yield _reply_pair(row["input"], better, worse, (f"llmbar {name}", name), f"llmbar {asked}")


def is_of_equal_length(pair: RewardPair) -> bool:
    """Whether the replies are so alike in length that it tells nothing."""
    better, worse = (sum(len(one.text) for one in draft) for draft in (pair.chosen, pair.rejected))
    least, most = EQUAL_LENGTH
    return least <= better / worse <= most


def styled(data: Path, name: str, count: int, seed: int = 0) -> Iterator[RewardPair]:
    """RM-Bench (arXiv 2410.16184): every style of the chosen reply against every one of the rejected; the
    kind is "hard", "normal" or "easy"."""
    rows = list(_rows(data / "p04_rm_bench", name))
    for row in random.Random(seed).sample(rows, min(count, len(rows))):
        for (i, better), (j, worse) in itertools.product(
            enumerate(row["chosen"]), enumerate(row["rejected"])
        ):
            kind = "normal" if i == j else "hard" if i < j else "easy"
            source = (f"rm-bench {name}", kind)
            yield _reply_pair(row["prompt"], better, worse, source, row["prompt"])


def judged(data: Path) -> Iterator[RewardPair]:
    """JudgeBench (arXiv 2410.12784): hard pairs with a label that can be checked."""
    for file in ("claude-3-5-sonnet-20240620", "gpt-4o-2024-05-13"):
        for row in _rows(data / "p04_judgebench", file):
            first, second = row["response_A"], row["response_B"]
            better, worse = (first, second) if row["label"] == "A>B" else (second, first)
            yield _reply_pair(row["question"], better, worse, ("judgebench", file), row["pair_id"])


def null_replies(data: Path, count: int, seed: int = 0) -> Iterator[RewardPair]:
    """AlpacaEval: a model's reply against NullModel's, the same to every question (arXiv 2410.07137)."""
    outputs: dict[str, Mapping[str, str]] = {}
    for name in ("NullModel", "claude-2.1", "vicuna-13b-v1.5"):
        # The first reply of a row is always GPT-4's, the second that of the file's model.
        rows = _rows(data / "p04_alpacaeval", name)
        outputs[name] = {row["instruction"]: row["output_2"] for row in rows}
    asked = sorted(set(outputs["NullModel"]) & set(outputs["claude-2.1"]) & set(outputs["vicuna-13b-v1.5"]))
    for question in random.Random(seed).sample(asked, min(count, len(asked))):
        for name in ("claude-2.1", "vicuna-13b-v1.5"):
            source = ("alpaca-eval NullModel", name)
            yield _reply_pair(
                question, outputs[name][question], outputs["NullModel"][question], source, question
            )


def _rows(folder: Path, name: str) -> Iterator[Any]:
    """A file's rows, gzipped or not."""
    plain = folder / f"{name}.jsonl"
    return read_lines(plain if plain.is_file() else folder / f"{name}.jsonl.gz")
