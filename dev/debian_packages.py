"""Debian's packages as folders of files, for what is made from them; nothing is installed."""

from __future__ import annotations

import subprocess
from pathlib import Path


def unpack(package: str, folder: Path) -> Path:
    """The package's files in a folder of its name, fetched and unpacked once.

    Raises CalledProcessError where there is no such package, or no way to fetch it.
    """
    files = folder / package
    if not files.exists():
        folder.mkdir(parents=True, exist_ok=True)
        if not list(folder.glob(f"{package}_*.deb")):
            subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True)
        file = next(folder.glob(f"{package}_*.deb"))
        subprocess.run(["dpkg-deb", "-x", str(file), str(files)], check=True)
        file.unlink()
    return files
