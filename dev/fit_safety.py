"""Fits what is said of safety (models/reward/safety.py), and what the reward's heads make of it.

    python dev/fit_safety.py --multijail MultiJail.csv --xstest FOLDER --work FOLDER [--write]

MultiJail (github.com/DAMO-NLP-SG/multilingual-safety-for-LLMs, MIT): questions that ask for harm, of which
seven languages are read. Harmless ones: MIRACL's in 16 languages, NQ-open, MT-Bench, Banking77, CLINC150 and
GSM8K, of the shared data. XSTest (github.com/paul-rottger/exaggerated-safety, CC BY 4.0): questions that ask
for harm and ones that only sound so, with replies of five models that people marked as declining or not;
split by prompt, and one half is reported. Half of RM-Bench's prompts that should be refused are XSTest's, so
of its questions only harmless ones of the tuning half are taught; its replies of that half teach what
declining is. What is told of RM-Bench is told of the other half of the prompts.

The lines are ridge logistic regressions. `answered` is where the two errors on XSTest's tuning half, left out
in turn, are least together. The heads' weight of "declines harm" is what tells most of XSTest's tuning pairs,
with all else as it ships: by Bradley and Terry's loss, which a few pairs rule that are told wrong and surely,
it was a third of that. Needs the pack e5-small; a minute of a core, and two for the pairs.
Vectors are kept in FOLDER; after --seconds it stops, and goes on from there when it is run again.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import pickle
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from reward_features import open_reader
from sklearn.linear_model import LogisticRegression

from everask.encoder import Encoder
from everask.evaluate.files import read_lines
from everask.evaluate.halves import is_tune
from everask.models.reward.cached import Cached, load_cached
from everask.models.reward.model import NAME as REWARD
from everask.models.reward.model import SCALARS, Head, read_heads, write_heads
from everask.models.reward.pairs import DIMENSIONS, RewardPair, Said
from everask.models.reward.safety import NAME, Safety, opening, write_safety
from everask.pipeline import models
from everask.settings import load_settings
from everask.training.reward_drafts import save_pairs

ROOT = Path(__file__).parents[1]
WEIGHTS = Path(str(files("everask") / "weights"))
LANGUAGES = ("en", "zh", "it", "vi", "ar", "ko", "th")
WRITERS = ("gpt4", "llama2orig", "llama2new", "mistralguard", "mistralinstruct")
EACH = 25
"""Questions of each of MIRACL's languages; eight times as many of a set of one language at most."""
STRENGTH = 10.0
"""The inverse of the ridge."""
FOLDS = 5
HARMLESS_WEIGHT = 3
"""How often each of XSTest's harmless questions counts: they are few, and the hardest."""
HEAD_WEIGHTS = (0.0, 1.0, 2.0, 4.0, 6.0, 8.0, 12.0, 16.0)
HEADS_THAT_SEE = ("joint", "readings")

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reply:
    """Of XSTest: a reply, and whether people say that it declines, or that its question asks for harm."""

    question: str
    text: str
    declines: bool
    is_harm: bool

    @property
    def tunes(self) -> bool:
        """By the prompt."""
        return is_tune(self.question)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--multijail", type=Path, required=True)
    parser.add_argument("--xstest", type=Path, required=True, help="the repository's folder")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=3600.0, help="of the processor")
    parser.add_argument("--write", action="store_true", help="replace what ships")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    replies = list(read_replies(given.xstest))
    questions = read_questions(data, given.multijail)
    vectors = Vectors(open_encoder(), given.work / "vectors.pickle", given.seconds)
    asked = [text for text, _ in questions] + [one.question for one in replies]
    if not vectors.read(asked, [opening(one.text, "en") for one in replies]):
        sys.exit("Not all is read yet: run it again.")
    safety, figures = fit(vectors, questions, replies)
    write_safety(given.work / NAME, safety)
    print(json.dumps(figures, indent=1))
    if not (given.work / "tune-xstest.npz").is_file():
        tuning = [one for one in replies if one.tunes]
        save_pairs(given.work / "tune-xstest.npz", list(pairs_of(tuning)), open_reader(safety))
    heads = read_heads(WEIGHTS / f"{REWARD}.npz")
    cached = load_cached(given.work, "tune")
    heads |= {name: weigh(heads[name], cached) for name in HEADS_THAT_SEE}
    if given.write:
        write_safety(WEIGHTS / NAME, safety)
        write_heads(WEIGHTS / f"{REWARD}.npz", heads, {"safety": "dev/fit_safety.py"})


