"""Is a sentence supported by these words? python bench/checker.py [--count 350] [--made 80]

On sets that people judged and on made ones of the half of the articles that nothing was trained or fitted on:
AUROC, and balanced accuracy with a threshold that one half of the cases gives for the other. Beside the
learned checker: the share of the sentence's words in the text, weighted as search weighs them; the rules of
answer/check.py alone; and both together, as answers use them. Long evidence is checked in pieces, the best
one counts. Writes the table to docs/benchmarks.md between its markers. Needs the pack e5-small and the shared
data (EVERASK_SHARED_DATA or ../shared/data).
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from checker_sets import JUDGED, Case, made, wice_tokens
from marked_page import dated, write_between

from everask.answer.check import Cosine, check, overlap
from everask.answer.write import compare_with
from everask.encoder import open_encoder
from everask.encoder.checker import WEAK_ABOVE, Checker, open_checker
from everask.encoder.question_build import CHECKER_NAME, build_question, shipped_question
from everask.evaluate.abstention import auroc
from everask.evaluate.calibration import calibration_error
from everask.packs import default_folder, find
from everask.text import analyse, words
from everask.types import DocumentInfo, Evidence, Hit, Passage, Query

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- checker:begin -->", "<!-- checker:end -->"
WAYS = ("overlap", "rules", "checker", "both")

Score = Callable[[Case], dict[str, float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=350, help="at most this many cases a judged set")
    parser.add_argument("--made", type=int, default=80, help="made cases a language")
    parser.add_argument("--folder", type=Path, help="a checker that was built; else the one that ships")
    parser.add_argument("--dry", action="store_true", help="print, and leave the page as it is")
    given = parser.parse_args()
    data = Path(os.environ.get("EVERASK_SHARED_DATA") or ROOT.parent / "shared" / "data")
    checker = open_checker(given.folder or built())
    score = score_ways(checker, compare_with(open_encoder(default_folder() / "e5-small-built")))
    lines = [
        "| set | n | supported | " + " | ".join(f"{way}: AUROC · balanced" for way in WAYS) + " |",
        "|---|---:|---:|" + "---:|" * len(WAYS),
    ]
    cases_of: dict[str, list[Case]] = {name: read(data, given.count) for name, read in JUDGED.items()}
    cases_of |= dict(made(data, given.made))
    said: list[tuple[float, bool]] = []
    every: dict[str, list[tuple[float, bool]]] = {way: [] for way in WAYS}
    for name, cases in cases_of.items():
        scored = [score(one) for one in cases]
        scores = {way: [one[way] for one in scored] for way in WAYS}
        labels = [one.supported for one in cases]
        if name.startswith("made"):
            said += zip(scores["checker"], labels, strict=True)
            for way in WAYS:
                every[way] += zip(scores[way], labels, strict=True)
        lines.append(row_of(name, cases, scores))
        print(lines[-1], flush=True)
    lines += ["", *summary(checker, every, said, cases_of, data)]
    print("\n".join(lines[-8:]))
    if not given.dry:
        command = f"python bench/checker.py --count {given.count} --made {given.made}"
        write_between(
            BEGIN, END, dated(command, "\n".join(lines)), heading="## Is a sentence supported by its quote?"
        )


def built() -> Path:
    """The shipped checker, built."""
    adapter, file = shipped_question(CHECKER_NAME), find("e5-small", default_folder())
    assert adapter is not None, "no checker ships"
    assert file is not None, "everask models pull e5-small"
    folder = default_folder() / "e5-small-checker-built"
    build_question(file, adapter, folder, default_folder() / "e5-small-built")
    return folder


def score_ways(checker: Checker, cosine: Cosine) -> Score:
    """Each way's score of a case: that of the text that supports most."""

    def by_rules(case: Case, learned: Checker | None) -> float:
        query = Query("", case.language)
        return max(
            check(case.sentence, (evidence(one, case),), query, cosine, learned).value for one in case.texts
        )

    def score(case: Case) -> dict[str, float]:
        lines = [overlap(case.sentence, one, "", case.text_language, "") for one in case.texts]
        verdicts = checker.check((case.sentence, text) for text in case.texts)
        return {
            "overlap": max(lines),
            "rules": by_rules(case, None),
            "checker": max(one.probability for one in verdicts),
            "both": by_rules(case, checker),
        }

    return score


