"""Topics by description, without labels and with a few: python bench/topics.py [--ask 150]

Reads CLINC150, Banking77, AG News, 20 Newsgroups and THUCNews from EVERASK_SHARED_DATA or ../shared/data.
Figures are of texts that nothing was tuned on (half of each set by text, of newsgroups by thread); labels are
taken from the other half. Writes tables to docs/benchmarks.md. --ask N puts the question form's cross-encoder
behind it, on N texts of each set.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from marked_page import dated, write_between
from numpy.typing import NDArray
from scipy.optimize import minimize
from topic_sets import Vectored, open_bench_encoder, read_vectored

from everask.encoder.question import Asker
from everask.encoder.unit import unit
from everask.evaluate.significance import bootstrap_interval, paired_test
from everask.models.description_tagger.data import REPORTED
from everask.models.description_tagger.model import (
    Vectors,
    compete,
    find_rivals,
    look_around,
    move,
    nearest,
    settle,
    share_out,
    spread,
    without_prior,
)
from everask.models.description_tagger.policy import reinforce, search_greedily
from everask.pipeline.models import find_asker
from everask.settings import load_settings

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- topics:begin -->", "<!-- topics:end -->"
BARS = {"clinc150": 0.80, "banking77": 0.70, "agnews": 0.86, "20news": 0.65, "thucnews": 0.72}
SHOTS, SEEDS = 8, 5
MORE_SHOTS, MORE_SEEDS = (2, 8, 20, 50), 1
TOP = 5
FIXED = 0.3
"""A cosine from which on a text is tagged, where nobody looks at the pile."""

Right = NDArray[np.float64]
Labels = NDArray[np.int64]


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ask", type=int, default=0, help="texts of each set that the cross-encoder reads")
    parser.add_argument("--few", nargs="*", choices=REPORTED, default=REPORTED, help="sets with labels")
    options = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    encoder = open_bench_encoder()
    sets = {name: read_vectored(data, name, encoder) for name in REPORTED}
    asker = find_asker(load_settings(Path(tempfile.mkdtemp())).models, print) if options.ask else None
    said = "python bench/topics.py" + (f" --ask {options.ask}" if options.ask else "")
    lines: list[str] = []
    labelled = {name: sets[name] for name in options.few}
    if len(labelled) < len(sets):
        said += f" --few {' '.join(labelled)}"
    for heading, rows in _tables(sets, labelled, asker, options.ask):
        part = [heading, "", *rows, ""]
        print("\n".join(part), flush=True)
        lines += part
        write_between(BEGIN, END, dated(said, "\n".join(lines)), heading="## Topics")


def _tables(
    sets: Mapping[str, Vectored], labelled: Mapping[str, Vectored], asker: Asker | None, count: int
) -> Iterator[tuple[str, Iterator[str]]]:
    yield "Accuracy without labels, n texts of each set that nothing was tuned on [95%].", _zero_shot(sets)
    yield "Tags, each topic for itself: macro-F1 at the threshold, no label seen.", _tags(sets)
    few = f"With {SHOTS} labels of each class from the other half, mean of {SEEDS} draws ± their deviation."
    yield few, _few_shot(labelled)
    more = f"By the number of labels of a class: mean of {len(labelled)} sets, draws: {MORE_SEEDS}."
    yield more, _by_number(labelled)
    if asker is not None:
        asked = f"The question form asks each of the {TOP} best descriptions, {count} texts of each set."
        yield asked, _asked(sets, asker, count)


class TestedSet:
    """A set's tested texts and its pool, and its topics, less the pile's mean."""

    def __init__(self, raw: Vectored) -> None:
        mean = raw.centre(tested=True)
        self.raw = raw
        self.texts = unit(raw.texts[raw.tested] - mean)
        self.targets = raw.targets[raw.tested]
        self.pool = unit(raw.texts[~raw.tested] - raw.centre(tested=False))
        self.pool_targets = raw.targets[~raw.tested]
        self.topics = unit(raw.wordings - mean)
        self.names = unit(raw.names - mean)
        flat = unit(raw.candidates.reshape(-1, raw.candidates.shape[-1]) - mean)
        self.candidates = flat.reshape(raw.candidates.shape)

    def right(self, topics: Vectors) -> Right:
        """Which tested texts get their topic, the prior taken off."""
        return self.hits(without_prior(self.texts @ topics.T))

    def hits(self, scores_nk: Vectors) -> Right:
        """1 where the best topic is the right one."""
        return np.asarray(scores_nk.argmax(axis=1) == self.targets, np.float64)


def _header(first: str, sets: Mapping[str, object]) -> list[str]:
    return [f"| {first} | {' | '.join(sets)} | mean |", "|---" * (len(sets) + 2) + "|"]


def _zero_shot(raw: Mapping[str, Vectored]) -> Iterator[str]:
    sets = {name: TestedSet(one) for name, one in raw.items()}
    yield from _header("method", sets)
    yield _row("n texts / classes", [f"{len(one.targets)} / {len(one.topics)}" for one in sets.values()])
    methods: dict[str, list[Right]] = {}
    for one in sets.values():
        tested = one.raw.texts[one.raw.tested]
        around = look_around(one.topics, nearest(one.topics, one.texts))
        pool = np.bincount(one.pool_targets, minlength=len(one.topics)).min()
        every = _regress(one.pool, one.pool_targets, len(one.topics))
        for name, right in {
            "the label's name, cosine": one.hits(tested @ one.raw.names.T),
            "the label's name, prior removed": one.hits(without_prior(tested @ one.raw.names.T)),
            "a description, cosine": one.hits(tested @ one.raw.wordings.T),
            "a description, prior removed": one.hits(without_prior(tested @ one.raw.wordings.T)),
            "and the pile's mean taken off": one.right(one.topics),
            "**and moved to the 10 nearest texts (what tags use)**": one.right(around),
            "or settled: topics that share out the pile": one.right(settle(one.topics, one.texts)),
            "logistic regression, all labels of the pool": one.hits(one.texts @ every[0].T + every[1]),
        }.items():
            methods.setdefault(name, []).append(right)
        assert pool > SHOTS, "labels are drawn from the pool"
    for name, found in methods.items():
        cells = [f"{one.mean():.3f} [{_interval(one)}]" for one in found]
        yield _row(name, [*cells, f"{np.mean([one.mean() for one in found]):.3f}"])
    yield _row("goal", [f"{BARS[name]:.2f}" for name in sets] + ["0.74"])
    plain, best = methods["a description, prior removed"], list(methods.values())[-2]
    tests = [paired_test(list(a), list(b)) for a, b in zip(plain, best, strict=True)]
    yield _row("p, settled against prior removed", [f"{one:.4f}" for one in tests])


def _row(name: str, cells: Sequence[str]) -> str:
    return f"| {name} | {' | '.join(cells)} |" + (" |" if len(cells) == len(BARS) else "")


def _interval(right: Right) -> str:
    low, high = bootstrap_interval(list(right))
    return f"{low:.3f}, {high:.3f}"


def _asked(raw: Mapping[str, Vectored], asker: Asker, count: int) -> Iterator[str]:
    """The cross-encoder on the best few of the settled topics."""
    yield from _header("method", raw)
    before: list[str] = []
    after: list[str] = []
    both: list[str] = []
    means = np.zeros((3, len(raw)))
    spent = 0.0
    for at, one in enumerate(raw.values()):
        known = TestedSet(one)
        scores = spread(known.texts @ settle(known.topics, known.texts).T)[:count]
        texts = [text for text, tested in zip(one.labelled.texts, one.labelled.tested, strict=True) if tested]
        found = []
        started = time.monotonic()
        for row, text in zip(scores, texts[:count], strict=True):
            best = np.argsort(-row)[:TOP]
            said = [_ask(asker, one.labelled.wordings[topic], text) for topic in best]
            found.append((best, np.array(said)))
        spent += time.monotonic() - started
        target = known.targets[:count]
        alone = [best[said.argmax()] for best, said in found]
        added = [
            best[(scores[row, best] + said / max(said.std(), 1e-6) * 0.5).argmax()]
            for row, (best, said) in enumerate(found)
        ]
        figures = [
            np.mean(scores.argmax(axis=1) == target),
            np.mean(alone == target),
            np.mean(added == target),
        ]
        means[:, at] = figures
        for cells, figure in zip((before, after, both), figures, strict=True):
            cells.append(f"{figure:.3f}")
    for name, cells, mean in zip(
        ("vectors", "asked alone", "added"), (before, after, both), means, strict=True
    ):
        yield _row(name, [*cells, f"{mean.mean():.3f}"])
    yield ""
    yield f"A text costs {1000 * spent / (count * len(raw)):.0f} ms more (machine busy)."


def _ask(asker: Asker, description: str, text: str) -> float:
    (reading,) = asker.ask(description, [text])
    return reading.logit if reading is not None else -20.0


def draw_labels(known: TestedSet, shots: int, seed: int) -> Labels:
    """Places in the pool: so many of each class."""
    draw = np.random.default_rng(seed)
    kinds = range(len(known.topics))
    return np.concatenate(
        [draw.permutation(np.where(known.pool_targets == kind)[0])[:shots] for kind in kinds]
    )


def _few_shot(raw: Mapping[str, Vectored]) -> Iterator[str]:
    yield from _header("method", raw)
    methods: dict[str, list[list[float]]] = {}
    for at, one in enumerate(raw.values()):
        known = TestedSet(one)
        print(f"{one.labelled.name}: {SHOTS} labels", file=sys.stderr, flush=True)
        for seed in range(SEEDS):
            for name, right in _few(known, draw_labels(known, SHOTS, seed), seed).items():
                rows = methods.setdefault(name, [[] for _ in raw])
                rows[at].append(float(right.mean()))
    for name, rows in methods.items():
        cells = [f"{np.mean(one):.3f} ± {np.std(one):.3f}" for one in rows]
        yield _row(name, [*cells, f"{np.mean([np.mean(one) for one in rows]):.3f}"])


def _few(known: TestedSet, drawn: Labels, seed: int) -> dict[str, Right]:
    rows, target = known.pool[drawn], known.pool_targets[drawn]
    kinds = range(len(known.topics))
    scores = np.einsum("kcd,nd->kcn", known.candidates, rows).astype(np.float64)
    scores -= np.einsum("kcd,d->kc", known.candidates, known.pool.mean(axis=0))[:, :, None]
    chosen = {"greedy": search_greedily(scores, target), "REINFORCE": reinforce(scores, target, seed)}
    worded = {name: known.candidates[np.arange(len(one)), one] for name, one in chosen.items()}
    none = np.zeros((0, rows.shape[1]), np.float32)
    mean = np.stack([unit(rows[target == kind].mean(axis=0)) for kind in kinds])

    def moved(topics: Vectors) -> Vectors:
        return np.stack([move(topics[kind], rows[target == kind], none) for kind in kinds])

    weights, bias = _regress(rows, target, len(known.topics))
    return {
        "the user's wording": known.right(known.topics),
        "wording by greedy search": known.right(worded["greedy"]),
        "wording by REINFORCE, leave-one-out": known.right(worded["REINFORCE"]),
        "mean of the labelled texts (Rocchio)": known.right(mean),
        "logistic regression": known.hits(known.texts @ weights.T + bias),
        "**the user's wording, moved (ships)**": known.right(moved(known.topics)),
        "greedy wording, moved": known.right(moved(worded["greedy"])),
        "the user's wording, settled": known.right(settle(known.topics, known.texts)),
        "the user's wording, moved and settled": known.right(settle(moved(known.topics), known.texts)),
        "REINFORCE wording, settled": known.right(settle(worded["REINFORCE"], known.texts)),
    }


def _by_number(raw: Mapping[str, Vectored]) -> Iterator[str]:
    yield "| labels of a class | moved wording | logistic regression |"
    yield "|---|---|---|"
    sets = [TestedSet(one) for one in raw.values()]
    for shots in MORE_SHOTS:
        figures = np.zeros((2, len(sets)))
        for at, known in enumerate(sets):
            for seed in range(MORE_SEEDS):
                drawn = draw_labels(known, shots, seed)
                rows, target = known.pool[drawn], known.pool_targets[drawn]
                none = np.zeros((0, rows.shape[1]), np.float32)
                kinds = range(len(known.topics))
                moved = np.stack([move(known.topics[kind], rows[target == kind], none) for kind in kinds])
                weights, bias = _regress(rows, target, len(known.topics))
                figures[0, at] += known.right(moved).mean() / MORE_SEEDS
                figures[1, at] += known.hits(known.texts @ weights.T + bias).mean() / MORE_SEEDS
        yield f"| {shots} | {figures[0].mean():.3f} | {figures[1].mean():.3f} |"


def _regress(rows: Vectors, target: Labels, num: int, strength: float = 10.0) -> tuple[Vectors, Vectors]:
    """Multinomial logistic regression: weights (K, D) and biases (K,)."""
    marked = np.eye(num, dtype=np.float32)[target]
    wide = np.hstack([rows, np.ones((len(rows), 1), np.float32)])

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        known = flat.reshape(num, -1).astype(np.float32)
        scores = wide @ known.T
        top = scores.max(axis=1, keepdims=True)
        total = top + np.log(np.exp(scores - top).sum(axis=1, keepdims=True))
        kept = known.copy()
        kept[:, -1] = 0
        value = float((total[:, 0] - (scores * marked).sum(axis=1)).sum() + (kept**2).sum() / (2 * strength))
        slope = (np.exp(scores - total) - marked).T @ wide + kept / strength
        return value, slope.ravel().astype(np.float64)

    start = np.zeros(num * wide.shape[1])
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 40}).x.reshape(num, -1)
    return np.asarray(found[:, :-1], np.float32), np.asarray(found[:, -1], np.float32)


def _tags(raw: Mapping[str, Vectored]) -> Iterator[str]:
    yield from _header("threshold", raw)
    methods: dict[str, list[float]] = {}
    for one in raw.values():
        known = TestedSet(one)
        truth = np.eye(len(known.topics))[known.targets] > 0
        around = look_around(known.topics, nearest(known.topics, known.texts))
        plain, near = known.texts @ known.topics.T, spread(known.texts @ around.T)
        rivals = compete(near, find_rivals(known.topics))
        best = np.sort(rivals, axis=0)
        for name, tagged in {
            f"cosine from {FIXED} on": plain >= FIXED,
            "the pile's distribution": np.stack([share_out(row) for row in near.T], axis=1) >= 0.5,
            "**the same, with rivals (ships)**": np.stack([share_out(row) for row in rivals.T], axis=1)
            >= 0.5,
        }.items():
            methods.setdefault(name, []).append(_f1(tagged, truth))
        shares = truth.sum(axis=0)
        cut = np.array([best[len(best) - count, at] for at, count in enumerate(shares)])
        methods.setdefault("as many as there are (an oracle)", []).append(_f1(rivals >= cut, truth))
    for name, found in methods.items():
        yield _row(name, [*(f"{figure:.3f}" for figure in found), f"{np.mean(found):.3f}"])


def _f1(tagged: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    both = (tagged & truth).sum(axis=0)
    return float(np.mean(2 * both / np.maximum(tagged.sum(axis=0) + truth.sum(axis=0), 1)))


if __name__ == "__main__":
    main()
