"""The course of the checker: what its logits mean, learned from sentences that people called right or wrong.

Six numbers are learned, not the checker: how much its logit and the rules count, in the quote's language and
in another, and where "supported" begins. People vote on what was shown, hence on what passed: so that nothing
moves without a reason, the fit is held to what ships by cases that ship with Everask, many of which do not
pass. Other such cases are the guard. Measured is what is shown: a right sentence is worth 1, a wrong one 0,
and the quote in its place as much as the threshold says (`answer.support_above`), for a sentence that is
right less often than that had better be a quote. No text is kept, nor learned.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from everask.answer.check import Cosine, measure
from everask.answer.support import SHIPPED, blend_logit
from everask.answer.write import compare_with
from everask.encoder.checker import Calibration, Checker, Weights
from everask.errors import ModelError, TrainingError
from everask.evaluate.calibration import logistic_weights
from everask.index.learned import Lineage
from everask.pipeline import models
from everask.pipeline.calibrating import as_learned, parse_calibration, write_calibration
from everask.pipeline.encoders import Encoders
from everask.pipeline.labelling import Labels
from everask.pipeline.sentences import JudgedSentence, lineage_of, read_sentences
from everask.read import evidence_at
from everask.training.asking import as_query
from everask.training.feedback import Course, write_whole
from everask.training.gate import ASKED
from everask.training.gate import Asked as Outcome
from everask.training.work import Work
from everask.types import Evidence, Hit, Query

CASES = "cases"
"""The kind of pairs that ship with Everask."""
OTHERS = "other"
CASES_FILE = "checker-cases-1.json"
COUNTS = (0.5, 1.0, 2.0, 4.0)
"""How often a vote may count beside a shipped case; which is best is tried on the votes themselves."""
MOST_CHECKED = 2_000
_FOLDS = 5
_PENALTY = 1e-6
_COLLECTING = 0.8
"""The share of its minutes that checking may take."""
_LEARNING, _HELD_OUT = "learning.json", "held_out.json"
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one pair: the checker's logit, what the rules give, whether sentence and quote are in
    one language, whether a name or denial is in doubt, and whether the sentence is right."""

    language: str
    logit: float
    rules: float
    is_same: bool
    in_doubt: bool
    is_right: bool

    def chance(self, by: Calibration) -> float:
        """The support that it would be given."""
        return blend_logit(self.logit, self.rules, same=self.is_same, in_doubt=self.in_doubt, calibration=by)


def read_cases(checker_id: str) -> tuple[list[Seen], list[Seen]]:
    """Pairs that ship, to hold the fit by, and others to guard it. Raises ModelError where they were measured
    with another checker."""
    found = json.loads((files("everask") / "weights" / CASES_FILE).read_text("utf-8"))
    if found["checker"] != checker_id:
        raise ModelError(f"{CASES_FILE} was made for another checker.", "Install Everask again.")
    held, guard = ([Seen(*row) for row in found[name]] for name in ("held", "guard"))
    return held, guard


def _collect(work: Work, labels: Labels) -> Lineage:
    """What the checker and the rules say of every judged sentence; its words are not kept."""
    checker, cosine = _open(work)
    sentences = read_sentences(work.store)
    ends = time.monotonic() + _COLLECTING * 60 * work.minutes
    held_out, _ = _see_all(work, sentences.held_out, checker, cosine, ends)
    learning, used = _see_all(work, sentences.training, checker, cosine, ends)
    if not learning or not held_out:
        raise TrainingError(
            "None of the judged sentences can be checked again.", "What serves is as it was: vote on more."
        )
    _keep(work, _LEARNING, learning)
    _keep(work, _HELD_OUT, held_out)
    return lineage_of(used)


def _open(work: Work) -> tuple[Checker, Cosine]:
    checker = models.find_checker(work.settings.models, work.tell)
    if checker is None:
        raise ModelError("The checker is not there.", "Fetch it: everask models pull e5-small")
    return checker, compare_with(Encoders(work.store, work.settings.models, work.tell).serving())


def _see_all(
    work: Work, sentences: Sequence[JudgedSentence], checker: Checker, cosine: Cosine, ends: float
) -> tuple[list[Seen], list[JudgedSentence]]:
    """Of the newest of them as many as there is time for; and which these are."""
    newest = sorted(sentences, key=lambda one: -max(one.events))[:MOST_CHECKED]
    seen, used = [], []
    for done, one in enumerate(newest, 1):
        if time.monotonic() > ends:
            work.say(f"Some sentences are left out after {done - 1}: the minutes are up.")
            break
        work.tell_progress("collecting", done, len(newest), "checking sentences again")
        made = see(work, one, checker, cosine)
        if made is not None:
            seen.append(made)
            used.append(one)
    return seen, used


