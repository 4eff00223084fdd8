"""What a person is shown of a search: swaps for people alone, kept in the background, rankings on trial."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from everask.errors import EveraskError
from everask.index import learned
from everask.index.impressions import ShownList, list_impressions
from everask.index.learned import Learned, Lineage
from everask.index.learning_schema import impressions
from everask.pipeline import Engine, recording
from everask.pipeline.asking import Question, Shown, find
from everask.pipeline.recording import Recorder
from everask.pipeline.showing import arrange
from everask.pipeline.shown import draw_for
from everask.retrieve import RetrieveSettings
from everask.retrieve.fuse import load_fusion, write_fusion
from everask.retrieve.in_use import KIND
from everask.settings import ModelSettings, Settings
from everask.types import Hit

ASKED = "How long is the warranty of the engine?"
NUM = 20


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("files")
    for number in range(NUM):
        words = "warranty " * (1 + number % 5) + "engine " * (1 + number % 3)
        (folder / f"{number}.md").write_text(f"The {words} of part {number} is long.\n", "utf-8")
    settings = Settings(data=tmp_path_factory.mktemp("data"), models=ModelSettings(generator="none"))
    with Engine(settings) as engine:
        engine.add([folder])
        engine.wait_for_vectors()
        yield engine


@pytest.fixture
def engine(opened: Engine) -> Engine:
    """Nothing was shown yet, nothing was learned, and every pair of neighbours may be swapped."""
    opened.settings = replace(opened.settings, search=RetrieveSettings(swaps=0.5))
    opened._recorder.close()
    with opened.store.database.writing() as connection:
        connection.execute(impressions.delete())
        learned.serve(connection, KIND, None)
        learned.try_out(connection, KIND, None)
    return opened


def passages(hits: Sequence[Hit]) -> list[int]:
    return [hit.passage.id for hit in hits]


def show(engine: Engine, question: Question) -> list[int]:
    found = find(engine, question, Shown(20))
    return passages(arrange(engine, question, found.hits, lambda hit: hit, found.trial))


def kept(engine: Engine) -> list[ShownList]:
    engine._recorder.close()  # writes what waits
    with engine.store.database.reading() as connection:
        return list_impressions(connection)


def test_a_person_sees_some_neighbours_swapped_and_a_program_none(engine: Engine) -> None:
    plain = passages(engine.search(ASKED, 20))
    assert show(engine, Question(ASKED)) == plain
    seen = show(engine, Question(ASKED, origin="search"))
    assert seen[0] == plain[0] and seen != plain and sorted(seen) == sorted(plain)
    assert all(abs(seen.index(one) - place) <= 1 for place, one in enumerate(plain))
    assert show(engine, Question(ASKED, origin="search")) == seen  # whoever asks again sees the same
    (first, second) = kept(engine)
    assert [place.passage for place in first.places] == seen
    assert [seen[first.detail["natural"].index(place)] for place in range(20)] == plain
    assert first.places[0].detail["score"] > 0 and second.question == ASKED


def test_nothing_is_swapped_where_the_settings_say_so(engine: Engine) -> None:
    engine.settings = replace(engine.settings, search=RetrieveSettings(swaps=0.0))
    assert show(engine, Question(ASKED, origin="search")) == passages(engine.search(ASKED, 20))


def test_chance_differs_from_day_to_day_and_person_to_person() -> None:
    draws = {draw_for(ASKED, user, day * 86_400.0).random() for user in (None, 1, 2) for day in range(3)}
    assert len(draws) == 9
    assert draw_for("is it SO?", 1, 5.0).random() == draw_for("Is it so", 1, 80_000.0).random()


def test_an_answer_keeps_what_was_read_for_it_in_the_search_own_order(engine: Engine) -> None:
    list(engine.ask_stream(ASKED, user=None, origin="answer"))
    list(engine.ask_stream(ASKED))
    (one,) = kept(engine)
    assert one.origin == "answer"
    assert [place.passage for place in one.places] == passages(engine.search(ASKED, 10))


def put_on_trial(engine: Engine, weights: object) -> None:
    with engine.store.database.writing() as connection:
        made = Learned("ranker-1", KIND, 1.0, "trial", card={"weights": weights})
        learned.put_learned(connection, made, Lineage())
        learned.try_out(connection, KIND, "ranker-1")


def test_what_is_on_trial_takes_turns_with_what_serves(engine: Engine) -> None:
    shipped = load_fusion()
    upside_down = replace(shipped, weights={key: -value for key, value in shipped.weights.items()})
    put_on_trial(engine, write_fusion(upside_down))
    plain = passages(engine.search(ASKED, 20))
    found = find(engine, Question(ASKED, origin="search"), Shown(20))
    assert found.trial is not None and found.trial.name == "ranker-1"
    assert list(found.trial.champion) == plain
    picked = [found.trial.teams[one] for one in passages(found.hits)]
    assert {picked.count("champion"), picked.count("challenger")} == {10}
    assert [hit.score for hit in found.hits] == sorted((hit.score for hit in found.hits), reverse=True)
    seen = show(engine, Question(ASKED, origin="search"))
    assert seen == passages(found.hits)  # no swaps on top of it
    assert find(engine, Question(ASKED), Shown(20)).trial is None  # a program gets what serves
    (one,) = kept(engine)
    assert one.detail["trial"] == "ranker-1" and [place.team for place in one.places] == picked


@pytest.mark.parametrize(
    "weights",
    [{}, {"weights": {"words": {"share": float("nan")}}}, {"weights": {"words": {"magic": 1.0}}}, 7],
)
def test_a_challenger_that_cannot_be_read_is_never_tried(engine: Engine, weights: object) -> None:
    put_on_trial(engine, weights)
    with engine.store.database.writing() as connection:
        learned.serve(connection, KIND, "ranker-1")
    found = find(engine, Question(ASKED, origin="search"), Shown(20))
    assert found.trial is None and len(found.hits) == 20


def test_learned_weights_serve_at_the_next_search_without_a_restart(engine: Engine) -> None:
    plain = engine.search(ASKED, 20)
    shipped = load_fusion()
    upside_down = replace(shipped, weights={key: -value for key, value in shipped.weights.items()})
    put_on_trial(engine, write_fusion(upside_down))
    with engine.store.database.writing() as connection:
        learned.serve(connection, KIND, "ranker-1")
    assert passages(engine.search(ASKED, 20)) != passages(plain)
    with engine.store.database.writing() as connection:
        learned.serve(connection, KIND, None)
    assert passages(engine.search(ASKED, 20)) == passages(plain)


def test_recording_never_makes_a_search_wait_or_fail(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    show(engine, Question(ASKED, origin="search"))
    (one,) = kept(engine)
    monkeypatch.setattr(recording, "WAITING", 3)

    def refuse(*_: object) -> int:
        time.sleep(0.05)
        raise EveraskError("The disk is full.")

    monkeypatch.setattr(recording, "put_impressions", refuse)
    recorder = Recorder(engine.store.database)
    taken = [recorder.put(one) for _ in range(500)]
    assert taken[0] and not all(taken)  # what there is no room for is left out
    recorder.close()
    assert len(kept(engine)) == 1