class Vectors:
    """The encoder, and what it said before."""

    def __init__(self, encoder: Encoder, path: Path, seconds: float) -> None:
        self._encoder = encoder
        self._path = path
        self._until = time.process_time() + seconds
        self._queries: dict[str, Floats] = {}
        self._passages: dict[str, Floats] = {}
        if path.is_file():
            self._queries, self._passages = pickle.loads(path.read_bytes())

    def read(self, queries: Sequence[str], passages: Sequence[str]) -> bool:
        """Read and keep what is new; false where there was no time for all."""
        left = [(text, True) for text in dict.fromkeys(queries) if text not in self._queries]
        left += [(text, False) for text in dict.fromkeys(passages) if text not in self._passages]
        while left and time.process_time() < self._until:
            text, is_query = left.pop()
            if is_query:
                self._queries[text] = self._encoder.encode_query(text)
            else:
                self._passages[text] = self._encoder.encode_passages([text])[0]
        self._path.write_bytes(pickle.dumps((self._queries, self._passages)))
        return not left

    def queries(self, texts: Sequence[str]) -> Floats:
        """(N, D) of what was read."""
        return np.stack([self._queries[one] for one in texts])

    def passages(self, texts: Sequence[str]) -> Floats:
        """(N, D) of what was read."""
        return np.stack([self._passages[one] for one in texts])


def open_encoder() -> Encoder:
    """The one that ships."""
    with tempfile.TemporaryDirectory() as folder:
        return models.find_encoder(load_settings(Path(folder)).models, print)


def read_replies(folder: Path) -> Iterator[Reply]:
    """All but those that decline in part."""
    for writer in WRITERS:
        path = folder / "model_completions" / f"xstest_v2_completions_{writer}.csv"
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for row in csv.DictReader(stream):
                label = row["final_label"]
                if label in ("1_full_compliance", "2_full_refusal") and row["completion"].strip():
                    is_harm = row["type"].startswith("contrast_")
                    declines = label == "2_full_refusal"
                    yield Reply(row["prompt"], row["completion"].strip(), declines, is_harm)


def read_questions(data: Path, multijail: Path) -> list[tuple[str, bool]]:
    """Questions, and whether they ask for harm; all but XSTest's."""
    draw = random.Random(0)
    with multijail.open(encoding="utf-8-sig", newline="") as stream:
        found = [(row[language], True) for row in csv.DictReader(stream) for language in LANGUAGES]
    for path in sorted((data / "p11_miracl_topics").glob("*.tsv")):
        lines = path.read_text("utf-8").splitlines()
        found += [(one.split("\t")[-1], False) for one in draw.sample(lines, min(EACH, len(lines)))]
    one_language = {
        "mtbench": [row["turns"][0] for row in read_lines(data / "p04_mtbench" / "question.jsonl")],
        "nq": [row["question"] for row in read_lines(next((data / "p02_nq_open").glob("*.jsonl")))],
        "clinc": [row["text"] for row in read_lines(data / "p11_clinc150" / "train.jsonl")],
        "gsm8k": [row["question"] for row in read_lines(data / "p04_gsm8k" / "train.jsonl.gz")],
    }
    with (data / "p11_banking77" / "train.csv").open(encoding="utf-8", newline="") as stream:
        one_language["banking77"] = [row["text"] for row in csv.DictReader(stream)]
    for texts in one_language.values():
        found += [(one, False) for one in draw.sample(texts, min(8 * EACH, len(texts)))]
    return found


def fit(
    vectors: Vectors, questions: Sequence[tuple[str, bool]], replies: Sequence[Reply]
) -> tuple[Safety, dict[str, float]]:
    """The two lines, and figures on XSTest's reporting half."""
    taught = [one for one in replies if one.tunes]
    declines_d = _line(_passages(vectors, taught), np.array([one.declines for one in taught]))
    tuning = sorted({(one.question, one.is_harm) for one in taught})
    harmless = [one for one in tuning if not one[1]]
    harm_d = _line(*_queries(vectors, [*questions, *harmless * HARMLESS_WEIGHT]))
    tuning_nd, is_harm = _queries(vectors, tuning)
    chances = np.zeros(len(tuning))
    fold = np.random.default_rng(0).permutation(len(tuning)) % FOLDS
    for number in range(FOLDS):
        own = [one for at, one in enumerate(tuning) if fold[at] != number and not one[1]]
        line_d = _line(*_queries(vectors, [*questions, *own * HARMLESS_WEIGHT]))
        left_out = Safety(line_d, declines_d, 0.5)
        chances[fold == number] = [left_out.harm(one) for one in tuning_nd[fold == number]]
    answered = min(
        np.arange(0.2, 0.96, 0.01),
        key=lambda at: float((chances[~is_harm] > at).mean() + (chances[is_harm] <= at).mean()),
    )
    safety = Safety(harm_d, declines_d, round(float(answered), 2))
    return safety, {"answered": safety.answered, **report(vectors, safety, replies)}


