"""The API keeps to its own description: schemathesis, all its checks, against a real server with documents.

A few cases of each operation here; bench/openapi.py tries thousands.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from everask.pipeline import Engine
from everask.settings import ServeSettings

from .conftest import running
from .people import OWNER_TOKEN, Person, make_person, open_pile

CONFIGURATION = Path(__file__).parents[2] / "bench/openapi.toml"
OWNER = {"authorization": f"Bearer {OWNER_TOKEN}"}
LEFT_OUT = r"^/api/(quality|topics/\{number\}/learn)$"
"""Measuring goes on for minutes beside the rest; learning a topic's wording says 503 without an encoder."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with open_pile(tmp_path_factory.mktemp("openapi")) as opened:
        yield opened


@pytest.fixture(scope="module")
def member(engine: Engine) -> Person:
    return make_person(engine, "mia", "garden")


@pytest.fixture(scope="module")
def url(engine: Engine, member: Person) -> Iterator[str]:
    # A proxy's name is let in, and so the owner is elsewhere and may name no paths of this machine.
    with running(engine, ServeSettings(token=OWNER_TOKEN, allow_hosts=("everask.example",))) as address:
        yield address


def fuzz(url: str, folder: Path, phases: str, examples: int, headers: dict[str, str]) -> dict[str, Any]:
    described, report = folder / "openapi.json", folder / "report.json"
    described.write_text(httpx.get(f"{url}/openapi.json", headers=OWNER, timeout=60).text, "utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run"]
    command += [
        str(described),
        "--url",
        url,
        "--checks",
        "all",
        "--seed",
        "7",
        "--exclude-path-regex",
        LEFT_OUT,
    ]
    command += ["--phases", phases, "--max-examples", str(examples)]
    command += ["--report", "json", "--report-json-path", str(report)]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=280)
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    assert found["complete"] and not found["errors"], run.stdout
    assert not found["failures"], run.stdout
    return found


def crashes(url: str) -> list[str]:
    lines = httpx.get(f"{url}/metrics", headers=OWNER, timeout=60).text.splitlines()
    return [one for one in lines if one.startswith("everask_requests_total") and 'status="5' in one]


def test_whoever_asks_what_they_may_gets_what_is_described(url: str, member: Person, tmp_path: Path) -> None:
    found = fuzz(url, tmp_path, "fuzzing,stateful", 2, OWNER)
    assert found["operations"]["tested"] > 35 and found["test_cases"]["generated"] > 100
    (tmp_path / "member").mkdir()
    fuzz(url, tmp_path / "member", "fuzzing", 1, member.headers)
    assert crashes(url) == []


def test_nobody_is_told_in_the_described_way(url: str, tmp_path: Path) -> None:
    fuzz(url, tmp_path, "fuzzing", 1, {})
    assert crashes(url) == []
