"""Makes a trained checker the one that ships: python dev/ship_checker.py WORK/checker.npz

Builds its int8 graph, checks made examples of articles that training held out, fits the probability that a
text supports a sentence (from the checker alone, and from the checker beside the rules' share of words, for
answer/support.py), and writes src/everask/weights/checker-e5-small-1.npz. With WORK/drafts.jsonl (from
dev/checker_drafts.py) judged sentences of a real model count, too. Needs the shared data
(EVERASK_SHARED_DATA or ../shared/data) and the pack e5-small.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from checker_drafts import pairs_of

from everask import packs
from everask.answer.check import Cosine, check
from everask.answer.support import support_text
from everask.answer.write import compare_with
from everask.encoder import open_encoder
from everask.encoder.adapter import read_adapter, write_adapter
from everask.encoder.checker import Checker, open_checker
from everask.encoder.question_build import CHECKER_NAME, build_question
from everask.evaluate.abstention import auroc
from everask.evaluate.calibration import calibrate, calibration_error, logistic_weights
from everask.models.checker.claimed import Claimed
from everask.models.checker.data import held_out
from everask.types import DocumentInfo, Evidence, Hit, Passage, Query

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "src" / "everask" / "weights" / f"{CHECKER_NAME}.npz"
NUM_EXAMPLES = 900
DRAFTS_COUNT = 3
"""How often a real sentence counts beside a made one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One pair: the checker's logit, what the rules alone give, and whether it is supported."""

    logit: float
    rules: float
    vetoed: bool
    across: bool
    supported: bool
    is_draft: bool = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--examples", type=int, default=NUM_EXAMPLES)
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    file = packs.find("e5-small", packs.default_folder())
    assert file is not None, "everask models pull e5-small"
    adapter = read_adapter(given.adapter)
    cosine = compare_with(open_encoder(packs.default_folder() / "e5-small-built"))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "checker"
        build_question(file, given.adapter, folder, packs.default_folder() / "e5-small-built")
        checker = open_checker(folder)
        rows = [row_of(one, checker, cosine) for one in held_out(data, given.examples, 2)]
        drafts = given.adapter.parent / "drafts.jsonl"
        if drafts.is_file():
            rows += draft_rows(drafts, checker, cosine)
    made = [row for row in rows if not row.is_draft]
    scale, shift = calibrate([(row.logit, row.supported) for row in made])
    print(f"checker alone: logistic({scale:.3f} logit + {shift:.3f})")
    report("checker", made, [_chance(scale * row.logit + shift) for row in made])
    report("rules", made, [row.rules for row in made])
    for name, across in (("same", False), ("across", True)):
        some = [row for row in rows if row.across == across and not row.vetoed]
        weights = blend(some)
        shown = ", ".join(f"{one:.3f}" for one in weights)
        print(f"{name} language, no veto (n={len(some)}): logit, rules, constant {shown}")
        chances = [_chance(weights[0] * row.logit + weights[1] * row.rules + weights[2]) for row in some]
        report(f"{name} both", some, chances)
    about = {**adapter.about, "scale": f"{scale:.4f}", "shift": f"{shift:.4f}"}
    write_adapter(TARGET, adapter.tensors, about)
    print(f"{TARGET}: {TARGET.stat().st_size / 1e6:.1f} MB")


def row_of(one: Claimed, checker: Checker, cosine: Cosine) -> Row:
    """A made example, as the product would check it."""
    evidence = evidence_of(one)
    support = check(one.sentence, (evidence,), Query("", one.language), cosine)
    logit = checker.check([(one.sentence, support_text((evidence,)))])[0].logit
    return Row(logit, support.value, bool(support.problem), one.language != one.text_language, one.supported)


def evidence_of(one: Claimed) -> Evidence:
    """Its text, as a document that was found."""
    title, _, body = one.text.rpartition("\n") if one.text.count("\n") == 1 else ("", "", one.text)
    headings = (title,) if title else ()
    passage = Passage(1, "d", 0, 0, len(body), body, body, one.text_language, headings)
    info = DocumentInfo("d", "d", "file:///d", "", "text/plain", one.text_language, 0.0, 9, 1)
    return Evidence(Hit(passage, info, 1.0, {}), 0, len(body), body, 1.0, title)


def draft_rows(drafts: Path, checker: Checker, cosine: Cosine) -> list[Row]:
    """Judged sentences of a real model."""
    found: list[Row] = []
    for line in drafts.read_text("utf-8").splitlines():
        for pair in pairs_of(json.loads(line)):
            if pair.should is None:
                continue
            support = check(pair.sentence, (pair.evidence,), pair.query, cosine)
            logit = checker.check([(pair.sentence, support_text((pair.evidence,)))])[0].logit
            across = pair.query.language != pair.evidence.hit.passage.language
            row = Row(logit, support.value, bool(support.problem), across, pair.should, True)
            found += [row] * DRAFTS_COUNT
    return found


def blend(rows: Sequence[Row]) -> tuple[float, float, float]:
    """Weights of the logit and of the rules' value, and a constant: logistic regression, by Newton."""
    inputs = np.array([(row.logit, row.rules, 1.0) for row in rows])
    labels = np.array([float(row.supported) for row in rows])
    logit, rules, constant = logistic_weights(inputs, labels, np.full(3, 1e-2))
    return float(logit), float(rules), float(constant)


def report(name: str, rows: Sequence[Row], chances: Sequence[float]) -> None:
    """How well the chances tell, and how far they are from what is so."""
    labels = [row.supported for row in rows]
    error = calibration_error(chances, labels)
    print(f"  {name}: AUROC {auroc(chances, labels):.3f}, calibration error {error:.3f}")


def _chance(logit: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(logit, -30, 30))))


if __name__ == "__main__":
    main()
