"""Real manuals in several languages, fetched from Debian: python bench/manual_suite.py [FOLDER]

LibreOffice's help in ten languages, and Debian's developers' reference in six, which no weight is ever
trained or tuned on. `apt-get download`, unpacked with dpkg, not installed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from everask.evaluate.suites import Suite
from everask.pipeline.manuals import MANUALS, load_manual_suites

FOLDER = Path(__file__).parents[1] / ".bench" / "manual"


def fetch_manual(folder: Path) -> None:
    """Download and unpack what is missing of the manuals."""
    folder.mkdir(parents=True, exist_ok=True)
    for manual in MANUALS.values():
        for package in manual.packages.values():
            target = folder / package
            if target.is_dir():
                continue
            subprocess.run(["apt-get", "download", package], cwd=folder, check=True, capture_output=True)
            file = next(folder.glob(f"{package}_*.deb"))
            subprocess.run(["dpkg", "-x", file, target], check=True)
            file.unlink()


def load_manual(folder: Path, name: str = "manual") -> list[Suite]:
    """The suites: own language (one a language), all in one pool, answer in another language."""
    return load_manual_suites(name, folder)


if __name__ == "__main__":
    fetch_manual(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
