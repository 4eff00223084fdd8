"""`everask evaluate answers` as a person uses it: own documents, own questions, fitting; and wrong input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import everask
from everask.errors import EveraskError, NotFoundError, UsageError
from everask.evaluate.promise import Promise
from everask.pipeline.thresholds import QUOTES, in_use, read_fitted, write_fitted
from everask.serve.cli.app import app

# A fact of its own in each; made for the tests.
FACTS = [
    ("Lisbon", "The harbour office in Lisbon opened in 1911 and employs forty clerks for the river trade."),
    ("Osaka", "In Osaka the bridge museum received 2048 visitors during its first festival week of spring."),
    ("Nairobi", "The seed library of Nairobi keeps 7350 kinds of beans in cool clay jars behind the school."),
    ("Turku", "Painters from Turku restored the wooden chapel ceiling in 1764 after the great winter storm."),
    ("Quito", "The railway workshop near Quito repaired engine number 5521 with parts from an old steamer."),
    (
        "Hanoi",
        "A water puppet theatre in Hanoi performs 1460 shows a year for families and travelling schools.",
    ),
]


@pytest.fixture(autouse=True)
def words_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No models: these tests are about measuring."""
    monkeypatch.setenv("EVERASK_MODELS_PULL", "0")
    monkeypatch.setenv("EVERASK_MODELS_GENERATOR", "none")
    monkeypatch.setenv("EVERASK_MODELS_FOLDER", str(tmp_path / "models"))
    monkeypatch.delenv("EVERASK_SHARED_DATA", raising=False)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A store of six small documents."""
    pile = tmp_path / "pile"
    pile.mkdir()
    for name, text in FACTS:
        (pile / f"{name}.txt").write_text(f"{text}\n\nNobody else in the region has one like it.\n", "utf-8")
    with everask.open(tmp_path / "data") as engine:
        engine.add([pile])
    return tmp_path / "data"


def evaluate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["evaluate", "answers", *map(str, arguments)])


def evaluate_json(*arguments: str | Path) -> Any:
    done = evaluate(*arguments, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def refused(*arguments: str | Path) -> EveraskError:
    done = evaluate(*arguments)
    assert isinstance(done.exception, EveraskError), done.output
    return done.exception


def test_questions_are_made_of_the_documents_and_asked_with_and_without_their_passage(data: Path) -> None:
    report = evaluate_json("--data", data)
    assert report["risk"]["num_questions"] == 2 * len(FACTS)
    assert report["auroc"]["mean"] > 0.9
    assert report["missing"]["num_least"] >= 59
    (row,) = [one for one in report["rows"] if one["name"] == "en"]
    assert row["figures"]["answered"]["num_queries"] == len(FACTS)
    assert row["figures"]["declined"]["num_queries"] == len(FACTS)
    with everask.open(data) as engine:
        assert len(engine.search("harbour office in Lisbon")) >= 1


def test_people_are_told_how_many_questions_are_missing(data: Path) -> None:
    told = evaluate("--data", data, "--num", "3").stdout
    assert "6 questions, half without what answers them; answers in quotes." in told
    assert "No promise: too few questions. About " in told


def test_ones_own_questions_are_asked(data: Path, tmp_path: Path) -> None:
    (tmp_path / "queries.jsonl").write_text(
        '{"id": "1", "text": "When did the harbour office in Lisbon open?"}\n'
    )
    (tmp_path / "qrels.txt").write_text("1 0 Lisbon 1\n")
    own = ("--queries", tmp_path / "queries.jsonl", "--judgements", tmp_path / "qrels.txt")
    report = evaluate_json("--data", data, *own)
    assert report["risk"]["num_questions"] == 2
    (tmp_path / "qrels.txt").write_text("1 0 nowhere 1\n")
    assert isinstance(refused("--data", data, *own), NotFoundError)
    assert isinstance(refused("--data", data, *own[:2]), UsageError)


def test_a_fitted_threshold_is_used_until_it_is_taken_back(data: Path) -> None:
    done = evaluate_json("--data", data, "--fit", "--risk", "0.5", "--confidence", "0.5")
    assert done["fitted"]
    with everask.open(data) as engine:
        fitted = read_fitted(engine.store).promises[QUOTES]
        assert fitted.threshold == done["promise"]["threshold"]
        assert in_use(engine.settings.answer, engine.store, None).answer_above == fitted.threshold
        sure = Promise(1.0, 0.05, 0.9, 100, 80, 0)
        write_fitted(engine.store, QUOTES, sure)
        assert engine.ask("When did the harbour office in Lisbon open?").abstained
    taken = CliRunner().invoke(app, ["rollback", "answers", "--data", str(data), "--json"])
    assert json.loads(taken.stdout) == {"forgotten": {QUOTES: 1.0}}
    with everask.open(data) as engine:
        assert not engine.ask("When did the harbour office in Lisbon open?").abstained


def test_what_the_settings_say_goes_before_what_was_fitted(data: Path) -> None:
    (data / "everask.toml").write_text("[answer]\nanswer_above = 0.3\n")
    with everask.open(data) as engine:
        write_fitted(engine.store, QUOTES, Promise(0.9, 0.05, 0.9, 100, 80, 0))
        assert in_use(engine.settings.answer, engine.store, None).answer_above == 0.3


def test_wrong_input_is_refused(data: Path, tmp_path: Path) -> None:
    assert "no documents" in refused("--data", tmp_path / "empty").message
    assert isinstance(refused("--suite", "xquad", "--sets", tmp_path), NotFoundError)
    assert isinstance(refused("--suite", "nothing"), UsageError)
    assert isinstance(refused("--suite", "xquad", "--fit"), UsageError)
    assert isinstance(refused("--suite", "xquad", "--queries", "q.jsonl"), UsageError)
    assert "risk.txt" in refused("--plot", "risk.txt", "--data", data).message


def test_one_document_is_enough_to_measure(tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text(FACTS[0][1])
    with everask.open(tmp_path / "data") as engine:
        engine.add([tmp_path / "one.txt"])
    report = evaluate_json("--data", tmp_path / "data")
    assert report["risk"]["num_questions"] == 2


def test_a_plot_is_drawn(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    evaluate_json("--data", data, "--plot", tmp_path / "risk.svg")
    assert "<svg" in (tmp_path / "risk.svg").read_text()
