"""Makes a trained question form the one that ships: python dev/ship_question.py WORK/question.npz

Builds its int8 graph, asks it questions on articles that training held out, calibrates the probability that
a text answers on them, and writes src/everask/weights/question-e5-small-1.npz. Needs the shared data
(EVERASK_SHARED_DATA or ../shared/data) and the pack e5-small.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np

from everask import packs
from everask.encoder.adapter import read_adapter, write_adapter
from everask.encoder.question import Asker, open_question
from everask.encoder.question_build import QUESTION_NAME, build_question
from everask.evaluate.calibration import Judged, calibrate
from everask.models.reader.data import draw_groups
from everask.train.question_batch import Group

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src" / "everask" / "weights" / f"{QUESTION_NAME}.npz"
NUM_GROUPS = 240


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--groups", type=int, default=NUM_GROUPS)
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    file = packs.find("e5-small", packs.default_folder())
    assert file is not None, "everask models pull e5-small"
    adapter = read_adapter(given.adapter)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "question"
        build_question(file, given.adapter, folder, packs.default_folder() / "e5-small-built")
        judged = ask_all(open_question(folder), draw_groups(data, None, given.groups, 3, 1, held_out=True))
    scale, shift = calibrate(judged)
    print(f"probability = logistic({scale:.3f} logit + {shift:.3f})")
    chances = np.array([1 / (1 + np.exp(-scale * logit - shift)) for logit, _ in judged])
    right = np.array([is_right for _, is_right in judged])
    for low in np.arange(0, 1, 0.2):
        inside = (chances >= low) & (chances < low + 0.2)
        if inside.any():
            print(f"said {chances[inside].mean():.2f}, is {right[inside].mean():.2f}, n={inside.sum()}")
    about = {**adapter.about, "scale": f"{scale:.4f}", "shift": f"{shift:.4f}"}
    write_adapter(TARGET, adapter.tensors, about)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.1f} MB")


def ask_all(asker: Asker, groups: list[Group]) -> list[Judged]:
    """The logit of every text, and whether it answers; prints how often the right one comes first."""
    judged: list[Judged] = []
    first: dict[str, list[bool]] = defaultdict(list)
    sentence: dict[str, list[bool]] = defaultdict(list)
    for group in groups:
        readings = asker.ask(group.question, [one.text for one in group.candidates])
        found = [(one, reading) for one, reading in zip(group.candidates, readings, strict=True) if reading]
        judged += [(reading.logit, one.answers) for one, reading in found]
        if any(one.answers for one, _ in found):
            first[group.name].append(max(found, key=lambda pair: pair[1].logit)[0].answers)
            best, reading = max(found, key=lambda pair: float(pair[1].held_t.max(initial=-np.inf)))
            start, end = reading.places[int(reading.held_t.argmax())]
            sentence[group.name].append(any(a - 60 < start and end < b + 60 for a, b in best.held))
    for name in sorted(first):
        print(
            f"{name}: right text first {np.mean(first[name]):.3f},"
            f" most certain word near the answer {np.mean(sentence[name]):.3f}, n={len(first[name])}"
        )
    return judged


if __name__ == "__main__":
    main()
