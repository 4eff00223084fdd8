"""How an answer was found, as it is shown: in every language, the weakest named, kept and read again."""

from __future__ import annotations

import json
import zlib

import pytest

from everask.serve.asked import Ask
from everask.serve.kept import to_keep, unpack
from everask.serve.rendering import render
from everask.serve.way import WAY_NAMES, way_lines, way_record, way_view
from everask.serve.wording import NAMES, translator
from everask.trajectory import NO_STEPS, Step, Trajectory
from everask.types import Answer, Answered, Filters

STEPS = (
    Step("retrieve", {"score": 1.0}, "first", score=0.93),
    Step("choose", {"chance": 0.5}, score=0.21),
    Step("sentence", {"support": 0.9}, "kept", 1, 0.7),
    Step("cite", {"support": 0.9}, "kept", 1, 0.8),
    Step("cite", {}, "dropped", None, 0.1),
    Step("stop", {}, "answered", score=0.6),
)


@pytest.mark.parametrize("language", NAMES)
def test_the_steps_are_shown_in_every_language(language: str) -> None:
    page = render("way.html", {"trajectory": Trajectory(STEPS[:4])}, language)
    _ = translator(language)
    assert page.count("<li") == 4 and page.count('class="weak"') == 1
    assert "93%" in page and "21%" in page
    assert _("Quotes were chosen") in page and _("Sentence {number} was written", number=2) in page
    assert _("Most likely, it went wrong here.") in page


def test_nothing_is_shown_of_an_answer_without_steps() -> None:
    assert render("way.html", {"trajectory": NO_STEPS}, "en").strip() == ""


def test_the_weakest_is_named_only_where_it_is_likelier_wrong() -> None:
    assert [one.is_weakest for one in way_view(Trajectory(STEPS[:1]))] == [False]
    assert [one.is_weakest for one in way_view(Trajectory(STEPS[:3]))] == [False, True, False]
    assert len(way_view(Trajectory(STEPS))) == 5  # the source of what was dropped says nothing
    assert way_lines(Trajectory(STEPS[:2]))[1].endswith("most likely, it went wrong here")


def test_every_step_has_words() -> None:
    for kind, outcome in WAY_NAMES:
        assert way_view(Trajectory((Step(kind, {}, outcome, score=0.9),)))[0].text
    assert way_record(Trajectory(STEPS))[2]["sentence"] == 1


def test_the_way_is_kept_with_the_answer() -> None:
    trajectory = Trajectory(STEPS, 2)
    made = Answer("q", "a", "en", (), False, "", (), None, "", 0.1, trajectory=trajectory)
    ask = Ask("id", "q", Filters(), None, 0.0)
    ask.events.append(Answered(made))
    kept = to_keep(ask)
    read = unpack(kept.data)
    assert read is not None and isinstance(read.events[-1], Answered)
    assert read.events[-1].answer.trajectory == trajectory
    whole = json.loads(zlib.decompress(kept.data))
    del whole["events"][-1][1]["answer"]["trajectory"]  # as a version before kept it
    old = unpack(zlib.compress(json.dumps(whole).encode()))
    assert old is not None and isinstance(old.events[-1], Answered)
    assert old.events[-1].answer.trajectory == NO_STEPS