def see(work: Work, one: JudgedSentence, checker: Checker, cosine: Cosine) -> Seen | None:
    """The sentence with its quotes, as it is when an answer is written; None where the quotes are gone, or a
    rule forbids it by now."""
    query = as_query(one.question, work.store)
    found = work.store.hits(one.passages, ())
    evidence: list[Evidence] = []
    for passage, quote in zip(one.passages, one.quotes, strict=True):
        if passage not in found:
            return None
        evidence.append(evidence_at(Hit(*found[passage], 1.0, {}), quote.start, quote.end))
    return see_pair(one.text, tuple(evidence), query, (checker, cosine), is_right=one.is_right)


def see_pair(
    sentence: str,
    evidence: tuple[Evidence, ...],
    query: Query,
    tools: tuple[Checker, Cosine],
    *,
    is_right: bool,
) -> Seen | None:
    """What is known of a sentence and quotes; None where a rule forbids it, or nothing can be compared."""
    checker, cosine = tools
    found = measure(sentence, evidence, query, cosine, checker)
    if found.verdict is None or not found.is_comparable:
        return None
    values = (round(found.verdict.logit, 4), round(found.rules, 4))
    return Seen(query.language, *values, found.is_same, bool(found.doubt), is_right)


def _teach(work: Work) -> Mapping[str, Any]:
    """What ships, moved by votes as far as they say the same of one another."""
    work.tell_progress("training", 0, 1, "fitting")
    checker, _ = _open(work)
    held, _ = read_cases(checker.id)
    votes = _read(work, _LEARNING)
    made, count = fit_best(votes, held)
    work.job.choose({"trained_on": len(votes), "count": count})
    return write_calibration(made, checker.id)


def fit_best(votes: Sequence[Seen], held: Sequence[Seen]) -> tuple[Calibration, float]:
    """Fitted with each vote counting as often as predicts other votes best; and how often that is."""

    def lost(count: float) -> float:
        total = 0.0
        for fold in range(_FOLDS):
            others = [one for at, one in enumerate(votes) if at % _FOLDS != fold]
            by = fit(others, held, count)
            total -= sum(_log_chance(one, by) for one in votes[fold::_FOLDS])
        return total

    best = min(COUNTS, key=lost)
    return fit(votes, held, best), best


def fit(votes: Sequence[Seen], held: Sequence[Seen], count: float) -> Calibration:
    """The calibration that says of votes what people said, and of held cases what ships says of them; without
    votes it is what ships."""
    return Calibration(_fit_side(votes, held, count, True), _fit_side(votes, held, count, False))


def _fit_side(votes: Sequence[Seen], held: Sequence[Seen], count: float, is_same: bool) -> Weights:
    # What a doubt takes off is not learned: it is a precaution (answer/support.py).
    ours = [one for one in votes if one.is_same == is_same and not one.in_doubt]
    cases = [one for one in held if one.is_same == is_same and not one.in_doubt]
    if not ours:
        return SHIPPED.same if is_same else SHIPPED.across
    inputs = np.array([(one.logit, one.rules, 1.0) for one in (*ours, *cases)])
    targets = np.array([float(one.is_right) for one in ours] + [one.chance(SHIPPED) for one in cases])
    counts: Floats = np.array([count] * len(ours) + [1.0] * len(cases))
    of_logit, of_rules, constant = logistic_weights(inputs, targets, np.full(3, _PENALTY), counts_n=counts)
    return (float(of_logit), float(of_rules), float(constant))


def _log_chance(one: Seen, by: Calibration) -> float:
    chance = one.chance(by)
    return float(np.log(max(1e-6, chance if one.is_right else 1 - chance)))


def worth(one: Seen, by: Calibration, above: float) -> float:
    """What is shown of a pair is worth: 1 a right sentence, 0 a wrong one, `above` the quote in its place."""
    return float(one.is_right) if one.chance(by) >= above else above


def _measure(work: Work, weights: Mapping[str, Any]) -> Sequence[Outcome]:
    checker, _ = _open(work)
    before = as_learned(checker, work.store).calibration or SHIPPED
    after = parse_calibration(weights, checker.id)
    _, guard = read_cases(checker.id)
    return compare(_read(work, _HELD_OUT), guard, (before, after), work.settings.answer.support_above)


def compare(
    votes: Sequence[Seen], guard: Sequence[Seen], by: tuple[Calibration, Calibration], above: float
) -> list[Outcome]:
    """What both calibrations show of sentences that people judged, and of cases that ship; languages that
    nobody judged a sentence in are looked at together."""
    spoken = {one.language for one in votes}
    return [
        Outcome(
            kind,
            one.language if one.language in spoken else OTHERS,
            *(worth(one, each, above) for each in by),
        )
        for kind, some in ((ASKED, votes), (CASES, guard))
        for one in some
    ]


def _keep(work: Work, name: str, seen: Sequence[Seen]) -> None:
    rows = [[one.language, one.logit, one.rules, one.is_same, one.in_doubt, one.is_right] for one in seen]
    write_whole(work.folder / name, rows)


def _read(work: Work, name: str) -> list[Seen]:
    return [Seen(*row) for row in json.loads((work.folder / name).read_text("utf-8"))]


CHECKER = Course("checker", _collect, _teach, _measure)
