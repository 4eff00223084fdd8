"""What the worker process denies itself: memory, time, files, writes, the network."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Sequence

from everask.documents.draft import Limits

# Shared libraries and thread stacks take address space, not memory.
_ADDRESS_SLACK_BYTES = 4_000_000_000
_MAX_OPEN_FILES = 256


def confine(limits: Limits, import_path: Sequence[str]) -> None:
    """Set every limit that holds for the life of the process. Soft and hard, so there is no way back."""
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
    _limit(resource.RLIMIT_DATA, limits.memory_bytes)
    _limit(resource.RLIMIT_AS, limits.memory_bytes + _ADDRESS_SLACK_BYTES)
    _limit(resource.RLIMIT_CPU, int(limits.seconds * 2 * (os.cpu_count() or 1)) + 10)


def limit_time(limits: Limits) -> None:
    """Let the kernel end the process should the parent be gone and unable to."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(int(limits.seconds) + 5)


def _limit(which: int, value: int) -> None:
    try:
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (value, value))
    except (ValueError, OSError):
        # Some systems (macOS) know a limit and do not take it; the parent's clock still holds.
        return
