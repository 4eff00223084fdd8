"""Best of several drafts: the first stays unless another is better, and what was compared is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from everask.answer.choosing import ChooseSettings, Option, choose, pick
from everask.answer.draft_features import Draft
from everask.answer.quotes import cite, quote_claim
from everask.answer.rewarding import Rewarder
from everask.models.merged_reward.model import Reward
from everask.types import Answer, Answered, AnswerEvent, Claim, ClaimChecked, Evidence, Query, StageStarted

from .samples import make_evidence

QUERY = Query("How long is the warranty?", "en")
EVIDENCE = [make_evidence("The warranty is 24 months.", name="warranty")]
WRITTEN = Claim("It is 24 months.", 0.9, (cite(EVIDENCE[0]),))
AGAIN = Claim("The warranty lasts 24 months.", 0.9, (cite(EVIDENCE[0]),))


class Scripted(Rewarder):
    """Gives each draft the value of its text."""

    def __init__(self, values: dict[str, float]) -> None:
        self.values = values

    def score_all(self, query: Query, evidence: Sequence[Evidence], drafts: Sequence[Draft]) -> list[Reward]:
        said = [self.values.get(" ".join(one.text for one in draft), 0.0) for draft in drafts]
        return [Reward(one, () if one else ("unsupported",)) for one in said]


def _answer(claims: tuple[Claim, ...], *, abstained: bool = False) -> Answer:
    text = " ".join(one.text for one in claims)
    return Answer(QUERY.text, text, "en", claims, abstained, "", (), "model", "", 1.0)


def _events(claims: tuple[Claim, ...], *, abstained: bool = False) -> Iterator[AnswerEvent]:
    for claim in claims:
        yield ClaimChecked(claim)
    yield Answered(_answer(claims, abstained=abstained))


def _run(
    values: dict[str, float], settings: ChooseSettings, first: Iterator[AnswerEvent]
) -> list[AnswerEvent]:
    def again(_number: int) -> Iterator[AnswerEvent]:
        return _events((AGAIN,))

    further = again if settings.use == "drafts" else None
    return list(choose(QUERY, EVIDENCE, first, Scripted(values), settings, further))


def _end(events: Sequence[AnswerEvent]) -> Answer:
    last = events[-1]
    assert isinstance(last, Answered)
    return last.answer


def test_a_better_quote_takes_the_place_of_what_was_written() -> None:
    events = _run({WRITTEN.text: 0.3, EVIDENCE[0].text: 0.6}, ChooseSettings("quotes"), _events((WRITTEN,)))
    assert [type(one) for one in events] == [ClaimChecked, StageStarted, ClaimChecked, Answered]
    answer = _end(events)
    assert answer.claims == (quote_claim(EVIDENCE[0]),)
    assert answer.text == EVIDENCE[0].text
    assert "quotes 0.60 – taken" in answer.notes[-1].text


def test_the_first_stays_where_nothing_is_better_by_the_margin() -> None:
    events = _run({WRITTEN.text: 0.58, EVIDENCE[0].text: 0.6}, ChooseSettings("quotes"), _events((WRITTEN,)))
    assert [type(one) for one in events] == [ClaimChecked, Answered]
    assert _end(events).claims == (WRITTEN,)
    assert "first draft 0.58 – taken" in _end(events).notes[-1].text


def test_another_try_can_win() -> None:
    values = {WRITTEN.text: 0.3, EVIDENCE[0].text: 0.5, AGAIN.text: 0.9}
    answer = _end(_run(values, ChooseSettings("drafts", drafts=2), _events((WRITTEN,))))
    assert answer.claims == (AGAIN,)


def test_where_all_are_refused_the_first_stays() -> None:
    answer = _end(_run({}, ChooseSettings("quotes"), _events((WRITTEN,))))
    assert answer.claims == (WRITTEN,)
    assert "unsupported" in answer.notes[-1].text


def test_an_abstention_and_quotes_without_a_model_pass_as_they_are() -> None:
    for first in (_events((), abstained=True), _events((quote_claim(EVIDENCE[0]),))):
        events = _run({EVIDENCE[0].text: 0.9}, ChooseSettings("quotes"), first)
        assert not any(isinstance(one, StageStarted) for one in events)
        assert _end(events).notes == ()


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "zh", "ja", "ar", "fi"])
def test_the_note_is_in_the_language_of_the_answer(language: str) -> None:
    from everask.answer.wording import chosen

    said = chosen([("written", 0.5, (), True), ("quotes", 0.0, ("copied",), False)], language)
    assert "0.50" in said
    assert "copied" in said


def test_pick_takes_the_best() -> None:
    options = [Option("written", (), Reward(one)) for one in (0.2, 0.5, 0.4)]
    assert pick(options, 0.05) is options[1]
    assert pick(options, 0.5) is options[0]
