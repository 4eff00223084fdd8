"""`everask evaluate search` as a person uses it: a run, their own documents, a suite; and wrong input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from everask.errors import EveraskError, NotFoundError, UsageError
from everask.evaluate.trec import read_run
from everask.pipeline import Engine
from everask.pipeline.evaluating import SUITES
from everask.serve.cli.app import app
from everask.settings import ModelSettings, Settings

SAMPLES = Path(__file__).parents[1] / "data" / "evaluate"


@pytest.fixture(autouse=True)
def words_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No models: these tests are about measuring."""
    monkeypatch.setenv("EVERASK_MODELS_PULL", "0")
    monkeypatch.setenv("EVERASK_MODELS_GENERATOR", "none")
    monkeypatch.setenv("EVERASK_MODELS_FOLDER", str(tmp_path / "models"))
    monkeypatch.delenv("EVERASK_SHARED_DATA", raising=False)


def evaluate(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["evaluate", "search", *map(str, arguments)])


def evaluate_json(*arguments: str | Path) -> list[Any]:
    done = evaluate(*arguments, "--json")
    assert done.exit_code == 0, done.exception
    rows: list[Any] = json.loads(done.stdout)["rows"]
    return rows


def refused(*arguments: str | Path) -> EveraskError:
    done = evaluate(*arguments)
    assert isinstance(done.exception, EveraskError), done.output
    return done.exception


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Judgements of eight queries, a run that is right, and one that is wrong half of the time."""
    queries = [str(number) for number in range(8)]
    (tmp_path / "qrels.txt").write_text("".join(f"{one} 0 right 1\n" for one in queries))
    (tmp_path / "good.trec").write_text("".join(f"{one} Q0 right 1 1.0 a\n" for one in queries))
    poor = "".join(f"{one} Q0 {'right' if int(one) % 2 else 'wrong'} 1 1.0 b\n" for one in queries)
    (tmp_path / "poor.trec").write_text(poor)
    return tmp_path


def test_a_run_is_scored_and_compared(files: Path) -> None:
    given = ("--judgements", files / "qrels.txt", "--against", files / "poor.trec")
    (row,) = evaluate_json("--run", files / "good.trec", *given)
    assert row["figures"]["Success@1"]["mean"] == 1.0
    assert row["differences"]["Success@1"] == {"value": 0.5, "other": 0.5, "p": 2 / 16}
    done = evaluate("--run", files / "good.trec", *given, "--plot", files / "plot.svg")
    assert "1.000 [1.000, 1.000] +0.500" in done.stdout
    assert "8 queries are few" in done.output
    assert (files / "plot.svg").read_text("utf-8").startswith("<?xml")


def test_several_comparisons_are_adjusted(files: Path) -> None:
    poor = files / "poor.trec"
    (files / "other.trec").write_text(poor.read_text())
    rows = evaluate_json(
        *("--run", files / "good.trec", "--judgements", files / "qrels.txt"),
        *("--against", poor, "--against", files / "other.trec"),
    )
    assert [row["differences"]["Success@1"]["p"] for row in rows] == [0.25, 0.25]
    assert str(files / "other.trec") in rows[1]["name"]


def test_wrong_files_are_named_with_their_line(files: Path) -> None:
    (files / "bad.trec").write_text("1 Q0 d 1 0.5 t\n1 d 2\n")
    (files / "bad.txt").write_text("1 0 d\n")
    error = refused("--run", files / "bad.trec", "--judgements", files / "qrels.txt")
    assert f"{files / 'bad.trec'}, line 2" in error.message and error.exit_code == 2
    error = refused("--run", files / "good.trec", "--judgements", files / "bad.txt")
    assert f"{files / 'bad.txt'}, line 1" in error.message
    assert "--judgements" in refused("--run", files / "good.trec").hint
    assert isinstance(refused("--suite", "drcd", "--run", files / "good.trec"), UsageError)
    assert isinstance(refused(), UsageError)


def test_ones_own_documents_are_searched(files: Path, pile: Path) -> None:
    data = files / "data"
    models = ModelSettings(generator="none", pull=False, folder=str(files / "models"))
    with Engine(Settings(data, models=models)) as engine:
        engine.add([pile])
        document = engine.document("en/about")
        start = document.text.index("The mascot")
        passage = next(
            hit for hit in engine.search("mascot of the installer") if hit.document.name == "en/about"
        )
    (files / "queries.jsonl").write_text(
        '{"id": "g", "text": "Garantie für das Netzteil"}\n'
        '{"id": "m", "text": "mascot of the installer"}\n'
        '{"id": "p", "text": "Osaka employees"}\n'
    )
    (files / "own.txt").write_text(
        f"g 0 de/garantie 1\nm 0 en/about#{start}-{start + 10} 2\np 0 {pile}/data/offices.csv 1\np 0 gone 1\n"
    )
    given = ("--queries", files / "queries.jsonl", "--data", data)
    done = evaluate(*given, "--judgements", files / "own.txt", "--save-run", files / "own.trec")
    assert done.exit_code == 0, done.exception
    assert "1 judged documents are not in the store, such as gone." in done.stderr
    found = read_run(files / "own.trec")
    assert next(iter(found["g"])) == "de/garantie"
    assert next(iter(found["m"])) == f"en/about#{start}-{start + 10}"
    assert next(iter(found["p"])) == f"{pile}/data/offices.csv"
    outside = f"m 0 en/about#{passage.passage.end + 5}-{passage.passage.end + 9} 1\n"
    (files / "outside.txt").write_text(outside)
    (row,) = evaluate_json(*given, "--judgements", files / "outside.txt")
    assert row["figures"]["nDCG@10"]["mean"] == 0.0


def test_judgements_that_fit_nothing_are_refused(files: Path) -> None:
    (files / "queries.jsonl").write_text('{"id": "0", "text": "a"}\n')
    given = ("--queries", files / "queries.jsonl", "--data", files / "data")
    assert "query 1" in refused(*given, "--judgements", files / "qrels.txt").message
    (files / "one.txt").write_text("0 0 nothing 1\n")
    assert isinstance(refused(*given, "--judgements", files / "one.txt"), NotFoundError)


def test_a_suite_is_searched_by_the_product_and_compared_with_a_run_of_before(tmp_path: Path) -> None:
    given = ("--suite", "xquad-mixed", "--sets", SAMPLES, "--num", "12", "--data", tmp_path / "data")
    (row,) = evaluate_json(*given, "--save-run", tmp_path / "run.trec")
    assert row["name"] == "XQuAD, all languages in one pool"
    assert row["figures"]["own first"]["mean"] > 0.5
    assert 0.05 < row["figures"]["R@100"]["mean"] < 0.9  # words alone hardly cross languages
    (again,) = evaluate_json(*given, "--against", tmp_path / "run.trec")
    assert again["figures"] == row["figures"]
    assert all(one["value"] == 0 and one["p"] == 1 for one in again["differences"].values())


def test_tables_count_once_however_many_pieces(tmp_path: Path) -> None:
    rows = evaluate_json("--suite", "tables", "--sets", SAMPLES, "--data", tmp_path / "data")
    assert rows[0]["figures"]["nDCG@10"]["mean"] <= 1.0


def test_all_takes_the_suites_whose_files_are_there(tmp_path: Path) -> None:
    for name in ("p02_drcd", "p08_fetaqa"):
        shutil.copytree(SAMPLES / name, tmp_path / "sets" / name)
    done = evaluate("--suite", "all", "--sets", tmp_path / "sets", "--data", tmp_path / "data")
    assert done.exit_code == 0, done.exception
    assert "Left out: " in done.stderr and "ymcui/cmrc2018" in done.stderr
    assert "DRCD" in done.stdout and "Tables (FeTaQA)" in done.stdout


def test_a_suite_that_is_unknown_or_not_there_says_so(tmp_path: Path) -> None:
    error = refused("--suite", "xquad", "--sets", SAMPLES)
    assert all(name in error.hint for name in SUITES)
    assert "HotpotQA" in refused("--suite", "hotpot", "--sets", SAMPLES).message
    missing = refused("--suite", "reference", "--sets", tmp_path)
    assert "developers-reference-de" in missing.message and "apt-get download" in missing.hint
    assert isinstance(refused("--suite", "drcd"), NotFoundError)
