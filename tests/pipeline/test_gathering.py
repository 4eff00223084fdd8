"""Gathering evidence: steps with scores go with the answer; a weak search is made again; drafts are saved."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import pytest

import everask
from everask.answer.saving import ProcessSettings
from everask.generator import Message
from everask.pipeline import Engine
from everask.pipeline.again import WAYS, key_terms, merge, onward, search_again
from everask.pipeline.asking import find_for_answer
from everask.pipeline.gathering import gather, writer_for
from everask.pipeline.tracing import in_view, stop_step
from everask.read import find_evidence
from everask.serve.kept import unpack
from everask.serve.way import way_lines, way_view
from everask.trajectory import Step
from everask.types import Answer, Claim, Query, Turn

TEXTS = {
    "pump": "The warranty of the pump lasts 24 months. It is made in Ulm.",
    "filter": "The filter must be cleaned every 7 days. Use warm water.",
    "ulm": "Ulm lies on the Danube. Its minster has the tallest church tower.",
    "boat": "Boats are rented by the hour. A deposit of 50 euros is kept.",
    "ofen": "Der Ofen braucht eine Stunde. Er wird mit Holz geheizt.",
}


class Mute:
    """A language model that counts how often it is asked."""

    name = "mute"
    adapters: tuple[str, ...] = ()
    calls = 0

    def stream(
        self,
        prompt: str | Sequence[Message],
        *,
        max_tokens: int,
        grammar: str | None = None,
        stop: Sequence[str] = (),
        cancelled: Callable[[], bool] | None = None,
        adapter: str | None = None,
    ) -> Iterator[str]:
        """One sentence."""
        self.calls += 1
        yield "The warranty of the pump lasts 24 months. [1]"

    def close(self) -> None:
        """Nothing to free."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A pile found by words alone; answers are quotes."""
    folder = tmp_path_factory.mktemp("gathering")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVERASK_MODELS_GENERATOR", "none")
        patch.setenv("EVERASK_MODELS_PULL", "false")
        patch.setenv("EVERASK_MODELS_FOLDER", str(folder / "models"))
        for name, text in TEXTS.items():
            path = folder / "pile" / f"{name}.txt"
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        with everask.open(folder / "data") as opened:
            opened.add([folder / "pile"])
            yield opened


def kinds(answer: Answer) -> list[str]:
    return [one.kind for one in answer.trajectory.steps]


def test_an_answer_has_its_whole_way_with_scores(engine: Engine) -> None:
    made = engine.ask("How long does the warranty of the pump last?")
    assert kinds(made)[:2] == ["retrieve", "choose"] and kinds(made)[-1] == "stop"
    assert "sentence" in kinds(made) and "cite" in kinds(made)
    assert all(one.score is not None and 0 <= one.score <= 1 for one in made.trajectory.steps)
    assert made.trajectory.num_drafts == 0


def test_a_follow_up_has_a_rewrite(engine: Engine) -> None:
    history = [Turn("How long does the warranty of the pump last?", "24 months.")]
    made = engine.ask("And where is it made?", history=history)
    assert made.rewritten and kinds(made)[0] == "rewrite"


def test_an_abstention_has_a_way_too(engine: Engine) -> None:
    made = engine.ask("Who wrote the opera about the submarine?")
    assert made.abstained and made.trajectory.steps[-1].outcome == "abstained"
    assert "sentence" not in kinds(made)


def test_key_terms_and_the_way_onward(engine: Engine) -> None:
    query = Query("How long does the warranty of the pump last?", "en")
    terms = key_terms(query)
    assert "pump" in terms and "How" not in terms.split()
    assert key_terms(Query("pump", "en")) == ""
    hits = find_for_answer(engine, query)
    evidence = [one for one in find_evidence(query, hits, None) if "Ulm" in one.text]
    assert "ulm" in onward(query, evidence) and onward(query, []) == ""


