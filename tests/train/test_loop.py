"""The loop resumes exactly after kills, signals and damaged checkpoints, and says when there is no room."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from tests.train.small import make_model, train
from torch import nn

from everask.errors import TrainingError
from everask.train import checkpoint
from everask.train.checkpoint import list_checkpoints
from everask.train.loop import LoopSettings, Report, run

STEPS = 60
SETTINGS = LoopSettings(STEPS, batch=32, rate=1e-2, save_seconds=0.0)
PROGRAM = [sys.executable, "-m", "tests.train.small"]


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def flat(model: nn.Module) -> torch.Tensor:
    return torch.cat([one.detach().flatten() for one in model.parameters()])


def reached(folder: Path) -> int:
    found = list_checkpoints(folder) if folder.exists() else []
    return int(found[0].name.split("-")[1]) if found else 0


def start(folder: Path, *, until: int, seconds_a_step: float = 0.02) -> subprocess.Popen[str]:
    """A training in a process of its own, once it has written the checkpoint of step `until`."""
    process = subprocess.Popen(
        [*PROGRAM, str(folder), str(STEPS), str(seconds_a_step)], stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while reached(folder) < until:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    return process


def test_it_learns_and_reports(tmp_path: Path) -> None:
    reports: list[Report] = []
    model = make_model()
    target_bd = torch.randn(32, 8)

    def step(_number: int, _generator: torch.Generator) -> torch.Tensor:
        return nn.functional.mse_loss(model(target_bd), target_bd[:, :2])

    ended = run(model, step, SETTINGS, tmp_path, reports.append)
    assert (ended.ending, ended.step, ended.resumed_at) == ("done", STEPS, 0)
    assert [one.step for one in reports] == list(range(1, STEPS + 1))
    assert ended.loss < 0.7 * reports[0].loss
    assert reports[5].examples_per_second > 0 and reports[-1].seconds_left == 0


def test_frozen_parameters_stay_and_are_not_saved(tmp_path: Path) -> None:
    before = make_model().state_dict()["0.bias"].clone()
    model, _ = train(tmp_path, SETTINGS)
    assert torch.equal(model.state_dict()["0.bias"], before)
    saved = checkpoint.load_checkpoint(tmp_path, print)
    assert saved and set(saved["parameters"]) == {"0.weight", "3.weight", "3.bias"}


def test_killed_and_stopped_and_resumed_it_is_the_same(tmp_path: Path) -> None:
    whole, _ = train(tmp_path / "whole", SETTINGS)
    folder = tmp_path / "killed"
    for number, until in ((signal.SIGKILL, 7), (signal.SIGINT, 23), (signal.SIGTERM, 41)):
        process = start(folder, until=until)
        process.send_signal(number)
        said, _ = process.communicate(timeout=30)
        if number != signal.SIGKILL:
            assert process.returncode == 0
            assert said.split() == ["stopped", str(reached(folder))]
    assert 41 <= reached(folder) < STEPS
    resumed, ended = train(folder, SETTINGS)
    assert ended.ending == "done" and ended.resumed_at >= 41
    assert torch.equal(flat(whole), flat(resumed))


def test_time_runs_out_and_more_is_given(tmp_path: Path) -> None:
    short = LoopSettings(STEPS, batch=32, rate=1e-2, seconds=0.1)
    _, ended = train(tmp_path / "short", short, seconds_a_step=0.02)
    assert ended.ending == "out of time" and 0 < ended.step < STEPS
    resumed, ended = train(tmp_path / "short", SETTINGS)
    whole, _ = train(tmp_path / "whole", SETTINGS)
    assert ended.ending == "done" and torch.equal(flat(whole), flat(resumed))


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path: Path) -> None:
    whole, _ = train(tmp_path, SETTINGS)
    newest, older = list_checkpoints(tmp_path)
    with newest.open("r+b") as stream:
        stream.seek(newest.stat().st_size // 2)
        stream.write(b"\x00\xff\x00\xff")
    said: list[str] = []
    state = checkpoint.load_checkpoint(tmp_path, said.append)
    assert state is not None and state["step"] == STEPS - 1
    assert said == [f"The checkpoint {newest.name} was damaged and has been removed."]
    older.write_bytes(older.read_bytes()[:100])
    assert checkpoint.load_checkpoint(tmp_path, said.append) is None and len(said) == 2
    again, ended = train(tmp_path, SETTINGS)
    assert ended.resumed_at == 0 and torch.equal(flat(whole), flat(again))


def test_other_settings_or_another_model_do_not_go_on(tmp_path: Path) -> None:
    train(tmp_path, SETTINGS)
    with pytest.raises(TrainingError, match="other settings"):
        train(tmp_path, LoopSettings(STEPS, seed=1, batch=32, rate=1e-2))
    with pytest.raises(TrainingError, match="other settings"):
        train(tmp_path, SETTINGS, width=20)


def test_a_loss_that_is_no_number_ends_it(tmp_path: Path) -> None:
    model = make_model()
    with pytest.raises(TrainingError, match="no number at step 0"):
        run(model, lambda _number, _generator: flat(model).sum() * float("nan"), SETTINGS, tmp_path)
    assert not list_checkpoints(tmp_path)


def test_no_room_is_said_before_anything_is_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "SPARE_BYTES", 1 << 60)
    with pytest.raises(TrainingError, match=r"No space left on device.*Make room"):
        train(tmp_path, SETTINGS)
    assert not list(tmp_path.iterdir())


def test_a_write_that_fails_leaves_the_checkpoints_before(tmp_path: Path) -> None:
    """The limit on a file's size fails in the middle of a write, as a disk does that fills up."""
    train(tmp_path, LoopSettings(STEPS, batch=32, rate=1e-2, seconds=0.05), seconds_a_step=0.02)
    before = list_checkpoints(tmp_path)
    assert before and reached(tmp_path) < STEPS
    process = subprocess.run(
        [*PROGRAM, str(tmp_path), str(STEPS), "0"],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert process.returncode and "TrainingError: The training could not write to" in process.stderr
    assert list(tmp_path.iterdir()) == before
    whole, _ = train(tmp_path / "whole", SETTINGS)
    resumed, _ = train(tmp_path, SETTINGS)
    assert torch.equal(flat(whole), flat(resumed))
