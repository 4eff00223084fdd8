"""Measures the cases that ship for `everask train checker`: python dev/checker_cases.py [--examples 1200]

Made pairs (models/checker/made.py) of articles that no training saw, none of the reporting half, in XQuAD's
twelve languages, DRCD, CMRC and JSQuAD, as the product would check them: what the checker and the rules say,
and whether the sentence is supported. No texts. Half of them hold the fit to what ships, half guard it; by
twins, so that no pair's other half is on the other side. Writes src/everask/weights/checker-cases-1.json.
Needs the shared data (EVERASK_SHARED_DATA or ../shared/data) and the pack e5-small.
"""

from __future__ import annotations

import argparse
import json
import os
import zlib
from pathlib import Path

from ship_checker import evidence_of

from everask import packs
from everask.answer.write import compare_with
from everask.encoder import open_encoder
from everask.models.checker.data import held_out
from everask.pipeline.models import find_checker
from everask.settings import ModelSettings
from everask.training.checker import CASES_FILE, see_pair
from everask.types import Query

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src" / "everask" / "weights" / CASES_FILE
SEED = 7
"""Not that of dev/ship_checker.py, whose fit is what ships."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=1200)
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    checker = find_checker(ModelSettings(), print)
    assert checker is not None, "everask models pull e5-small"
    cosine = compare_with(open_encoder(packs.default_folder() / "e5-small-built"))
    found: dict[str, list[list[object]]] = {"held": [], "guard": []}
    for one in held_out(data, given.examples, SEED):
        query, tools = Query("", one.language), (checker, cosine)
        seen = see_pair(one.sentence, (evidence_of(one),), query, tools, is_right=one.supported)
        if seen is not None:
            side = "guard" if zlib.crc32(one.twins.encode()) % 2 else "held"
            found[side].append(
                [seen.language, seen.logit, seen.rules, seen.is_same, seen.in_doubt, seen.is_right]
            )
    rows = {name: "[\n" + ",\n".join(map(json.dumps, some)) + "\n]" for name, some in found.items()}
    body = ",\n".join(f"{json.dumps(name)}: {some}" for name, some in rows.items())
    TARGET.write_text(f'{{"checker": {json.dumps(checker.id)},\n{body}}}\n', "utf-8")
    print({name: (len(some), sum(bool(one[-1]) for one in some)) for name, some in found.items()})


if __name__ == "__main__":
    main()
