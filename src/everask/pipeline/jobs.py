"""Jobs: long work with a folder of its own, one at a time, that is looked at, stopped and gone on with.

DATA/jobs/NAME holds `job.json` (what was asked for and where it stands), `log.txt` (a line with its time
for each event), `card.md` when it has ended, and what the work itself keeps there. The folder outlives
the process: what was killed shows as interrupted. Knows nothing of what a job does.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from everask.errors import NotFoundError, TrainingError

Value = str | int | float | bool | None
JobStatus = Literal["running", "interrupted", "stopped", "failed", "kept", "refused", "abandoned"]

UNFINISHED: tuple[JobStatus, ...] = ("running", "interrupted", "stopped", "failed")
"""What the same command goes on with."""

_FOLDER, _LOCK, _RECORD, _LOG, _WORKER = "jobs", "lock", "job.json", "log.txt", "worker"
_STOP_SECONDS = 120.0
_PROBE_SECONDS = 2.0
"""Whoever only looks holds the lock for a moment."""


@dataclass(frozen=True, slots=True)
class JobState:
    """Where a job stands: `done` of `total` in its `stage`; `message` is the last thing it said."""

    name: str
    kind: str
    status: JobStatus
    settings: Mapping[str, Value]
    stage: str = ""
    done: int = 0
    total: int = 0
    message: str = ""
    pid: int = 0
    began: float = 0.0
    updated: float = 0.0


class Job:
    """A job that this process works on. What is said of it is on disk at once."""

    def __init__(self, folder: Path, state: JobState) -> None:
        self.folder = folder
        self.state = state

    @property
    def settings(self) -> Mapping[str, Value]:
        """What was asked for."""
        return self.state.settings

    def log(self, message: str) -> None:
        """Add a line to the job's log."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime())
        with (self.folder / _LOG).open("a", encoding="utf-8") as stream:
            stream.write(f"{stamp} {message}\n")

    def reach(self, stage: str, done: int = 0, total: int = 0, message: str = "") -> None:
        """Say how far it is."""
        if stage != self.state.stage:
            self.log(message or stage)
        self._keep(replace(self.state, stage=stage, done=done, total=total, message=message))

    def end(self, status: JobStatus, message: str) -> None:
        """Say how it ended."""
        self.log(f"{status}: {message}")
        self._keep(replace(self.state, status=status, message=message, pid=0))

    def choose(self, settings: Mapping[str, Value]) -> None:
        """Settle what was left open when it began, so that it is the same when it goes on."""
        self._keep(replace(self.state, settings={**self.state.settings, **settings}))

    def _keep(self, state: JobState) -> None:
        self.state = replace(state, updated=time.time())
        _write(self.folder, self.state)


@contextlib.contextmanager
def work_on(data: Path, kind: str, settings: Mapping[str, Value]) -> Iterator[Job]:
    """The job to work on: the last of its kind if it is not finished, else a new one.

    Settings that are None are taken from the unfinished job; when others differ from its own, a new job
    is begun in its place. An error or Ctrl-C is noted in the job, and raised again.

    Raises TrainingError when another job is being worked on.
    """
    (data / _FOLDER).mkdir(parents=True, exist_ok=True)
    lock = FileLock(data / _FOLDER / _LOCK, timeout=_PROBE_SECONDS)
    try:
        lock.acquire()
    except Timeout as error:
        raise _other_job(data) from error
    try:
        (data / _FOLDER / _WORKER).write_text(str(os.getpid()), encoding="ascii")
        job = _take_up(data, kind, settings)
        try:
            yield job
        except KeyboardInterrupt:
            job.end("stopped", "Stopped. The same command goes on.")
            raise
        except BaseException as error:
            with contextlib.suppress(OSError):  # the disk may be full, which is then the error
                job.end("failed", str(error) or type(error).__name__)
            raise
    finally:
        lock.release()


