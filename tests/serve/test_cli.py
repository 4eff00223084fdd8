"""The command line as a person and a script use it: real processes, real output, exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

COMMANDS = [
    "ask",
    "chat",
    "search",
    "summarise",
    "compare",
    "add",
    "list",
    "show",
    "remove",
    "watch",
    "status",
    "backup",
    "restore",
    "serve",
    "mcp",
    "doctor",
    "models",
    "evaluate",
    "train",
    "rollback",
    "trial",
]


def run(
    *arguments: str, data: Path | None = None, stdin: str = "", **environ: str
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "everask", *arguments]
    if data:
        command += ["--data", str(data)]
    env = {**os.environ, "EVERASK_MODELS_GENERATOR": "none", **environ}
    return subprocess.run(command, capture_output=True, text=True, input=stdin, env=env, timeout=120)


def run_json(*arguments: str, data: Path) -> Any:
    done = run(*arguments, "--json", data=data)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def data(tmp_path: Path, pile: Path) -> Path:
    folder = tmp_path / "data"
    report = run_json("add", str(pile), "--wait", data=folder)
    assert (report["added"], report["pending"]) == (4, 0)
    return folder


def test_a_model_that_fails_leaves_quotes_and_says_why(data: Path) -> None:
    gone = {
        "EVERASK_MODELS_REMOTE_URL": "http://127.0.0.1:9/v1",
        "EVERASK_MODELS_REMOTE_MODEL": "gone",
        "EVERASK_MODELS_GENERATOR": "auto",
    }
    done = run("ask", "Wie lange gilt die Garantie für das Netzteil?", data=data, **gone)
    assert done.returncode == 0
    assert "[1]" in done.stdout
    assert "127.0.0.1:9" in done.stderr and "quotes" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str) -> None:
    done = run(command, "--help")
    assert done.returncode == 0
    assert len(done.stdout) > 100


def test_the_short_way_indexes_and_answers(tmp_path: Path, pile: Path) -> None:
    done = run("ask", str(pile), "Wie lange gilt die Garantie für das Netzteil?", data=tmp_path / "d")
    assert done.returncode == 0, done.stderr
    assert "24 Monate" in done.stdout
    assert "[1] de/garantie" in done.stdout


def test_nothing_but_data_on_stdout(tmp_path: Path, pile: Path) -> None:
    done = run("ask", str(pile), "Who founded Debian?", "--json", data=tmp_path / "d")
    assert json.loads(done.stdout)["abstained"] is False
    assert "\x1b" not in done.stdout


def test_an_abstention_has_its_exit_code(data: Path) -> None:
    done = run("ask", "What is the boiling point of tungsten hexafluoride?", data=data)
    assert done.returncode == 8
    assert done.stdout.strip()


def test_a_search_that_finds_nothing_says_so(data: Path) -> None:
    done = run("search", "printer after:2990", data=data)
    assert (done.returncode, done.stdout) == (8, "") and "Nothing was found." in done.stderr


def test_search_marks_the_words(data: Path) -> None:
    done = run("search", "barrels OR Murdock", data=data)
    assert "»Murdock«" in done.stdout
    assert run("search", "Murdock", "--top", "1", "--json", data=data).stdout.count('"document"') == 1


def test_a_search_explains_itself(data: Path) -> None:
    done = run("search", "Murdock barrels", "--top", "2", "--explain", data=data)
    assert re.search(r"words [+-]\d\.\d\d: .*'murdock' ×\d.* · meaning .* · language ", done.stdout)
    replied = json.loads(run("search", "Murdock barrels", "--explain", "--json", data=data).stdout)
    for hit in replied["hits"]:
        assert sum(reason["score"] for reason in hit["reasons"]) == pytest.approx(hit["score"], abs=1e-4)
    plain = json.loads(run("search", "Murdock barrels", "--json", data=data).stdout)
    assert not any("reasons" in hit for hit in plain["hits"])


def test_a_trec_run(data: Path, tmp_path: Path) -> None:
    batch = tmp_path / "queries.jsonl"
    batch.write_text('{"id": "q1", "text": "Murdock"}\n\n{"id": 2, "text": "打印机 密码"}\n', "utf-8")
    done = run(
        "search", "--batch", str(batch), "--top", "100", "--format", "trec", "--by", "document", data=data
    )
    rows = [line.split() for line in done.stdout.splitlines()]
    assert all(len(row) == 6 and row[1] == "Q0" for row in rows)
    first = {row[0]: row[2] for row in rows if row[3] == "1"}
    assert first == {"q1": "en/about", "2": "zh/打印机"}
    for identifier in first:
        ours = [row for row in rows if row[0] == identifier]
        assert len({row[2] for row in ours}) == len(ours)
        scores = [float(row[4]) for row in ours]
        assert scores == sorted(scores, reverse=True)


def test_a_batch_of_questions(data: Path, tmp_path: Path) -> None:
    batch = tmp_path / "questions.jsonl"
    batch.write_text(
        '{"id": "empty", "text": "?! \\u0000"}\n'
        '{"id": "a", "text": "Who founded the Debian Project?"}\n{"id": "b", "text": "Capital of Mars?"}\n'
    )
    done = run("ask", "--batch", str(batch), "--json", data=data)
    answers = {record["id"]: record for record in map(json.loads, done.stdout.splitlines())}
    assert set(answers) == {"empty", "a", "b"}
    # A line that asks nothing costs the others nothing, and is told from them by the exit code.
    assert (done.returncode, set(answers["empty"])) == (2, {"id", "error"})
    assert "There is no question" in answers["empty"]["error"]["message"]
    wanted = {"id", "question", "answer", "abstained", "why", "language", "claims", "seconds"}
    assert wanted <= set(answers["a"])
    citation = answers["a"]["claims"][0]["citations"][0]
    assert {"document", "start", "end", "quote", "page"} <= set(citation)
    text = run("show", citation["document"], "--text", data=data).stdout
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert answers["b"]["abstained"] and not answers["b"]["claims"]


def test_show_list_and_remove(data: Path, pile: Path) -> None:
    assert {row["document"] for row in run_json("list", data=data)} == {
        "en/about",
        "de/garantie",
        "zh/打印机",
        "data/offices",
    }
    assert run_json("show", str(pile / "en/about.md"), data=data)["title"] == "About Debian"
    assert run_json("remove", "en/about", data=data) == {"removed": 1}
    assert run("show", "en/about", data=data).returncode == 3


def test_vectors_follow_in_the_background(
    tmp_path: Path, pile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("data")  # as people type it; the process in the background has a working folder of its own
    run_json("add", str(pile), data=folder)
    deadline = time.monotonic() + 60
    while run_json("status", data=folder)["pending"] and time.monotonic() < deadline:
        time.sleep(0.5)
    assert run_json("status", data=folder)["pending"] == 0


def test_watch_takes_up_changes(tmp_path: Path, pile: Path) -> None:
    folder = tmp_path / "data"
    command = [sys.executable, "-m", "everask", "watch", str(pile), "--json", "--data", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        assert json.loads(process.stdout.readline())["added"] == 4
        process.stderr.readline()
        time.sleep(1)
        (pile / "late.txt").write_text("The cellar holds 31 barrels.\n")
        assert json.loads(process.stdout.readline())["added"] == 1
        process.terminate()


def test_backup_restore_and_doctor(data: Path, tmp_path: Path) -> None:
    run_json("backup", str(tmp_path / "kept"), data=data)
    run_json("restore", str(tmp_path / "kept"), data=tmp_path / "again")
    assert run_json("status", data=tmp_path / "again")["documents"] == 4
    report = run_json("doctor", data=tmp_path / "again")
    assert not [one for one in report["problems"] if one["level"] == "error"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["ask", " "], 2, "no question"),
        (["add", "/nowhere/at/all"], 3, "/nowhere/at/all"),
        (["search", "x", "--after", "soon"], 2, "--after soon"),
        (["search", "warranty", "-battery"], 2, "put the whole into single quotes: 'warranty -battery'"),
        (["search", "warranty", "--batery"], 2, "No such option: --batery"),
        (["search", "--batch", "/nowhere.jsonl"], 2, "/nowhere.jsonl"),
        (["models", "pull", "gpt-9"], 2, "gpt-9"),
        (["remove", "nothing"], 3, "nothing"),
        (["summarise", "nothing"], 3, "everask list"),
        (["summarise", "nothing", "--to", "klingon"], 2, "--to klingon: no such language"),
    ],
)
def test_errors_name_what_is_wrong(tmp_path: Path, arguments: list[str], code: int, words: str) -> None:
    done = run(*arguments, data=tmp_path / "d")
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_settings_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "everask.toml").write_text("[serve]\nprot = 1\n")
    done = run("status", data=tmp_path)
    assert done.returncode == 2
    assert "Did you mean 'port'" in done.stderr


def test_a_file_is_asked_without_being_kept(tmp_path: Path, pile: Path) -> None:
    file, folder = pile / "de" / "garantie.txt", tmp_path / "never"
    done = run("ask", "--file", str(file), "Wie lange gilt die Garantie für das Netzteil?", data=folder)
    assert done.returncode == 0, done.stderr
    assert "24 Monate" in done.stdout
    assert "[1] garantie" in done.stdout
    assert not folder.exists()


def test_whole_documents_are_named_by_folder_name_or_file(data: Path, pile: Path, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text((pile / "de" / "garantie.txt").read_text("utf-8") + "Neu.\n", "utf-8")
    assert "[1]" in run("summarise", "garantie", data=data).stdout
    assert "[1]" in run("summarise", "de", "--to", "de", data=data).stdout
    done = run("compare", "garantie", str(tmp_path / "new.txt"), data=data)
    assert "“Neu.” [1]" in done.stdout, done.stderr
    assert done.stdout.count("Neu.") == 1  # not again among the sources
    (pile / "de" / "zweites.txt").write_text("Ein zweites Dokument.\n", "utf-8")
    run("add", str(pile / "de"), data=data)
    done = run("compare", "de", "garantie", data=data)
    assert (done.returncode, "one is compared with one" in done.stderr) == (2, True)
