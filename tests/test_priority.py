"""Work that steps back is less urgent than what it was started from, and so is what it starts."""

from __future__ import annotations

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from everask.encoder.encoder import Encoder
from everask.priority import BEHIND, WRITING, aside, step_back

only_linux = pytest.mark.skipif(sys.platform != "linux", reason="threads have a niceness there")


def niceness() -> int:
    """Of this thread."""
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@only_linux
def test_work_aside_steps_back_and_nothing_else_does() -> None:
    before = niceness()
    wanted = min(19, before + WRITING)

    def work() -> tuple[int, int]:
        with ThreadPoolExecutor(1) as own:
            return niceness(), own.submit(niceness).result()

    assert aside(work, WRITING) == (wanted, wanted)
    assert niceness() == before


@only_linux
def test_who_stepped_back_further_stays_there() -> None:
    def work() -> tuple[int, int]:
        step_back(BEHIND)
        first = niceness()
        step_back(WRITING)
        return first, niceness()

    first, second = aside(work, 0)
    assert first == second == min(19, niceness() + BEHIND)


def test_what_fails_aside_fails_here() -> None:
    def fail() -> None:
        raise ValueError("aside")

    with pytest.raises(ValueError, match="aside"):
        aside(fail, WRITING)
    assert aside(lambda: 6 * 7, WRITING) == 42


@only_linux
def test_vectors_are_made_as_urgently_as_the_caller_is() -> None:
    seen: list[int] = []
    encoder = Encoder.__new__(Encoder)
    encoder.num_threads = 2

    def work() -> None:
        with encoder._threads() as threads:
            seen.extend(threads.map(lambda _: niceness(), range(4)))

    work()
    aside(work, BEHIND)
    assert seen == 4 * [niceness()] + 4 * [min(19, niceness() + BEHIND)]