def list_jobs(data: Path) -> list[JobState]:
    """All jobs, the last one first; "interrupted" is what a job is that was killed."""
    folder = data / _FOLDER
    found = [_read(path.parent) for path in folder.glob(f"*/{_RECORD}")]
    busy = _is_locked(data)
    states = sorted((one for one in found if one), key=lambda one: (one.began, one.name), reverse=True)
    return [
        replace(one, status="interrupted") if one.status == "running" and not busy else one for one in states
    ]


def stop_job(data: Path, seconds: float = _STOP_SECONDS) -> JobState:
    """End the running job after a checkpoint, and return how it stands.

    Raises NotFoundError when none runs, TrainingError when it does not end.
    """
    worker = _worker(data)
    running = next((one for one in list_jobs(data) if one.status == "running" and one.pid == worker), None)
    if worker is None or running is None:
        raise NotFoundError("No training runs.", "`everask train status` shows those that ended.")
    with contextlib.suppress(ProcessLookupError):
        os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + seconds
    while _is_locked(data):
        if time.monotonic() > deadline:
            raise TrainingError(
                f"{running.name} has not stopped yet.", "Wait for its step to end, or look at its log."
            )
        time.sleep(0.1)
    return next(one for one in list_jobs(data) if one.name == running.name)


def job_folder(data: Path, name: str) -> Path:
    """Where a job's files are."""
    return data / _FOLDER / name


def _take_up(data: Path, kind: str, settings: Mapping[str, Value]) -> Job:
    # The lock is ours: what says that it is running was killed.
    jobs = [one for one in list_jobs(data) if one.kind == kind]
    given = {name: value for name, value in settings.items() if value is not None}
    last = jobs[0] if jobs else None
    if last is not None and last.status in UNFINISHED:
        job = Job(job_folder(data, last.name), last)
        if all(last.settings.get(name) == value for name, value in given.items()):
            job.log("goes on")
            job._keep(replace(last, status="running", pid=os.getpid(), message=""))
            return job
        job.end("abandoned", "Begun anew with other settings.")
    number = 1 + max((int(name) for name in _numbers(data, kind)), default=0)
    state = JobState(f"{kind}-{number}", kind, "running", dict(settings), pid=os.getpid(), began=time.time())
    folder = job_folder(data, state.name)
    folder.mkdir(parents=True, exist_ok=True)
    job = Job(folder, state)
    job.log("begins")
    job._keep(state)
    return job


def _numbers(data: Path, kind: str) -> list[str]:
    """Of all folders, also those whose record was damaged."""
    names = [path.name.removeprefix(f"{kind}-") for path in (data / _FOLDER).glob(f"{kind}-*")]
    return [name for name in names if name.isdecimal()]


def _other_job(data: Path) -> TrainingError:
    running = next((one for one in list_jobs(data) if one.status == "running"), None)
    name = f" ({running.name}, {running.stage})" if running else ""
    return TrainingError(
        f"Another training is at work here{name}.",
        "Wait for it: everask train status. Or end it: everask train stop.",
    )


def _is_locked(data: Path) -> bool:
    lock = data / _FOLDER / _LOCK
    if not lock.exists():
        return False
    try:
        with FileLock(lock, timeout=0):
            return False
    except Timeout:
        return True


def _worker(data: Path) -> int | None:
    """The process that works now. A number that a killed one left may be another program's by now: it counts
    only while the lock is held, and for longer than by somebody who just looks."""
    with contextlib.suppress(Timeout, OSError), FileLock(data / _FOLDER / _LOCK, timeout=_PROBE_SECONDS):
        return None
    try:
        return int((data / _FOLDER / _WORKER).read_text("ascii"))
    except (OSError, ValueError):
        return None


def _write(folder: Path, state: JobState) -> None:
    beside = folder / f".{_RECORD}"
    beside.write_text(json.dumps(asdict(state), ensure_ascii=False, indent=1), encoding="utf-8")
    beside.replace(folder / _RECORD)


def _read(folder: Path) -> JobState | None:
    """None for a record that is damaged: the job is then begun anew."""
    try:
        return JobState(**json.loads((folder / _RECORD).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return None
