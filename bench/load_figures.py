"""What bench/load.py counts: times and outcomes of replies, and the server's memory and processor time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from load_clients import Kind, Reply

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
KINDS: dict[str, tuple[Kind, ...]] = {
    "search": ("search", "page"),
    "by API": ("search",),
    "page": ("page",),
    "marks": ("marks",),
    "ask": ("ask",),
    "add": ("add",),
}


def figures(replies: Sequence[Reply], seconds: float) -> dict[str, Any]:
    """By kind of request: how many, how many a second, percentiles of the good ones, and the rest."""
    found: dict[str, Any] = {}
    for name, kinds in KINDS.items():
        own = [one for one in replies if one.kind in kinds]
        if own:
            found[name] = _of_kind(own, seconds)
    return found


def _of_kind(own: Sequence[Reply], seconds: float) -> dict[str, Any]:
    good = [one for one in own if one.status == 200]
    away = [one for one in own if one.status == 429]
    statuses = Counter(one.status for one in own)
    made: dict[str, Any] = {
        "num": len(own),
        "good": len(good),
        "turned_away": len(away),
        "errors": len(own) - len(good) - len(away),
        "statuses": {str(key): value for key, value in statuses.items()},
        "a_second": len(own) / seconds,
        **_percentiles([one.seconds for one in good if not one.left]),
    }
    if away:
        made["away_says_when"] = sum(one.says_when for one in away)
        made["away"] = _percentiles([one.seconds for one in away])
    for name in ("quote", "sentence"):
        times = [value for one in good if (value := getattr(one, name)) is not None]
        if times:
            made[name] = _percentiles(times)
    if any(one.number for one in own):
        made["files_a_second"] = sum(one.number for one in good) / seconds
    if any(one.left for one in own):
        made["left"] = sum(one.left for one in own)
    return made


def _percentiles(times: Sequence[float]) -> dict[str, float]:
    if not times:
        return {"p50": 0.0, "p95": 0.0, "p99": 0.0, "worst": 0.0}
    p50, p95, p99 = (float(one) for one in np.percentile(times, (50, 95, 99)))
    return {"p50": p50, "p95": p95, "p99": p99, "worst": max(times)}


class Watched:
    """A server's process with its children, looked at each second; and the clients' own processor time."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._rows: list[tuple[float, float, float]] = []
        self._began = (time.perf_counter(), 0.0, 0.0)
        self._ended = self._began

    def __enter__(self) -> Watched:
        self._began = self._now()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended = self._now()

    @property
    def resident(self) -> float:
        """Megabytes of the server itself, without mapped files."""
        return _resident(self._pid, own=True)

    async def watch(self) -> None:
        """Look, each second, until cancelled."""
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                children = sum(_resident(one) for one in _children(self._pid))
                self._rows.append((_resident(self._pid, own=True), _resident(self._pid), children))
                await asyncio.sleep(1)

    async def cores(self, seconds: float) -> float:
        """How many cores the server uses, over some seconds."""
        before, started = _processor(self._pid), time.perf_counter()
        await asyncio.sleep(seconds)
        return (_processor(self._pid) - before) / (time.perf_counter() - started)

    def figures(self) -> dict[str, float]:
        """Memory of the server at the start, the end and most, of its readers; cores used by both sides."""
        own = [row[0] for row in self._rows] or [0.0]
        seconds = self._ended[0] - self._began[0]
        return {
            "resident_first": own[0],
            "resident_last": own[-1],
            "resident_most": max(own),
            "with_files_most": max([row[1] for row in self._rows] or [0.0]),
            "readers_most": max([row[2] for row in self._rows] or [0.0]),
            "cores_server": (self._ended[1] - self._began[1]) / seconds,
            "cores_clients": (self._ended[2] - self._began[2]) / seconds,
        }

    def _now(self) -> tuple[float, float, float]:
        return time.perf_counter(), _processor(self._pid), time.process_time()


def load_average() -> float:
    """How busy the machine was in the last minute."""
    return os.getloadavg()[0]


def _processor(pid: int) -> float:
    """Seconds of processor time of a process and of its children that have ended."""
    with contextlib.suppress(OSError):
        row = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(int(one) for one in row[11:15]) / TICKS
    return 0.0


def _resident(pid: int, *, own: bool = False) -> float:
    """Megabytes in memory; `own`: without mapped files, which the system may drop (models, the store)."""
    with contextlib.suppress(OSError):
        _, resident, shared, *_ = map(int, Path(f"/proc/{pid}/statm").read_text().split())
        return (resident - shared if own else resident) * PAGE / 1e6
    return 0.0


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                found += [int(one) for one in (task / "children").read_text().split()]
    return found
