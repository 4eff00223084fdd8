"""Settings: defaults, the file, the environment over it, and errors that name the nearest name."""

from __future__ import annotations

from pathlib import Path

import pytest

from everask.errors import SettingsError
from everask.settings import explain_settings, load_settings


def write(folder: Path, text: str) -> Path:
    (folder / "everask.toml").write_text(text, "utf-8")
    return folder


def test_defaults_without_a_file(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})
    assert settings.serve.host == "127.0.0.1"
    assert settings.models.encoder == "e5-small"


def test_the_file_and_the_environment_over_it(tmp_path: Path) -> None:
    folder = write(tmp_path, "[serve]\nport = 9000\nallow_hosts = ['a.example']\n[limits]\nseconds = 5\n")
    settings = load_settings(folder, {"EVERASK_SERVE_PORT": "9001", "EVERASK_MODELS_PULL": "false"})
    assert settings.serve.port == 9001
    assert settings.serve.allow_hosts == ("a.example",)
    assert settings.limits.seconds == 5.0
    assert settings.models.pull is False
    origins = {name: origin for name, _, origin in explain_settings(settings, {"EVERASK_SERVE_PORT": "9001"})}
    assert origins["serve.port"] == "environment"
    assert origins["limits.seconds"] == "file"
    assert origins["serve.host"] == "default"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[serve]\nprot = 1\n", "Did you mean 'port'"),
        ("[sreve]\nport = 1\n", "Did you mean 'serve'"),
        ("[serve]\nport = 'x'\n", "must be int"),
        ("[serve]\nport = true\n", "must be int"),
        ("[serve\n", "everask.toml"),
        ("serve = 1\n", "must be a section"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load_settings(write(tmp_path, text), {})


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="EVERASK_SERVE_PORT"):
        load_settings(tmp_path, {"EVERASK_SERVE_PORT": "eighty"})


def test_a_token_is_never_shown(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, "[serve]\ntoken = 'hunter2'\n"), {})
    assert "hunter2" not in repr(explain_settings(settings, {}))


@pytest.mark.parametrize(
    ("variable", "value"), [("EVERASK_PASSAGES_MOST", "0"), ("EVERASK_SERVE_PORT", "99999")]
)
def test_values_that_cannot_work_are_refused(tmp_path: Path, variable: str, value: str) -> None:
    with pytest.raises(SettingsError, match=value):
        load_settings(tmp_path, {variable: value})
