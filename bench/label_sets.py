"""Labels that go together, decoded and by their controls: python bench/label_sets.py

Reads finnl and GoEmotions from EVERASK_SHARED_DATA or ../shared/data; held out by text. Needs the extras
`train` and `bench`. Writes its tables to docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from marked_page import dated, write_between

from everask.models.label_sequence.data import NAMES
from everask.models.label_sequence.train import Recipe, tabulate

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- label-sets:begin -->", "<!-- label-sets:end -->"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=Recipe().epochs)
    parser.add_argument("--seeds", type=int, default=Recipe().seeds)
    parser.add_argument("--texts", type=int, default=Recipe().texts)
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA", ROOT.parent / "shared" / "data"))
    recipe = Recipe(epochs=given.epochs, seeds=given.seeds, texts=given.texts)
    lines: list[str] = []
    for name in NAMES:
        for line in tabulate(data, name, recipe):
            print(line, flush=True)
            lines.append(line)
        lines.append("")
    said = f"python bench/label_sets.py --epochs {given.epochs} --seeds {given.seeds} --texts {given.texts}"
    write_between(BEGIN, END, dated(said, "\n".join(lines)), heading="## Labels that go together")


if __name__ == "__main__":
    main()