def evidence(text: str, case: Case) -> Evidence:
    """A text as the product would have it."""
    passage = Passage(1, "d", 0, 0, len(text), text, text, case.text_language)
    info = DocumentInfo("d", "d", "file:///d", "", "text/plain", case.text_language, 0.0, 9, 1)
    return Evidence(Hit(passage, info, 1.0, {}), 0, len(text), text, 1.0)


def row_of(name: str, cases: Sequence[Case], scores: dict[str, list[float]]) -> str:
    """A line of the table."""
    labels = [one.supported for one in cases]
    cells = [
        f"{auroc(scores[way], labels):.3f} · {balanced(scores[way], labels, [one.fold for one in cases]):.3f}"
        for way in WAYS
    ]
    return f"| {name} | {len(cases)} | {statistics.mean(labels):.2f} | " + " | ".join(cells) + " |"


def balanced(scores: Sequence[float], labels: Sequence[bool], folds: Sequence[int]) -> float:
    """Balanced accuracy; each fold's threshold is the best one of the other fold."""
    right = {True: [0, 0], False: [0, 0]}
    for fold in (0, 1):
        other = [
            (score, label) for score, label, one in zip(scores, labels, folds, strict=True) if one != fold
        ]
        above = _threshold(other)
        for score, label, one in zip(scores, labels, folds, strict=True):
            if one == fold:
                right[label][0] += (score >= above) == label
                right[label][1] += 1
    return statistics.mean(hit / max(1, count) for hit, count in right.values())


def _threshold(judged: Sequence[tuple[float, bool]]) -> float:
    positive = max(1, sum(label for _, label in judged))
    negative = max(1, len(judged) - positive)

    def worth(above: float) -> float:
        return sum(((score >= above) == label) / (positive if label else negative) for score, label in judged)

    return max(sorted({score for score, _ in judged}), key=worth)


def summary(
    checker: Checker,
    every: dict[str, list[tuple[float, bool]]],
    said: Sequence[tuple[float, bool]],
    cases_of: dict[str, list[Case]],
    data: Path,
) -> list[str]:
    """All made cases together, calibration, words, and what a pair costs."""
    areas = ", ".join(
        f"{way} {auroc([one for one, _ in some], [label for _, label in some]):.3f}"
        for way, some in every.items()
    )
    error = calibration_error([one for one, _ in said], [label for _, label in said])
    lines = [
        f"All made cases (n = {len(said)}), AUROC: {areas}. Calibration error of the checker: {error:.3f}."
    ]
    made_cases = [one for name, some in cases_of.items() if name.startswith("made, ") for one in some]
    for name, cases in (("made cases", made_cases), ("WiCE", wice_tokens(data, 200))):
        learned, plain = word_f1(checker, cases), word_f1(None, cases)
        lines.append(
            f"Words that are not supported, {name}: F1 {learned:.3f}; words that the text lacks {plain:.3f}."
        )
    pairs = [(one.sentence, one.texts[0] + " ") for one in made_cases[:60]]
    began = time.process_time()
    checker.check(pairs)
    each = 1000 * (time.process_time() - began) / len(pairs)
    lines.append(f"One pair costs {each:.0f} ms of one core (sentence and about 60 words of text).")
    return lines


def word_f1(checker: Checker | None, cases: Sequence[Case]) -> float:
    """F1 of words that are not carried, over all cases where they are known."""
    hit = found = wanted = 0
    for case in cases:
        if not (case.wrong or case.words_known):
            continue
        known = set(analyse(" ".join(case.texts), case.text_language))
        verdict = checker.check([(case.sentence, case.texts[0])])[0] if checker else None
        weak = verdict.weak_spans(WEAK_ABOVE) if verdict else ()
        for start, end in words(case.sentence, case.language):
            is_wrong = any(start < high and low < end for low, high in case.wrong)
            if not is_wrong and not case.words_known:
                continue
            if verdict:
                told = any(start < high and low < end for low, high in weak)
            else:
                tokens = set(analyse(case.sentence[start:end], case.language))
                told = bool(tokens) and not tokens & known
            hit, found, wanted = hit + (told and is_wrong), found + told, wanted + is_wrong
    return 2 * hit / max(1, found + wanted)


if __name__ == "__main__":
    main()
