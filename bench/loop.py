"""The loop, end to end: a team of twenty asks a real manual in three rounds, and search gets better.

Usage: python bench/loop.py [--rounds 3] [--sessions 50] [--hostile 1] [--next] [--work .bench/loop] [--dry]
The manual is LibreOffice's help in eleven languages (bench/manual_team.py). In a round each of the team asks
`sessions` questions on the page of results, opens what is seen, votes, points at the right words now and then
or keeps the question as an example of "why not"; some by mistake, the hostile always for what is wrong. What
they are shown and do goes into the store and the query memory, as it does when people do it. After each round
`everask train ranker --on feedback` runs as it is: the gate measures on questions that the team judged in
documents held out, and promotes or refuses. Then two sets are asked by somebody who never voted: questions of
documents that nobody ever asked anything of, and what the team asks, in other words. Writes the table to
docs/benchmarks.md and docs/images/loop.svg.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from manual_team import (
    Heading,
    Team,
    enrol,
    fill_with_manual,
    measure,
    play_round,
    read_headings,
    reword,
)
from marked_page import dated, write_between

from everask.evaluate.significance import bootstrap_interval
from everask.pipeline import Engine
from everask.retrieve.search import Weighing, search_by
from everask.settings import Settings
from everask.training.asking import as_query
from everask.training.gate import DEPTH, gain

ROOT = Path(__file__).parents[1]
PLOT = ROOT / "docs" / "images" / "loop.svg"
BEGIN, END = "<!-- loop:begin -->", "<!-- loop:end -->"
NUM_ALIKE = 150
NEVER, ALIKE, ALONE = "never asked", "as the team asks", "the same, without memory"


@dataclass(frozen=True, slots=True)
class Point:
    """What was measured after a round: by kind of question nDCG@10 of each, and what the training said."""

    round: int
    done: str
    said: str
    figures: dict[str, list[float]]


def main() -> None:
    """Play, train, measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sessions", type=int, default=50, help="of each of the team, a round")
    parser.add_argument("--hostile", type=int, default=1, help="of twenty: they vote for what is wrong")
    parser.add_argument("--work", type=Path, default=ROOT / ".bench" / "loop")
    parser.add_argument("--next", action="store_true", help="go on by one round, and stop")
    parser.add_argument("--dry", action="store_true", help="print, and write nothing")
    options = parser.parse_args()
    pile, data, kept = (options.work / name for name in ("pile", "data", "points.json"))
    if not (pile / "ready").exists():
        with Engine(Settings(data=pile)) as engine:
            fill_with_manual(engine)
            (pile / "ready").touch()
    points = [Point(**one) for one in json.loads(kept.read_text("utf-8"))] if kept.exists() else []
    if not points or (len(points) > options.rounds and not options.next):
        shutil.rmtree(data, ignore_errors=True)
        shutil.copytree(pile, data)
        points = []
    team = Team(sessions=options.sessions, hostile=options.hostile)
    while len(points) <= options.rounds:
        points.append(_play(data, len(points), team))
        kept.write_text(json.dumps([asdict(one) for one in points]), encoding="utf-8")
        print(f"round {points[-1].round}: {points[-1].done}. {points[-1].said}", flush=True)
        if options.next:
            break
    table = "\n".join(_table(points))
    print(table)
    if not options.dry and len(points) > options.rounds:
        command = f"python bench/loop.py --sessions {options.sessions} --hostile {options.hostile}"
        write_between(BEGIN, END, dated(command, table), heading="## The loop, end to end")
        _draw(points)


def _play(data: Path, number: int, team: Team) -> Point:
    """One round and what came of it; round 0 is what ships, measured."""
    with Engine(Settings(data=data)) as engine:
        headings = read_headings(engine)
        asked = [one for one in headings if one.is_asked]
        never = [one for one in headings if not one.is_asked]
        random.Random(1).shuffle(asked)
        if number == 0:
            enrol(engine.store, team.people)
            counted, said = "–", "as it ships"
        else:
            done = play_round(engine, asked, team, f"team 2, round {number}")
            counted = ", ".join(f"{count} {kind}" for kind, count in sorted(done.items()))
            said = _train(data)["message"]
        return Point(number, counted, said, _measure(engine, never, _draw_alike(asked)))


def _draw_alike(asked: Sequence[Heading]) -> list[tuple[Heading, str]]:
    """What the team will ask, popular questions more often, each in a wording of its own."""
    draw = random.Random("alike")
    weights = [1 / (1 + at) ** 0.5 for at in range(len(asked))]
    return [(one, reword(one, draw)) for one in draw.choices(asked, weights, k=NUM_ALIKE)]


def _measure(
    engine: Engine, never: Sequence[Heading], alike: Sequence[tuple[Heading, str]]
) -> dict[str, list[float]]:
    wanted, texts = [one for one, _ in alike], [text for _, text in alike]
    alone = []
    for one, text in alike:
        query = as_query(text, engine.store)
        weighing = Weighing(with_memory=False)
        hits = search_by(weighing, query, engine.store, engine.encoder, top=DEPTH) if query.text else []
        alone.append(gain([hit.passage.id for hit in hits], one.right))
    return {NEVER: measure(engine, never), ALIKE: measure(engine, wanted, texts), ALONE: alone}


def _train(data: Path) -> dict[str, Any]:
    """The very command, in a process of its own."""
    command = [sys.executable, "-m", "everask", "train", "ranker", "--on", "feedback", "--json"]
    done = subprocess.run([*command, "--data", str(data)], capture_output=True, text=True)
    if done.returncode:
        return {"message": json.loads(done.stderr.splitlines()[-1])["error"]["message"]}
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _table(points: Sequence[Point]) -> list[str]:
    kinds = list(points[0].figures)
    lines = ["| after round | " + " | ".join(f"{kind}, nDCG@10" for kind in kinds) + " | the gate |"]
    lines.append("|---" * (len(kinds) + 2) + "|")
    for point in points:
        cells = [_cell(point.figures[kind]) for kind in kinds]
        lines.append(f"| {point.round} | " + " | ".join(cells) + f" | {point.said} |")
    first, last = points[0].figures, points[-1].figures
    cells = []
    for kind in kinds:
        moved = [after - before for before, after in zip(first[kind], last[kind], strict=True)]
        low, high = bootstrap_interval(moved)
        cells.append(f"{sum(moved) / len(moved):+.3f} ({low:+.3f} to {high:+.3f})")
    lines.append("| in all | " + " | ".join(cells) + " | |")
    counts = ", ".join(f"{kind}: {len(first[kind])} questions" for kind in kinds)
    done = "; ".join(f"round {point.round}: {point.done}" for point in points[1:])
    return [*lines, "", f"{counts}. What the team did: {done}."]


def _cell(values: Sequence[float]) -> str:
    low, high = bootstrap_interval(values)
    return f"{sum(values) / len(values):.3f} ({low:.3f}–{high:.3f})"


def _draw(points: Sequence[Point]) -> None:
    figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    rounds = [point.round for point in points]
    for kind in points[0].figures:
        means = [sum(point.figures[kind]) / len(point.figures[kind]) for point in points]
        bounds = [bootstrap_interval(point.figures[kind]) for point in points]
        axes.plot(rounds, means, marker="o", label=kind)
        axes.fill_between(rounds, [low for low, _ in bounds], [high for _, high in bounds], alpha=0.12)
    axes.set_xticks(rounds)
    axes.set_xlabel("rounds of asking and voting, each followed by everask train ranker")
    axes.set_ylabel("nDCG@10, asked by somebody who never voted")
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PLOT, metadata={"Date": None})


if __name__ == "__main__":
    main()
