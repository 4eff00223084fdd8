"""The queue: who runs, who waits, who is turned away."""

from __future__ import annotations

import anyio
import pytest

from everask.errors import BusyError
from everask.serve.limits import Turnstile


def test_some_run_some_wait_and_the_rest_are_turned_away() -> None:
    async def crowd() -> None:
        turnstile = Turnstile(num_running=2, max_waiting=3)
        leave = anyio.Event()
        most = running = 0

        async def pass_through() -> None:
            nonlocal most, running
            async with turnstile.enter():
                running += 1
                most = max(most, running)
                await leave.wait()
                running -= 1

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(pass_through)
            await anyio.wait_all_tasks_blocked()
            assert (running, turnstile.num_waiting) == (2, 3)
            with pytest.raises(BusyError) as caught:
                turnstile.check()
            assert 1 <= caught.value.retry_after <= 120
            leave.set()
        assert (most, running, turnstile.num_waiting) == (2, 0, 0)
        turnstile.check()

    anyio.run(crowd)


def test_one_who_gives_up_waiting_frees_the_place() -> None:
    async def give_up() -> None:
        turnstile = Turnstile(num_running=1, max_waiting=1)
        async with turnstile.enter():
            with anyio.move_on_after(0.01):
                async with turnstile.enter():
                    raise AssertionError("there was no slot")
            assert turnstile.num_waiting == 0
            turnstile.check()
        async with turnstile.enter():
            pass

    anyio.run(give_up)


def test_blocking_work_runs_beside_the_loop() -> None:
    async def work() -> int:
        return await Turnstile(1, 1).run(lambda: 6 * 7)

    assert anyio.run(work) == 42
