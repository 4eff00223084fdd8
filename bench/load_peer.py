"""txtai's API server over the same passages, with the same encoder and its own index, for bench/load.py.

Its index is made of the vectors that our store holds already; a query is encoded by the same code as ours.
It has no people, no rights, no marks and no documents: it is what is left when these are left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import load_pile
import numpy as np
from load_clients import TIMEOUT, Crowd, Reply, run_for
from load_figures import Watched, figures
from numpy.typing import NDArray

from everask.encoder import Encoder, open_encoder
from everask.index.blobs import unpack_vectors
from everask.packs import default_folder
from everask.pipeline import open_engine

PORT = 8492
INDEX = load_pile.FOLDER / "txtai"
QUERY = "query: "
TOP = 10
RATES = (20.0, 40.0, 60.0, 80.0)
RATE_SECONDS = 20.0
_known: dict[str, NDArray[np.float32]] = {}
_encoder: list[Encoder] = []


def transform(texts: Sequence[str]) -> NDArray[np.float32]:
    """What txtai calls for vectors: those of passages are known, those of queries are made."""
    if not _encoder:
        _encoder.append(open_encoder(default_folder() / "e5-small-built"))
    rows = [
        _encoder[0].encode_query(text.removeprefix(QUERY)) if text not in _known else _known[text]
        for text in texts
    ]
    return np.stack(rows)


def build_index(data: Path) -> None:
    """Make txtai's index of our passages, once."""
    from txtai import Embeddings

    rows = []
    with sqlite3.connect(f"file:{data / 'store.sqlite'}?mode=ro", uri=True) as connection:
        vectors = dict(connection.execute("SELECT passage, data FROM vectors ORDER BY sequence"))
    with open_engine(data) as engine:
        for document in engine.documents():
            for passage in engine.store.passages(document.id):
                if passage.id in vectors:
                    rows.append((str(passage.id), passage.text))
                    _known[passage.text] = unpack_vectors([vectors[passage.id]])[0]
    embeddings: Any = Embeddings(
        method="external",
        transform="load_peer.transform",
        hybrid=True,
        content=True,
        instructions={"query": QUERY},
    )
    embeddings.index((number, text, None) for number, text in rows)
    embeddings.save(str(INDEX))


@contextlib.contextmanager
def serving() -> Iterator[subprocess.Popen[bytes]]:
    """Its server."""
    config = load_pile.FOLDER / "txtai.yml"
    config.write_text(f"path: {INDEX}\nwritable: false\n", "utf-8")
    environment = {**os.environ, "CONFIG": str(config), "PYTHONPATH": str(Path(__file__).parent)}
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "txtai.api:app",
        "--port",
        str(PORT),
        "--log-level",
        "warning",
    ]
    with subprocess.Popen(command, env=environment) as process:
        try:
            _wait()
            yield process
        finally:
            process.terminate()


def _wait() -> None:
    for _ in range(600):
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(
                f"http://127.0.0.1:{PORT}/search?query=warm", trust_env=False, timeout=30
            ).is_success:
                return
        time.sleep(0.1)
    raise SystemExit("txtai's server did not start.")


async def _search(session: Any, question: str, replies: list[Reply]) -> None:
    started, status = time.perf_counter(), 0
    with contextlib.suppress(OSError, TimeoutError):
        async with session.get("/search", params={"query": question, "limit": TOP}) as response:
            await response.read()
            status = response.status
    ended = time.perf_counter()
    replies.append(Reply("search", ended, ended - started, status))


async def _searchers(seconds: float, searchers: int, think: float, pid: int) -> dict[str, Any]:
    crowd = Crowd(f"http://127.0.0.1:{PORT}", [""], load_pile.questions(), iter(()), think=think)

    async def go_on(session: Any, number: int) -> None:
        source = random.Random(f"1 searcher {number}")
        while not await crowd.rests(min(source.expovariate(1 / think), 10 * think)):
            await _search(session, source.choice(crowd.questions), crowd.replies)

    with Watched(pid) as watched:
        async with crowd.open() as session, asyncio.TaskGroup() as group:
            watching = group.create_task(watched.watch())
            await run_for(seconds, crowd, [go_on(session, one) for one in range(searchers)])
            watching.cancel()
    return {**figures(crowd.replies, seconds), **watched.figures()}


async def _rate(rate: float) -> dict[str, Any]:
    questions, source = load_pile.questions(), random.Random(str(rate))
    replies: list[Reply] = []
    async with aiohttp.ClientSession(f"http://127.0.0.1:{PORT}", timeout=TIMEOUT) as session:
        until = time.perf_counter() + RATE_SECONDS
        tasks = set[asyncio.Task[None]]()
        while time.perf_counter() < until:
            await asyncio.sleep(source.expovariate(rate))
            work = _search(session, source.choice(questions), replies)
            tasks.add(asyncio.get_running_loop().create_task(work))
        await asyncio.gather(*tasks)
    return {"rate": rate, **figures(replies, RATE_SECONDS)}


def measure_peer(seconds: float, searchers: int, think: float = 5.0) -> dict[str, Any]:
    """The same searchers, alone; and ever more searches a second."""
    data = load_pile.build()
    if not (INDEX / "config.json").exists() and not (INDEX / "config").exists():
        subprocess.run([sys.executable, __file__, str(data)], check=True)
    with serving() as process:
        found = asyncio.run(_searchers(seconds, searchers, think, process.pid))
        found["rates"] = [asyncio.run(_rate(rate)) for rate in RATES]
    return found


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    from load_peer import build_index as build  # under the name that its configuration keeps

    build(Path(sys.argv[1]))
    print(json.dumps({"index": str(INDEX)}))
