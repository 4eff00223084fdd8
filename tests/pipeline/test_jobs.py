"""Jobs are gone on with, stopped and looked at; one at a time; and what was taught can be taken back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from everask.errors import NotFoundError, TrainingError, UsageError
from everask.index import Store
from everask.pipeline.jobs import job_folder, list_jobs, stop_job, work_on
from everask.pipeline.taught import Taught, in_use, promote, prune, read_taught, roll_back, taught_folder
from everask.settings import ModelSettings

ASKED = {"steps": None, "seed": None}
WAITS = """
import sys, time
from pathlib import Path
from everask.pipeline.jobs import work_on
import signal
def interrupt(number, frame):
    raise KeyboardInterrupt
signal.signal(signal.SIGTERM, interrupt)
try:
    with work_on(Path(sys.argv[1]), "search", {"seed": 3}) as job:
        job.reach("training", 1, 9, "one step")
        print("ready", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    pass
"""


@pytest.fixture
def working(tmp_path: Path) -> subprocess.Popen[str]:
    """A process that works on a job."""
    process = subprocess.Popen(
        [sys.executable, "-c", WAITS, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "ready\n"
    return process


def test_a_job_ends_and_the_next_is_another(tmp_path: Path) -> None:
    with work_on(tmp_path, "search", ASKED) as job:
        job.reach("training", 3, 8, "loss 0.5")
        (state,) = list_jobs(tmp_path)
        assert (state.name, state.status, state.stage, state.done, state.total, state.pid) == (
            "search-1", "running", "training", 3, 8, os.getpid(),
        )  # fmt: skip
        job.end("refused", "It is not better.")
    with work_on(tmp_path, "search", ASKED) as job:
        job.end("kept", "It is better.")
    assert [(one.name, one.status) for one in list_jobs(tmp_path)] == [
        ("search-2", "kept"),
        ("search-1", "refused"),
    ]
    assert "refused: It is not better." in (job_folder(tmp_path, "search-1") / "log.txt").read_text()


def test_an_error_is_noted_and_the_same_job_goes_on(tmp_path: Path) -> None:
    with pytest.raises(TrainingError), work_on(tmp_path, "search", {**ASKED, "seed": 5}) as job:
        job.choose({"planned": 40})
        raise TrainingError("No room.", "Make some.")
    assert [(one.status, one.message) for one in list_jobs(tmp_path)] == [("failed", "No room. Make some.")]
    with work_on(tmp_path, "search", ASKED) as job:
        assert job.state.name == "search-1" and job.settings == {"steps": None, "seed": 5, "planned": 40}
        job.end("kept", "")


def test_other_settings_begin_anew(tmp_path: Path) -> None:
    for seed in (1, 2):
        with pytest.raises(KeyboardInterrupt), work_on(tmp_path, "search", {"seed": seed}):
            raise KeyboardInterrupt
    assert [(one.name, one.status) for one in list_jobs(tmp_path)] == [
        ("search-2", "stopped"),
        ("search-1", "abandoned"),
    ]


def test_one_at_a_time(tmp_path: Path, working: subprocess.Popen[str]) -> None:
    with pytest.raises(TrainingError, match=r"Another training is at work here \(search-1, training\)"):
        work_on(tmp_path, "search", ASKED).__enter__()
    assert [one.status for one in list_jobs(tmp_path)] == ["running"]
    working.kill()
    working.wait()
    assert [one.status for one in list_jobs(tmp_path)] == ["interrupted"]
    with work_on(tmp_path, "search", ASKED) as job:
        assert job.state.name == "search-1" and job.settings == {"seed": 3}


def test_stop_waits_for_the_end(tmp_path: Path, working: subprocess.Popen[str]) -> None:
    assert stop_job(tmp_path).status == "stopped"
    assert working.wait(timeout=10) == 0
    with pytest.raises(NotFoundError, match="No training runs"):
        stop_job(tmp_path)


def test_stop_never_ends_a_process_that_only_has_the_number_of_one_that_was_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as innocent:
        with work_on(tmp_path, "search", ASKED) as job:
            record = json.loads((job.folder / "job.json").read_text("utf-8")) | {"pid": innocent.pid}
        (job.folder / "job.json").write_text(json.dumps(record | {"status": "running"}), "utf-8")
        (tmp_path / "jobs" / "worker").write_text(str(innocent.pid), "ascii")
        with pytest.raises(NotFoundError, match="No training runs"):
            stop_job(tmp_path)
        with FileLock(tmp_path / "jobs" / "lock"):  # held by a job that is not this one
            (tmp_path / "jobs" / "worker").write_text("1", "ascii")
            with pytest.raises(NotFoundError):
                stop_job(tmp_path)
        assert innocent.poll() is None
        innocent.communicate(b"\n")


def test_stop_gives_up_on_what_does_not_end(tmp_path: Path, working: subprocess.Popen[str]) -> None:
    working.send_signal(signal.SIGSTOP)
    time.sleep(0.1)
    with pytest.raises(TrainingError, match="has not stopped yet"):
        stop_job(tmp_path, seconds=0.3)
    working.kill()
    working.wait()


def test_a_damaged_record_is_passed_over(tmp_path: Path) -> None:
    with work_on(tmp_path, "search", ASKED) as job:
        (job.folder / "job.json").write_text("{")
        assert list_jobs(tmp_path) == []
    (job.folder / "job.json").write_text("{")
    with work_on(tmp_path, "search", ASKED) as job:
        assert job.state.name == "search-2"


BEFORE_PRUNING = {"base": "e5-small", "name": "search-4", "before": [None, "search-1"]}


def test_promotion_and_the_way_back(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        with pytest.raises(UsageError, match="nothing to roll back"):
            roll_back(store)
        promote(store, "e5-small", "search-1")
        promote(store, "e5-small", "search-4")
        promote(store, "e5-small", "search-4")  # again, by a training that was killed after the first time
        assert read_taught(store) == Taught("e5-small", "search-4", (None, "search-1"))
        promote(store, "e5-small", "search-5")
        assert read_taught(store) == Taught("e5-small", "search-5", (None, "search-4"))
        for name in ("search-1", "search-4", "search-5"):
            taught_folder(tmp_path, name).mkdir(parents=True)
            (taught_folder(tmp_path, name) / "card.md").write_text("# A card", "utf-8")
        assert prune(store) == ["search-1"] and prune(store) == []
        assert roll_back(store).name == "search-4"
        promote(store, "e5-small", "search-6")
        assert prune(store) == ["search-5"]
        store.put_setting("encoder.taught", json.dumps(BEFORE_PRUNING))
        assert roll_back(store).name == "search-1"
        assert roll_back(store).name is None
        with pytest.raises(UsageError):
            roll_back(store)


def test_a_taught_encoder_that_is_gone_or_of_another_base_is_not_used(tmp_path: Path) -> None:
    said: list[str] = []
    settings = ModelSettings()
    with Store.open(tmp_path) as store:
        assert in_use(settings, store, said.append) == settings and not said
        promote(store, "e5-small", "search-1")
        assert in_use(settings, store, said.append) == settings
        assert said and said[0].startswith("Searching with e5-small, not with search-1")
        said.clear()
        other = ModelSettings(encoder="/models/mine")
        assert in_use(other, store, said.append) == other and not said
