"""A learned checker beside the rules: what they forbid stays forbidden, what they cannot see it says."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from everask.answer.check import check
from everask.answer.support import prepare, support_text
from everask.encoder.checker import Checked, Checker, Verdict
from everask.types import Evidence, Query

from .samples import make_evidence

QUERY = Query("How long is the warranty?", "en")


class Scripted(Checker):
    """Says what it was told to, and counts how often it was asked."""

    def __init__(self, logit: float) -> None:
        self.logit = logit
        self.asked: list[list[Checked]] = []

    def check(self, pairs: Iterable[Checked]) -> list[Verdict]:
        """The same of every pair; the second half of the sentence is weak where it does not support."""
        wanted = list(pairs)
        self.asked.append(wanted)
        return [self._say(sentence) for sentence, _ in wanted]

    def _say(self, sentence: str) -> Verdict:
        weak = np.array([0.1, 0.9 if self.logit < 0 else 0.1], np.float32)
        half = len(sentence) // 2
        chance = 1 / (1 + float(np.exp(-self.logit)))
        return Verdict(self.logit, chance, 0.5, weak, [(0, half), (half, len(sentence))])


def none(_sentence: str, _evidence: Evidence) -> float | None:
    return None


@pytest.fixture
def evidence() -> Evidence:
    return make_evidence("The warranty lasts 24 months.", context="Terms > Warranty")


def test_without_a_checker_all_is_as_before(evidence: Evidence) -> None:
    support = check("The warranty lasts 24 months.", (evidence,), QUERY, none)
    assert support.value > 0.9 and support.weak == () and not support.problem


def test_figures_and_addresses_stay_forbidden(evidence: Evidence) -> None:
    for said in ("The warranty lasts 36 months.", "See http://x.example/."):
        support = check(said, (evidence,), QUERY, none, Scripted(9.0))
        assert support.value == 0 and support.problem


def test_only_a_very_sure_checker_outweighs_a_denial_or_a_name(evidence: Evidence) -> None:
    for said in ("The warranty does not last 24 months.", "The warranty by Bosch lasts 24 months."):
        assert check(said, (evidence,), QUERY, none).value == 0
        assert check(said, (evidence,), QUERY, none, Scripted(0.5)).value < 0.5
        outweighed = check(said, (evidence,), QUERY, none, Scripted(9.0))
        assert outweighed.value > 0.8 and outweighed.problem


def test_what_the_checker_doubts_is_doubted(evidence: Evidence) -> None:
    said = "The warranty lasts 24 months."
    sure = check(said, (evidence,), QUERY, none, Scripted(5.0))
    unsure = check(said, (evidence,), QUERY, none, Scripted(-5.0))
    assert sure.value > 0.8 > 0.5 > unsure.value
    assert sure.weak == () and unsure.weak == ((14, 29),)


def test_another_language_needs_no_words_in_common(evidence: Evidence) -> None:
    said, query = "Die Garantie gilt 24 Monate.", Query("Wie lange gilt die Garantie?", "de")
    assert check(said, (evidence,), query, none).value == 0
    assert check(said, (evidence,), query, none, Scripted(5.0)).value > 0.8
    assert check("Die Garantie gilt 36 Monate.", (evidence,), query, none, Scripted(9.0)).value == 0


def test_all_pairs_are_asked_at_once(evidence: Evidence) -> None:
    checker = Scripted(1.0)
    prepare(checker, ["One.", "Two."], [evidence, make_evidence("Another quote.")])
    assert [len(asked) for asked in checker.asked] == [4]
    prepare(None, ["One."], [evidence])


def test_a_quote_stands_below_its_heading_or_title(evidence: Evidence) -> None:
    assert support_text((evidence,)) == "Terms > Warranty\nThe warranty lasts 24 months."
    assert support_text((make_evidence("It is red.", name="Box"),)) == "Box\nIt is red."
