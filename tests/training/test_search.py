"""`everask train search`, small but real: refused, killed, out of room, kept; what serves stays untouched."""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import everask
from everask.errors import TrainingError
from everask.ingest.split import split
from everask.pipeline import Engine
from everask.pipeline.jobs import JobState, list_jobs, work_on
from everask.pipeline.taught import in_use, read_taught, taught_folder
from everask.train.checkpoint import list_checkpoints

ROOT = Path(__file__).parents[2]
MANUALS = ROOT / "examples/documents/manuals"
FOLDER = MANUALS / "zh/libreoffice-impress"
PROGRAM = [sys.executable, "-m", "tests.training.small"]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of eleven pages of a real manual, found by words."""
    monkeypatch.setenv("EVERASK_MODELS_GENERATOR", "none")
    monkeypatch.setenv("EVERASK_MODELS_NUM_THREADS", "1")
    with everask.open(tmp_path / "data") as engine:
        assert not engine.add([FOLDER]).failed
    return tmp_path / "data"


def train(data: Path, *options: str, file_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    """Train to the end; `file_bytes` is the size at which a write fails, as on a disk that is full."""

    def limit() -> None:
        if file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

    command = [*PROGRAM, *options, "search", "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, timeout=1200)


def train_until(data: Path, step: int, end: signal.Signals, job: str = "search-2") -> None:
    """Train until a checkpoint of `step` is there, and end it."""
    process = subprocess.Popen([*PROGRAM, "search", "--data", str(data)], stderr=subprocess.DEVNULL)
    checkpoints = data / f"jobs/{job}/checkpoints"
    deadline = time.monotonic() + 1200
    while not any(int(one.name.split("-")[1]) >= step for one in list_checkpoints(checkpoints)):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(end)
    process.wait(timeout=60)


def last(data: Path) -> JobState:
    return list_jobs(data)[0]


def answers(engine: Engine) -> list[tuple[str, int]]:
    hits = engine.search("怎样插入表格？", top=5)
    return [(hit.document.name, hit.passage.ordinal) for hit in hits]


@pytest.mark.timeout(900)  # six processes that each open torch
def test_refused_then_interrupted_in_every_way_kept_and_taken_back(data: Path) -> None:
    refused = train(data)
    assert refused.returncode == 0, refused.stderr
    assert refused.stdout.startswith("Not kept: ") and "Search is as it was." in refused.stdout
    assert (last(data).name, last(data).status) == ("search-1", "refused")
    assert not taught_folder(data, "search-1").exists()
    assert "It is not kept" in (data / "jobs/search-1/card.md").read_text("utf-8")
    in_one_go = last(data).settings
    with everask.open(data) as engine:
        assert engine.encoder
        before, found = engine.encoder.id, answers(engine)
        interrupt(data, engine)
        # What serves was not touched.
        assert engine.encoder.id == before and read_taught(engine.store).name is None
        assert answers(engine)[0] == found[0]
    done = train(data, "--accept")
    assert done.returncode == 0, done.stderr
    assert (last(data).name, last(data).status) == ("search-2", "kept"), done.stdout
    assert "Undo: everask rollback search" in done.stdout
    # The very same weights as those that were trained in one go.
    assert last(data).settings["adapter"] == in_one_go["adapter"]
    assert last(data).settings["loss"] == in_one_go["loss"]
    check_kept(data, before)
    check_taken_back(data, before)


def interrupt(data: Path, engine: Engine) -> None:
    """Told to stop, killed, the store changed, and no room: each time it says how it stands."""
    train_until(data, 1, signal.SIGTERM)
    assert last(data).status == "stopped"
    train_until(data, 3, signal.SIGKILL)
    assert last(data).status == "interrupted"
    engine.remove(str(FOLDER / "vectorize.html"))  # the job goes on with what it began with
    full = train(data, file_bytes=200_000)
    assert full.returncode == TrainingError.exit_code, full.stderr
    assert "could not write to" in full.stderr and "Make room" in full.stderr
    assert last(data).status == "failed"


def check_kept(data: Path, before: str) -> None:
    """The taught encoder is the one that is wanted, its card says what it is, and nothing is left over."""
    with everask.open(data) as engine:
        wanted = in_use(engine.settings.models, engine.store, print)
        assert wanted.encoder.endswith("search-2/encoder")
        engine.wait_for_vectors()
        assert engine.encoder and "-taught-" in engine.encoder.id and engine.encoder.id != before
        assert engine.status().encoder == engine.encoder.id and engine.status().pending == 0
        assert answers(engine)
    card = (taught_folder(data, "search-2") / "card.md").read_text("utf-8")
    assert "It is kept" in card and "| heading |" in card and "| zh |" in card
    job = data / "jobs/search-2"
    assert sorted(path.name for path in job.iterdir()) == ["card.md", "job.json", "log.txt"]


def check_taken_back(data: Path, before: str) -> None:
    done = run_cli("rollback", "search", "--json", data=data)
    assert json.loads(done.stdout) == {"search": None, "encoder": "e5-small"}
    with everask.open(data) as engine:
        engine.wait_for_vectors()
        assert engine.encoder and engine.encoder.id == before


def test_what_only_some_may_read_by_now_is_forgotten(data: Path) -> None:
    train_until(data, 2, signal.SIGTERM, "search-1")
    job = data / "jobs/search-1"
    name = "vectorize"
    with everask.open(data) as engine:
        assert name in (job / "work/read.json").read_text("utf-8")
        source = next(one for one in engine.sources() if Path(one.uri).stem == name)
        document = replace(engine.document(name), groups=("board",))
        engine.store.put_source(source, [(document, split(document))])
    ended = train(data, "--accept")
    assert ended.returncode == TrainingError.exit_code, ended.stderr
    assert f"{name} may be read by some people only since this training began." in ended.stderr
    assert last(data).status == "failed"
    # Neither its text nor what was learnt of it is left.
    assert not (job / "work").exists() and not (job / "checkpoints").exists()
    assert not taught_folder(data, "search-1").exists()
    with everask.open(data) as engine:
        assert read_taught(engine.store).name is None


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Path]:
    with everask.open(tmp_path / "empty") as engine:
        engine.add([MANUALS / "vi/libreoffice-chart/type_area.html"])
    yield tmp_path / "empty"


def run_cli(*arguments: str, data: Path, code: str = "") -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "everask"] if not code else [sys.executable, "-c", code]
    return subprocess.run(
        [*program, *arguments, "--data", str(data)],
        capture_output=True,
        text=True,
        env={**os.environ, "EVERASK_MODELS_GENERATOR": "none"},
    )


def test_too_little_is_said_with_what_is_missing(empty: Path) -> None:
    """By the commands of docs/getting_started.md."""
    ended = {line: run_cli(*line.split()[1:], data=empty) for line in commands_of_the_docs()}
    said = ended.pop("everask train search --minutes 30")
    assert said.returncode == TrainingError.exit_code
    assert "There is too little to learn from: " in said.stderr and "are missing" in said.stderr
    assert "Search is as it was." in said.stderr
    background = ended.pop("everask train search --background")
    assert background.returncode == 0 and background.stdout.startswith("Started.")
    deadline = time.monotonic() + 120
    while not re.search("too little|Stopped", (empty / "train.log").read_text("utf-8")):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert ended.pop("everask train status").stdout.startswith("search-1: ")
    assert ended.pop("everask train stop").returncode in (0, 3)  # the one in the background may be over
    assert ended.pop("everask rollback search").returncode == 2
    assert not ended
    assert [(one.name, one.status) for one in list_jobs(empty)] in (
        [("search-1", "failed")],
        [("search-1", "stopped")],
    )
    assert not (empty / "jobs/search-1/work").exists()


def commands_of_the_docs() -> list[str]:
    page = (ROOT / "docs/getting_started.md").read_text("utf-8")
    section = page.partition("## Teach it your documents")[2].partition("\n## ")[0]
    return [line.partition("#")[0].strip() for line in section.splitlines() if line.startswith("everask ")]


def test_two_at_once_and_none_to_stop(empty: Path) -> None:
    with work_on(empty, "search", {"steps": None, "seed": None}) as job:
        done = run_cli("train", "search", data=empty)
        assert done.returncode == TrainingError.exit_code
        assert "Another training is at work here (search-1" in done.stderr
        job.end("refused", "")
    stopped = run_cli("train", "stop", data=empty)
    assert stopped.returncode == 3 and "No training runs" in stopped.stderr


def test_without_torch_the_extra_is_named(empty: Path) -> None:
    code = (
        "import sys; sys.modules['torch'] = None; import everask.training.__main__ as it; sys.exit(it.main())"
    )
    done = run_cli("search", data=empty, code=code)
    assert done.returncode == 5 and "pip install 'everask[train]'" in done.stderr
    assert list_jobs(empty) == []
