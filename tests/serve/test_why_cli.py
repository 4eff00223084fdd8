"""`everask why` and `everask evaluate own` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from everask.serve.cli.app import app

WARRANTY = "The warranty of the power supply ends 24 months after the purchase."
RUNNER = CliRunner()


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A data folder with a small pile, without models."""
    for name, value in (("GENERATOR", "none"), ("PULL", "0"), ("FOLDER", str(tmp_path / "models"))):
        monkeypatch.setenv(f"EVERASK_MODELS_{name}", value)
    (tmp_path / "pile").mkdir()
    (tmp_path / "pile/warranty.txt").write_text(WARRANTY, "utf-8")
    folder = str(tmp_path / "data")
    assert RUNNER.invoke(app, ["add", str(tmp_path / "pile"), "--data", folder]).exit_code == 0
    return folder


def test_why_on_the_command_line(data: str) -> None:
    question = "How long is the warranty of the power supply?"
    done = RUNNER.invoke(app, ["why", question, "--expected", "warranty.txt", "--data", data])
    assert done.exit_code == 0 and "It is in the answer" in done.stdout
    done = RUNNER.invoke(app, ["why", question, "--words", "nothing of it", "--json", "--data", data])
    record = json.loads(done.stdout)
    assert (done.exit_code, record["lost_at"]) == (8, "text")
    assert record["steps"][-1]["state"] == "lost"
    limited = ["why", question, "--expected", "warranty.txt", "--lang", "de", "--data", data]
    done = RUNNER.invoke(app, limited)
    assert done.exit_code == 8 and "limits leave it out: lang" in done.stdout


def test_quality_on_the_command_line(data: str) -> None:
    done = RUNNER.invoke(app, ["evaluate", "own", "--num", "2", "--json", "--data", data])
    assert done.exit_code == 0, done.output
    assert "all" in json.loads(done.stdout)["groups"]
    done = RUNNER.invoke(app, ["evaluate", "own", "--num", "2", "--data", data])
    assert "too few" in done.stdout
