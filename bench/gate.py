"""Does the gate refuse what is poisoned or worse, every time, and does it let through what is better?

Usage: python bench/gate.py [--each 25] [--work .bench/loop] [--dry]
A real manual in eleven languages (bench/manual_team.py): candidates of search for its headings as questions,
with the features that they are weighed by. Each try draws the questions that the gate has (120 that people
judged, 120 made of the documents, of documents that nothing was trained on), makes a challenger, and asks the
gate, as `everask train ranker` does. What a challenger is truly worth is measured on all headings of a third
part of the documents, which no try sees. Tries are each against a champion of their own, the harshest case;
in a row against one champion the allowed chance is shared among them. Writes docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from manual_team import fill_with_manual, read_headings
from marked_page import dated, write_between

from everask.evaluate.shares import Share
from everask.pipeline import Engine
from everask.pipeline.own_questions import Budget, make_questions
from everask.retrieve.around import AROUND, make_around
from everask.retrieve.candidates import gather
from everask.retrieve.features import make_features
from everask.retrieve.fuse import load_fusion
from everask.settings import Settings
from everask.training.asking import MADE, as_query
from everask.training.fusing import Floats, Lists, fit, measure
from everask.training.gate import ASKED, Asked, decide, gain

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- gate:begin -->", "<!-- gate:end -->"
NUM_GATE, NUM_MADE, NUM_TRAIN = 120, 120, 100
PULL = 0.1
KEYS = sorted({*load_fusion().weights, *AROUND})
SHIPPED: Floats = np.array([load_fusion().weights.get(key, 0.0) for key in KEYS])


@dataclass(frozen=True, slots=True)
class Rows:
    """Candidates of all questions, the language of each, and which part of the documents each is of."""

    lists: Lists
    languages: tuple[str, ...]
    parts: tuple[str, ...]

    def of(self, part: str) -> list[int]:
        """The questions of a part."""
        return [at for at, one in enumerate(self.parts) if one == part]


@dataclass(frozen=True, slots=True)
class Tried:
    """One try: whether it was let through, and what it is truly worth (nDCG@10 against what ships)."""

    is_kept: bool
    why: str
    worth: float


Make = Callable[[Rows, Sequence[int], random.Random], Floats]


def main() -> None:
    """Try, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=25, help="tries of each kind")
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "loop")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    options = parser.parse_args()
    rows = _load(options.work)
    table = "\n".join(_tell(rows, options.each))
    print(table)
    if not options.dry:
        lines = dated("python bench/gate.py", table)
        write_between(BEGIN, END, lines, heading="## The gate")


# Challengers


def _noise(rows: Rows, train: Sequence[int], draw: random.Random) -> Floats:
    """Weights that say nothing."""
    drawn = np.array([draw.gauss(0, 1) for _ in SHIPPED])
    return np.asarray(drawn * np.abs(SHIPPED).mean())


def _shaken(rows: Rows, train: Sequence[int], draw: random.Random) -> Floats:
    """The shipped weights, each off by about its own size."""
    return np.asarray(SHIPPED * np.array([1 + draw.gauss(0, 1) for _ in SHIPPED]))


def _turned(rows: Rows, train: Sequence[int], draw: random.Random) -> Floats:
    """Trained on labels that were turned round: what is wrong is right."""
    return _fitted(_relabel(rows.lists.take(train), draw, share=1.0))


def _flooded(rows: Rows, train: Sequence[int], draw: random.Random) -> Floats:
    """One person's votes outnumber the others' by ten to one, and nothing caps them."""
    return _fitted(_relabel(rows.lists.take(train), draw, share=0.91))


def _one_language(rows: Rows, train: Sequence[int], draw: random.Random) -> Floats:
    """Right for one language and turned round for the others."""
    favoured = draw.choice(sorted(set(rows.languages)))
    turned = [at for at, one in enumerate(train) if rows.languages[one] != favoured]
    return _fitted(_relabel(rows.lists.take(train), draw, only=set(turned)))


def _learned_by_heart(rows: Rows, train: Sequence[int], draw: random.Random) -> Floats:
    """Six questions, held to nothing."""
    return fit(rows.lists.take(draw.sample(list(train), 6)), SHIPPED, 1e-6)