def test_searching_again_brings_only_what_is_new(engine: Engine) -> None:
    query = Query("How long does the warranty of the pump last?", "en")
    hits = find_for_answer(engine, query)[:1]
    evidence = find_evidence(query, hits, None)
    found = search_again(partial(find_for_answer, engine), query, hits, evidence, 3)
    assert set(found) == set(WAYS)
    new = {one.passage.id for each in found.values() for one in each}
    assert new and hits[0].passage.id not in new
    merged = merge(found, 2)
    assert len(merged) <= 2 and len({one.passage.id for one in merged}) == len(merged)
    assert merge({}, 3) == []


def test_it_is_searched_again_where_the_score_is_low_and_it_is_wanted(engine: Engine) -> None:
    query = Query("Which city has the tower by the river?", "en")
    hits = find_for_answer(engine, query)
    search = partial(find_for_answer, engine)
    before = engine.settings
    try:
        assert len(gather(engine, query, hits, again=search).steps) == 2  # off by default
        engine.settings = replace(before, process=ProcessSettings(search_again=True, again_below=1.0))
        made = gather(engine, query, hits, again=search)
        assert [one.outcome for one in made.steps if one.kind == "retrieve"] == ["first", "again"]
        assert len(made.hits) >= len(hits[:8])
        assert len(gather(engine, query, hits).steps) == 2  # nowhere to search
        engine.settings = replace(before, process=ProcessSettings(search_again=True, again_below=0.0))
        assert len(gather(engine, query, hits, again=search).steps) == 2
    finally:
        engine.settings = before


def test_a_model_is_left_out_only_where_it_is_wanted(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Mute()
    query = Query("How long does the warranty of the pump last?", "en")
    made = gather(engine, query, find_for_answer(engine, query))
    sure = replace(made, steps=tuple(replace(one, score=0.99) for one in made.steps))
    assert writer_for(engine, sure, model) is model
    before = engine.settings
    try:
        engine.settings = replace(before, process=ProcessSettings(save_drafts=True))
        assert writer_for(engine, sure, model) is None
        unsure = replace(made, steps=tuple(replace(one, score=0.5) for one in made.steps))
        assert writer_for(engine, unsure, model) is model
        assert writer_for(engine, sure, None) is None
    finally:
        engine.settings = before


def test_the_way_is_shown_and_kept(engine: Engine) -> None:
    made = engine.ask("How long does the warranty of the pump last?")
    view = way_view(made.trajectory)
    assert view[0].text == "Passages were found" and sum(one.is_weakest for one in view) <= 1
    assert all(0 <= one.percent <= 100 for one in view)
    assert len(way_lines(made.trajectory)) == len(view)


def test_an_answer_of_before_has_no_way() -> None:
    old: dict[str, object] = {"filters": {}, "history": [], "events": []}
    kept = unpack(zlib.compress(json.dumps(old).encode()))
    assert kept is not None and kept.events == ()


def _answer(*claims: Claim) -> Answer:
    return Answer("Where?", "", "en", claims, not claims, "", (), None, "", 0.1, chance=0.5)


def test_a_sentence_is_seen_with_how_good_the_search_and_the_choice_before_it_look() -> None:
    before = [Step("retrieve", score=0.5), Step("choose", score=0.9)]
    step = in_view(Step("sentence", {"support": 1.0}, claim=0), before)
    assert step.features["support"] == 1.0
    assert step.features["found"] == pytest.approx(0.0) and step.features["chosen"] > 2.0
    assert in_view(before[0], before) is before[0]
    # What nothing scored is not known.
    assert in_view(Step("cite"), [Step("retrieve")]).features == {}


def test_what_speaks_for_an_answer_speaks_against_declining() -> None:
    before = [Step("retrieve", score=0.9), Step("choose", score=0.8), Step("sentence", score=0.7, claim=0)]
    answered = stop_step(_answer(Claim("It is made in Ulm.", 1.0, ())), before).features
    declined = stop_step(_answer(), before[:2]).features
    assert answered["found"] == -declined["found"] > 0 and answered["chosen"] == -declined["chosen"] > 0
    assert answered["sentence"] == answered["first"] > 0 and declined["sentence"] == 0.0
    assert declined["abstained"] == 1.0
