"""kill -9 at 200 random moments of add, change and remove; a table of what was done and what was wrong.

`python bench/kill.py [KILLS] [SEED]`: the store, driven as `everask` drives it. The same seed gives
the same steps; the moments vary with the machine.
"""

from __future__ import annotations

import collections
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # for the plan, which the tests share

from tests.index import crash

from everask.index import Store


def run(folder: Path, kills: int, seed: int) -> int:
    """Kill so often; print the table; return the number of problems."""
    crash.small_limits()
    source = random.Random(seed)
    state, done = crash.State(), -1
    landed: collections.Counter[str] = collections.Counter()
    found: list[str] = []
    opening: list[float] = []
    for kill in range(kills):
        last, when = crash.start_and_kill(folder, seed, done + 1, source)
        for number in range(done + 1, last + 1):
            state = crash.follow(state, crash.plan(seed, number))
        done = last
        step = crash.plan(seed, done + 1)
        start = time.perf_counter()
        with Store.open(folder) as store:
            store.counts()
            opening.append(time.perf_counter() - start)
            if not crash.matches(store, state) and crash.matches(store, crash.follow(state, step)):
                state, done = crash.follow(state, step), done + 1
                when = "after the commit, before the acknowledgement"
            elif when == "writing":
                when = f"during or before a step ({step.action})"
            landed[when] += 1
            problems = crash.problems_of(store, state, source)
        found += [f"kill {kill}, step {done}: {line}" for line in problems]
        if problems:
            print(*problems, sep="\n", file=sys.stderr)
    print("| where the kill landed | times |\n|---|---|")
    for when, times in landed.most_common():
        print(f"| {when} | {times} |")
    print(f"\n{kills} kills, {done + 1} steps acknowledged or committed, seed {seed}: {len(found)} problems.")
    print(
        f"Opening after a kill: median {sorted(opening)[len(opening) // 2]:.3f} s, most {max(opening):.3f} s."
    )
    return len(found)


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:]] + [200, 1][len(sys.argv) - 1 :]
    with tempfile.TemporaryDirectory() as place:
        sys.exit(1 if run(Path(place), *numbers) else 0)
