"""How urgent work is: people who wait for a page or a search come before what goes on behind them.

Linux gives each thread a niceness of its own, which threads and processes that it starts inherit; it can be
raised by anybody and lowered by nobody, so work that steps back does so in a thread of its own. Elsewhere
nothing changes. Only for threads that run no Python, and for processes: a thread that steps back while it
holds the interpreter, or the store's lock, makes everybody else wait for its turn.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")
WRITING = 6
"""Answers that a language model writes: it would take all that there is for seconds."""
BEHIND = 15
"""Vectors, and whatever nobody waits for."""


def step_back(by: int) -> None:
    """Let this thread, and what it starts from now on, give way to the process's main thread and others like
    it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            thread = threading.get_native_id()
            wanted = os.getpriority(os.PRIO_PROCESS, os.getpid()) + by
            if os.getpriority(os.PRIO_PROCESS, thread) < wanted:
                os.setpriority(os.PRIO_PROCESS, thread, wanted)


def aside(work: Callable[[], T], by: int) -> T:
    """Do work in a thread of its own that steps back, and wait for what comes of it."""
    done: Future[T] = Future()

    def run() -> None:
        step_back(by)
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001 - a thread's edge: raised to whoever waits
            done.set_exception(error)

    threading.Thread(target=run, name="everask-aside", daemon=True).start()
    return done.result()
