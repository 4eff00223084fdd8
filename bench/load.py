"""How the server does under load: 50 searchers, 4 askers and uploads without end, ten times as many, clients
that leave, the highest rate; and a plain server beside it.

    python bench/load.py [--minutes 10] [--phases alone,load,surge,leave,rates,peer] [--report]

Makes its pile once (load_pile.py), copies it, and starts the real server on the copy. The clients
(load_clients.py) share the cores with it; load_report.py says how they behave. Phases may be run one at a
time: what each found is kept beside the pile, and --report makes the table in docs/benchmarks.md of it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import load_pile
from load_clients import Crowd, run_for
from load_figures import Watched, figures, load_average
from load_peer import measure_peer
from load_report import write_report

PORT = 8491
HOME = f"http://127.0.0.1:{PORT}"
SEARCHERS, ASKERS = 50, 4
TIMES = 10
ALONE_SECONDS, SURGE_SECONDS, RECOVERY_SECONDS, RATE_SECONDS = 60.0, 60.0, 40.0, 25.0
SETTLE_SECONDS = 10.0
RATES = (5.0, 10.0, 15.0, 20.0, 30.0, 40.0)
NUM_LEAVERS = 12
GOAL_SECONDS = 0.3
Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Server:
    """The server that is measured: its process, and what its clients need."""

    process: subprocess.Popen[bytes]
    tokens: list[str]
    questions: list[str]
    files: Iterator[tuple[str, bytes]]

    def crowd(self, seed: int) -> Crowd:
        """Clients who are not there yet."""
        return Crowd(HOME, self.tokens, self.questions, self.files, seed=seed)


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """The server on a copy of the pile."""
    made = load_pile.build()
    data = load_pile.FOLDER / "run"
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(made, data)
    tokens = load_pile.make_tokens(data)
    command = [sys.executable, "-m", "everask", "serve", "--port", str(PORT), "--data", str(data)]
    log = load_pile.FOLDER / "server.log"
    environment = {key: value for key, value in os.environ.items() if key != "EVERASK_MODELS_GENERATOR"}
    with log.open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said, env=environment)
        try:
            wait_until(lambda: httpx.get(f"{HOME}/readyz", trust_env=False).is_success, 60)
            time.sleep(SETTLE_SECONDS)  # models are read at the start
            yield Server(process, tokens, load_pile.questions(), load_pile.newcomers())
        finally:
            process.send_signal(signal.SIGINT)
            process.wait()


def wait_until(holds: Callable[[], bool], seconds: float) -> float:
    """How long it took until something held. SystemExit where it never did."""
    started = time.perf_counter()
    while time.perf_counter() - started < seconds:
        with contextlib.suppress(httpx.TransportError):
            if holds():
                return time.perf_counter() - started
        time.sleep(0.05)
    raise SystemExit("The server does not answer.")


async def alone(server: Server) -> Figures:
    """The searchers, and nobody else."""
    return await _together(server, ALONE_SECONDS, SEARCHERS, 0, ingest=False)


async def load(server: Server, seconds: float) -> Figures:
    """Searchers, askers, and uploads without end."""
    return await _together(server, seconds, SEARCHERS, ASKERS, ingest=True)


async def _together(
    server: Server, seconds: float, searchers: int, askers: int, *, ingest: bool, seed: int = 1
) -> Figures:
    crowd = server.crowd(seed)
    with Watched(server.process.pid) as watched:
        async with crowd.open() as session, asyncio.TaskGroup() as group:
            watching = group.create_task(watched.watch())
            work: list[Awaitable[None]] = [crowd.searcher(session, one) for one in range(searchers)]
            work += [crowd.asker(session, one) for one in range(askers)]
            work += [crowd.ingester(session)] if ingest else []
            await run_for(seconds, crowd, work)
            watching.cancel()
    return {**figures(crowd.replies, seconds), **watched.figures()}


async def surge(server: Server) -> Figures:
    """Ten times as many for a while; then the usual number, until all is as before."""
    before = Watched(server.process.pid).resident
    many = await _together(server, SURGE_SECONDS, TIMES * SEARCHERS, TIMES * ASKERS, ingest=True, seed=2)
    ended = time.perf_counter()
    crowd = server.crowd(3)
    async with crowd.open() as session:
        work: list[Awaitable[None]] = [crowd.searcher(session, one) for one in range(SEARCHERS)]
        work += [crowd.asker(session, one) for one in range(ASKERS)]
        await run_for(RECOVERY_SECONDS, crowd, [*work, crowd.ingester(session)])
    early = [one for one in crowd.replies if one.ended - ended <= 10]
    late = [one for one in crowd.replies if one.ended - ended > 10]
    return {
        "surge": many,
        "first_10_s": figures(early, 10),
        "after_10_s": figures(late, RECOVERY_SECONDS - 10),
        "resident_before": before,
        "lives": server.process.poll() is None,
    }


async def leave(server: Server) -> Figures:
    """Askers who hang up while their answer is written: how long the work and the processor go on."""
    crowd = server.crowd(4)
    until_free: list[float] = []
    until_idle: list[float] = []
    headers = {"authorization": f"Bearer {server.tokens[0]}", "accept": "text/event-stream"}
    watched = Watched(server.process.pid)
    async with crowd.open() as session:
        for question in itertools.islice(server.questions, 300):
            if len(until_free) == NUM_LEAVERS:
                break
            writes = False
            async with session.post("/api/ask", json={"text": question}, headers=headers) as response:
                async for line in response.content:
                    writes = writes or line.startswith(b"event: draft")
                    if writes or line.startswith(b"event: answer"):
                        break
                if writes:
                    response.close()
            if not writes:
                continue
            started = time.perf_counter()
            free = idle = 0.0
            while not (free and idle) and time.perf_counter() - started < 30:
                used = await watched.cores(0.1)
                since = time.perf_counter() - started
                idle = idle or (since if used < 0.3 else 0.0)
                async with session.get("/metrics", headers=headers) as response:
                    text = await response.text()
                free = free or (since if 'everask_running{work="ask"} 0.0' in text else 0.0)
            until_free.append(free or 30.0)
            until_idle.append(idle or 30.0)
    return {"num": len(until_free), "until_free": until_free, "until_idle": until_idle}


async def rates(server: Server) -> list[Figures]:
    """Searches that begin at random times, ever more of them, beside askers and uploads."""
    found: list[Figures] = []
    for rate in RATES:
        crowd = server.crowd(int(rate))
        async with crowd.open() as session:
            asking = server.crowd(5)
            async with asking.open() as other:
                others = [asking.asker(other, one) for one in range(ASKERS)]
                others.append(asking.ingester(other))
                work = asyncio.ensure_future(run_for(RATE_SECONDS, asking, others))
                await crowd.open_loop(session, rate, RATE_SECONDS)
                await work
        found.append({"rate": rate, **figures(crowd.replies, RATE_SECONDS)})
        if found[-1]["search"]["p99"] > 2 * GOAL_SECONDS:
            break
        await asyncio.sleep(3)
    return found


def keep(name: str, found: object) -> None:
    """Remember what a phase found, when, and how busy the machine was before."""
    path = load_pile.FOLDER / f"{name}.json"
    state = {"found": found, "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), "load": load_average()}
    path.write_text(json.dumps(state, indent=1), "utf-8")
    print(name, json.dumps(found)[:1500], flush=True)


def run(phases: set[str], minutes: float) -> None:
    """The phases that are wanted, all of one server."""
    with serving() as server:
        if "alone" in phases:
            keep("alone", asyncio.run(alone(server)))
        if "load" in phases:
            keep("load", asyncio.run(load(server, 60 * minutes)))
        if "surge" in phases:
            keep("surge", asyncio.run(surge(server)))
        if "rates" in phases:
            keep("rates", asyncio.run(rates(server)))
        if "leave" in phases:
            time.sleep(SETTLE_SECONDS)
            keep("leave", asyncio.run(leave(server)))


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--phases", default="alone,load,surge,leave,rates,peer")
    parser.add_argument("--report", action="store_true", help="write docs/benchmarks.md from what is kept")
    given = parser.parse_args()
    phases = {one for one in given.phases.split(",") if one}
    if phases - {"peer"}:
        run(phases, given.minutes)
    if "peer" in phases:
        keep("peer", measure_peer(ALONE_SECONDS, SEARCHERS))
    if given.report or not phases:
        write_report(load_pile.FOLDER)


if __name__ == "__main__":
    main()