def _half_blind(rows: Rows, train: Sequence[int], draw: random.Random) -> Floats:
    """One part of the score is lost, or turned round."""
    part = draw.choice(("words", "meaning"))
    by = draw.choice((0.0, -1.0))
    return np.array([w * (by if key[0] == part else 1.0) for w, key in zip(SHIPPED, KEYS, strict=True)])


def _foreign(rows: Rows, train: Sequence[int], draw: random.Random) -> Floats:
    """It puts first what is not in the asker's language."""
    less = np.array([draw.uniform(0.2, 1.0) * (key == ("language", "own")) for key in KEYS])
    return np.asarray(SHIPPED - less)


def _honest(number: int) -> Make:
    def make(rows: Rows, train: Sequence[int], draw: random.Random) -> Floats:
        return _fitted(rows.lists.take([*train[:number], *rows.of("made to learn from")[:number]]))

    return make


def _no_made(rows: Rows, train: Sequence[int], draw: random.Random) -> Floats:
    """The same without questions made of the documents: what search could do is forgotten."""
    return _fitted(rows.lists.take(train))


def _tenth_hostile(rows: Rows, train: Sequence[int], draw: random.Random) -> Floats:
    """One voter in ten votes for what is wrong."""
    both = [*train, *rows.of("made to learn from")[: len(train)]]
    return _fitted(_relabel(rows.lists.take(both), draw, share=0.1, only=set(range(len(train)))))


WORSE: dict[str, Make] = {
    "weights that say nothing": _noise,
    "shipped weights, shaken": _shaken,
    "labels turned round": _turned,
    "one voter's flood, uncapped": _flooded,
    "right in one language, turned round in the others": _one_language,
    "six questions learned by heart": _learned_by_heart,
    "words or meaning lost or turned round": _half_blind,
    "other languages first": _foreign,
}
BETTER: dict[str, Make] = {
    "100 honest questions": _honest(100),
    "60 honest questions": _honest(60),
    "100 questions, one voter in ten hostile": _tenth_hostile,
    "100 honest questions, none made beside them": _no_made,
}


def _fitted(lists: Lists) -> Floats:
    """As the ranker's training fits, with one pull for all tries: choosing it takes 40 times as long."""
    return fit(lists, SHIPPED, PULL)


def _relabel(lists: Lists, draw: random.Random, *, share: float = 1.0, only: set[int] | None = None) -> Lists:
    """The same with other passages right in a share of the questions: one of the first that is wrong."""
    right_n = lists.right_n.copy()
    for question in range(lists.num_questions):
        if (only is not None and question not in only) or draw.random() >= share:
            continue
        at = lists.at(question)
        order = np.argsort(-(lists.features_nf[at] @ SHIPPED), kind="stable")
        wrong = [int(one) for one in order[:20] if lists.right_n[at][one] == 0]
        if wrong:
            right_n[at] = 0
            right_n[at.start + draw.choice(wrong)] = 1
    return Lists(lists.features_nf, lists.starts, right_n)


# Trying


def _try(rows: Rows, make: Make, seed: str, tried: int = 0, *, hostile: float = 0.0) -> Tried:
    draw = random.Random(seed)
    known = [one for one in rows.of("train") if rows.lists.right_n[rows.lists.at(one)].any()]
    train = draw.sample(known, NUM_TRAIN)
    chosen = draw.sample(rows.of("gate"), NUM_GATE)
    gate = rows.lists.take(chosen)
    if hostile:
        gate = _relabel(gate, draw, share=hostile)
    weights_f = make(rows, train, draw)
    asked = _ask(gate, weights_f, ASKED, [rows.languages[one] for one in chosen])
    made = draw.sample(rows.of("made"), min(NUM_MADE, len(rows.of("made"))))
    asked += _ask(rows.lists.take(made), weights_f, MADE, [rows.languages[one] for one in made])
    verdict = decide(asked, tried=tried)
    truth = rows.lists.take(rows.of("truth"))
    return Tried(verdict.is_kept, verdict.why, measure(truth, weights_f) - measure(truth, SHIPPED))


