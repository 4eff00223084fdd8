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


def test_askers_are_served_in_turn_not_by_time() -> None:
    async def queue() -> list[str]:
        turnstile = Turnstile(num_running=1, max_waiting=20)
        served: list[str] = []

        async def ask(name: str) -> None:
            async with turnstile.enter(name[0]):
                served.append(name)
                await anyio.sleep(0)

        async with anyio.create_task_group() as group, turnstile.enter("x"):
            for name in ("a1", "a2", "a3", "a4", "b1", "c1", "c2"):
                group.start_soon(ask, name)
                await anyio.wait_all_tasks_blocked()
        return served

    assert anyio.run(queue) == ["a1", "b1", "c1", "a2", "c2", "a3", "a4"]


def test_who_asks_most_cannot_take_the_last_places() -> None:
    async def crowd() -> None:
        turnstile = Turnstile(num_running=1, max_waiting=8)

        async def wait(asker: str) -> None:
            async with turnstile.enter(asker):
                await anyio.sleep_forever()

        async with anyio.create_task_group() as group:
            for _ in range(7):  # one runs, six wait
                group.start_soon(wait, "greedy")
                await anyio.wait_all_tasks_blocked()
            with pytest.raises(BusyError):
                turnstile.check("greedy")
            for asker in ("one", "two"):
                turnstile.check(asker)
                group.start_soon(wait, asker)
                await anyio.wait_all_tasks_blocked()
            with pytest.raises(BusyError):
                turnstile.check("three")
            group.cancel_scope.cancel()
        assert turnstile.num_waiting == 0
        turnstile.check("greedy")

    anyio.run(crowd)


def test_no_slot_is_lost_when_some_give_up_while_others_are_called() -> None:
    async def churn() -> int:
        turnstile = Turnstile(num_running=2, max_waiting=100)
        done = 0

        async def ask(number: int) -> None:
            nonlocal done
            with anyio.move_on_after(0.001 * (number % 5)):
                async with turnstile.enter(str(number % 3)):
                    await anyio.sleep(0.001)
            done += 1

        async with anyio.create_task_group() as group:
            for number in range(60):
                group.start_soon(ask, number)
        assert turnstile.num_waiting == 0
        async with turnstile.enter("a"), turnstile.enter("b"):
            return done

    assert anyio.run(churn) == 60
