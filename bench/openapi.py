"""Fuzzes the HTTP API by its own description: schemathesis, all checks, over a real server with documents.

    python bench/openapi.py [--examples 30] [--who owner admin member nobody] [--seed 1] [--minutes 8] [--dry]

The server runs in this process, over a few of the examples and without models. The owner comes with the
server's token, by a name that is not loopback's, and so may name no paths; an admin and a member come with
tokens, and leave alone what would lock them out. Answers of 5xx are counted twice: by schemathesis, and by
the server's own metrics. Writes its table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from marked_page import dated, write_between

from everask.index.accounts import Accounts, UserRole
from everask.index.credentials import Credentials
from everask.pipeline import Engine
from everask.serve.http import create_app
from everask.settings import EmbedSettings, ModelSettings, ServeSettings, Settings

BEGIN, END = "<!-- openapi:begin -->", "<!-- openapi:end -->"
EXAMPLES = Path(__file__).parents[1] / "examples/documents"
FILES = (
    "books/carroll-wonderland.pdf",
    "data/debian-releases.csv",
    "legal/debian-constitution.txt",
    "letters",
)
CONFIGURATION = Path(__file__).with_suffix(".toml")
OWNER_TOKEN = "the-owners-own-long-token"
PASSWORD = "three quiet rivers"
PERSONS: dict[str, UserRole] = {"admin": "admin", "member": "member"}
NEEDS_MODEL = r"^/api/topics/\{number\}/learn$"
"""Says 503 where there is no encoder, as here."""
OWN_ACCOUNT = r"^/api/(users|tokens|password)"
"""What could remove who asks, and with that end the run; the owner tries it."""
REQUEST_SECONDS = 120
"""A request that has had no answer by then is a failure."""
SECONDS_MORE = 300
"""What a run may take beyond its time for its end and its report."""
FAILED = re.compile(r'^everask_requests_total\{[^}]*status="5\d\d"[^}]*\} (\d+)', re.M)


def main() -> None:
    """Fuzz and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=int, default=30, help="cases of each operation, phase and kind")
    parser.add_argument("--who", nargs="+", default=["owner", "admin", "member", "nobody"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--minutes", type=float, default=8, help="of each person's run; what is left is not tried"
    )
    parser.add_argument("--dry", action="store_true", help="write nothing")
    options = parser.parse_args()
    rows = [
        "| who | operations | cases | answers of 5xx | failures by check | minutes |",
        "|---|---|---|---|---|---|",
    ]
    command = f"python bench/openapi.py --examples {options.examples} --seed {options.seed}"
    command += f" --minutes {options.minutes:g}"
    for who in options.who:
        with serving() as (url, tokens):
            rows.append(fuzz(url, who, tokens.get(who), options))
            print(rows[-1], flush=True)
        if not options.dry:
            write_between(BEGIN, END, dated(command, "\n".join(rows)), heading="## The API, fuzzed")


@contextlib.contextmanager
def serving() -> Iterator[tuple[str, dict[str, str]]]:
    """A server with documents; its address, and the token of each person."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for one in FILES:
            copy = shutil.copytree if (EXAMPLES / one).is_dir() else shutil.copy
            (folder / "pile" / one).parent.mkdir(parents=True, exist_ok=True)
            copy(EXAMPLES / one, folder / "pile" / one)
        models = ModelSettings(generator="none", pull=False, folder=str(folder / "models"))
        embed = EmbedSettings(("https://help.example.org",), asks_per_minute=100_000)
        with Engine(Settings(folder / "data", models=models, embed=embed)) as engine:
            engine.add([folder / "pile"])
            database = engine.store.database
            tokens = {"owner": OWNER_TOKEN}
            for person, role in PERSONS.items():
                user = Accounts(database).add(f"the-{person}", role, ["board"], PASSWORD)
                tokens[person] = Credentials(database).create_token(user, "bench")[0]
            settings = ServeSettings(token=OWNER_TOKEN, allow_hosts=("everask.example",))
            with _listening(engine, settings) as url:
                yield url, tokens


@contextlib.contextmanager
def _listening(engine: Engine, settings: ServeSettings) -> Iterator[str]:
    app = create_app(engine, settings)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=20)


def fuzz(url: str, who: str, token: str | None, options: argparse.Namespace) -> str:
    """A row of the table: what came of one person's run."""
    owner = {"authorization": f"Bearer {OWNER_TOKEN}"}
    with tempfile.TemporaryDirectory() as name:
        described, report = Path(name) / "openapi.json", Path(name) / "report.json"
        described.write_text(httpx.get(f"{url}/openapi.json", headers=owner, timeout=60).text, "utf-8")
        command = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIGURATION), "run"]
        command += [str(described), "--url", url, "--checks", "all"]
        command += ["--seed", str(options.seed), "--max-examples", str(options.examples)]
        command += ["--max-time", f"{60 * options.minutes:.0f}", "--request-timeout", f"{REQUEST_SECONDS}"]
        command += ["--report", "json"]
        command += ["--report-json-path", str(report)]
        if token:
            command += ["--header", f"Authorization: Bearer {token}"]
        left_out = [NEEDS_MODEL, *([OWN_ACCOUNT] if who in PERSONS else [])]
        command += ["--exclude-path-regex", "|".join(left_out)]
        started = time.monotonic()
        most = 60 * options.minutes + SECONDS_MORE
        run = subprocess.run(command, capture_output=True, text=True, cwd=name, timeout=most)
        minutes = (time.monotonic() - started) / 60
        found = json.loads(report.read_text("utf-8"))
    if found["failures"] or found["errors"]:
        print(run.stdout, file=sys.stderr)
    failed = sum(map(int, FAILED.findall(httpx.get(f"{url}/metrics", headers=owner, timeout=60).text)))
    return _row(who, found, failed, minutes)


def _row(who: str, found: dict[str, Any], failed: int, minutes: float) -> str:
    counts: collections.Counter[str] = collections.Counter()
    for one in [*found["failures"], *found["errors"]]:
        counts[one["title"]] += one["count"]
    crashed = counts.pop("Server error", 0)
    assert bool(crashed) == bool(failed), "schemathesis and the server's metrics count the same"
    checks = ", ".join(f"{title}: {count}" for title, count in counts.most_common()) or "0"
    tested, total = found["operations"]["tested"], found["operations"]["total"]
    cases = found["test_cases"]["generated"]
    return f"| {who} | {tested} of {total} | {cases:,} | {failed} | {checks} | {minutes:.1f} |"


if __name__ == "__main__":
    main()