def _ask(lists: Lists, weights_f: Floats, kind: str, languages: Sequence[str]) -> list[Asked]:
    asked = []
    for question, language in enumerate(languages):
        at = lists.at(question)
        right = np.flatnonzero(lists.right_n[at] > 0).tolist()
        orders = [np.argsort(-(lists.features_nf[at] @ one), kind="stable") for one in (SHIPPED, weights_f)]
        before, after = (gain(order.tolist(), right) for order in orders)
        asked.append(Asked(kind, language, before, after))
    return asked


def _tell(rows: Rows, each: int) -> list[str]:
    lines = ["| challenger | tries | truly worse | let through | truly better | let through |"]
    lines.append("|---|---|---|---|---|---|")
    everything: list[Tried] = []
    for name, make in WORSE.items():
        tried = [_try(rows, make, f"{name} {number}") for number in range(each)]
        everything += tried
        lines.append(_row(name, tried))
        print(lines[-1], flush=True)
    lines.append(_row("**all of these**", everything))
    for name, make in BETTER.items():
        hostile = 0.1 if make is _tenth_hostile else 0.0
        tried = [_try(rows, make, f"{name} {number}", hostile=hostile) for number in range(each)]
        lines.append(_row(name, tried))
        print(lines[-1], flush=True)
    kept = [one.worth for one in everything if one.is_kept]
    worst = f"{min(kept):+.3f}" if kept else "–"
    worse = [one.is_kept for one in everything if one.worth <= 0]
    bound = Share(sum(worse), len(worse)).bounds[1]
    told = f"Of {len(worse)} that are truly worse {sum(worse)} were let through (95%: below {bound:.1%})."
    return [
        *lines,
        "",
        f"{told} The least worth of what else was let through among the eight: {worst} nDCG@10.",
    ]


def _row(name: str, tried: Sequence[Tried]) -> str:
    worse, better = [one for one in tried if one.worth <= 0], [one for one in tried if one.worth > 0]
    let = [sum(one.is_kept for one in some) for some in (worse, better)]
    return f"| {name} | {len(tried)} | {len(worse)} | {let[0]} | {len(better)} | {let[1]} |"


# Candidates


def _load(work: Path) -> Rows:
    file = work / "gate.npz"
    if not file.exists():
        _extract(work / "pile", file)
    with np.load(file) as kept:
        starts = tuple(int(one) for one in kept["starts"])
        lists = Lists(kept["features"].astype(np.float64), starts, kept["right"].astype(np.float64))
        parts = [
            "made to learn from" if part == MADE and number % 2 else part
            for number, part in enumerate(kept["parts"].tolist())
        ]
        return Rows(lists, tuple(kept["languages"].tolist()), tuple(parts))


def _extract(pile: Path, file: Path) -> None:
    with Engine(Settings(data=pile)) as engine:
        if not (pile / "ready").exists():
            fill_with_manual(engine)
            (pile / "ready").touch()
        found = []
        draw = random.Random(0)
        documents: dict[int, str] = {}
        for info in engine.documents():
            documents |= {one.id: info.id for one in engine.store.passages(info.id)}
        of = {
            document: draw.choice(("train", "gate", "truth")) for document in sorted(set(documents.values()))
        }
        for one in read_headings(engine):
            found.append((one.text, one.right, of[documents[one.right[0]]]))
        for own in make_questions(engine.store, None, Budget(600), (), 0):
            if of[own.passage.document_id] == "gate":
                found.append((own.made.text, (own.passage.id,), "made"))
        rows = [(part, *row) for text, right, part in found if (row := _candidates(engine, text, right))]
    np.savez_compressed(
        file,
        features=np.concatenate([features for _, _, features, _ in rows]).astype(np.float32),
        right=np.concatenate([right for *_, right in rows]),
        starts=np.cumsum([0, *(len(right) for *_, right in rows[:-1])]),
        languages=[language for _, language, _, _ in rows],
        parts=[part for part, *_ in rows],
    )


def _candidates(engine: Engine, text: str, right: Sequence[int]) -> tuple[str, Floats, Floats] | None:
    query = as_query(text, engine.store)
    if not query.text:
        return None
    asked, found = gather(query, engine.store, engine.encoder, 100, with_memory=False)
    features = {**make_features(asked, found), **make_around(found)}
    columns = np.stack([features[key] for key in KEYS], axis=1).astype(np.float64)
    return query.language, columns, np.isin(np.asarray(found.ids), right).astype(np.float64)


if __name__ == "__main__":
    main()
