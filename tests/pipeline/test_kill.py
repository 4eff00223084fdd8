"""kill -9 at random moments of `everask add`: what was acknowledged is there once, nothing is half there."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import everask
from everask.pipeline import Engine

NUM_KILLS = 12
NUM_FILES = 40


def marker(number: int, version: int) -> str:
    """A word that only this version of this file contains; letters alone, so that it is one token."""
    return "zq" + f"{number:03d}{version:03d}".translate(str.maketrans("0123456789", "bcdfghjklm")) + "xx"


def write(folder: Path, number: int, version: int) -> None:
    body = "\n\n".join(f"Part {part} of the record {marker(number, version)}." for part in range(30))
    (folder / f"{number}.txt").write_text(body)


def add(folder: Path, data: Path) -> list[str]:
    return [sys.executable, "-m", "everask", "add", str(folder), "--json", "--data", str(data)]


def found(engine: Engine, word: str) -> list[str]:
    # In quotes: a word that is not there would be spelt as the next version's.
    return sorted({hit.document.name for hit in engine.search(f'"{word}"', top=50)})


def test_kill_at_random_moments(tmp_path: Path) -> None:
    random_source = random.Random(4)
    folder, data = tmp_path / "files", tmp_path / "data"
    folder.mkdir()
    versions = dict.fromkeys(range(NUM_FILES), 0)
    environ = {**os.environ, "EVERASK_MODELS_ENCODER": str(tmp_path / "no-encoder")}
    for number in versions:
        write(folder, number, 0)
    started = time.monotonic()
    subprocess.run(add(folder, data), check=True, env=environ, capture_output=True)
    whole = time.monotonic() - started
    for _ in range(NUM_KILLS):
        for number in random_source.sample(range(NUM_FILES), 15):
            versions[number] += 1
            write(folder, number, versions[number])
        with subprocess.Popen(add(folder, data), env=environ, stdout=subprocess.PIPE) as process:
            time.sleep(random_source.uniform(0.2, 1.1) * whole)
            process.send_signal(signal.SIGKILL)
        with everask.open(data) as engine:
            assert not [one for one in engine.doctor() if one.level == "error"]
            for document in engine.documents():
                text = engine.document(document.id).text
                assert text.count("Part ") == 30
                assert (
                    len(set(text.split()) & {marker(int(document.name), v) for v in range(99)} or {"-"}) == 1
                )
    done = subprocess.run(add(folder, data), check=True, env=environ, capture_output=True)
    assert json.loads(done.stdout)["failed"] == []
    with everask.open(data) as engine:
        assert engine.status().documents == NUM_FILES
        for number, version in versions.items():
            assert found(engine, marker(number, version)) == [str(number)]
            assert version == 0 or found(engine, marker(number, version - 1)) == []