def report(vectors: Vectors, safety: Safety, replies: Sequence[Reply]) -> dict[str, float]:
    """On XSTest's other half: prompts, replies, and pairs of replies to one prompt."""
    others = [one for one in replies if not one.tunes]
    prompts = sorted({(one.question, one.is_harm) for one in others})
    vectors_nd, is_harm = _queries(vectors, prompts)
    above = np.array([safety.harm(one) > safety.answered for one in vectors_nd])
    openings_nd = _passages(vectors, others)
    said = safety.declines(openings_nd)
    known = dict(zip([one for one, _ in prompts], vectors_nd, strict=True))
    values = [
        float(safety.judge(known[one.question], openings_nd[at : at + 1])[0]) for at, one in enumerate(others)
    ]
    worth = {id(one): value for one, value in zip(others, values, strict=True)}
    right = [
        worth[id(a)] > worth[id(b)] if a.declines == a.is_harm else worth[id(a)] < worth[id(b)]
        for a, b in _both_ways(others)
    ]
    return {
        "prompts": len(prompts),
        "harmless ones that only sound so, called harm": float(above[~is_harm].mean()),
        "harm called harm": float(above[is_harm].mean()),
        "replies": len(others),
        "declining told": float(np.mean((said > 0.5) == np.array([one.declines for one in others]))),
        "pairs": len(right),
        "pairs right": float(np.mean(right)),
    }


def _both_ways(replies: Sequence[Reply]) -> Iterator[tuple[Reply, Reply]]:
    """A reply that declines and one that does not, to the same question."""
    by_question: dict[str, list[Reply]] = defaultdict(list)
    for one in replies:
        by_question[one.question].append(one)
    for some in by_question.values():
        yield from ((a, b) for a, b in itertools.product(some, some) if a.declines and not b.declines)


def pairs_of(replies: Sequence[Reply]) -> Iterator[RewardPair]:
    """To decline is better where harm is asked for, else worse; also where one of both is cut to its opening,
    for at what length it is said must not matter."""
    for declining, other in _both_ways(replies):
        pair = (declining, other) if declining.is_harm else (other, declining)
        question = declining.question
        whole = [(Said(one.text),) for one in pair]
        cut = [(Said(opening(one.text, "en")),) for one in pair]
        for better, worse in ((whole[0], whole[1]), (cut[0], whole[1]), (whole[0], cut[1])):
            if better != worse:
                yield RewardPair(
                    question, "en", (), better, worse, "declined", ("safety",), question, "xstest"
                )


def weigh(head: Head, cached: Cached) -> Head:
    """The head with the weight of "declines harm" that tells most pairs, all else as it is; to speak to who
    judges, which a head that sees it may not make up for either, weighs as much."""
    at = [one.name for one in SCALARS].index("declines harm")
    scalars_fd = head.scalars_fd.copy()
    scalars_fd[at] = 0.0
    head = replace(head, scalars_fd=scalars_fd)
    total_n = head.score(cached.features).sum(1)
    better, worse = cached.places_p2.T
    apart_p = total_n[better] - total_n[worse]
    value_n = cached.features.scalars_nf[:, at]
    safe_p = value_n[better] - value_n[worse]
    shares = {weight: float(np.mean(apart_p + weight * safe_p > 0)) for weight in HEAD_WEIGHTS}
    best = max(shares, key=lambda weight: shares[weight])
    print(f"weight {best}; pairs right {shares[0.0]:.3f}, with it {shares[best]:.3f}, of {len(safe_p)}")
    scalars_fd[at, DIMENSIONS.index("safety")] = best
    judge = [one.name for one in SCALARS].index("no judge")
    if scalars_fd[judge].any():
        scalars_fd[judge] = 0.0
        scalars_fd[judge, DIMENSIONS.index("safety")] = best * head.deviation_f[judge]
    return replace(head, scalars_fd=scalars_fd)


def _queries(vectors: Vectors, asked: Sequence[tuple[str, bool]]) -> tuple[Floats, NDArray[np.bool_]]:
    return vectors.queries([text for text, _ in asked]), np.array([is_harm for _, is_harm in asked])


def _passages(vectors: Vectors, replies: Sequence[Reply]) -> Floats:
    return vectors.passages([opening(one.text, "en") for one in replies])


def _line(vectors_nd: Floats, labels: NDArray[np.bool_]) -> Floats:
    """(D + 1,) both labels weigh alike."""
    fitted = LogisticRegression(C=STRENGTH, max_iter=2000, class_weight="balanced").fit(vectors_nd, labels)
    return np.append(fitted.coef_[0], fitted.intercept_).astype(np.float32)


if __name__ == "__main__":
    main()
