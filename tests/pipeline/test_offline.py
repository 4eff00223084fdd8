"""Once the models are there, nothing leaves the machine: every connection of every process is recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

# Loaded by every Python that starts, worker processes too: writes down each address that is
# connected to, sent to or looked up.
WATCH = """
import os, sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        with open(os.environ["CONNECTIONS"], "a") as file:
            file.write(f"{event} {arguments[1:]!r}\\n")
sys.addaudithook(watch)
"""


def run(arguments: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "everask", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=240)


def test_no_connections_are_made(tmp_path: Path, pile: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(WATCH)
    connections = tmp_path / "connections"
    environ = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "CONNECTIONS": str(connections)}
    data = ["--data", str(tmp_path / "data")]
    for arguments in (
        ["add", str(pile), "--wait", "--json", *data],
        ["search", "Garantie", "--json", *data],
        ["ask", "Wie lange gilt die Garantie für das Netzteil?", "--json", *data],
        ["doctor", "--json", *data],
    ):
        done = run(arguments, environ)
        assert done.returncode == 0, done.stderr
    assert not connections.exists(), connections.read_text()
    # The watch itself works: a page is fetched only when a user names one.
    run(["add", "http://127.0.0.1:9/page", "--json", *data], environ)
    assert connections.exists() or "private" in json.dumps(run(["status", "--json", *data], environ).stdout)
